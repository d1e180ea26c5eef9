"""Files that end before their container does: a copy or a recording that broke off. FFmpeg guesses the length of such a
film by the size of the file, or leaves it out, so its pictures do not end too soon by that."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from .. import log

_MISSES = 1 / 256
"""Share of what the container claims that must be missing: some writers are wrong by a few bytes. Chosen by hand."""
_BOX, _LONG_BOX = 8, 16
_BOXES = frozenset(
    (b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"mfra", b"sidx", b"ssix", b"prft", b"emsg", b"meta", b"free",
     b"skip", b"wide", b"uuid", b"pnot", b"udta")
)  # fmt: skip
"""Boxes of the uppermost level (ISO 14496-12, QuickTime). Other bytes behind a film, as a tag, are none."""
_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_HEADERS, _ASF_SIZE = 1 << 16, 40
"""Bytes in which the header's objects are looked for; where the size is behind the object's begin: two identifiers of
sixteen bytes and the object's own size."""
_OGG_PAGES, _OGG_HEADER, _OGG_FLAGS, _OGG_SEGMENTS, _OGG_ENDS = 1 << 17, 27, 5, 26, 4


def is_cut(path: Path, container: str) -> bool:
    """Whether the container, by FFmpeg's name, says or shows that it goes on behind the file's end. False where it says
    nothing, or the file cannot be read any more."""
    look = _LOOKS.get(container)
    if look is None:
        return False
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            return look(file, size)
    except OSError as error:
        log.info("not looked at for its end", file=str(path), error=str(error))
        return False


def _misses(claimed: int, size: int) -> bool:
    return claimed - size > claimed * _MISSES


def _riff_is_cut(file: BinaryIO, size: int) -> bool:
    """RIFF: chunks follow each other, several in files of more than a gigabyte or two (OpenDML)."""
    end = 0
    while end + _BOX <= size:
        file.seek(end)
        head = file.read(_BOX)
        if not head.startswith(b"RIFF"):
            return False  # what follows belongs to no film
        end += _BOX + int.from_bytes(head[4:], "little")
        end += end % 2
    return _misses(end, size)


def _boxes_are_cut(file: BinaryIO, size: int) -> bool:
    """ISO 14496-12: boxes of the uppermost level."""
    end = 0
    while end + _BOX <= size:
        file.seek(end)
        head = file.read(_LONG_BOX)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[_BOX:], "big")
        if length < _BOX or head[4:_BOX] not in _BOXES:
            return False  # to the end of the file, or no box
        end += length
    return _misses(end, size)


def _asf_is_cut(file: BinaryIO, size: int) -> bool:
    """ASF: the object of the file's properties has the file's size (ASF specification, 3.2); none in a recording."""
    file.seek(0)
    headers = file.read(_ASF_HEADERS)
    place = headers.find(_ASF_FILE_PROPERTIES)
    claimed = headers[place + _ASF_SIZE : place + _ASF_SIZE + 8] if place >= 0 else b""
    return _misses(int.from_bytes(claimed, "little"), size)


def _ogg_is_cut(file: BinaryIO, size: int) -> bool:
    """RFC 3533: the last page of each stream is marked, and no page ends behind the file."""
    begin = max(0, size - _OGG_PAGES)
    file.seek(begin)
    last = file.read()
    place = last.rfind(b"OggS")
    page = last[place:] if place >= 0 else b""
    if len(page) < _OGG_HEADER:
        return bool(page)
    lengths = page[_OGG_HEADER:][: page[_OGG_SEGMENTS]]
    whole = len(lengths) == page[_OGG_SEGMENTS] and len(page) >= _OGG_HEADER + len(lengths) + sum(lengths)
    return not whole or not page[_OGG_FLAGS] & _OGG_ENDS


_LOOKS = {"avi": _riff_is_cut, "asf": _asf_is_cut, "ogg": _ogg_is_cut, "mov,mp4,m4a,3gp,3g2,mj2": _boxes_are_cut}
"""FFmpeg's name of a container → whether such a file of so many bytes is cut."""
