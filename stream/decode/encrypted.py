"""Tells encrypted films, of which FFmpeg would decode noise or nothing."""

from __future__ import annotations

from os import SEEK_END
from pathlib import Path
from typing import Any

import av
from av.video.stream import VideoStream

from ..errors import KeyartError
from ..records import Notice

_MESSAGE = "is encrypted (DRM), give a copy without protection"
_TS_SYNC, _TS_SIZES, _TS_MARKS, _TS_READ = 0x47, (188, 192, 204), 4, 1 << 20
"""Of packets: the first byte, their lengths (of M2TS with four bytes before each, of broadcasts with sixteen behind),
how many marks tell a transport stream, and how much of a file is looked at first."""
_TS_PLACES, _TS_WINDOW = 64, 1 << 16
_TS_REST = 1 << 18
"""Bytes after the last picture that are usual: sound that was sent later."""
_TS_LEAST = 0.01
"""Of the packets; damage alone makes some look scrambled."""
_SCRAMBLED = 0xC0


def refuse_encrypted(packet: av.Packet[Any]) -> None:
    """Raise KeyartError for a packet that is encrypted (ISO/IEC 23001-7): its picture would be noise."""
    if packet.has_sidedata("encryption_info"):
        raise KeyartError(_MESSAGE)


def refuse_encrypted_track(stream: VideoStream) -> None:
    """Raise KeyartError for a Matroska track that is encrypted; FFmpeg keeps the name of the key."""
    if "enc_key_id" in stream.metadata:
        raise KeyartError(_MESSAGE)


def refuse_scrambled(path: Path) -> None:
    """Raise KeyartError for an MPEG transport stream most of which is scrambled (ISO/IEC 13818-1, 2.4.3.3:
    transport_scrambling_control)."""
    with path.open("rb") as file:
        scrambled, packets = _scrambled(file.read(_TS_READ), None)
    if 2 * scrambled > packets:
        raise KeyartError(_MESSAGE)


def encrypted_parts(path: Path, pid: int, reached: int, *, damaged: bool) -> list[Notice]:
    """That a part of a transport stream is encrypted: of the packets with the number `pid` at places all over the file.
    `reached`: the place of the last packet that was clear; where the file ends soon after it and nothing is `damaged`,
    nothing is read. Raises KeyartError where most of it is encrypted, or the file cannot be read any more."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, SEEK_END)
            if not damaged and size - reached < max(_TS_REST, size // _TS_PLACES):
                return []
            scrambled = packets = 0
            for place in range(_TS_PLACES):
                file.seek(size * place // _TS_PLACES)
                found = _scrambled(file.read(_TS_WINDOW), pid)
                scrambled, packets = scrambled + found[0], packets + found[1]
    except OSError as error:
        raise KeyartError(f"cannot be read ({error.strerror or error}), was it moved while it was watched?") from error
    if 2 * scrambled > packets:
        raise KeyartError(f"{_MESSAGE}; only the lesser part of it is clear")
    if scrambled <= _TS_LEAST * packets:
        return []
    message = f"about {scrambled / packets:.0%} of it is encrypted, used what is clear"
    return [Notice("encrypted_part", message)]


def _scrambled(data: bytes, pid: int | None) -> tuple[int, int]:
    """Of a piece of a transport stream, how many packets with that number (None: any) are scrambled, and how many there
    are; none in anything else."""
    for size in _TS_SIZES:
        for begin in range(size):
            marks = data[begin::size]
            if len(marks) > _TS_MARKS and marks.count(_TS_SYNC) == len(marks):
                heads = [data[place : place + 4] for place in range(begin, len(data) - 3, size)]
                ours = [one for one in heads if pid is None or (one[1] & 31) << 8 | one[2] == pid]
                return sum(bool(one[3] & _SCRAMBLED) for one in ours), len(ours)
    return 0, 0
