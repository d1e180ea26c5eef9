"""Fits what lines say usually (`engines.prior`) to texts as the reader's training has them, and to nothing else."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from math import log
from pathlib import Path

import numpy as np

from engines.prior import BASE, ORDER, signs_of, whole_number

from .alphabet import alphabet, readable
from .texts import Random, Written, joined_line, number_line, other_line

LINES, SEED = 300_000, 20261130
"""Of the fit. No other lines have this seed."""
NUMBERS = 0.6
"""Share of the lines that state a number, as in the training."""
JOINED = 0.03
"""Share of these with two numbers, which the training hardly has: to a prior that never saw a sign between numbers
`485` is likelier than `4 & 5`, for a further digit costs nothing."""
LEAST = 3
"""Times that two and more signs have to stand together to be kept: most others are of lines of any characters."""

Counts = dict[int, Counter[int]]
"""How often each sign stands behind a context."""


def training_texts(lines: int, seed: int = SEED) -> Iterator[str]:
    """Texts as the reader answers them at best."""
    rng = np.random.default_rng(seed)
    for _ in range(lines):
        yield readable(_line(rng).text)


def _line(rng: Random) -> Written:
    if rng.random() >= NUMBERS:
        return other_line(rng)
    return joined_line(rng) if rng.random() < JOINED else number_line(rng)


def fit(texts: Iterable[str], least: int = LEAST) -> tuple[dict[int, float], dict[int, float]]:
    """`logs` and `backoffs` of `engines.prior.Prior`: interpolated n-grams (Witten and Bell 1991), of which those are
    kept that occur `least` times. The key 0 has the logarithm of a sign that never occurs."""
    counts = _counted(texts)
    logs: dict[int, float] = {}
    backoffs: dict[int, float] = {}
    unseen = 1 / (len(alphabet()) + 2)
    for context in sorted(counts):  # the shorter ones come first
        of_context = counts[context]
        total, kinds, shorter = of_context.total(), len(of_context), context % BASE ** max(_length(context) - 1, 0)
        kept = {sign: count for sign, count in of_context.items() if not context or count >= least}
        if not kept:
            continue
        before = {sign: _probability(logs, backoffs, shorter, sign) if context else unseen for sign in kept}
        here = {sign: (count + kinds * before[sign]) / (total + kinds) for sign, count in kept.items()}
        logs |= {context * BASE + sign: log(value) for sign, value in here.items()}
        left = max(1 - sum(here.values()), 1e-6) / max(1 - sum(before.values()), 1e-6)
        backoffs[context] = log(left)
        if not context:
            logs[0] = log(unseen * kinds / (total + kinds))
    return logs, backoffs


def _counted(texts: Iterable[str]) -> Counts:
    signs, edge = signs_of(("", *alphabet())), len(alphabet()) + 1
    counts: Counts = defaultdict(Counter)
    for text in texts:
        line = [edge] * (ORDER - 1) + [signs[character] for character in re.sub("[0-9]+", "0", text)] + [edge]
        for at in range(ORDER - 1, len(line)):
            for length in range(ORDER):
                counts[whole_number(line[at - length : at])][line[at]] += 1
    return counts


def _length(context: int) -> int:
    """Signs of a context."""
    return 1 + _length(context // BASE) if context else 0


def _probability(logs: dict[int, float], backoffs: dict[int, float], context: int, sign: int) -> float:
    total = 0.0
    while (found := logs.get(context * BASE + sign)) is None and context:
        total += backoffs.get(context, 0.0)
        context %= BASE ** (_length(context) - 1)
    return float(np.exp(total + (logs[0] if found is None else found)))


def write_prior(path: Path, lines: int = LINES) -> None:
    """Fits the prior and writes it for the reader's alphabet."""
    logs, backoffs = fit(training_texts(lines))
    (logs_of, log_values), (backoffs_of, backoff_values) = _arrays(logs), _arrays(backoffs)
    np.savez_compressed(
        path, alphabet=np.array("".join(alphabet())), logs_of=logs_of, logs=log_values, backoffs_of=backoffs_of,
        backoffs=backoff_values,
    )  # fmt: skip


def _arrays(values: dict[int, float]) -> tuple[np.ndarray, np.ndarray]:
    """The keys (n,) uint64 in order, and their values (n,) float16."""
    keys = sorted(values)
    return np.array(keys, np.uint64), np.array([values[key] for key in keys], np.float16)
