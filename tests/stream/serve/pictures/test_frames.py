"""Frames near the last one and frames spread over a shot are those of the film, in every container."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from kernels.surface import Surface
from stream.decode.decoder import DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.errors import KeyartError
from stream.serve.pictures.frames import FilmFrames
from stream.serve.pictures.times import spread_times, times_around

from ...conftest import MakeFilm
from ...decode.decoders import FILMS, shown, write_film

Whole = tuple[list[float], list[Surface]]
B_FRAMES = {"codec": "mpeg4", "options": {"bf": "2"}}
OWN = {**FILMS, "b_frames.avi": B_FRAMES}
NAMES = list(OWN)


@pytest.fixture
def film(tmp_path: Path, moving) -> Callable[[str], Path]:
    return lambda name: write_film(tmp_path / name, moving, 50, **OWN[name])


def assert_same_picture(a: Surface, b: Surface) -> None:
    assert np.array_equal(shown(a), shown(b))


def whole(path: Path) -> Whole:
    """Times and pictures of a film, as the pipeline gets them."""
    batches = list(AvDecoder(path, DecodeOptions(threads=1)).batches())
    return [float(t) for b in batches for t in b.pts_s], [s for b in batches for s in b.surfaces]


@pytest.mark.parametrize("name", NAMES)
def test_a_frame_and_its_neighbours_are_those_of_the_film(film, name: str) -> None:
    path = film(name)
    times_s, surfaces = whole(path)
    for place in (0, 1, 17, 30, len(times_s) - 2, len(times_s) - 1):
        frames = FilmFrames(path, threads=1)
        assert_same_picture(frames.shown(times_s[place]), surfaces[place])
        before, after = frames.neighbours(times_s[place])
        assert before == (pytest.approx(times_s[place - 1], abs=1e-6) if place else None)
        assert after == (pytest.approx(times_s[place + 1], abs=1e-6) if place + 1 < len(times_s) else None)
        if before is not None:
            assert_same_picture(frames.shown(before), surfaces[place - 1])
        assert_same_picture(frames.exact(times_s[place]), surfaces[place])
        frames.close()


@pytest.mark.parametrize("name", NAMES)
def test_frames_spread_over_a_shot_are_those_of_the_film_in_whatever_order(film, name: str) -> None:
    path = film(name)
    times_s, surfaces = whole(path)
    frames = FilmFrames(path, threads=1)
    start, end = 5, len(times_s) - 4
    spread = frames.spread(times_s[start], times_s[end], 6)
    places = [int(np.abs(np.array(times_s) - one).argmin()) for one in spread]
    assert spread == pytest.approx([times_s[place] for place in places], abs=1e-6)
    assert len(spread) == 6 and start <= places[0] and places[-1] < end
    widest = max(later - earlier for earlier, later in pairwise(spread))
    assert widest <= 1.5 * (times_s[end] - times_s[start]) / 6 + 0.09
    for index in (2, 0, 5, 1, 4, 3):
        assert_same_picture(frames.shown(spread[index]), surfaces[places[index]])
    frames.close()


def test_stepping_through_a_film_meets_every_frame(film) -> None:
    path = film("b_pyramid.mp4")
    times_s, _ = whole(path)
    frames, met = FilmFrames(path, threads=1), [times_s[0]]
    while (after := frames.neighbours(met[-1])[1]) is not None:
        met.append(after)
    assert met == pytest.approx(times_s)
    while (before := frames.neighbours(met[-1])[0]) is not None:
        met.append(before)
    assert met[50:] == pytest.approx(times_s[-2::-1])


def test_a_short_shot_has_all_its_frames_and_an_empty_one_none(film) -> None:
    path = film("plain.mp4")
    assert spread_times(path, 0.4, 0.52, 12) == pytest.approx([0.4, 0.44, 0.48])
    assert spread_times(path, 90.0, 91.0, 12) == []


def test_a_long_shot_is_not_read_through(make_film: MakeFilm, moving) -> None:
    pictures = moving(80, size=(64, 48))
    path = make_film("slow.mp4", pictures, times=[1000 * n for n in range(80)], gop=10)
    assert spread_times(path, 10.0, 74.0, 4) == pytest.approx([18.0, 34.0, 50.0, 66.0], abs=0.5)


def test_a_gap_in_the_film_is_stepped_over(make_film: MakeFilm, moving) -> None:
    times = [*range(0, 800, 40), *range(9000, 9800, 40)]
    path = make_film("gap.mkv", moving(40), times=times)
    frames = FilmFrames(path, threads=1)
    assert frames.neighbours(9.0) == pytest.approx((0.76, 9.04))
    assert frames.neighbours(0.76) == pytest.approx((0.72, 9.0))
    assert times_around(path, 9.0, 2, 25.0) == pytest.approx([0.72, 0.76, 9.0, 9.04, 9.08])


def test_a_time_without_a_frame_is_told_and_its_neighbours_are_known(film) -> None:
    frames = FilmFrames(film("plain.mp4"), threads=1)
    with pytest.raises(KeyartError, match=r"^has no frame at 0\.500 s; the times of its frames come from …/frames$"):
        frames.shown(0.5)
    with pytest.raises(KeyartError, match=r"^has no frame at 0\.500 s; the times of its frames come from …/frames$"):
        frames.exact(0.5)
    assert frames.neighbours(0.5) == pytest.approx((0.48, 0.52))
    assert frames.neighbours(50.0) == (pytest.approx(1.96), None)


def test_a_film_without_times_is_refused(tmp_path: Path, moving) -> None:
    frames = FilmFrames(write_film(tmp_path / "bare.h264", moving, 30), threads=1)
    for ask in (frames.shown, frames.exact, frames.neighbours, lambda time_s: frames.spread(time_s, 1.0, 3)):
        with pytest.raises(KeyartError, match="keeps no times of its frames"):
            ask(0.4)


def test_pictures_at_times_pass_over_what_is_not_there(film) -> None:
    path = film("b_pyramid.mp4")
    times_s, surfaces = whole(path)
    decoder = AvDecoder(path, DecodeOptions(threads=1))
    found = list(decoder.pictures_at([times_s[7], 0.5, times_s[30], 77.0]))
    assert [time_s for time_s, _ in found] == pytest.approx([times_s[7], times_s[30]])
    for (_, surface), place in zip(found, (7, 30), strict=True):
        assert_same_picture(surface, surfaces[place])
    assert list(decoder.pictures_at([77.0])) == []
