"""The aspect of a picture's pixels, which PyAV does not hand over."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
from av.filter import Graph

from ..container import open_container
from ..probe import picture_stream
from ..stamps import version_of

_PER_PIXEL = 1024
"""Columns that a square pixel becomes: aspects are known to half of one of these parts."""
_LARGEST, _SMALLEST = 8, Fraction(1, 16)
"""No wider and no narrower pixel is made a picture of; beyond 1:4 and 4:1 none is believed anyway."""
_TIME_BASE = Fraction(1, 90_000)
"""The filter needs one; it is not used."""
_NEAR = 1.5 / _PER_PIXEL


def container_tells(path: Path) -> bool:
    """Whether the container itself says which aspect the pixels have: for players that holds for the whole film,
    whatever its pictures say. Raises KeyartError like `open_container`."""
    return _container_tells(path, *version_of(path))


@lru_cache(maxsize=64)
def _container_tells(path: Path, mtime_ns: int, size: int) -> bool:
    with open_container(path, look=False) as container:
        return bool(picture_stream(container).sample_aspect_ratio)


class PixelAspect:
    """Reads the aspect from the picture itself: a corner of it is scaled by its aspect, and the width tells.

    The decoder knows the aspect, too, but of the picture that it decoded last; threads and reordering hand that one out
    later. Takes about 50 µs a picture.
    """

    def __init__(self) -> None:
        self._layout: tuple[int, int, str] | None = None
        self._graph = Graph()

    def read(self, frame: av.VideoFrame, likely: Fraction) -> Fraction:
        """The width of a pixel to its height; 1 where the picture does not say. likely: taken where it agrees, else
        the simplest fraction that does."""
        layout = frame.width, frame.height, frame.format.name
        if layout != self._layout:
            self._layout, self._graph = layout, _graph_of(layout)
        self._graph.vpush(frame)
        corner = self._graph.vpull()
        measured = Fraction(corner.width, _PER_PIXEL)
        if abs(likely - measured) < _NEAR:
            return likely
        return _simplest(measured - Fraction(1, 2 * _PER_PIXEL), measured + Fraction(1, 2 * _PER_PIXEL))


def _graph_of(layout: tuple[int, int, str]) -> Graph:
    width, height, name = layout
    graph = Graph()
    graph.threads = 1
    form = av.VideoFormat(name, width, height)
    nodes = (
        graph.add_buffer(width=width, height=height, format=form, time_base=_TIME_BASE),
        graph.add("crop", "w=min(8\\,iw):h=min(8\\,ih):x=0:y=0"),
        graph.add("scale", f"w=round({_PER_PIXEL}*clip(sar\\,{_SMALLEST}\\,{_LARGEST})):h=1:flags=neighbor:eval=frame"),
        graph.add("buffersink"),
    )
    graph.link_nodes(*nodes).configure()
    return graph


def _simplest(low: Fraction, high: Fraction) -> Fraction:
    """The fraction of the smallest denominator from `low` to `high`, both above 0."""
    whole = low.__ceil__()
    if whole <= high:
        return Fraction(whole)
    whole -= 1
    return whole + 1 / _simplest(1 / (high - whole), 1 / (low - whole))
