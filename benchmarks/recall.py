"""TOP-10 recall and related figures, from times and descriptors alone: the definition by which the project is judged.

An image matches an expert's when they are at most `MAX_APART_S` apart and their descriptors' cosine is at least
`SAME_PICTURE`. A video is a hit when one of its ten images matches; TOP-10 recall is the share of hits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from .matcher import MAX_APART_S, SAME_PICTURE, Vector

TOP = 10
NEVER_WITHIN_S = 0.3
BOOTSTRAP_DRAWS = 2000
_ROUNDING_S = 1e-6
"""Times in manifests are rounded to this."""

Times = npt.NDArray[np.float64]
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
    """Images within 0.3 s of a frame that must not be chosen."""
    distinct: float
    """Images that do not show the same as a better ranked one: no cosine of `SAME_PICTURE` or more."""
    different_matches: float
    """Matching images that do not show the same as a better ranked matching one: precision without repetition."""
    chosen: float


ACCEPTANCE = {"acceptance@1": "hit_at_1", "acceptance@3": "hit_at_3", "acceptance@10": "hit_at_10"}
"""What the hits are called of a video with few picks: an editor approves one to three frames, not all that are good, so
the share of images that match says little, and whether one of the first k does says all."""
FIGURE_NAMES = tuple(Figures.__dataclass_fields__)


def matches(times_s: Times, vectors: Vector, pick_times_s: Times, pick_vectors: Vector) -> Matches:
    """(N, P) bool: which images match which of the expert's picks. Rows of zeros (flat pictures) match nothing.

    times_s, pick_times_s: (N,) and (P,) seconds. vectors, pick_vectors: (N, D) and (P, D) descriptors.
    """
    near = np.abs(times_s[:, None] - pick_times_s[None, :]) <= MAX_APART_S + _ROUNDING_S
    return np.asarray(near & (vectors @ pick_vectors.T >= SAME_PICTURE))


def near_never(times_s: Times, never_s: Times) -> Matches:
    """(N,) bool: which images are within `NEVER_WITHIN_S` of a frame that must not be chosen."""
    return np.asarray((np.abs(times_s[:, None] - never_s[None, :]) <= NEVER_WITHIN_S + _ROUNDING_S).any(axis=1))


def figures_of(matched: Matches, on_never: Matches, alike: Vector) -> Figures:
    """Figures of images in the order of rank: `matched` (N, P), `on_never` (N,), cosines `alike` (N, N). Only the first
    ten count."""
    matched, on_never, alike = matched[:TOP], on_never[:TOP], alike[:TOP, :TOP]
    any_pick = np.asarray(matched.any(axis=1))
    return Figures(
        hit_at_1=float(any_pick[:1].any()),
        hit_at_3=float(any_pick[:3].any()),
        hit_at_10=float(any_pick.any()),
        precision_at_10=float(any_pick.sum() / TOP),
        coverage=float(matched.any(axis=0).mean()) if matched.shape[1] else 0.0,
        never=float(on_never.sum()),
        distinct=_different(alike),
        different_matches=_different(alike[np.ix_(any_pick, any_pick)]),
        chosen=float(len(matched)),
    )


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


def expected_of_random(
    matched: Matches, on_never: Matches, alike: Vector, draws: int, seed: int
) -> tuple[Figures, list[float]]:
    """Mean figures, and precision at each rank, of `draws` random choices of ten different frames of G.

    matched: (G, P). on_never: (G,). alike: (G, G) cosines.
    """
    rng = np.random.default_rng(seed)
    count = min(TOP, len(matched))
    chosen = [rng.choice(len(matched), count, replace=False) for _ in range(draws)]
    every = [figures_of(matched[rows], on_never[rows], alike[np.ix_(rows, rows)]) for rows in chosen]
    curve = np.mean([precision_at(matched[rows]) for rows in chosen], axis=0)
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
