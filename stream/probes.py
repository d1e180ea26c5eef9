"""The pictures of a shot that are worth a closer look, kept while nobody knows yet where the shot ends."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from .records import FrameBatch, Picture, Shot
from .sections import ProbeSettings

_CELLS_PER_SECOND = 4.0
_MAX_CELLS = 48
"""Full-size pictures waiting for their shot to close: 150 MB at 1080p. Longer shots get longer cells instead."""
_MOST_EDGE = 0.2
"""Share of a short shot that its edges may take on each side."""
_BREAK_CHANGE = 8.0
"""A change of the thumbnail (0–255) that could be a cut begins a new cell, so that no cell spans two shots."""


@dataclass(slots=True)
class _Cell:
    first_row: int
    rows: int
    best: Picture
    value: float
    after_break: bool


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


class PendingPictures:
    """The best picture of every short cell of time since the last shot closed; bounded whatever the shot's length."""

    def __init__(self, settings: ProbeSettings, fps: float | None) -> None:
        self._settings = settings
        self._cell_rows = max(1, round((fps or 25.0) / _CELLS_PER_SECOND))
        self._cells: list[_Cell] = []
        self._rows_seen = 0

    def __len__(self) -> int:
        return len(self._cells)

    def add(self, batch: FrameBatch, rows: np.ndarray) -> None:
        """Offer the batch's pictures with their rows (dtype `kernels.stats.ROW`); damaged ones are passed over."""
        for surface, row, damaged in zip(batch.surfaces, rows, batch.damaged, strict=True):
            if not damaged:
                self._offer(Picture(row, self._rows_seen, surface))
            self._rows_seen += 1

    def _offer(self, picture: Picture) -> None:
        value = value_of(picture.row)
        breaks = float(picture.row["change"]) > _BREAK_CHANGE
        last = self._cells[-1] if self._cells else None
        if last is None or breaks or picture.row_index - last.first_row >= self._cell_rows:
            self._cells.append(_Cell(picture.row_index, 1, picture, value, breaks))
            if len(self._cells) > _MAX_CELLS:
                self._merge()
            return
        last.rows += 1
        if value > last.value:
            last.best, last.value = picture, value

    def _merge(self) -> None:
        """Join the two neighbours that cover the least time, preferably of one shot."""
        pairs = range(len(self._cells) - 2)
        i = min(pairs, key=lambda k: (self._cells[k + 1].after_break, self._cells[k].rows + self._cells[k + 1].rows))
        left, right = self._cells[i], self._cells.pop(i + 1)
        left.rows += right.rows
        if right.value > left.value:
            left.best, left.value = right.best, right.value

    def take(self, shot: Shot) -> ShotPictures:
        """The probes of `shot`; its pictures are let go."""
        clean = [c.best for c in self._cells if shot.clean_first_row <= c.best.row_index < shot.clean_end_row]
        inside = self._off_the_edges(shot, clean)
        self._cells = [c for c in self._cells if c.best.row_index >= shot.end_row]
        kept, rejected, reserve = self._judge(inside)
        return ShotPictures(shot, self._parts(shot, kept), rejected, reserve)

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
