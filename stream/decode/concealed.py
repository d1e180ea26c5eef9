"""Damage that FFmpeg's decoders hide: they fill up a broken picture with green or with its background, and say nothing
that PyAV hands over."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path

import av
from av.error import FFmpegError

from ..errors import KeyartError
from .container import open_container
from .demuxing import packets_of
from .probe import picture_stream

_STRICT = {"err_detect": "explode"}
"""A picture that does not decode without a fault is an error."""
HIDES_DAMAGE = frozenset({"mjpeg"})
"""Codecs whose decoder hides it; of pictures that stand for themselves, so that a refused one harms no other."""
_TELLS_IF_ASKED = {"err_detect": "crccheck+bitstream+buffer"}
"""What does not fit is damage, and told; else it is passed over."""
_PASS_OVER = frozenset({"msmpeg4v1", "msmpeg4v2", "msmpeg4v3", "wmv1", "wmv2"})
"""Codecs whose decoder passes over coefficients beyond the end of their block. (Of a WMV2 film with 20 flipped bytes 13
pictures are then known to be damaged, else two.)"""
_FIRST = 8
"""Packets that show a file's habit, if all of them have faults. By eye: damage is rarer, a camera's habit is not."""
_EXTENSION, _PICTURE = 0x21, 0x2C


def strict_options(path: Path, codec: str) -> dict[str, str]:
    """Options of the decoder of a file's picture stream, with which it hides less damage. None for Motion JPEG whose
    pictures all have faults from the beginning: that is how some cameras write them, and they look as they should."""
    if codec in _PASS_OVER:
        return dict(_TELLS_IF_ASKED)
    if codec not in HIDES_DAMAGE:
        return {}
    try:
        status = path.stat()
    except OSError as error:
        raise KeyartError(f"cannot be read ({error.strerror or error}), was it moved while it was opened?") from error
    return {} if _is_habit(path, status.st_size, status.st_mtime_ns) else dict(_STRICT)


@lru_cache(maxsize=64)
def _is_habit(path: Path, size: int, changed_ns: int) -> bool:
    with open_container(path) as container:
        stream = picture_stream(container)
        stream.codec_context.thread_count = 1
        stream.codec_context.options = _STRICT
        told = list(islice(_decodes(container, stream), _FIRST))
    return len(told) == _FIRST and not any(told)


def _decodes(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[bool]:
    """Whether each packet gives a picture."""
    try:
        for packet in packets_of(container, stream):
            try:
                yield bool(packet.decode())
            except FFmpegError:
                yield False
    except FFmpegError:
        return  # the file ends here


def is_cut_gif(data: bytes | memoryview) -> bool:
    """Whether the packet of a GIF ends before its picture does (GIF89a, sections 15, 18, 20 and 22): the file was cut
    off there."""
    try:
        return not _has_whole_picture(data)
    except IndexError:
        return True


def _has_whole_picture(data: bytes | memoryview) -> bool:
    at = 13 + _table_bytes(data[10]) if bytes(data[:4]) == b"GIF8" else 0
    while data[at] == _EXTENSION:
        at = _after_blocks(data, at + 2)
    if data[at] != _PICTURE:
        return False
    _after_blocks(data, at + 11 + _table_bytes(data[at + 9]))
    return True


def _table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(data: bytes | memoryview, at: int) -> int:
    """The place after the blocks that begin at `at`; each begins with its length, the last is empty. Raises IndexError
    where they do not end."""
    while data[at]:
        at += data[at] + 1
    return at + 1
