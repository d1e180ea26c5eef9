"""Keeps figures that take long to measure on disk, so that a long run can be interrupted and continued."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .report import Row, write_text
from .survey import content_hash


class RowCache:
    """One JSON file for each film and question in `folder`. say: called with a line about what is measured."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder, self._say = folder, say

    def row(self, what: str, video: Path, measure: Callable[[], Row], **how: Any) -> Row:
        """What `measure` returns for this film; from the folder when it was measured in the same way (`how`) before."""
        parts = json.dumps([what, content_hash(video), how], sort_keys=True, default=str)
        file = self._folder / f"{video.stem}-{what}-{hashlib.sha256(parts.encode()).hexdigest()[:16]}.json"
        if file.is_file():
            self._say(f"{video.name}: {what}, measured before")
            held: Row = json.loads(file.read_text("utf-8"))
            return held
        self._say(f"{video.name}: {what}")
        found = measure()
        write_text(file, json.dumps(found) + "\n")
        return found
