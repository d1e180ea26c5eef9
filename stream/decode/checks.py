"""What films keep to be checked by, and FFmpeg does not check or says only in its log: checksums of FFV1's slices, of
Matroska's clusters and of Ogg's pages, and the marks of errors that a tape's player leaves in DV.

Decoders of most codecs decode what is damaged without a word. FFmpeg's log would tell of some; but PyAV hands it over
by a callback that takes the interpreter's lock on the decoder's own threads. With it on, three threads that open, read
and close damaged films stood still for good, three times of three; so it is off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import av
import numpy as np
from av.error import FFmpegError

from ..errors import KeyartError
from .checked_places import Places
from .container import open_container
from .crc import ends_with_crc32
from .demuxing import packets_of
from .matroska_clusters import clusters, has_checksums
from .ogg import pages
from .probe import picture_stream
from .stamps import version_of

if TYPE_CHECKING:
    from .demuxing import VideoPacket

_FIRST = 8
"""Packets of which one must be whole, else the checks of the film are not believed: damage is rarer, a
writer's habit is not."""
_FFV1_TRAILER, _FFV1_SIZE = 8, 3
"""Bytes after each slice: its size, a status and its checksum (RFC 9043, 4.9)."""
_DIF_BLOCK, _DIF_VIDEO = 80, 4
_TOLD_BY_DECODERS = frozenset({"h264"})
"""Codecs whose decoder tells of damage, picture by picture. (Of films with two flipped bits in which damage shows, all;
of MPEG-1, 2 and 4 four in five, of AV1 three in four; of HEVC, VP8, VP9, FFV1, DV, JPEG 2000, HuffYUV, Ut Video,
MagicYUV and Cinepak none, whatever `err_detect` asks for.)"""


class Check(Protocol):
    """Looks at the packets of one pass in the order in which they are demuxed. `failed`: count of places that failed.
    `left_out`: FFmpeg leaves out what fails."""

    failed: int
    left_out: bool

    def holds(self, packet: VideoPacket) -> bool:
        """Whether nothing fails in the packet, or before it since the last one."""
        ...

    def rest_holds(self) -> bool:
        """Whether nothing fails after the last packet."""
        ...

    def close(self) -> None: ...


def check_of(path: Path, container: str, codec: str) -> Check | None:
    """The check of a film in a container and with a codec, by FFmpeg's names; None where it keeps nothing to be
    checked by. Raises KeyartError when the file cannot be opened any more."""
    is_whole = _IS_WHOLE.get(codec)
    try:
        if is_whole is not None and _is_believed(path, codec, *version_of(path)):
            return _PacketCheck(is_whole)
        if container == "ogg":
            return _PlaceCheck(Places(path, pages), left_out=True)
        if "matroska" in container and codec not in _TOLD_BY_DECODERS and has_checksums(path):
            return _PlaceCheck(Places(path, clusters), left_out=False)
    except OSError as error:
        raise KeyartError(f"cannot be read ({error.strerror or error}), was it moved while it was opened?") from error
    return None


class _PacketCheck:
    left_out = False

    def __init__(self, is_whole: Callable[[bytes], bool]) -> None:
        self._is_whole = is_whole
        self.failed = 0

    def holds(self, packet: VideoPacket) -> bool:
        whole = self._is_whole(bytes(packet))
        self.failed += not whole
        return whole

    def rest_holds(self) -> bool:
        return True

    def close(self) -> None:
        return


class _PlaceCheck:
    """By what a file has at its places, whatever the codec."""

    def __init__(self, places: Places, *, left_out: bool) -> None:
        self._places, self.left_out = places, left_out
        self.failed = 0

    def holds(self, packet: VideoPacket) -> bool:
        place = packet.pos
        whole = place is None or place < 0 or self._places.hold_up_to(place)
        self.failed = self._places.failed
        return whole

    def rest_holds(self) -> bool:
        whole = self._places.hold_up_to(None)
        self.failed = self._places.failed
        return whole

    def close(self) -> None:
        self._places.close()


def has_whole_slices(packet: bytes) -> bool:
    """Whether the checksums of all slices of a packet of FFV1 are there and right (RFC 9043, 4.9.3)."""
    end = len(packet)
    while end > 0:
        place = end - _FFV1_TRAILER
        size = int.from_bytes(packet[place : place + _FFV1_SIZE], "big") + _FFV1_TRAILER if place >= 0 else end + 1
        if size > end or not ends_with_crc32(packet[end - size : end]):
            return False
        end -= size
    return True


def has_no_marks(packet: bytes) -> bool:
    """Whether the tape's player has marked none of a DV picture's blocks as lost or replaced by another picture's (IEC
    61834-2: STA)."""
    blocks = np.frombuffer(packet, np.uint8, len(packet) // _DIF_BLOCK * _DIF_BLOCK).reshape(-1, _DIF_BLOCK)
    return not np.any((blocks[:, 0] >> 5 == _DIF_VIDEO) & (blocks[:, 3] >> 4 != 0))


_IS_WHOLE = {"ffv1": has_whole_slices, "dvvideo": has_no_marks}


@lru_cache(maxsize=64)
def _is_believed(path: Path, codec: str, mtime_ns: int, size: int) -> bool:
    """`mtime_ns`, `size`: so that a file that was replaced is looked at again."""
    with open_container(path, look=False) as container:
        return any(map(_IS_WHOLE[codec], islice(_packets(container), _FIRST)))


def _packets(container: av.container.InputContainer) -> Iterator[bytes]:
    try:
        for packet in packets_of(container, picture_stream(container)):
            if packet.size:
                yield bytes(packet)
    except FFmpegError:
        return  # the file ends here
