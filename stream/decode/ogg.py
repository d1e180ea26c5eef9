"""The pages of an Ogg file (RFC 3533). FFmpeg leaves out pages whose checksum is wrong, with all pictures in them, and
says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from .checked_places import Place, next_mark
from .crc import crc32_msb_of

_MARK, _HEADER = b"OggS", 27
_FLAGS, _GRANULE, _SERIAL, _NUMBER, _CHECKSUM, _SEGMENTS = 5, 6, 14, 18, 22, 26
_BEGINS = 2
_SOUND = (b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   ", b"fLaC", b"\x01audio", b"fishead\0")
"""How the first pages of sound, and of the list of streams (Skeleton), begin."""


def pages(file: BinaryIO, size: int) -> Iterator[Place]:
    """The pages of a file of so many bytes. Wrong are those whose checksum is, and those before which others are
    missing; those of sound do not matter. A page that the file's end cuts off is none."""
    sound, numbers, begin = set[int](), dict[int, int](), 0
    while begin < size:
        page = _page(file, begin)
        if page is None:
            after = next_mark(file, _MARK, begin + 1)
            if after is None and _is_cut(file, begin, size):
                return
            after = size if after is None else after
            numbers.clear()
            yield Place(begin, after, right=_serial(file, begin) in sound and None)
            begin = after
            continue
        serial, number = _number(page, _SERIAL), _number(page, _NUMBER)
        if page[_FLAGS] & _BEGINS and page[_HEADER + page[_SEGMENTS] :].startswith(_SOUND):
            sound.add(serial)
        follows = numbers.get(serial, number) == number
        # Pages may be missing on purpose behind the headers, whose time is zero.
        numbers.pop(serial, None)
        if _number(page, _GRANULE, 8):
            numbers[serial] = number + 1
        yield Place(begin, begin + len(page), right=None if serial in sound else follows)
        begin += len(page)


def _page(file: BinaryIO, begin: int) -> bytes | None:
    """The page that begins there; None where none does, its checksum is wrong or it is cut off."""
    file.seek(begin)
    head = file.read(_HEADER)
    if len(head) < _HEADER or not head.startswith(_MARK):
        return None
    lengths = file.read(head[_SEGMENTS])
    body = file.read(sum(lengths))
    if len(lengths) < head[_SEGMENTS] or len(body) < sum(lengths):
        return None
    unsigned = head[:_CHECKSUM] + bytes(4) + head[_CHECKSUM + 4 :] + lengths + body
    return head + lengths + body if crc32_msb_of(unsigned) == _number(head, _CHECKSUM) else None


def _is_cut(file: BinaryIO, begin: int, size: int) -> bool:
    """Whether the page that begins there would end behind the file's end."""
    file.seek(begin)
    head = file.read(_HEADER)
    return len(head) < _HEADER or begin + _HEADER + head[_SEGMENTS] + sum(file.read(head[_SEGMENTS])) > size


def _serial(file: BinaryIO, begin: int) -> int:
    file.seek(begin + _SERIAL)
    return int.from_bytes(file.read(4), "little")


def _number(page: bytes, place: int, length: int = 4) -> int:
    return int.from_bytes(page[place : place + length], "little")
