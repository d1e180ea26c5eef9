"""Reads of a Matroska file what PyAV hands over of no film: crop and Dolby Vision of its video tracks (RFC 9559)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

SEGMENT, _TRACKS, CLUSTER = 0x18538067, 0x1654AE6B, 0x1F43B675
_TRACK_ENTRY, _TRACK_TYPE, _VIDEO = 0xAE, 0x83, 0xE0
_CROPS = (0x54CC, 0x54BB, 0x54DD, 0x54AA)
"""PixelCropLeft, PixelCropTop, PixelCropRight, PixelCropBottom."""
_DISPLAY = (0x54B0, 0x54BA)
_PIXELS = (0xB0, 0xBA)
_ADDITION, _ADDITION_TYPE, _ADDITION_DATA = 0x41E4, 0x41E7, 0x41ED
"""BlockAdditionMapping, its BlockAddIDType and BlockAddIDExtraData."""
_DOLBY_TYPES = (b"dvcC", b"dvvC", b"dvwC")
_VIDEO_TYPE = 1
_MOST_BYTES = 1 << 20
"""Tracks that are larger are not read."""


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """`crop`: pixels to leave out left, above, right and below. `pixels`, `display`: width and height as the track
    gives them, zero where it gives none. `dolby`: the configuration record of Dolby Vision, None without one."""

    crop: tuple[int, int, int, int]
    pixels: tuple[int, int]
    display: tuple[int, int]
    dolby: bytes | None = None


def video_tracks(path: Path) -> list[VideoTrack]:
    """The video tracks of a Matroska file in its order; none where it is broken before or in them."""
    with path.open("rb") as file:
        entries = _tracks(file)
    tracks = []
    for entry in (content for name, content in _elements(entries) if name == _TRACK_ENTRY):
        fields = dict(_elements(entry))
        if _number(fields.get(_TRACK_TYPE)) == _VIDEO_TYPE:
            video = dict(_elements(fields.get(_VIDEO, b"")))
            left, top, right, bottom = (_number(video.get(name)) for name in _CROPS)
            width, height, shown_width, shown_height = (_number(video.get(name)) for name in (*_PIXELS, *_DISPLAY))
            shown = shown_width, shown_height
            tracks.append(VideoTrack((left, top, right, bottom), (width, height), shown, _dolby(entry)))
    return tracks


def _dolby(entry: bytes) -> bytes | None:
    additions = (dict(_elements(content)) for name, content in _elements(entry) if name == _ADDITION)
    records = (one.get(_ADDITION_DATA) for one in additions if one.get(_ADDITION_TYPE) in _DOLBY_TYPES)
    return next(records, None)


def _tracks(file: BinaryIO) -> bytes:
    """The content of the file's Tracks element, empty where there is none before the first cluster."""
    end = file.seek(0, 2)
    file.seek(0)
    while (head := element_head(file)) is not None:
        name, size = head
        if name == _TRACKS:
            return file.read(size) if size is not None and size <= _MOST_BYTES else b""
        if name == CLUSTER or (size is None and name != SEGMENT):
            return b""
        if name != SEGMENT and size is not None:
            if size > end - file.tell():  # broken; no file can be sought that far
                return b""
            file.seek(size, 1)
    return b""


def element_head(file: BinaryIO) -> tuple[int, int | None] | None:
    """An element's name and size (None: unknown), read from the file; None at its end."""
    name = _variable(file, keep_marker=True)
    size = _variable(file, keep_marker=False)
    return None if name is None or size is None else (name, None if size < 0 else size)


def _variable(file: BinaryIO, *, keep_marker: bool) -> int | None:
    """A number of variable length; -1 for an unknown size, None at the end of the file."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    length = 9 - first[0].bit_length()
    rest = file.read(length - 1)
    if len(rest) < length - 1:
        return None
    value = int.from_bytes(first + rest, "big")
    if keep_marker:
        return value
    value &= (1 << 7 * length) - 1
    return -1 if value == (1 << 7 * length) - 1 else value


def _elements(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements (name, content) one after the other; stops at what is broken."""
    place = 0
    while place < len(content) and content[place]:
        name_end = place + 9 - content[place].bit_length()
        if name_end >= len(content) or not content[name_end]:
            return
        length = 9 - content[name_end].bit_length()
        begin = name_end + length
        size = int.from_bytes(content[name_end:begin], "big") & ((1 << 7 * length) - 1)
        yield int.from_bytes(content[place:name_end], "big"), content[begin : begin + size]
        place = begin + size


def _number(content: bytes | None) -> int:
    return int.from_bytes(content or b"", "big")
