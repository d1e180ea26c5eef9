"""Pushes: one picture pushes another out of the frame, as in slides and, fast and blurred, in whip pans of editors.

Each row shows a part of the two pictures side by side, averaged over the part of the way that passes while the shutter
is open. So blur is no obstacle: it is part of what is compared. Where a camera pans inside one scene the pictures
overlap, or their edges that meet are neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np

from .camera_motion import lit_box
from .window import LUMA_CELLS, LUMA_SHAPE

_STEPS = 16
"""Steps into which the way is divided: a column of the grid each. Chosen by eye."""
_OVERLAPS = np.arange(1, 6) / _STEPS
"""Overlaps of the two pictures that are tried, as shares of their size. With more of it, one of them shifted is much
like the other."""
_LEAST_JOIN, _LEAST_JOIN_RATIO = 24.0, 1.7
"""Code values by which the edges that meet differ at least, and as a multiple of the difference of neighbouring columns
of the two pictures. Of 204 pairs of neighbouring parts of frames of fifteen films 15 of 100 differ as much, of 190
pairs of frames of two films 86."""


@dataclass(frozen=True, slots=True)
class Push:
    """How well a push explains the rows between two pictures. `luma`: (N, h, w), turned so that the second picture
    comes from the right; `left`: mean squared difference that is left, as a share of that between the pictures; `back`:
    the largest step back, as a share of the way."""

    luma: np.ndarray
    left: float
    back: float

    @property
    def mixed(self) -> float:
        """What a mix of the two pictures leaves, as `left`."""
        cells = self.luma.reshape(len(self.luma), -1)
        difference, off = cells[-1] - cells[0], cells[1:-1] - cells[0]
        whole = max(float(difference @ difference), 1.0)
        along = np.clip(off @ difference / whole, 0, 1)
        return float(((off**2).sum(axis=1) / whole - along**2).mean())

    @property
    def leads_elsewhere(self) -> bool:
        """Whether the pictures belong to two scenes: they neither overlap nor are neighbours."""
        join = float(np.abs(self.luma[0, :, -1] - self.luma[-1, :, 0]).mean())
        usual = float(np.abs(np.diff(self.luma[[0, -1]], axis=2)).mean())
        if join < max(_LEAST_JOIN, _LEAST_JOIN_RATIO * usual):
            return False
        return all(self.left <= _explained(self.luma, overlap)[0] for overlap in _OVERLAPS.tolist())


def best_push(grids: np.ndarray) -> Push:
    """The best push to the left, to the right, up or down from the first to the last of grids (N, 208), N ≥ 3, bars
    aside."""
    luma = lit_box(grids[:, :LUMA_CELLS].reshape(-1, *LUMA_SHAPE)).astype(np.float64)
    turned = luma.swapaxes(1, 2)
    sides = (luma, luma[:, :, ::-1], turned, turned[:, :, ::-1])
    return min((Push(side, *_explained(side, 0.0)) for side in sides), key=lambda push: push.left)


def _explained(luma: np.ndarray, overlap: float) -> tuple[float, float]:
    """What is left of the rows between the first and the last of grids (N, h, w), in the mean, where the last pushes
    the first away to the left, and the largest step back."""
    shown = luma[1:-1].reshape(len(luma) - 2, -1)
    pictures = _exposed(_seen(luma[0], luma[-1], overlap))
    apart = (shown**2).sum(axis=1)[:, None] + (pictures**2).sum(axis=1) - 2 * shown @ pictures.T
    path = np.concatenate([[0.0], _parts().middle[apart.argmin(axis=1)], [1.0]])
    left = np.maximum(apart.min(axis=1), 0).mean() / max(float(((luma[-1] - luma[0]) ** 2).sum()), 1.0)
    return float(left), float(np.maximum(0, path[:-1] - path[1:]).max())


def _seen(first: np.ndarray, second: np.ndarray, overlap: float) -> np.ndarray:
    """(`_STEPS` + 1, h · w): what is seen on the way over two grids (h, w) side by side, of which so much overlaps;
    between columns, and where they overlap, interpolated."""
    way = _way(*first.shape, overlap)
    seen = way.of_first.taken(first) * way.weight + way.of_second.taken(second) * (1 - way.weight)
    return np.asarray(seen.reshape(_STEPS + 1, -1))


class _Columns(NamedTuple):
    """Which cells of a grid lie beside each place of the way (`_STEPS` + 1, h, w), and how far that is from the first
    of them (`_STEPS` + 1, 1, w)."""

    near: np.ndarray
    far: np.ndarray
    rest: np.ndarray

    def taken(self, grid: np.ndarray) -> np.ndarray:
        """(`_STEPS` + 1, h, w): the grid (h, w) at these places, between two columns interpolated."""
        cells = grid.ravel()
        return np.asarray(cells.take(self.near) * (1 - self.rest) + cells.take(self.far) * self.rest)


class _Way(NamedTuple):
    """The way over two grids side by side: weight (`_STEPS` + 1, 1, w) of the first."""

    of_first: _Columns
    of_second: _Columns
    weight: np.ndarray


@lru_cache(maxsize=64)
def _way(height: int, width: int, overlap: float) -> _Way:
    """The way over two grids (height, width), of which so much overlaps."""
    shared = overlap * width
    places = np.arange(width) + np.linspace(0, width - shared, _STEPS + 1)[:, None]
    weight = np.clip((width - places) / (shared + 1), 0, 1)[:, None]
    return _Way(_columns(places, height), _columns(places - (width - shared), height), weight)


def _columns(places: np.ndarray, height: int) -> _Columns:
    """The columns of a grid of this height at places (`_STEPS` + 1, w)."""
    width = places.shape[1]
    places = np.clip(places, 0, width - 1)
    low = np.floor(places).astype(np.intp)
    rows = width * np.arange(height)[:, None]
    near, far = (rows + columns[:, None] for columns in (low, np.minimum(low + 1, width - 1)))
    return _Columns(near, far, (places - low)[:, None])


def _exposed(seen: np.ndarray) -> np.ndarray:
    """(P, C): what is seen at the places of the way (`_STEPS` + 1, C), averaged over each of `_parts`."""
    parts, summed = _parts(), np.zeros_like(seen)
    np.cumsum((seen[1:] + seen[:-1]) / 2, axis=0, out=summed[1:])
    exposed = summed.take(parts.end, axis=0)
    exposed -= summed.take(parts.begin, axis=0)
    exposed /= parts.length
    exposed[parts.still] = seen
    return exposed


class _Parts(NamedTuple):
    """From where (P,) to where (P,) on the way, in steps, something moves while the shutter is open. length: (P, 1),
    not below 1; middle: (P,), as shares of the way; still: (`_STEPS` + 1,) those in which nothing moves."""

    begin: np.ndarray
    end: np.ndarray
    length: np.ndarray
    middle: np.ndarray
    still: np.ndarray


@cache
def _parts() -> _Parts:
    """All parts of the way."""
    parts = np.array([(i, j) for i in range(_STEPS + 1) for j in range(i, _STEPS + 1)])
    begin, end = parts.T.copy()
    length = np.maximum(end - begin, 1.0)[:, None]
    return _Parts(begin, end, length, parts.mean(axis=1) / _STEPS, np.flatnonzero(end == begin))
