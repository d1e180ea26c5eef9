"""A real film with black bars around it: what is measured of its candidates is what the film without bars gives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import anyio
import av
import numpy as np
import pytest

from kernels.active_areas import BarsEvidence
from kernels.cpu import CpuOps
from stream.candidates.composition import measure_composition
from stream.candidates.inside import settle_inside
from stream.candidates.picture_pool import PicturePool
from stream.candidates.scene import tones
from stream.decode.decoder import DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.film import Film
from stream.framing.active import active_rects
from stream.pipeline.bars import active_areas
from stream.records import Candidate

from .scripted import watch_scripted

FRAMES = 240
MEASURES = {"luma_mean": 0.01, "luma_std": 0.01, "colourfulness": 0.01, "sobel_energy": 0.02, "laplacian_var": 0.03}
"""What is measured, and how far it may be off: a pixel or two beside the bars are left out, and where the pixels of the
picture that is measured begin shifts by as much."""


def lossless(film: Path, path: Path, pad: str | None) -> Path:
    """The first frames of a film without loss, by FFmpeg's filter `pad` where its arguments are given."""
    with av.open(str(film)) as source, av.open(str(path), "w") as target:
        shown = source.streams.video[0]
        graph = av.filter.Graph()
        ends = [graph.add_buffer(template=shown), *([graph.add("pad", pad)] if pad else []), graph.add("buffersink")]
        graph.link_nodes(*ends).configure()
        out = None
        for _, frame in zip(range(FRAMES), source.decode(shown), strict=False):
            graph.push(frame)
            drawn = graph.pull()
            assert isinstance(drawn, av.VideoFrame)
            if out is None:
                out = target.add_stream("libx264", rate=shown.average_rate, options={"qp": "0", "preset": "ultrafast"})
                out.width, out.height, out.pix_fmt = drawn.width, drawn.height, "yuv420p"
            target.mux(out.encode(drawn))
        assert out is not None
        target.mux(out.encode(None))
    return path


def candidates_of(path: Path) -> list[Candidate]:
    """The candidates of a film, their rows between the bars that it turned out to have."""
    decoder = AvDecoder(path, DecodeOptions(threads=1))
    film = Film(decoder.info, PicturePool(64, 8), BarsEvidence(decoder.info.geometry))
    try:
        anyio.run(watch_scripted, film, decoder)
    finally:
        decoder.close()
    active = active_rects(film.info.geometry, *active_areas(film, True), 1)
    for candidate in film.candidates:
        settle_inside(candidate, active.of(candidate.shot), film.info.geometry)
    return film.candidates


def without_bars(path: Path, like: Candidate) -> Candidate:
    """The same frame of the film without bars, measured by itself."""
    decoder, ops = AvDecoder(path, DecodeOptions(threads=1)), CpuOps()
    try:
        surface = decoder.frame_at(like.pts_s)
    finally:
        decoder.close()
    (row,) = ops.meter(surface.geometry).measure([surface], np.array([like.pts_s]), np.array([like.frame]))
    return replace(like, row=row, composition=measure_composition(ops, surface, None), inside=None)


@pytest.mark.testdata
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "pad"), [("tos_battle/tos_battle.webm", "iw:ih+118:0:60"), ("bunny/bunny.mp4", "iw+214:ih:106:0")]
)
def test_bars_change_nothing_of_what_is_measured(testdata: Path, tmp_path: Path, name: str, pad: str) -> None:
    film = testdata / "real" / name
    plain, padded = (lossless(film, tmp_path / f"{i}.mkv", how) for i, how in enumerate((None, pad)))
    found = candidates_of(padded)
    assert found and not any(candidate.faces for candidate in found)
    for candidate in found:
        other = without_bars(plain, candidate)
        for measure, tolerance in MEASURES.items():
            assert candidate.row[measure] == pytest.approx(other.row[measure], rel=tolerance), measure
        assert candidate.focus == pytest.approx(float(other.row["laplacian_var"]), rel=MEASURES["laplacian_var"])
        assert candidate.row["blur_anisotropy"] == pytest.approx(other.row["blur_anisotropy"], abs=0.01)
        assert tones(candidate.row) == pytest.approx(tones(other.row), abs=0.01)
        ours, theirs = candidate.composition, other.composition
        assert ours is not None and theirs is not None
        assert ours.clutter == pytest.approx(theirs.clutter, rel=0.05)  # sampled 96 pixels wide
        assert ours.symmetry == pytest.approx(theirs.symmetry, abs=0.01)
