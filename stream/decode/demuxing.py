"""The packets of one stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from av.container import InputContainer
from av.video.stream import VideoStream

if TYPE_CHECKING:
    from av.packet import Packet

    VideoPacket: TypeAlias = Packet[VideoStream]


def packets_of(container: InputContainer, stream: VideoStream) -> Iterator[VideoPacket]:
    """The stream's packets from where the container stands on; at the end an empty one.

    A damaged program map adds streams while a file is read. PyAV has no list of those: when it flushes all streams at
    the end, one by one, it may take such a stream for one that was asked for and not find it (IndexError). The stream
    itself comes before them, so nothing of it is missing then. Raises FFmpegError where the demuxer fails.
    """
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, IndexError):
            return
        yield packet
