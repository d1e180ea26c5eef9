"""Which of several video streams is the film."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import av
import numpy as np
import pytest
from av.stream import Disposition

from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.main_stream import main_stream

SMALL, LARGE = (96, 64), (160, 96)


class Track(NamedTuple):
    """`flags`: disposition; None: what the writer does by itself."""

    size: tuple[int, int]
    flags: Disposition | None = None
    count: int = 12
    aspect: Fraction = Fraction(1)


def write(path: Path, *tracks: Track) -> Path:
    """A film of these video streams, 12 pictures a second."""
    with av.open(str(path), "w") as container:
        streams: list[Any] = []
        for track in tracks:
            stream: Any = container.add_stream("mpeg2video" if path.suffix == ".ts" else "mpeg4", rate=12)
            (stream.width, stream.height), stream.pix_fmt = track.size, "yuv420p"
            stream.codec_context.sample_aspect_ratio = track.aspect
            if track.flags is not None:
                stream.disposition = track.flags
            streams.append(stream)
        for number in range(max(track.count for track in tracks)):
            for stream, track in zip(streams, tracks, strict=True):
                if number < track.count:
                    noise = np.random.default_rng(number).integers(0, 255, (*track.size[::-1], 3), np.uint8)
                    frame = av.VideoFrame.from_ndarray(noise, format="rgb24").reformat(format="yuv420p")
                    frame.pts = number
                    container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode())
    return path


def used(path: Path) -> int:
    info = AvDecoder(path).info
    assert info.other_streams
    return info.stream


@pytest.mark.parametrize("suffix", [".ts", ".mkv", ".mp4", ".avi"])
def test_the_larger_of_two_is_the_film(tmp_path: Path, suffix: str) -> None:
    # FFmpeg flags the first track of MP4 where none is flagged.
    flags = Disposition.default if suffix == ".mp4" else Disposition(0)
    tracks = Track(SMALL, flags), Track(LARGE, flags)
    assert used(write(tmp_path / f"film{suffix}", *tracks)) == 1
    assert used(write(tmp_path / f"turned{suffix}", *tracks[::-1])) == 0


def test_the_larger_is_what_is_displayed_larger(tmp_path: Path) -> None:
    tracks = Track((120, 80), Disposition(0)), Track((90, 80), Disposition(0), aspect=Fraction(16, 11))
    assert used(write(tmp_path / "film.mkv", *tracks)) == 1


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_a_smaller_one_that_is_flagged_as_default_is_the_film(tmp_path: Path, suffix: str) -> None:
    flagged = Track(SMALL, Disposition.default)
    assert used(write(tmp_path / f"film{suffix}", Track(LARGE, Disposition(0)), flagged)) == 1
    assert used(write(tmp_path / f"both{suffix}", Track(LARGE, Disposition.default), flagged)) == 0


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".ts"])
def test_one_large_picture_beside_a_film_is_not_the_film(tmp_path: Path, suffix: str) -> None:
    cover = Track(LARGE, Disposition(0), count=1)
    assert used(write(tmp_path / f"film{suffix}", cover, Track(SMALL, Disposition(0)))) == 1


def stream(index: int, pixels: float = 100.0, **other: Any) -> Any:
    """What `main_stream` asks of a stream; `decoder=False`: that has none."""
    context = SimpleNamespace(pixels=pixels) if other.pop("decoder", True) else None
    rest = {"disposition": Disposition(0), "average_rate": Fraction(25)} | other
    return SimpleNamespace(index=index, codec_context=context, **rest)


def main(*streams: Any, best: int | None = None, lengths_s: dict[int, float] | None = None) -> int:
    return main_stream(streams, best, lengths_s or {}, lambda one: one.codec_context.pixels).index


def test_what_is_not_known_or_cannot_be_decoded_never_wins() -> None:
    default = Disposition.default
    assert main(stream(0, 0.0, disposition=default), stream(1), best=0) == 1
    assert main(stream(0, decoder=False, disposition=default), stream(1), best=0) == 1
    assert main(stream(0, decoder=False), stream(1, 0.0)) == 1
    assert main(stream(0, 900.0, average_rate=None), stream(1), best=0) == 1


@pytest.mark.parametrize("flag", ["timed_thumbnails", "still_image", "dependent", "hearing_impaired"])
def test_what_goes_with_a_film_is_not_the_film(flag: str) -> None:
    beside = Disposition[flag] | Disposition.default
    assert main(stream(0, 900.0, disposition=beside), stream(1), best=0) == 1


def test_among_equals_ffmpeg_chooses_then_the_first_is_taken() -> None:
    assert main(stream(0), stream(1), best=1) == 1
    assert main(stream(0), stream(1)) == 0
    assert main(stream(0, 99.0), stream(1), best=0) == 1


def test_what_is_much_shorter_than_another_is_not_the_film() -> None:
    streams = stream(0, 900.0), stream(1)
    assert main(*streams, lengths_s={0: 10.0, 1: 60.0}) == 1
    assert main(*streams, lengths_s={0: 40.0, 1: 60.0}) == 0
    assert main(*streams, lengths_s={1: 60.0}) == 0
