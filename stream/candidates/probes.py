"""The pictures of a shot that are worth a closer look, kept while nobody knows yet where the shot ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import compress, pairwise

import numpy as np

from kernels.surface import Surface

from ..records import FrameBatch, Picture, Shot, TimedSurface
from ..settings.sections import ProbeSettings

_CELLS_PER_SECOND = 4.0
_FRESH_CELLS = 3
"""Cells that stay as they are, because the shot may end right behind them; older ones grow together."""
_MAX_CELLS = 32
"""Full-size pictures waiting for their shot to close: 100 MB at 1080p. Shots longer than 25 s get longer cells
instead."""
_MOST_EDGE = 0.2
"""Share of a short shot that its edges may take on each side."""
_TURNS, _LEAST_TURN = 3, 2
_BREAK_CHANGE = 8.0
"""A change of the thumbnail (0–255) that could be a cut begins a new cell, so that no cell spans two shots."""


@dataclass(slots=True)
class _Cell:
    """`worth` orders the pictures: those too near the last break come last, then by value."""

    first_row: int
    rows: int
    best: Picture
    worth: tuple[bool, float]
    after_break: bool

    def take_in(self, later: _Cell) -> None:
        """The cell that follows becomes part of this one."""
        self.rows += later.rows
        if later.worth > self.worth:
            self.best, self.worth = later.best, later.worth


@dataclass(frozen=True, slots=True)
class ShotPictures:
    """What a closed shot leaves: `parts` are its probes (a long shot has several parts), `rejected` counts reasons,
    `reserve` is the best of the rejected ones, for a film that has nothing better."""

    shot: Shot
    parts: list[list[Picture]]
    rejected: Counter[str] = field(default_factory=Counter)
    reserve: tuple[Picture, str] | None = None


def sharpness(row: np.void) -> float:
    """Laplacian variance, less where all gradients lie in one direction (motion blur); squared luma units."""
    return float(row["laplacian_var"]) * (1.0 - 0.5 * float(row["blur_anisotropy"]) ** 2)


def value_of(row: np.void) -> float:
    """Order of pictures within a moment: sharp and calm ones first. Logarithmic, so that it adds up."""
    return float(np.log1p(sharpness(row))) - 0.05 * float(row["change"])


def values_of(rows: np.ndarray) -> np.ndarray:
    """(N,) float64: `value_of` each of a batch's rows, bit for bit."""
    laplacian, anisotropy, change = (
        rows[name].astype(np.float64) for name in ("laplacian_var", "blur_anisotropy", "change")
    )
    return np.asarray(np.log1p(laplacian * (1.0 - 0.5 * anisotropy**2)) - 0.05 * change)


class PendingPictures:
    """The best picture of every moment since the last shot closed, and what lies beside it; bounded whatever the
    shot's length. A moment is a quarter of a second, and as long as a probe stands for once it is a second old.

    beside_s: how far from a picture others count as beside it.
    """

    def __init__(self, settings: ProbeSettings, fps: float | None, beside_s: float = 0.0) -> None:
        self._settings = settings
        self._beside_s = beside_s
        rate = fps or 25.0
        self._cell_rows = max(1, round(rate / _CELLS_PER_SECOND))
        self._grown_rows = max(1, round(rate * settings.spacing_s))
        self._edge_rows = round(rate * settings.edge_s)
        self._cells: list[_Cell] = []
        self._beside: list[TimedSurface] = []
        self._rows_seen = 0
        self._break_row = 0

    def __len__(self) -> int:
        return len(self._cells)

    @property
    def beside(self) -> int:
        """Small pictures that are held."""
        return len(self._beside)

    def add(self, batch: FrameBatch, rows: np.ndarray, small: Mapping[int, Surface]) -> None:
        """Offer the batch's pictures with their rows (dtype `kernels.stats.ROW`), and some of them small, by place;
        damaged ones are passed over."""
        values, breaks = values_of(rows).tolist(), (rows["change"] > _BREAK_CHANGE).tolist()
        for place, damaged in enumerate(batch.damaged.tolist()):
            if not damaged:
                if place in small:
                    self._beside.append((float(rows["pts_s"][place]), small[place]))
                self._offer(batch.surfaces[place], rows, place, values[place], breaks[place])
            self._rows_seen += 1
        if small:
            self._forget()

    def _offer(self, surface: Surface, rows: np.ndarray, place: int, value: float, breaks: bool) -> None:
        """The next picture and its row; nothing is made of one that is not the best of its cell."""
        number = self._rows_seen
        if breaks:
            self._break_row = number
        worth = (number - self._break_row >= self._edge_rows, value)
        last = self._cells[-1] if self._cells else None
        if last is not None and not breaks and number - last.first_row < self._cell_rows:
            last.rows += 1
            if worth > last.worth:
                last.best, last.worth = Picture(rows[place], number, surface), worth
            return
        self._cells.append(_Cell(number, 1, Picture(rows[place], number, surface), worth, breaks))
        self._grow()
        if len(self._cells) > _MAX_CELLS:
            self._merge()

    def _grow(self) -> None:
        """The oldest of the fresh cells joins the one before while both are not longer than a probe stands for."""
        i = len(self._cells) - 1 - _FRESH_CELLS
        if i >= 1 and not self._cells[i].after_break:
            left, right = self._cells[i - 1], self._cells[i]
            if left.rows + right.rows <= self._grown_rows:
                left.take_in(self._cells.pop(i))

    def _merge(self) -> None:
        """Join the two neighbours that cover the least time, preferably of one shot."""
        pairs = range(len(self._cells) - 2)
        i = min(pairs, key=lambda k: (self._cells[k + 1].after_break, self._cells[k].rows + self._cells[k + 1].rows))
        self._cells[i].take_in(self._cells.pop(i + 1))

    def _forget(self) -> None:
        """Let go of what lies beside no picture that is still in the race, nor beside one that may yet come."""
        times_s = [cell.best.pts_s for cell in self._cells] + [pts_s for pts_s, _ in self._beside[-1:]]
        near = _near(np.array([pts_s for pts_s, _ in self._beside]), np.array(times_s), self._beside_s)
        self._beside = list(compress(self._beside, near.tolist()))

    def take(self, shot: Shot) -> ShotPictures:
        """The probes of `shot`; its pictures are let go."""
        clean = [c.best for c in self._cells if shot.clean_first_row <= c.best.row_index < shot.clean_end_row]
        inside = self._off_the_edges(shot, clean)
        self._cells = [c for c in self._cells if c.best.row_index >= shot.end_row]
        kept, rejected, reserve = self._judge(inside)
        parts = [[self._with_beside(p, shot) for p in part] for part in self._parts(shot, kept)]
        return ShotPictures(shot, parts, rejected, reserve)

    def _with_beside(self, picture: Picture, shot: Shot) -> Picture:
        first_s, last_s = stretch(picture.pts_s, self._beside_s, (shot.start_s, shot.end_s))
        return replace(picture, beside=tuple(b for b in self._beside if first_s <= b[0] <= last_s))

    def _off_the_edges(self, shot: Shot, pictures: list[Picture]) -> list[Picture]:
        """Away from the cuts: a player that seeks a little wrong must still show this shot."""
        margin_s = min(self._settings.edge_s, _MOST_EDGE * (shot.end_s - shot.start_s))
        kept = [p for p in pictures if shot.start_s + margin_s <= p.pts_s < shot.end_s - margin_s]
        return kept or pictures

    def _judge(self, pictures: list[Picture]) -> tuple[list[Picture], Counter[str], tuple[Picture, str] | None]:
        limits = self._settings
        sharpest = max((sharpness(p.row) for p in pictures), default=0.0)
        kept: list[Picture] = []
        rejected: Counter[str] = Counter()
        reserve: tuple[Picture, str] | None = None
        for picture in pictures:
            reason = reason_against(picture.row, limits, sharpest)
            if reason is None:
                kept.append(picture)
                continue
            rejected[reason] += 1
            if reserve is None or value_of(picture.row) > value_of(reserve[0].row):
                reserve = (picture, reason)
        return kept, rejected, reserve

    def _parts(self, shot: Shot, pictures: list[Picture]) -> list[list[Picture]]:
        count = max(1, int(np.ceil((shot.end_s - shot.start_s) / self._settings.divide_after_s)))
        edges = np.linspace(shot.start_s, shot.end_s, count + 1)
        parts = [
            [p for p in pictures if first_s <= p.pts_s < end_s or (end_s == edges[-1] and p.pts_s >= end_s)]
            for first_s, end_s in pairwise(edges)
        ]
        length_s = (shot.end_s - shot.start_s) / count
        most = int(np.clip(np.ceil(length_s / self._settings.spacing_s), 1, self._settings.per_shot))
        return [spread(part, most) for part in parts if part]


def turns(pictures: list[Picture]) -> list[list[Picture]]:
    """In what order probes are looked at: each turn spread over the whole part, two pictures at first."""
    steps = max(1, min(_TURNS, -(-len(pictures) // _LEAST_TURN)))
    return [pictures[first::steps] for first in range(steps)]


def stretch(pts_s: float, span_s: float, shot_s: tuple[float, float]) -> tuple[float, float]:
    """First and last moment beside a picture that count: at most `span_s` away and inside the shot (end exclusive)."""
    return max(pts_s - span_s, shot_s[0]), min(pts_s + span_s, shot_s[1] - 1e-3)


def _near(asked_s: np.ndarray, times_s: np.ndarray, span_s: float) -> np.ndarray:
    """(N,) bool: whether one of the times (in order) lies within `span_s` of each that is asked for."""
    at = np.searchsorted(times_s, asked_s - span_s)
    return np.asarray(np.append(times_s, np.inf)[at] <= asked_s + span_s)


def reason_against(row: np.void, limits: ProbeSettings, sharpest: float) -> str | None:
    """Why a picture is no probe, None when it is one. `sharpest` is the best sharpness of its shot."""
    if row["luma_mean"] < limits.dark_below:
        return "dark"
    if row["luma_mean"] > limits.bright_above:
        return "bright"
    if row["luma_std"] < limits.flat_below:
        return "flat"
    if row["laplacian_var"] < limits.laplacian_below or sharpness(row) < limits.blurred_below * sharpest:
        return "blurred"
    return None


def spread(pictures: list[Picture], count: int) -> list[Picture]:
    """At most `count` pictures, the best of each of `count` equal stretches of the row; in time order."""
    if len(pictures) <= count:
        return pictures
    groups = np.array_split(np.arange(len(pictures)), count)
    return [max((pictures[i] for i in group), key=lambda p: (value_of(p.row), -p.pts_s)) for group in groups]
