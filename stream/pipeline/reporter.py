"""How a run of many videos reports its progress (`Reporter`) and how each video ended (`Outcome`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from ..manifest import Manifest


class Reporter(Protocol):
    """Receives every step of a run of many videos. Its methods may be called from any thread."""

    def stage(self, video: Path, stage: str, frames_done: int, frames_total: int | None) -> None: ...

    def finished(self, video: Path, manifest: Manifest, folder: Path) -> None: ...

    def skipped(self, video: Path, folder: Path) -> None: ...

    def failed(self, video: Path, reason: str) -> None: ...

    def warning(self, video: Path, code: str, message: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one video ended. `reason` is set when it failed, `folder` when it did not.

    Has no manifest, because a run keeps the outcomes of all its films. `Reporter.finished` gets the manifest.
    """

    video: Path
    status: Literal["done", "skipped", "failed"]
    folder: Path | None = None
    reason: str | None = None
