"""The way to pictures, as requests see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ...errors import KeyartError


class PictureError(KeyartError):
    """A picture cannot be had: the video is gone, changed, or does not decode there. One line with what to do."""


class PictureUnavailableError(PictureError):
    """A picture cannot be had now, for a reason that is not the film's: no process made it. The same request may be met
    later."""


@dataclass(frozen=True, slots=True)
class CropOrder:
    """A file to cut. time_s: of the frame; source: (x, y, width, height) in displayed pixels; size: (width, height) of
    the file, pixels; quality: of the JPEG, at most 100."""

    time_s: float
    source: tuple[float, float, float, float]
    size: tuple[int, int]
    quality: int


class PictureSource(Protocol):
    """Pictures out of videos and results. All methods raise PictureError, and of it PictureUnavailableError for what
    may be met later."""

    async def frame(self, video: Path, time_s: float, width: int) -> bytes:
        """JPEG of the whole displayed frame at a time of the film, at most `width` pixels wide."""
        ...

    async def neighbours(self, video: Path, time_s: float) -> tuple[float | None, float | None]:
        """The times of the frames before and after the one at `time_s`; None at the film's ends."""
        ...

    async def spread(self, video: Path, start_s: float, end_s: float, count: int) -> list[float]:
        """Times of up to `count` frames, evenly spread from `start_s` to `end_s`, the end excluded."""
        ...

    async def crops(self, video: Path, wanted: Sequence[CropOrder]) -> list[bytes]:
        """JPEGs cut from frames in full size, in the order asked for."""
        ...

    async def thumbnail(self, file: Path, width: int) -> bytes:
        """JPEG of a picture file, at most `width` pixels wide."""
        ...
