"""Watched folders: files are taken once they stand still."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from anyio import Event, move_on_after, to_thread
from watchfiles import Change, awatch

from .. import log
from ..decode.suffixes import SUFFIXES
from ..origin import errors_in

NETWORK_FILE_SYSTEMS = frozenset({
    "9p", "afs", "ceph", "cifs", "davfs", "fuse", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs",
    "virtiofs",
})  # fmt: skip
"""Where the kernel is not told what others write; `fuse` stands for all of its kinds."""
Take = Callable[[Path], Awaitable[bool]]
"""Queues a file; False when it cannot be queued now and is to be offered again."""
_TICK_MS = 1000
_AGAIN_S = 5.0
_LIST_EVERY_S = 600.0
_LISTS, _LIST_AGAIN_S = 60, 10


class NoEventsError(Exception):
    """The kernel's events of a folder cannot be had: a name in it is no UTF-8, which watchfiles cannot pass on."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a file was when it was last looked at, and since when it has been so (seconds of the clock)."""

    size_bytes: int
    mtime_ns: int
    since_s: float


@dataclass(slots=True)
class Settling:
    """Files that came or changed, until they stand still for `settle_s`; each is named once for each time it changed.
    """

    settle_s: float
    looks: dict[Path, Look] = field(default_factory=dict)
    _taken: dict[Path, tuple[int, int]] = field(default_factory=dict)
    """Files that were taken, as they were then (size, time)."""

    def note(self, paths: Iterable[Path]) -> None:
        """Files that came or changed. Those that are no films, hidden or unfinished by their name are passed over."""
        for path in paths:
            if is_film(path):
                self.looks.setdefault(path, Look(-1, -1, 0.0))

    def settled(self, now_s: float) -> list[Path]:
        """The files that have stood still for long enough; each is named until it is `taken`. Blocks."""
        still = []
        for path, before in list(self.looks.items()):
            try:
                status = path.stat()
            except OSError:
                del self.looks[path]  # gone again, or a link to nowhere; when it comes back that is an event
                self._taken.pop(path, None)
                continue
            found = status.st_size, status.st_mtime_ns
            if found == self._taken.get(path):
                del self.looks[path]
            elif found != (before.size_bytes, before.mtime_ns):
                self.looks[path] = Look(*found, now_s)
            elif status.st_size and now_s - before.since_s >= self.settle_s:
                still.append(path)
        return still

    def taken(self, path: Path) -> None:
        """The file is queued, or never will be as it is."""
        if (look := self.looks.pop(path, None)) is not None:
            self._taken[path] = look.size_bytes, look.mtime_ns


def is_film(path: Path) -> bool:
    """Whether a name is that of a film that is whole: `.part` and the like, and hidden files, never are."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith((".", "~"))


def films_below(folder: Path) -> list[Path]:
    """All films that are in a folder now, and below it; hidden folders are passed over. Blocks."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [path for name in names if is_film(path := Path(place, name))]
    return sorted(found)


def needs_polling(folder: Path, mounts: str) -> bool:
    """Whether a folder lies on a network mount. mounts: as /proc/self/mountinfo has them."""
    best, kind = -1, ""
    place = os.path.realpath(folder)
    for line in mounts.splitlines():
        fields, _, rest = line.partition(" - ")
        mounted = fields.split()[4].replace("\\040", " ")
        if os.path.commonpath([place, mounted]) == mounted and len(mounted) > best:
            best, kind = len(mounted), rest.split()[0]
    return kind.split(".")[0] in NETWORK_FILE_SYSTEMS


async def watch(
    folder: Path, settle_s: float, take: Take, stop: Event, clock: Callable[[], float], polling: bool | None = None
) -> None:
    """Queue what comes into a folder, or is there already, until `stop` is set. polling: None looks how it is mounted.

    A folder that goes away is waited for.
    """
    settling = Settling(settle_s)
    async with aclosing(_changes(folder, polling, stop)) as changes:
        async for came in changes:
            settling.note(came)
            for path in await to_thread.run_sync(settling.settled, clock()):
                if await take(path):
                    settling.taken(path)


async def _changes(folder: Path, polling: bool | None, stop: Event) -> AsyncGenerator[list[Path]]:
    """Files that came or changed, at least every few seconds (perhaps none); first, and whenever the folder was away or
    events may have been missed, all that are in it."""
    while not stop.is_set():
        there = await to_thread.run_sync(_identity, folder)
        try:
            polled = await to_thread.run_sync(_is_polled, folder) if polling is None else polling
            async with aclosing(_events(folder, polled, stop)) as events:
                async for came in events:
                    yield came
                    if await to_thread.run_sync(_identity, folder) != there:
                        break
        except OSError as error:  # it is away, or the system gives no more watches
            log.warning("folder cannot be watched", error, folder=folder)
            yield await to_thread.run_sync(films_below, folder)
            await _pause(stop, _AGAIN_S)
        except NoEventsError as error:
            log.warning("folder is listed, for its events cannot be had", error, folder=folder)
            async with aclosing(_lists(folder, stop)) as lists:
                async for came in lists:
                    yield came


async def _events(folder: Path, polled: bool, stop: Event) -> AsyncGenerator[list[Path]]:
    """Files that came or changed, first all that are there, for some minutes: a queue of events that ran over would go
    unnoticed. Raises NoEventsError."""
    until_s = time.monotonic() + _LIST_EVERY_S
    watched = awatch(
        folder, stop_event=Event(), yield_on_timeout=True, rust_timeout=_TICK_MS, force_polling=polled,
        ignore_permission_denied=True,
    )  # fmt: skip
    listed = False
    async with aclosing(watched):
        try:
            async for changes in watched:
                if not listed:  # only now, lest a file come between the list and the watch
                    yield await to_thread.run_sync(films_below, folder)
                    listed = True
                yield await to_thread.run_sync(_films_of, changes)
                if stop.is_set() or time.monotonic() > until_s:
                    break
        except ExceptionGroup as group:  # watchfiles has a task group of its own
            raise NoEventsError(str(errors_in(group)[0])) from group


async def _lists(folder: Path, stop: Event) -> AsyncGenerator[list[Path]]:
    """All files that are there, again and again, for some minutes."""
    for _ in range(_LISTS):
        yield await to_thread.run_sync(films_below, folder)
        for _ in range(_LIST_AGAIN_S):
            await _pause(stop, 1.0)
            yield []
            if stop.is_set():
                return


async def _pause(stop: Event, for_s: float) -> None:
    with move_on_after(for_s):
        await stop.wait()


def _films_of(changes: Iterable[tuple[Change, str]]) -> list[Path]:
    """Files that came or changed; of folders that came whole, what is in them."""
    found = []
    for change, name in changes:
        if change is Change.added and (path := Path(name)).is_dir():
            found += films_below(path)
        elif change is not Change.deleted:
            found.append(Path(name))
    return found


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _is_polled(folder: Path) -> bool:
    return needs_polling(folder, Path("/proc/self/mountinfo").read_text())
