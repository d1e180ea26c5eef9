"""Probes: the pictures of a shot that the engines read. They are kept while it is not yet known where the shot ends.

The film since the last closed shot is divided into cells of time, each of which keeps its best picture.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import compress, pairwise

import numpy as np

from kernels.bars import ActiveArea
from kernels.inside import LIT_LUMA, inside_bars, lit_share
from kernels.stats import ROW
from kernels.surface import Surface

from ..decode.times import MeasuredRate
from ..records import FrameBatch, Picture, Shot, TimedSurface
from ..settings.sections import ProbeSettings
from .pace import LONG, Pace
from .scene import stillness
from .unusable import NEVER_USED, unusable

_CELLS_PER_SECOND = 4.0
"""New cells; older ones are joined until one is as long as a probe stands for (`probes.spacing_s`). Chosen by eye."""
_FRESH_CELLS = 3
"""The newest cells, which are not joined yet because the shot may end right after them. Chosen by eye."""
_MAX_CELLS = 32
"""Cells, each with a full-size picture: 100 MB at 1080p. In shots longer than 25 s cells are joined beyond
`probes.spacing_s` instead."""
_MOST_EDGE = 0.2
"""Largest share of a shot that is left out at each end, where `probes.edge_s` would be more. Chosen by eye."""
_ROUNDS, _LEAST_ROUND = 3, 2
"""Rounds in which the probes of a part are read, and the least number of probes in the first one. Chosen by eye; with
two rounds a third fewer pictures were read than without, for as good a choice (2026-11-21)."""
_BREAK_CHANGE = 8.0
"""Change of the thumbnail (0–255) that may be a cut: a new cell begins there, so that no cell spans two shots. E01–E05:
the 251 cuts change by 14.7 and more, 2.2 % of the other rows by more than 8."""
_SMEAR_COST = 0.5
"""Share of its sharpness that a picture loses when all its gradients lie in one direction. Chosen by eye."""
_CHANGE_COST = 0.05
"""What one code value of change costs in `value_of`, on the scale of the logarithm of sharpness. Chosen by eye."""

_STILL, _LOST_S = 0.75, 0.6
"""`stillness` from which on a picture that is softer than its shot is not smeared, and the time without any other
picture that makes it worth a look for faces: a face before a smooth coat is softer than ropes in the sun, and where a
cut was missed it is compared with another shot. Chosen by eye."""


@dataclass(slots=True)
class _Cell:
    """A stretch of rows and its best picture.

    `worth`: by what pictures are compared: whether they are far enough from the last break, then `value_of`.
    """

    first_row: int
    rows: int
    best: Picture
    worth: tuple[bool, float]
    after_break: bool

    def take_in(self, later: _Cell) -> None:
        """Join the cell that follows to this one."""
        self.rows += later.rows
        if later.worth > self.worth:
            self.best, self.worth = later.best, later.worth


@dataclass(frozen=True, slots=True)
class ShotPictures:
    """The probes of a closed shot.

    `parts`: the probes of each part, by time; a long shot has several parts. `rejected`: how many pictures were
    rejected for each reason. `reserve`: the best of those, for a film that has nothing better; never a dark one.
    `area`: between the bars of the shot, as far as they are known.
    """

    shot: Shot
    parts: list[list[Picture]]
    rejected: Counter[str] = field(default_factory=Counter)
    reserve: tuple[Picture, str] | None = None
    area: ActiveArea = field(default_factory=ActiveArea)

    @property
    def part_s(self) -> float:
        """Length of each part, seconds."""
        return (self.shot.end_s - self.shot.start_s) / max(1, len(self.parts))


def sharpness(row: np.void) -> float:
    """Laplacian variance, squared luma units; half of it where all gradients have one direction (motion blur)."""
    return float(row["laplacian_var"]) * (1.0 - _SMEAR_COST * float(row["blur_anisotropy"]) ** 2)


def value_of(row: np.void, share: float = 1.0) -> float:
    """The value by which pictures of a cell are compared: log(1 + sharpness), less for change to the picture before.

    `share`: of the picture that lies inside the bars (`kernels.inside.inside_share`), where both are measured.
    """
    return float(np.log1p(sharpness(row) / share)) - _CHANGE_COST * float(row["change"]) / share


def values_of(rows: np.ndarray, share: float = 1.0) -> np.ndarray:
    """(N,) float64: `value_of` of each row, bit for bit."""
    laplacian, anisotropy, change = (
        rows[name].astype(np.float64) for name in ("laplacian_var", "blur_anisotropy", "change")
    )
    return np.asarray(np.log1p(laplacian * (1.0 - _SMEAR_COST * anisotropy**2) / share) - _CHANGE_COST * change / share)


class PendingPictures:
    """The best picture of each cell since the last shot closed, and small pictures from beside it.

    A cell covers a quarter of a second; when it is about a second old, it is joined with its neighbours until they are
    as long as `probes.spacing_s`. At most `_MAX_CELLS` are kept, however long the shot.

    `fps`: pictures a second as the container claims, None when unknown; the pictures' own times have the last word
    (`MeasuredRate`). `beside_s`: how far from a picture others count as beside it, seconds. `pace`: of the film.
    """

    def __init__(
        self, settings: ProbeSettings, fps: float | None, beside_s: float = 0.0, pace: Pace = LONG
    ) -> None:
        self._settings, self._pace = settings, pace
        self._beside_s = beside_s
        self._rate = MeasuredRate(fps)
        self._count_in_rows()
        self._cells: list[_Cell] = []
        self._beside: list[TimedSurface] = []
        self._rows_seen = 0
        self._break_row = 0

    def __len__(self) -> int:
        return len(self._cells)

    @property
    def beside(self) -> int:
        """How many small pictures are kept."""
        return len(self._beside)

    def add(
        self, batch: FrameBatch, rows: np.ndarray, small: Mapping[int, Surface], share: float = 1.0
    ) -> None:
        """Take the next batch. Damaged pictures are left out.

        `rows`: (N,) of dtype `kernels.stats.ROW`, one for each picture. `small`: small copies by index in the batch.
        `share`: of the picture that lies inside the bars, as far as they are known.
        """
        self._rate.add(rows["pts_s"])
        self._count_in_rows()
        values, breaks = values_of(rows, share).tolist(), (rows["change"] > _BREAK_CHANGE).tolist()
        for place, damaged in enumerate(batch.damaged.tolist()):
            if not damaged:
                if place in small:
                    self._beside.append((float(rows["pts_s"][place]), small[place]))
                self._offer(batch.surfaces[place], rows, place, values[place], breaks[place])
            self._rows_seen += 1
        if small:
            self._forget()

    def _count_in_rows(self) -> None:
        """How many rows the seconds of the settings are, at the rate that pictures come."""
        rate = self._rate.fps
        spacing_s = self._pace.spacing_s(self._settings.spacing_s)
        self._cell_rows = max(1, round(rate * min(spacing_s, 1 / _CELLS_PER_SECOND)))
        self._grown_rows = max(1, round(rate * spacing_s))
        self._edge_rows = round(rate * self._settings.edge_s)

    def _offer(self, surface: Surface, rows: np.ndarray, place: int, value: float, breaks: bool) -> None:
        """Keep the next picture if it begins a cell or is the best of the last one."""
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
        """Join the cell that is no longer fresh to the one before, unless both together would be longer than a probe
        stands for."""
        i = len(self._cells) - 1 - _FRESH_CELLS
        if i >= 1 and self._joined_rows(i) <= self._grown_rows and not self._parts_shots(i):
            self._cells[i - 1].take_in(self._cells.pop(i))

    def _joined_rows(self, i: int) -> int:
        """Rows of a cell and the one before it."""
        return self._cells[i - 1].rows + self._cells[i].rows

    def _parts_shots(self, i: int) -> bool:
        """Whether a cut may lie before this cell. Not where both together are shorter than any shot: in a fast scene
        every frame changes so much."""
        return self._cells[i].after_break and self._joined_rows(i) > self._cell_rows

    def _merge(self) -> None:
        """Join the two neighbouring cells that cover the least time, those of one shot first."""
        i = min(range(1, len(self._cells) - 1), key=lambda k: (self._parts_shots(k), self._joined_rows(k)))
        self._cells[i - 1].take_in(self._cells.pop(i))

    def _forget(self) -> None:
        """Drop the small pictures that lie beside no cell's best picture and not beside one that may yet come."""
        times_s = [cell.best.pts_s for cell in self._cells] + [pts_s for pts_s, _ in self._beside[-1:]]
        near = _any_within(np.array([pts_s for pts_s, _ in self._beside]), np.array(times_s), self._beside_s)
        self._beside = list(compress(self._beside, near.tolist()))

    def take(self, shot: Shot, share: float = 1.0) -> ShotPictures:
        """The probes of `shot`; drops the shot's cells. `share`: of its picture that lies inside the bars."""
        clean = [c.best for c in self._cells if shot.clean_first_row <= c.best.row_index < shot.clean_end_row]
        inside = self._off_the_edges(shot, clean)
        self._cells = [c for c in self._cells if c.best.row_index >= shot.end_row]
        kept, rejected, reserve = self._judge(inside, share)
        parts = [[self._with_beside(p, shot) for p in part] for part in self._parts(shot, kept)]
        return ShotPictures(shot, parts, rejected, reserve)

    def _with_beside(self, picture: Picture, shot: Shot) -> Picture:
        first_s, last_s = span_beside(picture.pts_s, self._beside_s, (shot.start_s, shot.end_s))
        return replace(picture, beside=tuple(b for b in self._beside if first_s <= b[0] <= last_s))

    def _off_the_edges(self, shot: Shot, pictures: list[Picture]) -> list[Picture]:
        """The pictures away from the shot's ends: a player that seeks a little wrong must still show this shot. All of
        them when none is left."""
        margin_s = min(self._settings.edge_s, _MOST_EDGE * (shot.end_s - shot.start_s))
        kept = [p for p in pictures if shot.start_s + margin_s <= p.pts_s < shot.end_s - margin_s]
        return kept or pictures

    def _judge(
        self, pictures: list[Picture], share: float
    ) -> tuple[list[Picture], Counter[str], tuple[Picture, str] | None]:
        rows = inside_bars(np.array([p.row for p in pictures], ROW), share)
        limits = self._settings
        barred = [unusable(row) for row in rows]
        usable = [sharpness(row) for row, why in zip(rows, barred, strict=True) if why is None]
        usual = float(np.median(usable)) if usable else 0.0
        kept: list[Picture] = []
        rejected: Counter[str] = Counter()
        reserve: tuple[Picture, str] | None = None
        soft: list[Picture] = []
        for picture, row, why in zip(pictures, rows, barred, strict=True):
            reason = why or _beyond(limits, row, usual)
            if reason is None:
                kept.append(picture)
                continue
            if reason == "blurred" and _beyond(limits, row, 0.0) is None and stillness(row) >= _STILL:
                soft.append(picture)
            rejected[reason] += 1
            if reason in NEVER_USED:
                continue
            if reserve is None or value_of(picture.row) > value_of(reserve[0].row):
                reserve = (picture, reason)
        lost = _in_gaps(soft, kept)
        rejected -= Counter({"blurred": len(lost)})
        return sorted([*kept, *lost], key=lambda p: p.row_index), rejected, reserve

    def _parts(self, shot: Shot, pictures: list[Picture]) -> list[list[Picture]]:
        count = max(1, int(np.ceil((shot.end_s - shot.start_s) / self._settings.divide_after_s)))
        edges = np.linspace(shot.start_s, shot.end_s, count + 1)
        parts = [
            [p for p in pictures if first_s <= p.pts_s < end_s or (end_s == edges[-1] and p.pts_s >= end_s)]
            for first_s, end_s in pairwise(edges)
        ]
        length_s = (shot.end_s - shot.start_s) / count
        spaced = int(np.ceil(length_s / self._settings.spacing_s))
        most = max(1, min(spaced, self._settings.per_shot), min(self._pace.probes(length_s), _MAX_CELLS))
        return [_best_and_soft(part, most) for part in parts if part]


def _best_and_soft(part: list[Picture], most: int) -> list[Picture]:
    """At most `most` pictures of a part, and all of those that are soft, by time."""
    best = best_of_equal_runs([p for p in part if not p.soft], most)
    return sorted([*best, *(p for p in part if p.soft)], key=lambda p: p.row_index)


def _in_gaps(soft: list[Picture], kept: list[Picture]) -> list[Picture]:
    """Those of `soft`, the best first, that are `_LOST_S` away from all pictures that are kept; marked as soft."""
    found: list[Picture] = []
    for picture in sorted(soft, key=lambda p: (-value_of(p.row), p.pts_s)):
        if all(abs(picture.pts_s - other.pts_s) >= _LOST_S for other in [*kept, *found]):
            found.append(replace(picture, soft=True))
    return found


def reading_rounds(pictures: list[Picture]) -> list[list[Picture]]:
    """The probes of a part in the rounds in which they are read: each round is spread over the whole part. Those that
    are soft come last."""
    sharp, soft = [p for p in pictures if not p.soft], [p for p in pictures if p.soft]
    steps = max(1, min(_ROUNDS, -(-len(sharp) // _LEAST_ROUND)))
    rounds = [sharp[first::steps] for first in range(steps)]
    return [some for some in [*rounds, soft] if some]


def span_beside(pts_s: float, span_s: float, shot_s: tuple[float, float]) -> tuple[float, float]:
    """First and last time (s) of the pictures beside the one at `pts_s`: at most `span_s` away and inside the shot.

    `shot_s`: start and end (exclusive) of the shot.
    """
    return max(pts_s - span_s, shot_s[0]), min(pts_s + span_s, shot_s[1] - 1e-3)


def _any_within(asked_s: np.ndarray, times_s: np.ndarray, span_s: float) -> np.ndarray:
    """(N,) bool: for each of `asked_s` (N,), whether one of the sorted `times_s` is within `span_s` of it; seconds."""
    at = np.searchsorted(times_s, asked_s - span_s)
    return np.asarray(np.append(times_s, np.inf)[at] <= asked_s + span_s)


def probe_rejection(row: np.void, limits: ProbeSettings, usual: float) -> str | None:
    """Why a picture is no probe; None when it is one. `row`: measured inside the bars. `usual`: the median `sharpness`
    of its shot. A dark picture with a lit part (a face by candlelight) is none that is too dark."""
    return unusable(row) or _beyond(limits, row, usual)


def _beyond(limits: ProbeSettings, row: np.void, usual: float) -> str | None:
    """Which of the limits a picture does not keep."""
    if row["luma_mean"] < limits.dark_below and lit_share(row, LIT_LUMA) < limits.lit_share:
        return "dark"
    if row["luma_mean"] > limits.bright_above:
        return "bright"
    if row["luma_std"] < limits.flat_below:
        return "flat"
    if row["laplacian_var"] < limits.laplacian_below or sharpness(row) < limits.blurred_below * usual:
        return "blurred"
    return None


def best_of_equal_runs(pictures: list[Picture], count: int) -> list[Picture]:
    """At most `count` pictures, by time: the best of each of `count` runs of equal length."""
    if len(pictures) <= count:
        return pictures
    groups = np.array_split(np.arange(len(pictures)), count)
    return [max((pictures[i] for i in group), key=lambda p: (value_of(p.row), -p.pts_s)) for group in groups]
