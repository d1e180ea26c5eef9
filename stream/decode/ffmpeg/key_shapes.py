"""The shapes of a short film's pictures, by its key pictures: a change of shape comes with one.

A film of a few seconds has so few places at which it is looked into that a change may lie between two of them. All its
packets are read once, which costs little, and of the key pictures those are decoded alone that are the last before 24
times, evenly apart; each time has one vote, so a shape counts by how long it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from av.error import FFmpegError

from ... import log
from ...dataflow.cancellation import checkpoint
from ..shapes import Shape
from .demux_decode import AvPass, decode

if TYPE_CHECKING:
    from ..demuxing import VideoPacket

PLACES = 24
SHORT_S = 72.0
"""Films up to this length are looked at by their key pictures: in longer ones the places lie closer together than the
parts that matter."""


def key_shapes(path: Path, first_s: float, duration_s: float) -> list[tuple[float, Shape]]:
    """The time of a key picture and its shape, once for each of the places. Raises KeyartError like `AvPass`."""
    found: list[tuple[float, Shape]] = []
    with closing(AvPass(path, 1, "all")) as reading:
        wanted = [first_s + duration_s * (place + 0.5) / PLACES for place in range(PLACES)]
        last: tuple[float, Shape] | None = None
        try:
            for packet, count in _keys(reading, wanted):
                shape = _shape(reading, packet)
                if shape is not None and packet.pts is not None and packet.time_base is not None:
                    last = float(packet.pts * packet.time_base), shape
                found += [last] * count if last is not None else []
        except FFmpegError as error:
            log.warning("key pictures not looked at to their end", error)
    return found


def _keys(reading: AvPass, wanted: list[float]) -> Iterator[tuple[VideoPacket, int]]:
    """The key pictures that are the last before one of the increasing times or more, and before how many of them; also
    those that bring a new header, before none."""
    key: VideoPacket | None = None
    place = 0
    for packet in reading.packets():
        checkpoint()
        if not packet.is_keyframe or packet.pts is None or packet.time_base is None:
            continue
        before = place
        while place < len(wanted) and wanted[place] < float(packet.pts * packet.time_base):
            place += 1
        if key is not None and (place > before or key.has_sidedata("new_extradata")):
            yield key, place - before
        if place == len(wanted):
            return
        key = packet
    if key is not None:
        yield key, len(wanted) - place


def _shape(reading: AvPass, packet: VideoPacket) -> Shape | None:
    """Of the one picture of a packet, which refers to no other; None where it cannot be decoded."""
    frames = [*reading.decoded(decode(reading.context, packet)), *reading.decoded(decode(reading.context, None))]
    reading.context.flush_buffers()
    return reading.shape(frames[0], alone=True) if frames else None
