"""Sizes and rates of pictures, in films that the test makes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from kernels.cpu import CpuOps
from stream.decode.ffmpeg.decoder import AvDecoder

_CORNERS = ((200, 40, 40), (40, 200, 40), (40, 40, 200), (200, 200, 200))


def write(
    path: Path, size: tuple[int, int], codec: str = "ffv1", rate: Fraction = Fraction(25), count: int = 3,
    aspect: Fraction | None = None, layout: str = "yuv444p", cover: bool = False,
) -> Path:  # fmt: skip
    """A film whose quarters have four colours."""
    picture = np.empty((size[1], size[0], 3), np.uint8)
    halves = slice(0, size[1] // 2), slice(size[1] // 2, None), slice(0, size[0] // 2), slice(size[0] // 2, None)
    for (rows, columns), colour in zip([(r, c) for r in halves[:2] for c in halves[2:]], _CORNERS, strict=True):
        picture[rows, columns] = colour
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = *size, layout
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if cover:
            image: Any = container.add_stream("mjpeg", rate=1)
            image.width, image.height, image.pix_fmt = 1600, 1600, "yuvj420p"
            image.disposition = av.stream.Disposition.attached_pic
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=layout, dst_colorspace="ITU601")
        for number in range(count):
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if cover:
            container.mux(image.encode(av.VideoFrame(1600, 1600, "yuvj420p")))
            container.mux(image.encode())
    return path


@pytest.mark.parametrize(
    ("size", "codec", "layout"),
    [
        ((16, 16), "ffv1", "yuv444p"),
        ((17, 33), "ffv1", "yuv444p"),
        ((1279, 719), "ffv1", "yuv444p"),
        ((90, 160), "libx264", "yuv420p"),
        ((720, 1280), "libx264", "yuv420p"),
        ((322, 182), "libx264", "yuv420p"),
        ((7680, 4320), "mjpeg", "yuvj420p"),
    ],
    ids=str,
)
def test_pictures_of_any_size_are_shown_whole(tmp_path: Path, size: tuple[int, int], codec: str, layout: str) -> None:
    count = 1 if size[0] > 4000 else 3
    decoder = AvDecoder(write(tmp_path / "film.mkv", size, codec, count=count, layout=layout))
    surfaces = [surface for batch in decoder.batches() for surface in batch.surfaces]
    shown = decoder.info.geometry
    assert (shown.display_width, shown.display_height, len(surfaces)) == (*size, count)
    rgb = CpuOps().rgb(surfaces[-1], None, (16, 16)).astype(int)
    for (y, x), colour in zip(((4, 4), (4, 12), (12, 4), (12, 12)), _CORNERS, strict=True):
        if codec != "mjpeg" and size[1] <= 576 and size[0] < 1280:  # else another matrix is taken for them
            np.testing.assert_allclose(rgb[y, x], colour, atol=25)
    assert decoder.frame_at(decoder.info.first_pts_s).y.shape == (size[1], size[0])


@pytest.mark.parametrize("aspect", [Fraction(64, 45), Fraction(8, 9), Fraction(1), Fraction(40, 1)])
def test_pixels_that_are_not_square_are_stretched_within_reason(tmp_path: Path, aspect: Fraction) -> None:
    film = write(tmp_path / "film.mp4", (320, 240), "libx264", aspect=aspect, layout="yuv420p")
    shown = AvDecoder(film).info.geometry
    expected = round(320 * aspect) if aspect < 4 else 320
    assert (shown.display_width, shown.display_height) == (expected, 240)


@pytest.mark.parametrize(
    "rate",
    [Fraction(1), Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(50), Fraction(120)],
    ids=str,
)
@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.ts"])
def test_rates_from_one_to_120_keep_every_picture_and_its_time(tmp_path: Path, rate: Fraction, name: str) -> None:
    decoder = AvDecoder(write(tmp_path / name, (96, 64), "libx264", rate, 30, layout="yuv420p"))
    times = np.concatenate([batch.pts_s for batch in decoder.batches()])
    np.testing.assert_allclose(times - times[0], np.arange(30) / float(rate), atol=6e-4)
    assert decoder.info.fps == pytest.approx(float(rate), rel=0.02)
    assert not decoder.notices


@pytest.mark.parametrize("same", [True, False])
def test_a_change_of_the_pixels_shape_is_said(tmp_path: Path, same: bool) -> None:
    wide = Fraction(1) if same else Fraction(4, 3)
    first = write(tmp_path / "a.ts", (96, 64), "libx264", count=10, aspect=Fraction(1), layout="yuv420p")
    second = write(tmp_path / "b.ts", (96, 64), "libx264", count=10, aspect=wide, layout="yuv420p")
    film = tmp_path / "film.ts"
    film.write_bytes(first.read_bytes() + second.read_bytes())
    decoder = AvDecoder(film)
    assert sum(len(batch.surfaces) for batch in decoder.batches()) >= 18
    assert ("aspect_changed" in {notice.code for notice in decoder.notices}) is not same


def test_a_late_film_whose_duration_counts_from_zero_is_not_cut_off(tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    with av.open(str(film), "w") as container:
        stream: Any = container.add_stream("libx264", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number in range(50):
            frame = av.VideoFrame(96, 64, "yuv420p")
            frame.pts = 125 + number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    decoder = AvDecoder(film)
    assert sum(len(batch.surfaces) for batch in decoder.batches()) == 50
    assert decoder.info.first_pts_s == pytest.approx(5.0)
    assert not decoder.notices


def test_sound_that_goes_on_after_the_pictures_does_not_make_matroska_cut_off(tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    with av.open(str(film), "w") as container:
        stream: Any = container.add_stream("libx264", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        sound: Any = container.add_stream("pcm_s16le", rate=8000)
        for number in range(50):
            frame = av.VideoFrame(96, 64, "yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 8000 * 6), np.int16), format="s16", layout="mono")
        silence.rate, silence.pts = 8000, 0
        container.mux(sound.encode(silence))
        container.mux(sound.encode(None))
    decoder = AvDecoder(film)
    assert sum(len(batch.surfaces) for batch in decoder.batches()) == 50
    assert decoder.info.duration_s == pytest.approx(6.0, abs=0.1)
    assert not decoder.notices


def test_a_cover_is_not_the_film(tmp_path: Path) -> None:
    decoder = AvDecoder(write(tmp_path / "film.mp4", (96, 64), "libx264", count=5, layout="yuv420p", cover=True))
    assert (decoder.info.width, decoder.info.height) == (96, 64)
    assert sum(len(batch.surfaces) for batch in decoder.batches()) == 5
    assert "several_videos" not in {notice.code for notice in decoder.notices}
