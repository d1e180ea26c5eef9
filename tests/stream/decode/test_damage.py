"""Files that are damaged, or change while they are read."""

from __future__ import annotations

import os
from pathlib import Path

import av
import numpy as np
import pytest

from kernels.surface import Colour, Geometry, Surface
from stream.decode.decoder import DecodeOptions, DecodeRange
from stream.decode.ffmpeg.decoder import _BATCH_BYTES, AvDecoder, _some
from stream.decode.ffmpeg.demux_decode import AvPass, Step
from stream.decode.ffmpeg.side_by_side import SideBySide
from stream.decode.picture_times import picture_times
from stream.errors import KeyartError

_HEAD_BYTES, _TAG_HEAD_BYTES, _SIZE_BYTES = 9 + 4, 11, 4
"""Of FLV: its header with the first length, the head of a tag, the length after each tag."""


@pytest.fixture
def unseekable(make_film, moving) -> Path:
    """An FLV film whose first tag of pictures has lost its head, after which FFmpeg refuses each seek, to the start
    as well (found by `benchmarks.fuzz`)."""
    path: Path = make_film("film.flv", moving(40), codec="flv")
    content = bytearray(path.read_bytes())
    about_bytes = int.from_bytes(content[_HEAD_BYTES + 1 : _HEAD_BYTES + 4], "big")
    at = _HEAD_BYTES + _TAG_HEAD_BYTES + about_bytes + _SIZE_BYTES
    content[at - 1 : at + 3] = bytes((128, 0, 0, 0))
    path.write_bytes(content)
    return path


def test_a_film_that_refuses_every_seek_is_read_from_its_start(unseekable: Path) -> None:
    decoder = AvDecoder(unseekable, DecodeOptions(threads=1))
    times_s = [time_s for batch in decoder.batches() for time_s in batch.pts_s.tolist()]
    assert len(times_s) >= 20
    asked = [times_s[3], times_s[-2]]
    assert [time_s for time_s, _ in decoder.at(asked)] == asked
    assert decoder.frame_at(times_s[-2]) is not None
    assert [time_s for time_s, _ in decoder.between(times_s[4], times_s[6])] == times_s[4:7]
    assert picture_times(unseekable, times_s[0], times_s[-1]).times_s.size <= len(times_s)


def test_a_file_that_vanishes_is_named_when_it_is_needed_again(make_film, moving) -> None:
    path = make_film("film.mp4", moving(40))
    decoder = AvDecoder(path)
    batches = decoder.batches()
    first = next(batches)
    path.unlink()
    rest = list(batches)
    assert len(first.pts_s) + sum(len(batch.pts_s) for batch in rest) == 40, "an open file is read to its end"
    with pytest.raises(KeyartError, match="does not exist"):
        decoder.frame_at(0.2)


def test_a_file_that_another_takes_the_place_of_is_noticed(make_film, moving) -> None:
    path = make_film("film.mp4", moving(40))
    decoder = AvDecoder(path)
    list(decoder.batches())
    os.replace(make_film("short.mp4", moving(5)), path)
    with pytest.raises(KeyartError, match=r"has no picture at 1\.400 s any more, was it replaced"):
        decoder.frame_at(1.4)


@pytest.mark.parametrize(("name", "whole"), [("film.ts", False), ("film.mkv", False)])
def test_a_file_that_grows_while_it_is_read_gives_what_is_there(make_film, moving, name: str, whole: bool) -> None:
    path = make_film(name, moving(100), gop=10)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    decoder = AvDecoder(path)
    batches = decoder.batches()
    seen = [*next(batches).pts_s]
    with path.open("ab") as file:
        file.write(content[len(content) // 2 :])
    seen += [time_s for batch in batches for time_s in batch.pts_s]
    assert 30 <= len(seen) <= 100
    assert np.all(np.diff(seen) > 0)
    again = AvDecoder(path)
    assert sum(len(batch.pts_s) for batch in again.batches()) == 100


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("name", ["film.ts", "film.mkv", "film.avi", "film.flv"])
def test_a_file_that_was_cut_gives_what_is_there(make_film, moving, name: str, kept: float) -> None:
    codec = {"film.flv": "flv", "film.avi": "mpeg4"}.get(name, "libx264")
    path = make_film(name, moving(100, size=(160, 96)), codec=codec)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    try:
        decoder = AvDecoder(path, DecodeOptions(range=DecodeRange(0.0, None)))
        pictures = sum(len(batch.pts_s) for batch in decoder.batches())
    except KeyartError as error:
        assert kept < 0.5 and len(str(error).splitlines()) == 1
        return
    assert 0 < pictures <= 100 * kept + 15


def test_a_batch_ends_sooner_where_pictures_grow_within_the_film() -> None:
    luma = np.broadcast_to(np.uint8(0), (_BATCH_BYTES // 3, 1))  # takes no memory
    large = Surface(luma, None, None, 8, Colour(), Geometry(1, _BATCH_BYTES // 3))
    assert len(list(_some(iter([(large, 0.0, 0, False)] * 9), 32))) == 3
    assert len(list(_some(iter([(large, 0.0, 0, False)] * 9), 2))) == 2


def test_of_larger_pictures_fewer_are_decoded_ahead(make_film, moving) -> None:
    reading = AvPass(make_film("film.mp4", moving(5)), 1, "all")
    frames = [av.VideoFrame(96, 64, "yuv420p"), av.VideoFrame(960, 640, "yuv420p"), av.VideoFrame(48, 32, "yuv420p")]
    side_by_side = SideBySide(reading, [reading.stream.codec_context], 16)
    assert [side_by_side._size(Step(None, [frame])) for frame in frames] == [1, 100, 1]
    assert side_by_side._size(Step(None, frames)) == 102
    reading.close()
