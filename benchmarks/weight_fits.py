"""The weights of the score (`rank.weights`) fitted to an expert's picks, and what they are without each film.

A fit is a function from films and the shipped weights to weights. Nothing in Keyart reads what it finds: this tells
whether the shipped weights, which were set by hand, owe what they do to one film.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from stream.ranking.lifting import LIFTED_IN_ORDER, LIMITS

from .judged import Judged, JudgedPicture, Weights
from .label_shots import Times
from .matcher import MAX_APART_S
from .pairwise import fitted
from .preferences import Floats, Images, Pairs
from .recall import PRECISE_WITHIN_S, TOP, Matches, near
from .report import Section
from .tune import chosen_fit, weights_of

_COMPARABLE = frozenset(LIFTED_IN_ORDER) - LIMITS
"""Reasons for which a picture may still be taken."""
_LITTLE = 0.03
"""A penalty (λ of `pairwise`) that hardly holds against ten films. Chosen on made films, before real ones were looked
at."""
SHIPPED = "shipped"


@dataclass(frozen=True, slots=True)
class FilmLabels:
    """An expert's labels of one film. Times in seconds: picks_s (P,), never_s (R,); starts_s: (S,) starts of the shots
    where they are known; never_within_s: how far a refused frame reaches."""

    name: str
    set_name: str
    picks_s: Times
    never_s: Times
    starts_s: Times | None
    never_within_s: float


@dataclass(frozen=True, slots=True)
class RatedFilm:
    """A labelled film with what Keyart says of its pictures."""

    labels: FilmLabels
    judged: Judged


WeightFit = Callable[[Sequence[RatedFilm], Weights], Weights]
Choose = Callable[[FilmLabels, Sequence[Weights]], Sequence[Sequence[float]]]
"""A film and weights → the times (s) of the images that are chosen by each of the weights."""


def as_tuned(films: Sequence[RatedFilm], shipped: Weights) -> Weights:
    """As `keyart bench tune` does it: pulled to the shipped weights as strongly as does best on films left out among
    these. Raises ValueError with fewer than three films."""
    towards = _array(shipped)
    with threadpool_limits(1):  # as in `tune`
        return weights_of(tuple(shipped), chosen_fit(_pairs(films, tuple(shipped)), towards), towards)


def from_equal(films: Sequence[RatedFilm], shipped: Weights) -> Weights:
    """Pulled a little to equal weights, so that the shipped ones have no part in it but their sum."""
    equal = np.full(len(shipped), np.mean(_array(shipped)))
    with threadpool_limits(1):
        return weights_of(tuple(shipped), fitted(_pairs(films, tuple(shipped)), equal, _LITTLE), equal)


FITS: Mapping[str, WeightFit] = {"as tuned": as_tuned, "from equal": from_equal}
"""What is fitted, by name. Add others here."""


def leave_one_out(
    films: Sequence[RatedFilm], shipped: Weights, choose: Choose, fits: Mapping[str, WeightFit] = FITS
) -> Section:
    """For each film: the figures of its images by the shipped weights, and by weights that were fitted to the other
    films. Means by set and over all. For each fit the range of each weight when one film is left out."""
    if sum(_pairs([film], tuple(shipped)).titles for film in films) < _LEAST_FILMS:
        return {"why": f"needs {_LEAST_FILMS} films or more with a picture near a pick and others"}
    refits: dict[str, dict[str, Weights]] = {}
    rows: dict[str, Section] = {}
    for film in films:
        others = [other for other in films if other is not film]
        refits[film.labels.name] = {name: fit(others, shipped) for name, fit in fits.items()}
        chosen = [film.judged.chosen_s, *choose(film.labels, [*refits[film.labels.name].values()])]
        rows[film.labels.name] = {
            name: figures(times_s, film.labels) | {"same": _same(times_s, film.judged.chosen_s)}
            for name, times_s in zip((SHIPPED, *fits), chosen, strict=True)
        }
    sets = {film.labels.name: film.labels.set_name for film in films}
    return {
        "pairs": len(_pairs(films, tuple(shipped)).title), "films": rows, "means": _means(rows, sets),
        "weights": {
            name: _ranges(shipped, fit(films, shipped), [found[name] for found in refits.values()])
            for name, fit in fits.items()
        },
        "refits": refits,
    }  # fmt: skip


_LEAST_FILMS = 4
"""Three must be left to choose the penalty by."""


def figures(times_s: Sequence[float], labels: FilmLabels) -> dict[str, float]:
    """Of a film's images, the first ten of them, by time alone: `precision_1s`, `coverage_3s`, `never` and `chosen` as
    in `recall.Figures`."""
    times = np.array(times_s[:TOP], np.float64)
    within_1s, within_3s = (_near(times, labels.picks_s, labels, s) for s in (PRECISE_WITHIN_S, MAX_APART_S))
    refused = _near(times, labels.never_s, labels, labels.never_within_s)
    return {
        "chosen": float(len(times_s)),
        "precision_1s": round(float(within_1s.any(axis=1).mean()), 6) if len(times) else 0.0,
        "coverage_3s": round(float(within_3s.any(axis=0).mean()), 6) if len(labels.picks_s) and len(times) else 0.0,
        "never": float(refused.any(axis=1).sum()),
    }


def _near(times_s: Times, label_times_s: Times, labels: FilmLabels, within_s: float) -> Matches:
    return near(times_s, label_times_s, within_s, labels.starts_s)


def _array(weights: Weights) -> Floats:
    return np.array([*weights.values()], np.float64)


def _pairs(films: Sequence[RatedFilm], names: tuple[str, ...]) -> Pairs:
    """Pairs of a picture within a second of a pick and one that is not, of one film and among those that could be
    taken."""
    pictures: list[JudgedPicture] = []
    rows: list[tuple[int, int, int]] = []
    for number, film in enumerate(films):
        own = [one for one in film.judged.pictures if not one.reasons or _liftable(one.reasons)]
        picked = _picked(own, film.labels)
        first = len(pictures)
        pictures += own
        better, worse = np.flatnonzero(picked).tolist(), np.flatnonzero(~picked).tolist()
        rows += [(first + i, first + j, number) for i in better for j in worse]
    found = np.array(rows, np.int64).reshape(-1, 3)
    counts = np.bincount(found[:, 2], minlength=1)
    return Pairs(_images(pictures, names), found[:, 0], found[:, 1], found[:, 2], 1.0 / counts[found[:, 2]])


def _liftable(reasons: Sequence[str]) -> bool:
    return len(reasons) == 1 and reasons[0] in _COMPARABLE


def _picked(pictures: Sequence[JudgedPicture], labels: FilmLabels) -> Matches:
    """(N,) whether a picture lies within a second of a pick, and at no refused frame."""
    times = np.array([one.time_s for one in pictures], np.float64)
    refused = _near(times, labels.never_s, labels, labels.never_within_s).any(axis=1)
    return np.asarray(_near(times, labels.picks_s, labels, PRECISE_WITHIN_S).any(axis=1) & ~refused)


def _images(pictures: Sequence[JudgedPicture], names: tuple[str, ...]) -> Images:
    """All at the same place: nothing was shown to the expert in an order."""
    rows = [[one.components.get(name, np.nan) for name in names] for one in pictures]
    values = np.array(rows, np.float64).reshape(-1, len(names))
    present = np.isfinite(values)
    return Images(names, np.where(present, values, 0.0), present, np.zeros(len(values)))


def _same(times_s: Sequence[float], shipped_s: Sequence[float]) -> float:
    """How many of the images are also those of the shipped weights."""
    return float(len({*times_s} & {*shipped_s}))


def _means(rows: Mapping[str, Section], sets: Mapping[str, str]) -> Section:
    """Means of the figures over all films, and over each set where there are several."""
    inside = {name: [film for film in rows if sets[film] == name] for name in dict.fromkeys(sets.values())}
    groups = {"all films": [*rows], **(inside if len(inside) > 1 else {})}
    return {group: {"films": len(names), **_mean([rows[film] for film in names])} for group, names in groups.items()}


def _mean(rows: Sequence[Section]) -> Section:
    return {
        method: {key: round(float(np.mean([row[method][key] for row in rows])), 6) for key in rows[0][method]}
        for method in rows[0]
    }


def _ranges(shipped: Weights, whole: Weights, refits: Sequence[Weights]) -> Section:
    return {
        name: {
            SHIPPED: value, "all_films": whole[name],
            "least": min(refit[name] for refit in refits), "greatest": max(refit[name] for refit in refits),
        }
        for name, value in shipped.items()
    }  # fmt: skip
