"""A film whose pictures change their shape: what is measured and cut is picture, whatever bars it is shown between."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import anyio
import av
import numpy as np
import pytest

from kernels.active_areas import BarsEvidence
from kernels.bars import ActiveArea
from stream.candidates.picture_pool import PicturePool
from stream.decode.decoder import DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.film import Film
from stream.framing.active import active_rects
from stream.pipeline.bars import active_areas

from ..decode.parts import NARROW, WIDE, Part
from .scripted import watch_scripted


def scene(path: Path, part: Part, seed: int, level: int) -> Path:
    """A texture as bright as `level` that moves slowly."""
    width, height = part.size
    coarse = np.random.default_rng(seed).uniform(0.3, 1.0, (height // 8 + 2, width // 8 + 20)) * level
    soft = np.kron(coarse, np.ones((8, 8)))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"qp": "12", "x264-params": "keyint=25"})
        (stream.width, stream.height), stream.pix_fmt = part.size, "yuv420p"
        stream.codec_context.sample_aspect_ratio = part.aspect
        for number in range(part.count):
            picture = soft[:height, number : number + width].astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(np.stack([picture] * 3, axis=2), format="rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize("level", [200, 26])
def test_fitted_shots_have_the_bars_that_were_added_however_dark_they_are(tmp_path: Path, level: int) -> None:
    size = 352, 288
    parts = [Part(size, NARROW, 150), Part(size, WIDE, 60), Part((162, 288), Fraction(1), 60), Part(size, NARROW, 60)]
    levels = [200, level, level, 200]
    files = [scene(tmp_path / f"{n}.ts", part, n, levels[n]) for n, part in enumerate(parts)]
    film = tmp_path / "film.ts"
    film.write_bytes(b"".join(file.read_bytes() for file in files))
    decoder = AvDecoder(film, DecodeOptions(threads=1))
    watched = Film(decoder.info, PicturePool(64, 8), BarsEvidence(decoder.info.geometry))
    anyio.run(watch_scripted, watched, decoder)
    assert len(watched.shots) == 4
    area, by_shot = active_areas(watched, True)
    assert area == ActiveArea()
    shown = decoder.info.geometry
    wide, tall = (by_shot[place] for place in (1, 2))
    assert set(by_shot) == {1, 2}
    assert wide.top == wide.bottom == pytest.approx((288 - 288 * NARROW / WIDE) / 2, abs=2)
    assert tall.left == tall.right == pytest.approx((shown.display_width - 162) / 2, abs=2)
    assert (wide.left, wide.right, tall.top, tall.bottom) == (0, 0, 0, 0)


@pytest.mark.parametrize("size", [(2, 2), (2, 200), (8, 300), (640, 8), (320, 6)], ids=str)
def test_pictures_of_a_few_pixels_within_a_film_do_not_stop_it(tmp_path: Path, size: tuple[int, int]) -> None:
    parts = [Part((320, 180), count=75), Part(size, count=25), Part((320, 180), count=75)]
    film = tmp_path / "film.ts"
    files = [scene(tmp_path / f"{n}.ts", part, n, 200) for n, part in enumerate(parts)]
    film.write_bytes(b"".join(file.read_bytes() for file in files))
    decoder = AvDecoder(film, DecodeOptions(threads=1))
    watched = Film(decoder.info, PicturePool(64, 8), BarsEvidence(decoder.info.geometry))
    anyio.run(watch_scripted, watched, decoder)
    assert "size_changed" in {notice.code for notice in decoder.notices}
    rects = active_rects(decoder.info.geometry, *active_areas(watched, True), 2)
    assert all(min(rects.of(shot).rect[2:]) >= 1 for shot in range(len(watched.shots)))
    assert len(watched.shots) >= 2 or size == (2, 2)  # which has the film's own shape when a disc of 1:1 does
