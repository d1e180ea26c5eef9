"""Pairs of images from what editors decided: one that was approved, and one that was offered with it and was not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stream.backfill.decisions import Approved, Decision, Offered

SAME_MOMENT_S = 0.3
"""An approved frame that was not offered, but lies this near to an image of its shot that was, counts as that image:
editors step a frame or two to open eyes."""

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Images:
    """Everything that was offered in N images with C components.

    values: (N, C), 0–1, 0 where absent. present: (N, C), whether the image has the component. log_rank: (N,), the
    natural logarithm of the place at which it was shown.
    """

    names: tuple[str, ...]
    values: Floats
    present: Flags
    log_rank: Floats


@dataclass(frozen=True, slots=True)
class Pairs:
    """K pairs of rows of `images`. approved, other: (K,) rows. title: (K,) numbers of titles, from 0. weight: (K,),
    which sum to 1 for each title, so that one with many pairs counts no more than one with few."""

    images: Images
    approved: Integers
    other: Integers
    title: Integers
    weight: Floats

    @property
    def titles(self) -> int:
        """How many titles have a pair."""
        return len(np.unique(self.title))

    def of(self, rows: Integers) -> Pairs:
        """Some of the pairs, by their numbers."""
        return Pairs(self.images, self.approved[rows], self.other[rows], self.title[rows], self.weight[rows])


def pairs_of(decisions: Iterable[Decision], names: Sequence[str]) -> Pairs:
    """All pairs within one decision, with the components `names`. A title that was decided on several times, as with
    other settings, is one title. A decision that approved none of the images offered, or all of them, has no pair."""
    offered: list[Offered] = []
    found: list[tuple[int, int, int]] = []
    numbers: dict[str, int] = {}
    for decision in decisions:
        known = [image for image in decision.offered if not image.components.keys().isdisjoint(names)]
        chosen = _approved_ranks(decision)
        first = len(offered)
        offered += known
        better = [first + i for i, image in enumerate(known) if image.rank in chosen]
        worse = [first + i for i, image in enumerate(known) if image.rank not in chosen]
        if better and worse:
            title = numbers.setdefault(decision.key, len(numbers))
            found += [(i, j, title) for i in better for j in worse]
    rows = np.array(found, np.int64).reshape(-1, 3)
    counts = np.bincount(rows[:, 2], minlength=1)
    return Pairs(_images(offered, names), rows[:, 0], rows[:, 1], rows[:, 2], 1.0 / counts[rows[:, 2]])


def unknown_components(decisions: Iterable[Decision], names: Sequence[str]) -> list[str]:
    """Components in the records that have no weight, as those of another version."""
    offered = [image for decision in decisions for image in decision.offered]
    return sorted({name for image in offered for name in image.components} - {*names})


def _approved_ranks(decision: Decision) -> set[int]:
    return {rank for frame in decision.images if (rank := _rank_of(frame, decision.offered)) is not None}


def _rank_of(frame: Approved, offered: Sequence[Offered]) -> int | None:
    if frame.rank is not None:
        return frame.rank
    near = [
        (abs(image.time_s - frame.time_s), image.rank)
        for image in offered
        if image.shot == frame.shot and abs(image.time_s - frame.time_s) <= SAME_MOMENT_S
    ]
    return min(near)[1] if near else None


def _images(offered: Sequence[Offered], names: Sequence[str]) -> Images:
    rows = [[image.components.get(name, np.nan) for name in names] for image in offered]
    values = np.array(rows, np.float64).reshape(-1, len(names))
    present = np.isfinite(values)
    ranks = np.array([image.rank for image in offered], np.float64)
    return Images(tuple(names), np.where(present, values, 0.0), present, np.log(ranks))
