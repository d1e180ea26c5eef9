"""Answers requests for pictures, one after another: films stay open for the next request, finished JPEGs are kept."""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path

import cv2
import numpy as np

from kernels.ops import Ops
from kernels.surface import Geometry

from ...backfill.messages import path_in
from ...errors import KeyartError
from ...output.jpeg import Encoder
from .cache import JpegCache
from .frames import FilmFrames
from .messages import Begin, Crop, Crops, Frame, Neighbours, Request, Spread, Thumbnail

_PREVIEW_QUALITY = 85
_MOST_FILE_BYTES = 64 << 20
_REDUCED = (cv2.IMREAD_REDUCED_COLOR_8, cv2.IMREAD_REDUCED_COLOR_4, cv2.IMREAD_REDUCED_COLOR_2, cv2.IMREAD_COLOR)
"""Ways to decode a JPEG, the smallest first: libjpeg leaves out what a smaller picture does not need."""

Times = tuple[float | None, ...]
Identity = tuple[str, int, int, int]
"""Path, size, time of change and number of a file: another file under the same name is another film."""


class Studio:
    """Where pictures are made. For one thread. Raises KeyartError, and OSError for files that are gone."""

    def __init__(self, begin: Begin, ops: Ops, encoder: Encoder, clock: Callable[[], float] = time.monotonic) -> None:
        self._begin, self._ops, self._encoder, self._clock = begin, ops, encoder, clock
        self._cache = JpegCache(begin.cache_bytes)
        self._films: OrderedDict[Identity, FilmFrames] = OrderedDict()
        self._used_s: dict[Identity, float] = {}

    def answer(self, request: Request) -> list[bytes] | Times:
        """JPEGs, or times."""
        match request:
            case Frame():
                return [self._frame(request)]
            case Neighbours():
                return self._film(path_in(request.video)).neighbours(request.time_s)
            case Spread():
                film = self._film(path_in(request.video))
                return tuple(film.spread(request.start_s, request.end_s, request.count))
            case Crops():
                return self._crops(request)
            case Thumbnail():
                return [self._thumbnail(path_in(request.file), request.width)]

    def close_idle(self) -> None:
        """Close the films that nobody asked for lately."""
        for identity in list(self._films):
            if self._clock() - self._used_s[identity] >= self._begin.idle_s:
                self._close(identity)

    @property
    def open_films(self) -> int:
        """How many films are open."""
        return len(self._films)

    def _frame(self, wanted: Frame) -> bytes:
        video = path_in(wanted.video)

        def made() -> bytes:
            film = self._film(video)
            size = _size(film.geometry, wanted.width)
            return self._encoder.jpeg(self._ops.rgb(film.shown(wanted.time_s), None, size), _PREVIEW_QUALITY)

        return self._kept((_identity(video), wanted.time_s, wanted.width), made)

    def _crops(self, wanted: Crops) -> list[bytes]:
        film, made = self._film(path_in(wanted.video)), dict[Crop, bytes]()
        for time_s in sorted({crop.time_s for crop in wanted.wanted}):
            surface = film.exact(time_s)
            for crop in wanted.wanted:
                if crop.time_s == time_s:
                    picture = self._ops.rgb(surface, crop.source, crop.size, fine=True)
                    made[crop] = self._encoder.jpeg(picture, crop.quality)
        return [made[crop] for crop in wanted.wanted]

    def _thumbnail(self, file: Path, width: int) -> bytes:
        return self._kept((_identity(file), width), lambda: self._encoder.jpeg(_reduced(file, width), _PREVIEW_QUALITY))

    def _kept(self, key: Hashable, made: Callable[[], bytes]) -> bytes:
        jpeg = self._cache.get(key)
        if jpeg is None:
            jpeg = made()
            self._cache.put(key, jpeg)
        return jpeg

    def _film(self, video: Path) -> FilmFrames:
        identity = _identity(video)
        self._used_s[identity] = self._clock()
        if identity in self._films:
            self._films.move_to_end(identity)
            return self._films[identity]
        while len(self._films) >= self._begin.films:
            self._close(next(iter(self._films)))
        try:
            self._films[identity] = FilmFrames(video, self._begin.threads)
        except BaseException:
            del self._used_s[identity]
            raise
        return self._films[identity]

    def _close(self, identity: Identity) -> None:
        self._films.pop(identity).close()
        del self._used_s[identity]


def _identity(file: Path) -> Identity:
    status = file.stat()
    return os.fspath(file), status.st_size, status.st_mtime_ns, status.st_ino


def _size(shown: Geometry, most_width: int) -> tuple[int, int]:
    """Width and height of the whole picture, at most so wide, never enlarged."""
    width = min(shown.display_width, most_width)
    return width, max(1, round(width * shown.display_height / shown.display_width))


def _reduced(file: Path, width: int) -> np.ndarray:
    """(h, w, 3) uint8 R'G'B' of a JPEG, at most `width` wide."""
    if not file.is_file() or file.stat().st_size > _MOST_FILE_BYTES:  # to read a pipe could take for ever
        raise KeyartError("is no file, or too large for a picture of a result, remove it and ask for its title again")
    data = np.fromfile(file, np.uint8)
    picture = next((found for way in _REDUCED[:-1] if (found := _decoded(data, way)).shape[1] >= width), None)
    if picture is None:
        picture = _decoded(data, _REDUCED[-1])
    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    if picture.shape[1] > width:
        picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))


def _decoded(jpeg: np.ndarray, way: int) -> np.ndarray:
    picture = cv2.imdecode(jpeg, way) if jpeg.size else None
    if picture is None:
        raise KeyartError("is no picture, or a broken one, remove it and ask for its title again")
    return picture
