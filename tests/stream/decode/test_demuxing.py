"""Packets of one stream: what PyAV does at the end of files that got streams while they were read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import av
import numpy as np
import pytest
from av.container import InputContainer
from av.error import InvalidDataError

from stream.decode.demuxing import packets_of

from ..conftest import MakeFilm

GREY = [np.full((64, 64, 3), 128, np.uint8)] * 4


class Ends:
    """Gives the packets of a container, then fails as PyAV does where it flushes a stream that it has no list of."""

    def __init__(self, container: InputContainer, error: Exception) -> None:
        self._container, self._error = container, error

    def demux(self, stream: Any) -> Iterator[Any]:
        yield from self._container.demux(stream)
        raise self._error


def test_a_stream_that_pyav_does_not_know_ends_nothing_too_soon(make_film: MakeFilm) -> None:
    film = str(make_film("film.mp4", GREY))
    with av.open(film) as container:
        whole = [packet.pts for packet in packets_of(container, container.streams.video[0])]
    with av.open(film) as container:
        ends = cast(InputContainer, Ends(container, IndexError("list index out of range")))
        assert [packet.pts for packet in packets_of(ends, container.streams.video[0])] == whole
    assert len(whole) > 2 and whole[-1] is None


def test_errors_of_the_demuxer_are_not_taken_for_that(make_film: MakeFilm) -> None:
    film = str(make_film("film.mp4", GREY))
    with av.open(film) as container, pytest.raises(InvalidDataError):
        list(packets_of(cast(InputContainer, Ends(container, InvalidDataError(1, "no"))), container.streams.video[0]))
