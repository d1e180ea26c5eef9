"""The times of a film's pictures are those that its decoder gives, without decoding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.picture_times import PictureTimes, first_key, picture_times
from stream.errors import KeyartError

from ..conftest import MakeFilm
from .decoders import write_film

Moving = Callable[..., list[np.ndarray]]


def test_they_are_the_decoders(make_film: MakeFilm, moving: Moving) -> None:
    film = make_film("film.mp4", moving(50), gop=10)
    decoded = np.concatenate([batch.pts_s for batch in AvDecoder(film).batches()])
    found = picture_times(film, 0.0, 10.0)
    np.testing.assert_allclose(found.times_s, decoded, atol=1e-6)
    np.testing.assert_array_equal(np.flatnonzero(found.keys), [0, 10, 20, 30, 40])


def test_a_part_has_its_own_pictures_alone(make_film: MakeFilm, moving: Moving) -> None:
    film = make_film("film.mkv", moving(50), gop=10)
    found = picture_times(film, 0.6, 1.2)
    np.testing.assert_allclose(found.times_s, np.arange(15, 30) / 25, atol=1e-3)
    np.testing.assert_array_equal(np.flatnonzero(found.keys), [5])


def test_pictures_that_are_stored_after_later_ones_are_found(tmp_path: Path, moving: Moving) -> None:
    film = write_film(tmp_path / "film.mp4", moving, 50, options={"x264-params": "bframes=3:b-adapt=0:scenecut=0"})
    for end in range(10, 40):
        assert len(picture_times(film, 0.0, end / 25 - 0.01).times_s) == end


def test_the_first_key_picture_of_a_part(make_film: MakeFilm, moving: Moving) -> None:
    film = make_film("film.mkv", moving(50), gop=10)
    np.testing.assert_allclose(first_key(film, 0.5, 2.0).times_s, [0.8], atol=1e-3)
    assert not len(first_key(film, 0.9, 1.1).times_s) and not len(first_key(film, 9.0, 10.0).times_s)


def test_uneven_times_are_kept(make_film: MakeFilm, moving: Moving) -> None:
    times_ms = [0, 40, 120, 160, 400]
    film = make_film("film.mkv", moving(5), times=times_ms)
    np.testing.assert_allclose(picture_times(film, 0.0, 1.0).times_s, np.array(times_ms) / 1000, atol=1e-3)


def test_after_the_end_there_are_none(make_film: MakeFilm, moving: Moving) -> None:
    found = picture_times(make_film("film.mp4", moving(10)), 5.0, 6.0)
    assert (found.times_s.shape, found.keys.shape) == ((0,), (0,))
    assert PictureTimes.none().keys.dtype == found.keys.dtype


def test_what_is_no_film_is_refused(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"nothing")
    with pytest.raises(KeyartError):
        picture_times(tmp_path / "film.mp4", 0.0, 1.0)
