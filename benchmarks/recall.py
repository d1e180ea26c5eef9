"""TOP-10 recall and related figures, from times and descriptors alone: the definition by which the project is judged.

An image matches an expert's when they are at most `MAX_APART_S` apart, in the same shot where the shots are known, and
their descriptors' cosine is at least `SAME_PICTURE`. A video is a hit when one of its ten images matches; TOP-10 recall
is the share of hits. Figures by time alone need no matcher: frames of one shot within a second are much the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .label_shots import Times, same_shot
from .matcher import MAX_APART_S, SAME_PICTURE, Vector

TOP = 10
PRECISE_WITHIN_S = 1.0
"""How near in time an image lies to one of the expert's to count in `precision_1s`."""
BOOTSTRAP_DRAWS = 2000
_ROUNDING_S = 1e-6
"""Times in manifests are rounded to this."""

Matches = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one video. `precision_at_10` is over ten, so a missing image counts as one that does not match."""

    hit_at_1: float
    hit_at_3: float
    hit_at_10: float
    precision_at_10: float
    coverage: float
    never: float
    """Images at a frame that must not be chosen."""
    distinct: float
    """Images that do not show the same as a better ranked one: no cosine of `SAME_PICTURE` or more."""
    different_matches: float
    """Matching images that do not show the same as a better ranked matching one: precision without repetition."""
    chosen: float
    coverage_3s: float = 0.0
    """Share of the expert's images with one within three seconds, in the same shot where the shots are known."""
    precision_1s: float = 0.0
    """Share of the images, as many as there are, within a second of one of the expert's, in the same shot likewise."""


@dataclass(frozen=True, slots=True)
class Compared:
    """N images, in the order of rank, beside P of an expert's.

    matched: (N, P), shows the same picture. within_3s, within_1s: (N, P), is so near in time, in the same shot where
    the shots are known. on_never: (N,), lies at a refused frame. alike: (N, N) cosines.
    """

    matched: Matches
    within_3s: Matches
    within_1s: Matches
    on_never: Matches
    alike: Vector

    def of(self, rows: npt.NDArray[np.int64] | slice) -> Compared:
        """Some of the images, in this order."""
        return Compared(
            self.matched[rows], self.within_3s[rows], self.within_1s[rows], self.on_never[rows],
            self.alike[rows][:, rows],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Expert:
    """An expert's labels of one film. Times in seconds; pick_vectors: (P, D) descriptors; starts_s: starts of the shots
    where they are known; never_within_s: how far a refused frame reaches."""

    pick_times_s: Times
    pick_vectors: Vector
    never_s: Times
    starts_s: Times | None
    never_within_s: float


ACCEPTANCE = {"acceptance@1": "hit_at_1", "acceptance@3": "hit_at_3", "acceptance@10": "hit_at_10"}
"""What the hits are called of a video with few picks: an editor approves one to three frames, not all that are good, so
the share of images that match says little, and whether one of the first k does says all."""
FIGURE_NAMES = tuple(Figures.__dataclass_fields__)


def compared(times_s: Times, vectors: Vector, expert: Expert) -> Compared:
    """N images beside an expert's labels. times_s: (N,) seconds. vectors: (N, D) descriptors; rows of zeros (flat
    pictures) match nothing."""
    within_3s = near(times_s, expert.pick_times_s, MAX_APART_S, expert.starts_s)
    return Compared(
        matched=np.asarray(within_3s & (vectors @ expert.pick_vectors.T >= SAME_PICTURE)),
        within_3s=within_3s,
        within_1s=near(times_s, expert.pick_times_s, PRECISE_WITHIN_S, expert.starts_s),
        on_never=np.asarray(near(times_s, expert.never_s, expert.never_within_s, expert.starts_s).any(axis=1)),
        alike=vectors @ vectors.T,
    )


def near(times_s: Times, label_times_s: Times, within_s: float, starts_s: Times | None) -> Matches:
    """(N, P) bool: which times (N,) are at most `within_s` from which labels (P,), in the same shot where the starts of
    the shots are known."""
    apart_s = np.abs(times_s[:, None] - label_times_s[None, :])
    return np.asarray((apart_s <= within_s + _ROUNDING_S) & same_shot(times_s, label_times_s, starts_s))


def figures_of(images: Compared) -> Figures:
    """Figures of images in the order of rank. Only the first ten count."""
    ten = images.of(slice(TOP))
    any_pick = np.asarray(ten.matched.any(axis=1))
    return Figures(
        hit_at_1=float(any_pick[:1].any()),
        hit_at_3=float(any_pick[:3].any()),
        hit_at_10=float(any_pick.any()),
        precision_at_10=float(any_pick.sum() / TOP),
        coverage=_share(ten.matched.any(axis=0)),
        never=float(ten.on_never.sum()),
        distinct=_different(ten.alike),
        different_matches=_different(ten.alike[np.ix_(any_pick, any_pick)]),
        chosen=float(len(any_pick)),
        coverage_3s=_share(ten.within_3s.any(axis=0)),
        precision_1s=_share(ten.within_1s.any(axis=1)),
    )


def _share(flags: Any) -> float:
    """Share of true ones of (K,) flags; 0 of none."""
    return float(flags.mean()) if len(flags) else 0.0


def _different(alike: Vector) -> float:
    """How many pictures show none of those before them. `alike`: cosines (N, N) in the order of rank."""
    return float((~(np.tril(alike, -1) >= SAME_PICTURE).any(axis=1)).sum())


def mean_figures(figures: Sequence[Figures]) -> Figures:
    """Mean of each figure; the mean of hits is the recall. Raises ValueError when there are none."""
    if not figures:
        raise ValueError("no figures to average")
    rows = np.array([[getattr(f, name) for name in FIGURE_NAMES] for f in figures])
    return Figures(*(float(value) for value in rows.mean(axis=0)))


def precision_at(matched: Matches, ranks: int = TOP) -> list[float]:
    """Precision at 1, 2, … `ranks`. A missing image counts as one that does not match."""
    any_pick = np.zeros(ranks)
    found = np.asarray(matched[:ranks].any(axis=1))
    any_pick[: len(found)] = found
    return [round(float(p), 6) for p in np.cumsum(any_pick) / np.arange(1, ranks + 1)]


def summary(of_videos: Sequence[Figures], seed: int = 0) -> dict[str, dict[str, float]]:
    """Mean and 95 % bootstrap interval of every figure, by drawing videos with replacement."""
    means = asdict(mean_figures(of_videos))
    return {
        name: {"mean": round(means[name], 6), **interval([getattr(f, name) for f in of_videos], seed)}
        for name in FIGURE_NAMES
    }


def interval(values: Sequence[float], seed: int = 0) -> dict[str, float]:
    """`low` and `high`: the middle 95 % of the mean of `values` drawn with replacement."""
    sample = np.asarray(values, np.float64)
    picked = np.random.default_rng(seed).integers(0, len(sample), (BOOTSTRAP_DRAWS, len(sample)))
    low, high = np.quantile(sample[picked].mean(axis=1), [0.025, 0.975])
    return {"low": round(float(low), 6), "high": round(float(high), 6)}


def expected_of_random(frames: Compared, draws: int, seed: int) -> tuple[Figures, list[float]]:
    """Mean figures, and precision at each rank, of `draws` random choices of ten different ones of the frames."""
    rng = np.random.default_rng(seed)
    count = min(TOP, len(frames.matched))
    chosen = [rng.choice(len(frames.matched), count, replace=False) for _ in range(draws)]
    every = [figures_of(frames.of(rows)) for rows in chosen]
    curve = np.mean([precision_at(frames.matched[rows]) for rows in chosen], axis=0)
    return mean_figures(every), [round(float(p), 6) for p in curve]


def summaries(by_video: Sequence[Mapping[str, Figures]], seed: int = 0) -> dict[str, dict[str, dict[str, float]]]:
    """Summaries by method, for the methods that every video has."""
    names = [name for name in (by_video[0] if by_video else {}) if all(name in row for row in by_video)]
    return {name: summary([row[name] for row in by_video], seed) for name in names}


def acceptance(by_video: Sequence[Mapping[str, Figures]], seed: int = 0) -> dict[str, dict[str, dict[str, float]]]:
    """For each method that every video has: the share of videos of which one of the first 1, 3 and 10 images is an
    approved frame, with its interval."""
    return {
        method: {name: found[figure] for name, figure in ACCEPTANCE.items()}
        for method, found in summaries(by_video, seed).items()
    }
