"""Films whose times run backwards or whose rate is absurd: what joined and copied files look like."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from stream.decode.decoder import DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.probe import rate_of
from stream.decode.times import MeasuredRate


def test_pictures_of_joined_streams_are_found_again_and_no_look_reads_the_whole_film(make_film, moving):
    part = make_film("part.ts", moving(30))
    joined = part.with_name("joined.ts")
    joined.write_bytes(part.read_bytes() * 2)
    decoder = AvDecoder(joined, DecodeOptions(threads=1))
    batches = list(decoder.batches())
    pts_s = np.concatenate([batch.pts_s for batch in batches])
    surfaces = [surface for batch in batches for surface in batch.surfaces]
    assert np.all(np.diff(pts_s) > 0)
    (notice,) = [notice for notice in decoder.notices if notice.code == "times_mended"]
    assert "not looked for" in notice.message
    assert np.array_equal(decoder.frame_at(float(pts_s[40])).y, surfaces[40].y)
    assert decoder.between(float(pts_s[38]), float(pts_s[42])) == []
    assert decoder.at([float(pts_s[38])]) == []


@pytest.mark.parametrize(
    ("claimed", "fps"),
    [
        ((Fraction(30000, 1001), Fraction(25), None), 30000 / 1001),
        ((Fraction(30000), Fraction(30), None), 30.0),
        ((None, Fraction(0), Fraction(24)), 24.0),
        ((Fraction(90000), None, Fraction(1000)), None),
    ],
)
def test_a_rate_that_cannot_be_true_is_not_believed(claimed, fps):
    container = SimpleNamespace(format=SimpleNamespace(name="matroska,webm"))
    stream = SimpleNamespace(average_rate=claimed[0], guessed_rate=claimed[1], base_rate=claimed[2])
    assert rate_of(container, stream) == fps


@pytest.mark.parametrize(("codec", "suffix"), [("libx264", "h264"), ("libx265", "hevc"), ("mpeg2video", "m2v")])
def test_a_stream_without_a_container_has_its_own_rate(make_film, moving, codec, suffix):
    film = make_film(f"film.{suffix}", moving(12), fps=60, codec=codec)
    decoder = AvDecoder(film, DecodeOptions())
    times_s = np.concatenate([batch.pts_s for batch in decoder.batches()])
    assert decoder.info.fps == 60
    assert np.allclose(np.diff(times_s), 1 / 60)
    assert len(times_s) == 12


def measured(pts_s: np.ndarray, claimed_fps: float | None, batch: int = 32) -> float:
    rate = MeasuredRate(claimed_fps)
    for first in range(0, len(pts_s), batch):
        rate.add(pts_s[first : first + batch])
    return rate.fps


def test_the_claimed_rate_stands_while_the_times_bear_it_out():
    milliseconds = np.round(np.arange(300) / 23.976, 3)
    assert measured(milliseconds, 23.976) == 23.976
    every_seventh_missing = np.delete(np.arange(300), np.arange(6, 300, 7)) / 30
    assert measured(every_seventh_missing, 30.0) == 30.0
    assert MeasuredRate(24.0).fps == 24.0 and MeasuredRate(None).fps == 25.0
    assert measured(np.zeros(1), 24.0) == 24.0


@pytest.mark.parametrize("count", [2, 20, 500])
def test_where_pictures_are_left_out_their_times_tell_the_rate(count):
    assert measured(np.arange(count) * 2 / 24, 24.0) == pytest.approx(12.0)
    assert measured(np.arange(count) * 2 / 24, None) == pytest.approx(12.0)


def test_the_rate_follows_a_film_that_changes_its_pace_and_no_single_gap():
    slow = np.arange(400) / 6
    fast = slow[-1] + np.arange(1, 400) / 24
    assert measured(slow, 24.0) == pytest.approx(6.0)
    assert measured(np.concatenate([slow, fast]), 24.0) == 24.0
    gap = np.arange(400) / 12 + 9568.0 * (np.arange(400) >= 200)
    assert measured(gap, 24.0) == pytest.approx(12.0)


def test_how_pictures_come_in_batches_does_not_change_the_rate():
    pts_s = np.cumsum(np.random.default_rng(3).choice([1, 2, 4], 333)) / 24
    assert len({measured(pts_s, 24.0, batch) for batch in (1, 7, 32, 333)}) == 1
