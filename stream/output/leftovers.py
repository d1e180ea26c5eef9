"""Temporary folders beside a result: their names, and the removal of those that a killed process left behind.

A process writes into `.NAME.partial-OWNER` and moves an older result to `.NAME.old-OWNER`. OWNER is made of the host,
the process number and a random part. A running process holds a lock on its partial folder, which tells it from a dead
one; its process number does not, because containers reuse the numbers. Locks count only between processes of one host:
a shared disk may not show them to other hosts. Folders of other hosts count as left behind after `STALE_AFTER_S`.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import socket
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from .. import log

STALE_AFTER_S = 7 * 24 * 3600.0
"""A temporary folder of another host that was not changed for so long was left behind: no film takes a week."""
_TEMPORARY = re.compile(r"(\..+)\.(?:partial|old)-\w+-[0-9a-f]{8}-\d+-[0-9a-f]{8}", re.DOTALL)
_ATTEMPTS, _WAIT_S = 500, 0.02
"""Of a lock that is held by whoever looks whether a folder was left behind: that takes milliseconds."""
_NAME_MAX_BYTES = 255
_LONGEST_SUFFIX_BYTES = 64
_HOST_CHARS = 24


def temporary_folders(target: Path) -> tuple[Path, Path]:
    """Two unique paths beside `target`: for the files that are being written, and for the older result."""
    stem, owner = _stem(target), f"{own_host()}-{os.getpid()}-{secrets.token_hex(4)}"
    return target.with_name(f"{stem}.partial-{owner}"), target.with_name(f"{stem}.old-{owner}")


@cache
def own_host() -> str:
    """An identifier of this host since its last boot, to be used in file names. A container counts as a host."""
    name = socket.gethostname()
    boot = ""
    with suppress(OSError):  # not Linux: only the name tells hosts apart
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
    digest = hashlib.sha256(f"{name} {boot}".encode()).hexdigest()[:8]
    return f"{re.sub(r'[^A-Za-z0-9]', '_', name)[:_HOST_CHARS]}-{digest}"


def make_locked(folder: Path) -> int:
    """Make a temporary folder and lock it. Returns a descriptor; closing it releases the lock. Raises OSError.

    Between the two steps another thread or process that cleans up may take the folder for one left behind: it holds the
    lock while it looks and removes. So the lock is waited for, and what was removed is made again.
    """
    for _ in range(_ATTEMPTS):
        folder.mkdir(exist_ok=True)
        descriptor = _locked(folder)
        if descriptor is not None:
            return descriptor
        time.sleep(_WAIT_S)
    raise OSError(errno.EAGAIN, "another process holds its lock", str(folder))


def _locked(folder: Path) -> int | None:
    """A descriptor that holds the lock of the folder; None where another one holds it or has removed the folder."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), folder.stat()):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


class FoldersWithLeftovers:
    """Cleans up beside many results. Each folder is listed once, when the first of its results is asked for."""

    def __init__(self) -> None:
        self._stems: dict[Path, frozenset[str]] = {}

    def clean_up(self, target: Path) -> None:
        """Remove what killed processes left beside `target`. What cannot be removed is logged and stays."""
        folder = target.parent
        if folder not in self._stems:
            self._stems[folder] = _stems_in(folder)
        if _stem(target) in self._stems[folder]:
            try:
                clean_up_leftovers(target, None, time.time())
            except OSError as error:
                log.warning("leftovers not removed", error, folder=folder)


def clean_up_leftovers(target: Path, own: Path | None, now_s: float) -> None:
    """Remove the partial folders of `target` that killed processes left, and bring back a result they had moved aside.

    own: the caller's partial folder, which stays. now_s: the time by the file system's clock, which may differ from
    this host's. Raises OSError when a result cannot be brought back.
    """
    stem = _stem(target)
    with os.scandir(target.parent) as entries:
        beside = sorted(target.with_name(entry.name) for entry in entries if entry.name.startswith(f"{stem}."))
    partials = [path for path in beside if path.name.startswith(f"{stem}.partial-") and path != own]
    living = [path for path in partials if not _removed_as_dead(path, now_s)]
    for path in beside:
        if path.name.startswith(f"{stem}.old-") and not living and (_is_ours(path) or _is_stale(path, now_s)):
            _bring_back_or_remove(path, target)


def remove(folder: Path) -> None:
    """Remove a temporary folder or an older result; of a symbolic link only the link. A folder that cannot be removed
    is logged and stays, because it does no harm."""
    if folder.is_symlink():
        folder.unlink()
        return
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():  # try again, to get the reason
        try:
            shutil.rmtree(folder)
        except OSError as error:
            log.warning("folder not removed", error, folder=folder)


def _stems_in(folder: Path) -> frozenset[str]:
    """The stems of the temporary folders in `folder`; none where it cannot be read or is not there."""
    try:
        with os.scandir(folder) as entries:
            return frozenset(found[1] for entry in entries if (found := _TEMPORARY.fullmatch(entry.name)))
    except OSError:
        return frozenset()


def _stem(target: Path) -> str:
    """`.NAME`; a digest of NAME where a file name with the longest suffix would be too long."""
    hidden = f".{target.name}"
    if len(os.fsencode(hidden)) + _LONGEST_SUFFIX_BYTES <= _NAME_MAX_BYTES:
        return hidden
    return f".{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:32]}"


def _removed_as_dead(partial: Path, now_s: float) -> bool:
    """Remove a partial folder that was left behind; its lock is held until it is gone. Returns whether it was one."""
    if not _is_ours(partial):
        stale = _is_stale(partial, now_s)
        if stale:
            remove(partial)
        return stale
    try:
        descriptor = _locked(partial)
    except OSError:  # not to be locked: nothing is known of its owner
        return False
    if descriptor is None:
        return not partial.exists()
    try:
        remove(partial)
    finally:
        os.close(descriptor)
    return True


def _is_ours(path: Path) -> bool:
    """Whether a process of this host made the folder."""
    return path.name.rpartition(".")[2].partition("-")[2].rsplit("-", 2)[0] == own_host()


def _is_stale(path: Path, now_s: float) -> bool:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False  # its owner has removed it meanwhile
    return now_s - max(found.st_mtime, found.st_ctime) > STALE_AFTER_S


def _bring_back_or_remove(old: Path, target: Path) -> None:
    if os.path.lexists(target):
        remove(old)
        return
    with suppress(FileNotFoundError):  # another process has moved it meanwhile
        old.rename(target)
