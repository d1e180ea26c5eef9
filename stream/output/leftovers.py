"""The temporary folders beside a result: whose they are, and what becomes of those whose process is dead.

A process writes into `.NAME.partial-OWNER` and moves an older result to `.NAME.old-OWNER`, OWNER being host, process
number and a random part. The living hold a lock on their partial folder, because a process number proves little
(containers reuse them). Locks are believed among processes of one host only: a shared disk may keep them from others.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import shutil
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path

from .. import log

STALE_AFTER_S = 7 * 24 * 3600.0
"""What another host left unchanged for so long is dead: a partial folder is held while its film is watched, and no film
takes a week."""
_NAME_MAX_BYTES = 255
_LONGEST_SUFFIX_BYTES = 64
_HOST_CHARS = 24


def temporary_folders(target: Path) -> tuple[Path, Path]:
    """Names beside `target` that nobody else uses: for what is being written, and for an older result."""
    stem, owner = _stem(target), f"{own_host()}-{os.getpid()}-{secrets.token_hex(4)}"
    return target.with_name(f"{stem}.partial-{owner}"), target.with_name(f"{stem}.old-{owner}")


@cache
def own_host() -> str:
    """This host since it was started, as part of a file name; containers are hosts of their own, by their names."""
    name = socket.gethostname()
    boot = ""
    with suppress(OSError):  # a system without it: hosts are told apart by their names alone
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
    digest = hashlib.sha256(f"{name} {boot}".encode()).hexdigest()[:8]
    return f"{re.sub(r'[^A-Za-z0-9]', '_', name)[:_HOST_CHARS]}-{digest}"


def locked(folder: Path) -> int:
    """Descriptor that holds the folder's lock until it is closed. Raises OSError when another holds it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def clean_up_after_the_dead(target: Path, own: Path, now_s: float) -> None:
    """Bring back a result that a killed process had moved aside, and remove what it had half written.

    own: the caller's partial folder. now_s: what the clock of the file system says, which is not this host's.
    Raises OSError when a result cannot be brought back.
    """
    stem = _stem(target)
    with os.scandir(target.parent) as entries:
        beside = sorted(target.with_name(entry.name) for entry in entries if entry.name.startswith(f"{stem}."))
    partials = [path for path in beside if path.name.startswith(f"{stem}.partial-") and path != own]
    living = [path for path in partials if _is_alive(path, now_s)]
    for path in set(partials) - set(living):
        remove(path)
    for path in beside:
        if path.name.startswith(f"{stem}.old-") and not living and (_is_ours(path) or _is_stale(path, now_s)):
            _bring_back_or_remove(path, target)


def remove(folder: Path) -> None:
    """Remove a temporary folder, or an older result; a link to one is only unlinked. What stays is told in the log: it
    is in nobody's way."""
    if folder.is_symlink():
        folder.unlink()
        return
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():  # once more, for the reason
        try:
            shutil.rmtree(folder)
        except OSError as error:
            log.warning("folder not removed", error, folder=folder)


def _stem(target: Path) -> str:
    """`.NAME`, or a digest of it where the longest suffix would not fit a file name."""
    hidden = f".{target.name}"
    if len(os.fsencode(hidden)) + _LONGEST_SUFFIX_BYTES <= _NAME_MAX_BYTES:
        return hidden
    return f".{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:32]}"


def _is_alive(partial: Path, now_s: float) -> bool:
    if not _is_ours(partial):
        return not _is_stale(partial, now_s)
    try:
        os.close(locked(partial))
    except OSError:
        return True
    return False


def _is_ours(path: Path) -> bool:
    """Whether a process of this host made it."""
    return path.name.rpartition(".")[2].partition("-")[2].rsplit("-", 2)[0] == own_host()


def _is_stale(path: Path, now_s: float) -> bool:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False  # its owner was quicker
    return now_s - max(found.st_mtime, found.st_ctime) > STALE_AFTER_S


def _bring_back_or_remove(old: Path, target: Path) -> None:
    if os.path.lexists(target):
        remove(old)
        return
    with suppress(FileNotFoundError):  # another process was quicker
        old.rename(target)
