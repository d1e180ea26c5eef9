"""What a run of many videos tells while it goes, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from ..manifest import Manifest


class Reporter(Protocol):
    """Told of every step of a call with many videos. May be called from any thread."""

    def stage(self, video: Path, stage: str, frames_done: int, frames_total: int | None) -> None: ...

    def finished(self, video: Path, manifest: Manifest, folder: Path) -> None: ...

    def skipped(self, video: Path, folder: Path) -> None: ...

    def failed(self, video: Path, reason: str) -> None: ...

    def warning(self, video: Path, code: str, message: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one video. `reason` is set when it failed, `folder` when it did not.

    No manifest: a run keeps the outcomes of all its films. Whoever wants it hears it from `Reporter.finished`.
    """

    video: Path
    status: Literal["done", "skipped", "failed"]
    folder: Path | None = None
    reason: str | None = None
