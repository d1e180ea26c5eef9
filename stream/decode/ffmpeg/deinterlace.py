"""FFmpeg's deinterlacer `bwdif`: one picture out for each picture in, in the same order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.filter import Graph

from kernels.surface import Geometry

from ...records import Scan
from ..colours import colour_of
from ..fields import look_at
from .surface import surface_of

NEIGHBOURS = 1
"""Pictures on either side that one depends on."""
_Layout = tuple[int, int, str]
_Both = tuple[av.VideoFrame, av.VideoFrame]
_TIME_BASE = Fraction(1, 90_000)
"""The filter needs one; times are taken from the pictures that went in."""
_ANY = Geometry(1, 1)


def deinterlaced(frames: Iterable[av.VideoFrame], scan: Scan) -> Iterator[_Both]:
    """Each frame with its picture: itself where the film's pictures are whole. The frame tells time, colour, damage.

    `bwdif` keeps the first field and draws the lines of the other from it and from the pictures beside it. Of film
    under pulldown pictures stay as they are where they are seen to be whole, of a film that was found interlaced late
    where they are not seen to be woven. Where size or format change within the
    film, the filter begins anew.
    """
    if scan.kind == "progressive":
        for frame in frames:
            yield frame, frame
        return
    line: _Line | None = None
    for frame in frames:
        layout = frame.width, frame.height, frame.format.name
        if line is None or line.layout != layout:
            if line is not None:
                yield from line.rest()
            line = _Line(layout, scan)
        yield from line.put(frame)
    if line is not None:
        yield from line.rest()


@dataclass(slots=True)
class _Inside:
    """A frame whose picture is still in the filter. `whole`, `mixed`, `woven`: what pairs with the frames beside it
    say."""

    frame: av.VideoFrame
    whole: bool = False
    mixed: bool = False
    woven: bool = False


class _Line:
    """The filter for pictures of one size and format, and the frames whose pictures are still inside."""

    def __init__(self, layout: _Layout, scan: Scan) -> None:
        self.layout = layout
        self._choosing, self._late = scan.kind == "telecine" or scan.late, scan.late
        self._inside: deque[_Inside] = deque()
        self._before: np.ndarray | None = None
        self._graph = Graph()
        self._graph.threads = 1
        width, height, name = layout
        form = av.VideoFormat(name, width, height)
        source = self._graph.add_buffer(width=width, height=height, format=form, time_base=_TIME_BASE)
        # `auto`: by the flag of each picture.
        bwdif = self._graph.add("bwdif", f"mode=send_frame:parity={scan.parity or 'auto'}:deint=all")
        self._graph.link_nodes(source, bwdif, self._graph.add("buffersink")).configure()

    def put(self, frame: av.VideoFrame) -> Iterator[_Both]:
        self._inside.append(_Inside(frame))
        if self._choosing:
            self._compare(frame)
        self._graph.vpush(frame)
        return self._ready()

    def rest(self) -> Iterator[_Both]:
        self._graph.vpush(None)
        yield from self._ready()
        if self._inside:
            raise RuntimeError(f"bwdif kept {len(self._inside)} pictures for itself")

    def _ready(self) -> Iterator[_Both]:
        while self._inside:
            try:
                picture = self._graph.vpull()
            except (BlockingIOError, EOFError):
                return
            inside = self._inside.popleft()
            yield inside.frame, inside.frame if self._stays(inside) else picture

    def _stays(self, inside: _Inside) -> bool:
        return not inside.mixed and (not inside.woven if self._late else inside.whole)

    def _compare(self, frame: av.VideoFrame) -> None:
        surface, before = surface_of(frame, colour_of(frame), _ANY), self._before
        self._before = surface.y
        if before is None or len(self._inside) < 2:
            return
        look, (first, second) = look_at(before, surface.y, surface.bit_depth), list(self._inside)[-2:]
        first.mixed |= look.first_mixed
        second.mixed |= look.second_mixed
        if look.says == "P":
            first.whole = second.whole = True
        elif look.leans_woven or look.says == "?":
            # Where one alone is mixed, the other is the whole picture beside it.
            alone = look.first_mixed != look.second_mixed
            first.woven |= look.first_mixed or not alone
            second.woven |= look.second_mixed or not alone
