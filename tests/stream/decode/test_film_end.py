"""The end of a film is where its last picture ends, whatever its container says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kernels.stats import ROW
from stream.decode.decoder import DecodeOptions, DecodeRange
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.film_end import is_restarted, length_s, set_back_s
from stream.errors import KeyartError
from stream.pipeline.describe import duration_s
from stream.pipeline.film_run import decode_range
from stream.settings.model import Settings

from .. import portraits
from .decoders import watched, write_film


@pytest.fixture
def film(tmp_path: Path, moving):
    codecs = {"film.mpg": {"codec": "mpeg2video"}, "film.webm": {"codec": "libvpx-vp9", "options": {"cpu-used": "8"}}}
    return lambda name: write_film(tmp_path / name, moving, 150, **codecs.get(name, {}))


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.ts", "film.flv", "film.avi", "film.mpg", "film.webm"])
@pytest.mark.parametrize("claimed_s", [None, 1.0, 5.3, 6.05, 6.9, 9000.0])
def test_the_packets_tell_where_a_container_is_wrong(film, name, claimed_s):
    info = AvDecoder(film(name)).info
    # FFmpeg's guess for program streams is half a second short.
    assert length_s(info) == pytest.approx(6.0, abs=0.05)
    assert length_s(replace(info, duration_s=claimed_s)) == pytest.approx(6.0, abs=0.05)


def test_of_a_torn_film_the_end_is_where_it_tears(film):
    path = film("film.mkv")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    decoder = AvDecoder(path)
    pts_s, *_ = watched(decoder)
    assert decoder.info.duration_s == pytest.approx(6.0)
    assert length_s(decoder.info) == pytest.approx(pts_s[-1] + 0.04, abs=0.05)


def test_what_is_left_out_at_the_end_is_counted_from_there(film):
    info = replace(AvDecoder(film("film.mp4")).info, duration_s=9000.0)
    assert decode_range(info, Settings(skip_last_s=2.0)).end_s == pytest.approx(4.0)
    short = replace(info, duration_s=1.0)
    assert decode_range(short, Settings(start_s=3.0)) == DecodeRange(3.0, None)
    with pytest.raises(KeyartError, match="shorter than what is to be left out"):
        decode_range(info, Settings(skip_last_s=7.0))
    with pytest.raises(KeyartError, match="shorter than what is to be left out"):
        decode_range(short, Settings(start_s=7.0))


@pytest.mark.parametrize("name", ["film.ts", "film.mpg"])
def test_streams_joined_by_their_bytes_are_as_long_as_all_of_them(film, name, tmp_path):
    path = film(name)
    joined = tmp_path / f"joined{path.suffix}"
    joined.write_bytes(path.read_bytes() * 2)
    info = AvDecoder(joined).info
    assert is_restarted(info) and not is_restarted(AvDecoder(path).info)
    # FFmpeg's guess for program streams is half a second short.
    assert length_s(info) == pytest.approx(12.0, abs=0.6)
    assert decode_range(info, Settings(skip_last_s=2.0)).end_s == pytest.approx(10.0, abs=0.6)
    pts_s, *_ = watched(AvDecoder(joined, DecodeOptions(range=DecodeRange(8.0, 11.0))))
    assert len(pts_s) == pytest.approx(75, abs=4)
    assert pts_s[0] - info.first_pts_s == pytest.approx(8.0, abs=0.2)


@pytest.mark.parametrize(
    ("times_s", "back_s"),
    [
        ([0, 1, 2, 3], 0),
        ([0, 1, 2, 3, 0, 1, 2, 3, 0, 1], 6),
        ([0, 1, 2, 1.5, 3], 0),  # out of order by less than a restart
        ([0, 1, 9000, 2, 3, 4], 0),
        ([10, 11, 0.5, 12, 13], 0),
        ([0, 5, 10, 15, 20], 0),  # slides
        ([0, 5, 10, 0, 5, 10], 10),
        ([0, 1, 500, 501, 502], 0),  # a gap
        ([], 0),
    ],
)
def test_a_clock_is_set_back_by_more_than_one_wrong_time(times_s, back_s):
    assert set_back_s(times_s) == back_s


@pytest.mark.parametrize(
    ("claimed_s", "times_s", "said_s"),
    [
        (6.0, [0, 2, 4], 6.0),
        (4.04, [0, 2, 4], 4.04),  # the last picture may be short
        (9000.0, [0, 0.5, 1.0], 1.5),
        (3.08, [0, 3.125, 3.25], 3.375),
        (3.25, [0, 3.125, 3.25], 3.25),
        (2.0, [0, 10, 20], 30.0),
        (None, [0, 0.5, 1.0], 1.5),
        (9000.0, [0], 9000.0),
    ],
)
def test_the_manifest_says_how_long_a_film_is_that_was_watched_to_its_end(claimed_s, times_s, said_s):
    found = portraits.film()
    found.info = replace(found.info, duration_s=claimed_s, first_pts_s=1.5)
    for time_s in times_s:
        rows = np.zeros(1, ROW)
        rows["pts_s"] = 1.5 + time_s
        found.timeline.add(rows, np.zeros(1, bool))
    assert duration_s(found, Settings()) == said_s
    for part in (Settings(end_s=3.0), Settings(skip_last_s=3.0)):
        short = claimed_s is not None and claimed_s < said_s
        assert duration_s(found, part) == (said_s if short else claimed_s)


@pytest.mark.testdata
@pytest.mark.parametrize(
    ("name", "end_s"), [("short.flv", 15.08), ("long.flv", 15.08), ("midgop.ts", 16.48), ("slide_5s.mp4", 55.0)]
)
def test_files_from_the_field_end_where_their_pictures_do(testdata: Path, name, end_s):
    info = AvDecoder(testdata / "field" / name).info
    watched_s = decode_range(info, Settings(skip_last_s=5.0)).end_s
    assert watched_s is not None
    assert info.first_pts_s + watched_s == pytest.approx(end_s, abs=0.05)
