"""A film is opened whole, or nothing of it stays open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stream.decode.decoder import DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.errors import KeyartError
from stream.pipeline.film_run import open_film
from stream.settings.model import Settings


class Door:
    """`stream.device.kit.OpenDecoder` that knows how often each of its decoders was closed."""

    def __init__(self, then: Callable[[int, Path], None] = lambda number, path: None) -> None:
        """then: told of each decoder by its number, from 0, once it is open."""
        self.closed: list[int] = []
        self.ranges: list[float] = []
        self._then = then

    def __call__(self, path: Path, options: DecodeOptions) -> AvDecoder:
        closed, number = self.closed, len(self.closed)

        class Counted(AvDecoder):
            def close(self) -> None:
                closed[number] += 1

        decoder = Counted(path, options)
        closed.append(0)
        self.ranges.append(options.range.start_s)
        self._then(number, path)
        return decoder


@pytest.fixture
def film(make_film, moving) -> Path:
    return make_film("film.mp4", moving(10))


def remove(number: int, path: Path) -> None:
    path.unlink()


def test_the_decoder_of_the_chosen_part_is_open_and_no_other(film: Path) -> None:
    door = Door()
    decoder, fingerprint = open_film(film, Settings(start_s=0.2), door)
    assert decoder.info.path == film and len(fingerprint) == 64
    assert (door.ranges, door.closed) == ([0.0, 0.2], [1, 0])


@pytest.mark.parametrize(
    ("settings", "door", "words"),
    [
        ({"start_s": 900.0}, Door(), "shorter than what is to be left out"),
        ({"skip_first_s": 3.0, "end_s": 2.0}, Door(), "has nothing from 3 s to 2 s"),
        ({}, Door(remove), "cannot be read"),
        ({"start_s": 0.2}, Door(remove), "does not exist"),
    ],
    ids=["range", "empty range", "fingerprint", "second decoder"],
)
def test_what_was_opened_is_closed_once_when_that_fails(film: Path, settings: dict, door: Door, words: str) -> None:
    with pytest.raises(KeyartError, match=words):
        open_film(film, Settings(**settings), door)
    assert door.closed == [1]
