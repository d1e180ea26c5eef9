"""What only watching a film can show, and must be known before: the film is then watched anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..records import Notice, Scan
from .decoder import DecodeOptions


class WatchAnewError(Exception):
    """The film must be decoded otherwise from its beginning. `notice`: what the manifest says of it; None where the
    other decoder says it. `otherwise`: fields of `DecodeOptions` with their new values."""

    def __init__(self, reason: str, notice: Notice | None = None, **otherwise: Any) -> None:
        super().__init__(reason)
        self.notice, self._otherwise = notice, otherwise

    def options(self, before: DecodeOptions) -> DecodeOptions:
        """How to decode it, given how it was decoded."""
        return replace(before, **self._otherwise)


class LateFieldsError(WatchAnewError):
    """A part of the film is interlaced that was not among the places looked at. `scan`: how it is to be decoded."""

    def __init__(self, scan: Scan, notice: Notice) -> None:
        super().__init__(notice.message, notice, scan=scan)
        self.scan = scan


class LateShapeError(WatchAnewError):
    """A part of the film has another size, aspect or colour that was not among the places looked at, and the GPU's
    decoder cannot fit it to the others."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, on_host=reason)
