"""The scan of a library: what files there are, by `stat` alone. No film is opened."""

from __future__ import annotations

import csv
import glob
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..decode.suffixes import SUFFIXES
from ..errors import UsageError
from .titles import Title, absolute_as_text, key_of, relative_outside

_LIST_SUFFIXES = frozenset({".csv", ".txt", ".list", ".lst"})
_PRIORITY = re.compile(r"[+-]?\d{1,6}")
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Library:
    """Where titles come from. root: what keys are below. whole: a scan sees all there is, so that what it does not find
    is gone, unless something was `unread`: folders and files that could not be looked at."""

    root: Path
    whole: bool
    scan: Callable[[], Iterator[Title]]
    unread: list[str] = field(default_factory=list)


def open_library(name: str, out: Path, say: Say, priority: int = 0, newer_than_s: float | None = None) -> Library:
    """The library that `name` means: a folder, a list of files (text or CSV) or a glob.

    out: the result folder, which is never scanned. say: told, one line each, of what cannot be read; the scan goes on.
    newer_than_s: only files changed after this time (seconds since 1970). Raises UsageError when there is no such
    library.
    """
    if not name or "\0" in name:
        raise UsageError("LIBRARY is empty: give a folder, a list (.txt, .csv) or a glob")
    path = Path(name)
    if path.is_dir():
        _refuse_unreadable(path)
        root, unread = Path(os.path.abspath(path)), list[str]()

        def unreadable(line: str) -> None:
            unread.append(line)
            say(line)

        scan = lambda: _folder(root, Path(os.path.abspath(out)), say, unreadable)  # noqa: E731
        return Library(root, newer_than_s is None, _filtered(scan, priority, newer_than_s), unread)
    if path.is_file():
        if path.suffix.lower() not in _LIST_SUFFIXES:
            raise UsageError(f"{name}: is no folder, list (.txt, .csv) or glob; for single films use `keyart extract`")
        root = Path(os.path.abspath(path)).parent
        return Library(root, False, _filtered(lambda: _listed(path, root, say), priority, newer_than_s))
    if glob.has_magic(name):
        root = _before_magic(name)
        return Library(root, False, _filtered(lambda: _globbed(name, root, say), priority, newer_than_s))
    raise UsageError(f"{name}: does not exist, give a folder, a list (.txt, .csv) or a glob")


def _refuse_unreadable(folder: Path) -> None:
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise UsageError(f"{folder}: cannot be read ({error.strerror}), check its permissions") from None


def _filtered(
    scan: Callable[[], Iterator[Title]], priority: int, newer_than_s: float | None
) -> Callable[[], Iterator[Title]]:
    def titles() -> Iterator[Title]:
        for title in scan():
            if newer_than_s is None or title.mtime_ns >= newer_than_s * 1e9:
                raised = title.priority + priority
                yield title if raised == title.priority else _with_priority(title, raised)

    return titles


def _with_priority(title: Title, priority: int) -> Title:
    return Title(title.key, title.size_bytes, title.mtime_ns, title.path, priority)


def _folder(root: Path, out: Path, say: Say, unreadable: Say) -> Iterator[Title]:
    """Films below a folder, folders in the order of their names. Links to folders are followed; one that leads back to
    a folder it lies in is refused. Names that begin with a dot are left out."""
    ahead: list[tuple[str, str, tuple[tuple[int, int], ...]]] = [(str(root), "", ())]
    while ahead:
        folder, relative, above = ahead.pop()
        try:
            identity = _identity(folder)
            if identity in above:
                say(f"{folder}: is a link back to a folder it lies in, left out; remove the link")
                continue
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            unreadable(f"{folder}: cannot be read ({error.strerror}), left out; check its permissions")
            continue
        folders = []
        for entry in entries:
            if entry.name.startswith("."):
                continue
            below = f"{relative}{entry.name}"
            try:
                if entry.is_dir():
                    if os.path.abspath(entry.path) != str(out):
                        folders.append((entry.path, f"{below}/", (*above, identity)))
                elif Path(entry.name).suffix.lower() in SUFFIXES and (found := _title(entry.stat(), below)):
                    yield found
            except OSError as error:
                unreadable(f"{entry.path}: cannot be looked at ({error.strerror}), left out; check it")
        ahead += reversed(folders)


def _listed(file: Path, root: Path, say: Say) -> Iterator[Title]:
    """Films that a list names: a path a line, or CSV with columns `path` and perhaps `priority`. Relative paths are
    below the list's folder; empty lines and those that begin with # are passed over."""
    seen = set[str]()
    for number, path, priority in _list_rows(file, say):
        if "\0" in path:
            say(f"{file}:{number}: holds a NUL, left out; is the list in UTF-8?")
            continue
        found = _outside_too(Path(os.path.abspath(root / path)), root, priority, _prefixed(say, f"{file}:{number}"))
        if found is not None and found.key not in seen:
            seen.add(found.key)
            yield found


def _list_rows(file: Path, say: Say) -> Iterator[tuple[int, str, int]]:
    """(line, path, priority) of each row that can be read."""
    try:
        lines = file.read_bytes().decode("utf-8-sig", "surrogateescape").splitlines()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror}), check its permissions") from None
    if file.suffix.lower() != ".csv":
        yield from ((n, line.strip(), 0) for n, line in enumerate(lines, 1) if line.strip() and line.strip()[0] != "#")
        return
    rows = csv.reader(lines)
    header: list[str] | None = None
    for row in _csv_rows(rows, file, say):
        if not row or not any(cell.strip() for cell in row) or row[0].lstrip().startswith("#"):
            continue
        if header is None:
            named = [cell.strip().lower() for cell in row]
            header = named if "path" in named else ["path", "priority"]
            if "path" in named:
                continue
        cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
        path, priority = cells.get("path", ""), cells.get("priority", "") or "0"
        if not path or not _PRIORITY.fullmatch(priority):
            say(f"{file}:{rows.line_num}: is no row of path and priority ({','.join(row)[:80]}), left out; correct it")
            continue
        yield rows.line_num, path, int(priority)


def _csv_rows(rows: Any, file: Path, say: Say) -> Iterator[list[str]]:
    """Rows that are CSV."""
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            say(f"{file}:{rows.line_num}: is no row of CSV ({error}), left out; correct it")


def _globbed(pattern: str, root: Path, say: Say) -> Iterator[Title]:
    """Files that a glob matches, `**` over folders too, by name."""
    for name in sorted(glob.glob(pattern, recursive=True)):
        path = Path(os.path.abspath(name))
        if not path.is_dir():
            found = _outside_too(path, root, 0, say)
            if found is not None:
                yield found


def _prefixed(say: Say, place: str) -> Say:
    return lambda line: say(f"{place}: {line}")


def _outside_too(path: Path, root: Path, priority: int, say: Say) -> Title | None:
    """The title of a named file; a file outside `root` goes by a short hash of its folder and its name."""
    try:
        status = path.stat()
    except OSError as error:
        say(f"{path}: cannot be looked at ({error.strerror}), left out; check the path")
        return None
    if path.is_relative_to(root):
        found = _title(status, path.relative_to(root).as_posix(), priority)
    else:
        found = _title(status, relative_outside(path), priority, absolute_as_text(path))
    if found is None:
        say(f"{path}: is no file, left out; name the files in it")
    return found


def _title(status: os.stat_result, relative: str, priority: int = 0, path: str | None = None) -> Title | None:
    """The title of a file; None for what is none."""
    if not stat.S_ISREG(status.st_mode):
        return None
    return Title(key_of(relative), status.st_size, status.st_mtime_ns, path, priority)


def _identity(folder: str) -> tuple[int, int]:
    status = os.stat(folder)
    return status.st_dev, status.st_ino


def _before_magic(pattern: str) -> Path:
    """The folder that a glob begins at: all before its first part with a wildcard."""
    parts: list[str] = []
    for part in Path(os.path.abspath(pattern)).parts:
        if glob.has_magic(part):
            break
        parts.append(part)
    return Path(*parts)
