"""Decodes lines by beams: the texts that all ways of reading a line make likeliest together (Graves et al. 2006, prefix
search; Hannun et al. 2014), weighed with what lines say usually.

The class with the most probability at each place is not always part of the likeliest text: `No.` and `№` share their
places, and a number's `0` looks like the `o` of a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, log1p

import numpy as np

from .prior import Prior

_BEAMS, _CLASSES, _LEAST_LOG, _SURE_LOG = 12, 8, -9.0, -5e-4
"""Texts that are kept at each place; likeliest classes that may go on there, and their least logarithm; from when on
"no character" is taken for certain. More found no more right texts (1,000 lines)."""
_NEVER = -1e30
_SMALLEST = 1e-8


Beam = tuple[float, float, int, float]
"""Logarithm of the probability of a text that ends in "no character" here, and of one that ends in its last character;
the prior's context behind it; what it is worth to the prior."""


_OF_EACH = 6
"""Texts that each view of a line offers."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The likeliest text of a line. `lead`: by how much its weight, a logarithm, is above that of the next one."""

    text: str
    lead: float


def chosen(views: Sequence[np.ndarray], prior: Prior) -> Choice:
    """What the views of one line make likeliest together: the mean of their logarithms, each (T, classes) float32 (T is
    each one's own), with what the text is worth to the prior."""
    offered = [likeliest(logs, prior, _OF_EACH) for logs in views]
    weights = offered[0] if len(views) == 1 else _together(views, {text for texts in offered for text in texts}, prior)
    best = sorted(weights, key=lambda text: (-weights[text], text))
    lead = weights[best[0]] - weights[best[1]] if len(best) > 1 else float("inf")
    return Choice(best[0], lead)


def _together(views: Sequence[np.ndarray], texts: Iterable[str], prior: Prior) -> dict[str, float]:
    """The weight of each text by all views."""
    order = sorted(texts)
    mean = np.mean([log_likelihoods(logs, order, prior) for logs in views], axis=0)
    return {text: float(log) + prior.of(text) for text, log in zip(order, mean, strict=True)}


def logarithms(probabilities: np.ndarray) -> np.ndarray:
    """Of probabilities, none of them endlessly small."""
    return np.asarray(np.log(np.maximum(probabilities, _SMALLEST)), np.float32)


def likeliest(logs: np.ndarray, prior: Prior, most: int) -> dict[str, float]:
    """At most `most` texts with their weights, the likeliest first. logs: (T, classes) float32, of the classes'
    probabilities at each place along a line."""
    order = np.argsort(-logs, axis=1, kind="stable")[:, :_CLASSES]
    beams: dict[str, Beam] = {"": (0.0, _NEVER, prior.start, 0.0)}
    for row, best in zip(logs, order.tolist(), strict=True):
        nothing = float(row[0])
        if nothing > _SURE_LOG:
            beams = {text: (_sum(*beam[:2]) + nothing, _NEVER, *beam[2:]) for text, beam in beams.items()}
            continue
        may_follow = [(prior.alphabet[i], float(row[i])) for i in best if i and row[i] > _LEAST_LOG]
        beams = _kept(_next(beams, row, may_follow, prior))
    worth = {text: _sum(*beam[:2]) + beam[3] + prior.end(beam[2]) for text, beam in beams.items()}
    return dict(sorted(worth.items(), key=lambda item: -item[1])[:most])


def _next(
    beams: dict[str, Beam], row: np.ndarray, may_follow: Sequence[tuple[str, float]], prior: Prior
) -> dict[str, Beam]:
    """The beams one place further."""
    found: dict[str, Beam] = {}
    for text, (after_none, after_last, context, worth) in beams.items():
        total, last = _sum(after_none, after_last), text[-1:]
        again = after_last + float(row[prior.places[last]]) if last else _NEVER
        before = found.get(text, (_NEVER, _NEVER, context, worth))
        found[text] = (_sum(before[0], total + float(row[0])), _sum(before[1], again), context, worth)
        for character, log in may_follow:
            longer = text + character
            here = (after_none if character == last else total) + log
            if longer in found:
                ends, goes_on, behind, more = found[longer]
                found[longer] = (ends, _sum(goes_on, here), behind, more)
            else:
                more, behind = prior.after(context, character)
                found[longer] = (_NEVER, here, behind, worth + more)
    return found


def _kept(beams: dict[str, Beam]) -> dict[str, Beam]:
    best = sorted(beams.items(), key=lambda item: -(_sum(*item[1][:2]) + item[1][3]))
    return dict(best[:_BEAMS])


def _sum(one: float, other: float) -> float:
    """Logarithm of the sum of what two logarithms stand for."""
    high, low = (one, other) if one >= other else (other, one)
    return high if low <= _NEVER else high + log1p(exp(low - high))


def log_likelihoods(logs: np.ndarray, texts: Sequence[str], prior: Prior) -> np.ndarray:
    """(N,) float32: logarithm of the probability of each text, all of its places along the line together. logs: as for
    `likeliest`."""
    labels = np.zeros((len(texts), 2 * max(map(len, texts), default=0) + 1), int)
    for row, text in zip(labels, texts, strict=True):
        row[1 : 2 * len(text) : 2] = [prior.places[character] for character in text]
    skips = np.zeros(labels.shape, bool)
    skips[:, 2:] = (labels[:, 2:] != 0) & (labels[:, 2:] != labels[:, :-2])
    at = np.full((len(texts), labels.shape[1] + 2), _NEVER, np.float32)
    at[:, 2:4] = logs[0][labels[:, :2]]
    for row in logs[1:]:
        ways = np.logaddexp(at[:, 2:], at[:, 1:-1])
        ways = np.where(skips, np.logaddexp(ways, at[:, :-2]), ways)
        at[:, 2:] = ways + row[labels]
    ends = np.array([2 + 2 * len(text) for text in texts])
    lines = np.arange(len(texts))
    last = np.where(ends > 2, at[lines, ends - 1], _NEVER)
    return np.asarray(np.logaddexp(at[lines, ends], last))


def characters_of(logs: np.ndarray, text: str, prior: Prior) -> np.ndarray:
    """(len(text),) float32: the highest probability of each character on the likeliest way to place the text along the
    line. logs: as for `likeliest`."""
    labels = np.zeros(2 * len(text) + 1, int)
    labels[1::2] = [prior.places[character] for character in text]
    skips = np.zeros(len(labels), bool)
    skips[2:] = (labels[2:] != 0) & (labels[2:] != labels[:-2])
    at = np.full(len(labels), _NEVER)
    at[:2] = logs[0][labels[:2]]
    steps = np.zeros((len(logs), len(labels)), int)
    for place, row in enumerate(logs[1:], 1):
        one = np.concatenate([[_NEVER], at[:-1]])
        two = np.where(skips, np.concatenate([[_NEVER, _NEVER], at[:-2]])[: len(at)], _NEVER)
        ways = np.stack([at, one, two])
        steps[place] = ways.argmax(0)
        at = ways.max(0) + row[labels]
    state = len(labels) - 1 if len(labels) == 1 or at[-1] >= at[-2] else len(labels) - 2
    found = np.full(len(labels), _NEVER)
    for place in range(len(logs) - 1, -1, -1):
        found[state] = max(found[state], float(logs[place, labels[state]]))
        state -= int(steps[place, state])
    return np.asarray(np.exp(found[1::2]), np.float32)
