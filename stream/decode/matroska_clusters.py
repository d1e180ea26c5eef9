"""The clusters of a Matroska file, many of which begin with a checksum (RFC 9559, 5.1; RFC 8794, 11.3.1): FFmpeg writes
it, and reads it not."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from .checked_places import Place, next_mark
from .matroska import CLUSTER, SEGMENT, element_head

_BESIDE = frozenset(
    (0x1A45DFA3, 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1C53BB6B, 0x1941A469, 0x1043A770, 0x1254C367, 0xEC, 0xBF)
)
"""What may be beside clusters: the file's header, SeekHead, Info, Tracks, Cues, Attachments, Chapters, Tags, Void and a
checksum."""
_CHECKSUM, _CHECKSUM_BYTES = b"\xbf\x84", 6
_CHUNK = 1 << 20
_FIRST = 8
"""Of the clusters, one of which must be right, else the checksums of a file are not believed."""


def has_checksums(path: Path) -> bool:
    """Whether clusters begin with checksums, and one of the first is right."""
    with path.open("rb") as file:
        found = clusters(file, file.seek(0, 2))
        return any(place.right for place in islice((one for one in found if one.right is not None), _FIRST))


def clusters(file: BinaryIO, size: int) -> Iterator[Place]:
    """The clusters of a file of so many bytes, and what is beside them. What is no element is wrong, up to the next
    cluster; one that the file's end cuts off is none."""
    begin = 0
    while begin < size:
        file.seek(begin)
        head = element_head(file)
        name, length = head if head is not None else (0, None)
        content = file.tell()
        if name == SEGMENT:
            begin = content
            continue
        if length is None or content + length > size or (name != CLUSTER and name not in _BESIDE):
            after = next_mark(file, CLUSTER.to_bytes(4, "big"), begin + 1)
            if after is None:
                return
            yield Place(begin, after, right=False)
            begin = after
            continue
        yield Place(begin, content + length, _is_right(file, length) if name == CLUSTER else None)
        begin = content + length


def _is_right(file: BinaryIO, length: int) -> bool | None:
    """Whether the checksum of the cluster of so many bytes is right that begins here; None where it has none."""
    begin = file.read(min(_CHECKSUM_BYTES, length))
    if len(begin) < _CHECKSUM_BYTES or not begin.startswith(_CHECKSUM):
        return None
    found, left = 0, length - _CHECKSUM_BYTES
    while left and (chunk := file.read(min(left, _CHUNK))):
        found = zlib.crc32(chunk, found)
        left -= len(chunk)
    return found == int.from_bytes(begin[len(_CHECKSUM) :], "little")
