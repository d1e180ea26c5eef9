"""Pairwise logistic regression of the score's weights.

Of two images of a title, the odds that the editor approved i and not j are modelled as

    log odds = W (s_i − s_j) + p (log rank_j − log rank_i)

with s the score as Keyart computes it (the weighted mean of the components that an image has), W the sum of the
weights of all components that any image has, and `rank` the place at which an image was shown. Where both images have
all components, W s is the plain sum of weight × component, and this is logistic regression on the differences. p is
the pull of the place: editors look at what is shown first, first. It is fitted beside the weights and is no part of
them.

Weights are ≥ 0. A penalty λ/2 · Σ (σ_c (w_c − a t_c))² pulls them towards a multiple of today's weights t: what the
choices say nothing about stays as it is. σ_c is how much component c moves the log odds per unit of its weight (root of
the mean square over pairs), so that a component with a small spread is not held back more than one with a large one.
λ = ∞ means today's weights with their best multiple and pull.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from .preferences import Floats, Images, Pairs

_LEAST_SPREAD = 0.02
"""Smallest σ: what hardly differs within titles is not blown up."""
_LEAST_WEIGHT = 1e-6
"""Instead of 0 while fitting: an image all of whose components weigh nothing has no score."""
_STEADY = 0.01
"""A slight penalty on a and p, which keeps them finite when every editor took the first image."""


@dataclass(frozen=True, slots=True)
class Fit:
    """weights: (C,), of which only the proportions matter to the score. pull: p. penalty: λ."""

    weights: Floats
    pull: float
    penalty: float


def scores(images: Images, weights: Floats) -> Floats:
    """(N,) scores, as `stream.ranking.scores.score_of` computes them but not rounded."""
    total = images.present @ weights
    return np.asarray(np.divide(images.values @ weights, total, out=np.zeros_like(total), where=total > 0))


def log_odds(pairs: Pairs, fit: Fit) -> Floats:
    """(K,) log odds that the approved image of a pair is the approved one."""
    found = fit.weights[pairs.images.present.any(axis=0)].sum() * scores(pairs.images, fit.weights)
    return np.asarray(found[pairs.approved] - found[pairs.other] + fit.pull * _earlier(pairs))


def fitted(pairs: Pairs, today: Floats, penalty: float) -> Fit:
    """The weights and the pull that explain the pairs best. today: (C,) weights."""
    unit = today / today.sum()
    spread = np.maximum(_spread(pairs, unit), _LEAST_SPREAD)
    towards = unit * spread
    fixed = math.isinf(penalty)

    def loss(free: Floats) -> tuple[float, Floats]:
        multiple, pull = free[-2:]
        scaled = multiple * towards if fixed else free[:-2]
        value, by_weight, by_pull = _loss(pairs, np.maximum(scaled / spread, _LEAST_WEIGHT), pull)
        by_scaled = by_weight / spread
        value += _STEADY / 2 * float(multiple**2 / 100 + pull**2)
        steady = _STEADY * np.array([multiple / 100, pull])
        if fixed:
            return value, np.array([by_scaled @ towards, by_pull]) + steady
        off = scaled - multiple * towards
        value += penalty / 2 * float(off @ off)
        ends = np.array([-penalty * float(off @ towards), by_pull]) + steady
        return value, np.concatenate([by_scaled + penalty * off, ends])

    begin = np.array([1.0, 0.0]) if fixed else np.concatenate([towards, [1.0, 0.0]])
    bounds = [(0.0, None)] * (len(begin) - 1) + [(None, None)]
    found = minimize(loss, begin, jac=True, method="L-BFGS-B", bounds=bounds).x
    weights = found[-2] * unit if fixed else found[:-2] / spread
    return Fit(np.asarray(weights), float(found[-1]), penalty)


def _loss(pairs: Pairs, weights: Floats, pull: float) -> tuple[float, Floats, float]:
    """Minus the log likelihood, summed over titles, and its derivatives by the weights (C,) and by the pull."""
    value, slope = _weighted_scores(pairs.images, weights)
    earlier = _earlier(pairs)
    odds = value[pairs.approved] - value[pairs.other] + pull * earlier
    by_odds = -pairs.weight * expit(-odds)
    by_image = np.bincount(pairs.approved, by_odds, len(value)) - np.bincount(pairs.other, by_odds, len(value))
    return float(pairs.weight @ np.logaddexp(0.0, -odds)), by_image @ slope, float(by_odds @ earlier)


def _weighted_scores(images: Images, weights: Floats) -> tuple[Floats, Floats]:
    """(N,) sum of weights × score, and its derivatives (N, C) by the weights."""
    seen = images.present.any(axis=0)
    whole, total = weights[seen].sum(), images.present @ weights
    found = scores(images, weights)
    slope = found[:, None] * seen + (whole / total)[:, None] * images.present * (images.values - found[:, None])
    return whole * found, slope


def _spread(pairs: Pairs, unit: Floats) -> Floats:
    """(C,) σ of each component."""
    slope = _weighted_scores(pairs.images, np.maximum(unit, _LEAST_WEIGHT))[1]
    moved = slope[pairs.approved] - slope[pairs.other]
    return np.asarray(np.sqrt(pairs.weight @ moved**2 / pairs.weight.sum()))


def _earlier(pairs: Pairs) -> Floats:
    log_rank = pairs.images.log_rank
    return np.asarray(log_rank[pairs.other] - log_rank[pairs.approved])
