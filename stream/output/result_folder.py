"""The result folder of one video. It is written completely or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from ..errors import KeyartError, OutputError, UsageError
from .leftovers import clean_up_leftovers, make_locked, remove, temporary_folders

MANIFEST = "manifest.json"
LEASE = "lease.json"
"""Beside the manifest where a run over a library made the result: under which lease, and how large each file is."""



@dataclass(frozen=True, slots=True)
class FolderKind:
    """What is written whole. name: of it, with its article; marks: files of which it has at least one, and others do
    not; option: the one that named the place; replace: what lets an older one be replaced."""

    name: str
    marks: tuple[str, ...]
    option: str
    replace: str


RESULT = FolderKind("a result", (MANIFEST, LEASE), "--out", "use --overwrite to replace it")
"""The result of a film."""

_THIS_FILM = frozenset({errno.EEXIST, errno.ENOTDIR, errno.ENOTEMPTY, errno.ENAMETOOLONG})
"""Refusals that are about one result; others would meet every film."""

_LEAST_FREE_BYTES = 4 << 20
"""Free space without which no film is begun. Results of E01–E05 take 1.3 to 3.7 MB."""
_open_partials: dict[Path, int | None] = {}
"""The partial folders of this process → the descriptor of their lock; None until the folder is locked."""


def result_folder(out: Path, video: Path) -> Path:
    """The folder for the result of `video`: `out`/<file name with its suffix>."""
    return out / (Path(os.path.abspath(video)).name or "_")


def refuse_equal_names(videos: Iterable[Path]) -> None:
    """Raise UsageError when two inputs would write the same folder."""
    known: dict[str, Path] = {}
    for video in videos:
        name = result_folder(Path(), video).name
        if name in known and os.path.abspath(known[name]) == os.path.abspath(video):
            raise UsageError(f"{video} is given twice, name it once")
        if name in known:
            raise UsageError(f"two inputs are named {name}, their results would collide; run one with another --out")
        known[name] = video


def refuse_out(out: Path, option: str = "--out") -> None:
    """Raise UsageError when nothing can be written to `out`. The folder need not exist yet."""
    there = Path(os.path.abspath(out))
    while not os.path.lexists(there):
        there = there.parent
    if not there.is_dir():
        raise UsageError(f"{option} {out}: {there} is no folder, choose another")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UsageError(f"{option} {out}: {there} cannot be written to, change its permissions or choose another")


def has_result(folder: Path) -> bool:
    """Whether `folder` is a finished result (has a manifest). Raises KeyartError when it cannot be read."""
    with _explained(folder, RESULT):
        return (folder / MANIFEST).is_file()


class ResultFolder:
    """Context manager. Files are written to a temporary folder beside the target, which is renamed to the target when
    the block is left without an exception.

    An exception (also a cancellation) removes the temporary folder and leaves the target as it was. With `overwrite` an
    older result is moved aside before the renaming, moved back when the renaming fails, and removed after it. Raises
    KeyartError for every error of the file system, and when the target holds something else than a result. kind: what
    is written, where that is no result of a film.
    """

    def __init__(self, target: Path, overwrite: bool = False, kind: FolderKind = RESULT) -> None:
        self.target = target
        self._overwrite, self._kind = overwrite, kind
        self._partial, self._old = temporary_folders(target)
        self.before_rename: Callable[[], None] = lambda: None
        """Called when all is written, right before it takes its place; what it raises leaves the target as it was."""

    def __enter__(self) -> Self:
        with _explained(self.target.parent, self._kind):
            self.target.parent.mkdir(parents=True, exist_ok=True)
            _open_partials[self._partial] = None
            try:
                _open_partials[self._partial] = make_locked(self._partial)
                clean_up_leftovers(self.target, self._partial, self._partial.stat().st_ctime)
                self._check_target()
                _check_room(self._partial)
            except BaseException:
                _abandon(self._partial)
                raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None:
                self.commit()
        finally:
            self.abandon()

    def write(self, name: str, content: bytes | str) -> Path:
        """Write one file and flush it to the disk. `name`: relative path with `/`. Returns the path it will have in the
        finished result. Raises ValueError for a path outside the result, KeyartError when it cannot be written.
        """
        relative = PurePosixPath(name)
        if relative.is_absolute() or ".." in relative.parts or not relative.parts:
            raise ValueError(f"{name!r} is no place inside a result")
        data = content.encode() if isinstance(content, str) else content
        path = self._partial / relative
        with _explained(self.target, self._kind):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        return self.target / relative

    def _check_target(self) -> None:
        if not os.path.lexists(self.target):
            return
        kind = self._kind
        if not self.target.is_dir():
            raise KeyartError(f"{self.target} is in the way and no folder, choose another {kind.option}")
        if not any(self.target.iterdir()):
            return
        if not any((self.target / mark).is_file() for mark in kind.marks):
            what = f"{self.target} holds something else than {kind.name}"
            raise KeyartError(f"{what}, move it away or choose another {kind.option}")
        if not self._overwrite:
            raise KeyartError(f"{self.target} is already there, {kind.replace}")

    def commit(self) -> None:
        """Let what was written take its place. Leaving the block does it, for all but those who must do it sooner."""
        with _explained(self.target, self._kind):
            for folder, _, _ in os.walk(self._partial):
                sync_folder(Path(folder))
        self.before_rename()
        with _explained(self.target, self._kind):
            aside = self._move_old_aside()
            try:
                self._partial.rename(self.target)
            except OSError:
                if aside:
                    self._old.rename(self.target)
                raise
            sync_folder(self.target.parent)
        if aside:
            remove(self._old)

    def abandon(self) -> None:
        """Remove what was written and is not in its place; does nothing where there is nothing."""
        _abandon(self._partial)

    def _move_old_aside(self) -> bool:
        # Without --overwrite, a result that another process has finished meanwhile makes the renaming fail, and stays.
        if not self._overwrite or not self.target.is_dir():
            return False
        self.target.rename(self._old)
        return True


def _check_room(folder: Path) -> None:
    """Raise OSError (ENOSPC) when the disk has less free space than a result takes."""
    disk = os.statvfs(folder)
    if disk.f_bavail * disk.f_frsize < _LEAST_FREE_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def abandon_all() -> None:
    """Remove every partial folder of this process. For a process that is about to end while its threads still work."""
    for partial in list(_open_partials):
        _abandon(partial)


def _abandon(partial: Path) -> None:
    # A thread may write while the folder is being removed; the second round removes those files.
    for _ in range(2):
        remove(partial)
    descriptor = _open_partials.pop(partial, None)
    if descriptor is not None:
        with suppress(OSError):
            os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Wait until what a folder holds is on the disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _explained(place: Path, kind: FolderKind) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raised = KeyartError if error.errno in _THIS_FILM else OutputError
        raise raised(explain_os_error(error, place, kind)) from error


def explain_os_error(error: OSError, place: Path, kind: FolderKind = RESULT) -> str:
    """`reason, what to do` for an error of the file system while `place` was written."""
    another = f"choose another {kind.option}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"no space left for {place}, free some or {another}"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{place} cannot be written to ({error.strerror}), change its permissions or {another}"
    if error.errno == errno.ENOTEMPTY:
        return f"{place} appeared while it was being made, {kind.replace}"
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return f"{error.filename or place} is in the way and no folder, {another}"
    return f"{place} cannot be written to ({error.strerror or error}), {another}"
