"""Tells encrypted films, of which FFmpeg would decode noise or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
from av.video.stream import VideoStream

from ..errors import KeyartError

_MESSAGE = "is encrypted (DRM), give a copy without protection"
_TS_SYNC, _TS_SIZES, _TS_READ = 0x47, (188, 192), 1 << 20
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
        head = file.read(_TS_READ)
    for size in _TS_SIZES:
        begin = size - 188  # M2TS has four bytes before each packet
        packets = [head[place : place + 4] for place in range(begin, len(head) - 4, size)]
        if len(packets) > 4 and all(one[0] == _TS_SYNC for one in packets):
            scrambled = sum(bool(one[3] & _SCRAMBLED) for one in packets)
            if 2 * scrambled > len(packets):
                raise KeyartError(_MESSAGE)
