"""Which files the service may touch: those below its roots, after every link was followed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..backfill.titles import video_below
from ..errors import UsageError
from .problems import Problem


class Roots:
    """The folders that titles come from; keys of titles are below the first. Raises UsageError for what is no folder.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        for folder in folders:
            if not folder.is_dir():
                raise UsageError(f"--root {folder}: is no folder, mount it or name another")
        self.folders = tuple(Path(os.path.abspath(folder)) for folder in folders)

    @property
    def first(self) -> Path:
        """The folder that keys are below."""
        return self.folders[0]

    def away(self) -> Path | None:
        """A folder of them that is not there now; None while all are. Blocks."""
        return next((folder for folder in self.folders if not folder.is_dir()), None)

    def allows(self, path: Path) -> bool:
        """Whether a path lies below a root, wherever links lead. Blocks."""
        found = os.path.realpath(path)
        return any(Path(found).is_relative_to(os.path.realpath(root)) for root in self.folders)

    def inside(self, path: Path) -> Path:
        """The absolute path. Raises Problem 403 for one that lies outside. Blocks."""
        if not self.allows(path):
            raise Problem(403, "Not below a root", f"{path} does not lie below a --root of this service")
        return Path(os.path.abspath(path))

    def video(self, row: Any) -> Path:
        """The file of a job's row. Raises Problem 403 where it leads outside, 404 where it is gone. Blocks."""
        path = self.inside(video_below(self.first, row.key, row.path))
        if not path.is_file():
            raise Problem(404, "The video is gone", f"{path} is not there, put it back or mount its disk")
        return path
