"""Fits `rank.weights` to what editors approved, and judges the fit on titles that it has not seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_limits

from .pairwise import Fit, fitted, log_odds, scores
from .preferences import Floats, Integers, Pairs
from .recall import interval
from .report import Section

LEAST_TITLES = 30
LEAST_PAIRS = 200
PENALTIES = (0.3, 3.0, 30.0, math.inf)
"""λ to choose from. A title is about a fifth of a unit of information on each weight, so the first hardly holds and the
last but one holds against a hundred titles."""
_FOLDS, _INNER_FOLDS = 5, 3
SEED = 20250
TOO_LITTLE, NOTHING, BETTER = "too little data", "beats nothing", "better"


@dataclass(frozen=True, slots=True)
class Tuned:
    """verdict: one of `TOO_LITTLE`, `NOTHING`, `BETTER`; why: one line that explains it. weights: by name, scaled to
    the sum of today's; None with too little data."""

    verdict: str
    why: str
    weights: dict[str, float] | None
    section: Section


@dataclass(frozen=True, slots=True)
class _HeldOut:
    """What weights do on titles that they were not fitted to, (titles,) each. accuracy: the share of pairs in which the
    approved image has the higher score, 0.5 for equal ones (the area under the ROC curve within a title). with_place:
    the same of the log odds, in which the pull of the place takes part. log_loss: of the log odds."""

    accuracy: Floats
    with_place: Floats
    log_loss: Floats


_MEASURES = tuple(_HeldOut.__dataclass_fields__)


def tune(pairs: Pairs, today: dict[str, float], unknown: list[str] | None = None) -> Tuned:
    """Weights from pairs, and whether they are better than today's.

    Both are judged by five folds over titles. In each, λ is chosen by three folds within, and both models have a pull
    of the place of their own, so that neither gains from what was shown first. The new weights are better when the
    lower end of the 95 % interval of the gain in log loss (titles drawn with replacement) is above 0 and they order
    more pairs rightly. unknown: components of the records that have no weight.
    """
    counts: Section = {"titles": pairs.titles, "pairs": len(pairs.title), "seed": SEED, "ignored": unknown or []}
    if pairs.titles < LEAST_TITLES or len(pairs.title) < LEAST_PAIRS:
        why = (
            f"too little data: {pairs.titles} titles with {len(pairs.title)} pairs of an approved image and another, "
            f"at least {LEAST_TITLES} titles and {LEAST_PAIRS} pairs are needed"
        )
        return Tuned(TOO_LITTLE, why, None, {"verdict": TOO_LITTLE, **counts})
    start = np.array([today[name] for name in pairs.images.names])
    with threadpool_limits(1):  # the products are small: a second thread of BLAS took six times as long
        fold_of, before, after = _cross_validated(pairs, start)
        final = chosen_fit(pairs, start)
    gains = _gains(before, after)
    better = gains["log_loss"]["low"] > 0 and gains["with_place"]["mean"] > 0
    weights = weights_of(pairs.images.names, final, start)
    section = {
        "verdict": BETTER if better else NOTHING, **counts, "penalty": _finite(final.penalty),
        "pull_of_place": round(final.pull, 4), "weights": {"today": today, "tuned": weights},
        "held_out": {
            "today": _means(before), "tuned": _means(after), "gain": gains, "folds": _by_fold(fold_of, before, after),
        },
    }  # fmt: skip
    return Tuned(BETTER if better else NOTHING, _verdict_line(section), weights, section)


def settings_text(tuned: Tuned) -> str:
    """The settings file, TOML."""
    counts = tuned.section
    lines = [
        f"# By `keyart bench tune` from {counts['pairs']} pairs of {counts['titles']} titles; {tuned.why}.",
        "[rank.weights]",
        *(f"{name} = {value}" for name, value in (tuned.weights or {}).items()),
    ]
    return "\n".join(lines) + "\n"


def _cross_validated(pairs: Pairs, today: Floats) -> tuple[Integers, _HeldOut, _HeldOut]:
    """The fold of each title, and what today's and new weights do on titles held out; titles in the same order."""
    folds: list[int] = []
    found: list[tuple[_HeldOut, _HeldOut]] = []
    for number, (known, held) in enumerate(_split(pairs, _FOLDS)):
        models = fitted(pairs.of(known), today, math.inf), chosen_fit(pairs.of(known), today)
        before, after = (_judged(pairs.of(held), model, today) for model in models)
        found.append((before, after))
        folds += [number] * len(before.accuracy)
    before, after = (_joined([both[which] for both in found]) for which in (0, 1))
    return np.array(folds, np.int64), before, after


def chosen_fit(pairs: Pairs, today: Floats) -> Fit:
    """The fit with the λ of `PENALTIES` that does best on titles held out, three folds. today: (C,) weights that the
    penalty pulls towards. Raises ValueError with fewer than three titles."""
    losses = dict.fromkeys(PENALTIES, 0.0)
    for known, held in _split(pairs, _INNER_FOLDS):
        for penalty in PENALTIES:
            model = fitted(pairs.of(known), today, penalty)
            losses[penalty] += float(_judged(pairs.of(held), model, today).log_loss.sum())
    return fitted(pairs, today, min(PENALTIES, key=lambda penalty: losses[penalty]))


def _split(pairs: Pairs, folds: int) -> list[tuple[Integers, Integers]]:
    splitter = GroupKFold(folds, shuffle=True, random_state=SEED)
    return [(known, held) for known, held in splitter.split(pairs.title, groups=pairs.title)]


def _judged(pairs: Pairs, fit: Fit, today: Floats) -> _HeldOut:
    weights = _proportions(fit, today)
    rated, odds = scores(pairs.images, weights), log_odds(pairs, fit)
    ahead = rated[pairs.approved] - rated[pairs.other]
    return _HeldOut(
        _by_title(pairs, _right(ahead)), _by_title(pairs, _right(odds)), _by_title(pairs, np.logaddexp(0.0, -odds))
    )


def _right(ahead: Floats) -> Floats:
    return np.asarray((np.sign(np.round(ahead, 9)) + 1.0) / 2.0)


def _by_title(pairs: Pairs, values: Floats) -> Floats:
    """Means over the pairs of each title, in the order of titles."""
    titles, places = np.unique(pairs.title, return_inverse=True)
    return np.bincount(places, values, len(titles)) / np.bincount(places, minlength=len(titles))


def _joined(parts: list[_HeldOut]) -> _HeldOut:
    return _HeldOut(*(np.concatenate([getattr(part, name) for part in parts]) for name in _MEASURES))


def _means(held: _HeldOut) -> dict[str, float]:
    return {name: round(float(getattr(held, name).mean()), 4) for name in _MEASURES}


def _gains(before: _HeldOut, after: _HeldOut) -> dict[str, dict[str, float]]:
    """Mean gain of each measure and its interval, titles drawn with replacement; positive is better."""
    found: dict[str, dict[str, float]] = {}
    for name in _MEASURES:
        gain = (getattr(after, name) - getattr(before, name)) * (-1 if name == "log_loss" else 1)
        found[name] = {"mean": round(float(gain.mean()), 6), **interval([float(value) for value in gain], SEED)}
    return found


def _by_fold(fold_of: Integers, before: _HeldOut, after: _HeldOut) -> list[dict[str, float]]:
    """Accuracy of today's and the new weights in each fold."""
    return [
        {
            "titles": int((fold_of == number).sum()),
            "today": round(float(before.accuracy[fold_of == number].mean()), 4),
            "tuned": round(float(after.accuracy[fold_of == number].mean()), 4),
        }
        for number in range(_FOLDS)
    ]


def _proportions(fit: Fit, today: Floats) -> Floats:
    """Weights that sum to today's sum; today's where the fit gives no component any weight."""
    total = float(fit.weights.sum())
    return np.asarray(fit.weights * (today.sum() / total)) if total > 1e-3 else today


def weights_of(names: tuple[str, ...], fit: Fit, today: Floats) -> dict[str, float]:
    """A fit as settings: weights by name, scaled to the sum of today's; today's where the fit gives none any weight."""
    return {name: round(float(value), 3) for name, value in zip(names, _proportions(fit, today), strict=True)}


def _finite(penalty: float) -> Any:
    return "today's weights" if math.isinf(penalty) else penalty


def _verdict_line(section: Section) -> str:
    held = section["held_out"]
    gain = held["gain"]["log_loss"]
    words = {BETTER: "better than today's weights", NOTHING: "no better than today's weights"}[section["verdict"]]
    return (
        f"{words} on titles held out: {held['tuned']['accuracy']:.3f} of pairs ordered as the editor did, "
        f"{held['today']['accuracy']:.3f} today; gain in log loss {gain['mean']:.4f} "
        f"(95 % {gain['low']:.4f} to {gain['high']:.4f})"
    )
