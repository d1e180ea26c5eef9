"""Files that break off, whose length FFmpeg guesses by what is left of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from stream.decode.cut_files import is_cut
from stream.decode.decoder import DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder

FORMATS = {"film.avi": "mpeg4", "film.wmv": "wmv2", "film.ogv": "libvpx", "film.mp4": "libx264"}
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
Moving = Callable[..., list[np.ndarray]]


def written(path: Path, pictures: list[np.ndarray]) -> Path:
    """The pictures, 25 a second; MP4 in fragments, which have no index that tells how many there are."""
    options = FRAGMENTS if path.suffix == ".mp4" else {}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(FORMATS[path.name], rate=25)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.codec_context.gop_size = "yuv420p", 5
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def codes_and_words(path: Path) -> list[tuple[str, str]]:
    decoder = AvDecoder(path, DecodeOptions(threads=1))
    list(decoder.batches())
    return [(notice.code, notice.message) for notice in decoder.notices if notice.code == "cut_off"]


@pytest.mark.parametrize("name", FORMATS)
def test_what_breaks_off_says_so_and_what_is_whole_does_not(tmp_path: Path, moving: Moving, name: str) -> None:
    whole = written(tmp_path / name, moving(100, size=(160, 96)))
    assert codes_and_words(whole) == []
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    ((_, words),) = codes_and_words(whole)
    assert words.startswith("ends at ") and "although its container" in words


def test_sizes_that_are_wrong_by_a_few_bytes_are_believed_no_further(tmp_path: Path, moving: Moving) -> None:
    film = written(tmp_path / "film.avi", moving(50, size=(160, 96)))
    film.write_bytes(film.read_bytes()[:-20])
    assert not is_cut(film, "avi")


def test_ogg_without_the_mark_of_its_last_page_was_a_recording_that_broke_off(tmp_path: Path, moving: Moving) -> None:
    film = written(tmp_path / "film.ogv", moving(50, size=(160, 96)))
    data = film.read_bytes()
    film.write_bytes(data[: data.rfind(b"OggS")])
    assert is_cut(film, "ogg")


def test_other_bytes_behind_a_film_are_not_taken_for_a_part_that_is_missing(tmp_path: Path, moving: Moving) -> None:
    film = written(tmp_path / "film.mp4", moving(50, size=(160, 96)))
    film.write_bytes(film.read_bytes() + b"TAGThe last summer" + bytes(110))
    assert codes_and_words(film) == []


def test_what_is_not_there_or_says_nothing_is_not_called_cut(tmp_path: Path) -> None:
    assert not is_cut(tmp_path / "gone.avi", "avi")
    assert not is_cut(tmp_path / "gone.ts", "mpegts")
    (tmp_path / "odd.avi").write_bytes(b"RIFF")
    assert not is_cut(tmp_path / "odd.avi", "avi")
