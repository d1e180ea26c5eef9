"""What a library holds, as the ledger knows it: one title a file, under a key that is the same on every machine."""

from __future__ import annotations

import hashlib
import os
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

_ESCAPED = re.compile(r"\\(\\|x[0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class Title:
    """One file of a library, by what `stat` says of it; nothing of it was read.

    key: its path below the library with `/`, text that every database can hold (`key_of`). path: the absolute path of a
    file outside the library, None for one below it.
    """

    key: str
    size_bytes: int
    mtime_ns: int
    path: str | None = None
    priority: int = 0


def key_of(relative: str) -> str:
    r"""A path as text: bytes that are no UTF-8 as `\xff`, a backslash twice."""
    doubled = relative.replace("\\", "\\\\")
    return "".join(f"\\x{ord(char) - 0xDC00:02x}" if 0xDC80 <= ord(char) <= 0xDCFF else char for char in doubled)


def relative_outside(path: Path) -> str:
    """What a file outside of the library goes by in place of a path below it: a short hash of its folder, and its name.
    path: absolute."""
    return f"{hashlib.sha256(os.fsencode(path.parent)).hexdigest()[:8]}/{path.name}"


def bucket_of(key: str) -> int:
    """A number by which titles are divided among shards: the same for a key on every machine, in every ledger."""
    return zlib.crc32(key.encode())


def path_of(key: str) -> str:
    """The path that `key_of` wrote."""

    def plain(match: re.Match[str]) -> str:
        found = match.group(1)
        return "\\" if found == "\\" else chr(0xDC00 + int(found[1:], 16))

    return _ESCAPED.sub(plain, key)


def result_below(out: Path, key: str) -> Path:
    """The folder of a title's result: `out`/<folders below the library>/<file name>."""
    return out.joinpath(*path_of(key).split("/"))


def video_below(root: Path, key: str, path: str | None) -> Path:
    """The file of a title: `path` where it lies outside the library, else below `root`."""
    return Path(path_of(path)) if path is not None else root.joinpath(*path_of(key).split("/"))


def absolute_as_text(path: Path) -> str:
    """An absolute path as the ledger keeps it."""
    return key_of(os.path.abspath(path))
