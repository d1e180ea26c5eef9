"""Reads probabilities: the likeliest class of each column, repetitions and blanks left out (CTC, greedy)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Read:
    """A line's text and the geometric mean of its characters' probabilities (0 for no character)."""

    text: str
    confidence: float


def alphabet_of(metadata: str) -> tuple[str, ...]:
    """The classes after the blank, from a model's metadata key `character`: one a line; a space comes last."""
    return (*metadata.split("\n"), " ")


def decode(probabilities: np.ndarray, alphabet: tuple[str, ...]) -> Read:
    """`probabilities` (T, classes), blank first. A character's probability is the highest of its columns."""
    best = probabilities.argmax(-1)
    sure = probabilities.max(-1)
    begins = np.flatnonzero(np.diff(best, prepend=-1))
    peaks = np.maximum.reduceat(sure, begins)
    kept = best[begins] > 0
    text = "".join(alphabet[at - 1] for at in best[begins][kept])
    if not text:
        return Read("", 0.0)
    return Read(text.strip(), float(np.exp(np.log(peaks[kept]).mean())))
