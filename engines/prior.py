"""What lines say usually: how likely one character is behind others, as a back-off model of n-grams (Katz 1987).

It knows no digit: every number is one and the same sign to it, whatever its digits and however many, so it never makes
a number of another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from .errors import ModelError

FILE = Path(__file__).with_name("hangul_prior.npz")
"""Made by `python -m benchmarks.hangul prior`."""
ORDER = 4
"""Characters that are looked at together."""
BASE = 512
"""More than there are signs. n signs are one whole number, written in this base: the last sign is its last digit."""
ANY = "□"
"""U+25A1, the class of every syllable without one of its own, of Han characters and kana; other characters that the
reader does not know count as it."""
NUMBER = "0"
"""The sign of every run of digits."""
WEIGHT, BONUS = 0.5, 2.0
"""What the logarithm of a sign's probability is multiplied by, and what each sign is then given, so that short texts
are not preferred. Chosen on lines in fonts and on footage of the training (benchmarks/README.md, Korean lines)."""


@dataclass(frozen=True, slots=True)
class Prior:
    """How likely a text is.

    alphabet: the reader's, whose places are its signs; the edge of a line is one more. logs: natural logarithm of the
    probability of the last of some signs behind the others, by their whole number; backoffs: what is added where the
    shorter context has to do. places: of the characters in the alphabet; signs: see `signs_of`.
    """

    alphabet: tuple[str, ...]
    logs: dict[int, float]
    backoffs: dict[int, float]
    places: dict[str, int] = field(init=False)
    signs: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", {character: place for place, character in enumerate(self.alphabet)})
        object.__setattr__(self, "signs", signs_of(self.alphabet))

    @property
    def start(self) -> int:
        """The context at the beginning of a line."""
        return whole_number([len(self.alphabet)] * (ORDER - 1))

    def after(self, context: int, character: str) -> tuple[float, int]:
        """What one more character is worth, and the context behind it. A further digit is worth nothing."""
        sign = self.signs[character]
        if sign == self.signs[NUMBER] == context % BASE:
            return 0.0, context
        return WEIGHT * self._log(context, sign) + BONUS, context % BASE ** (ORDER - 2) * BASE + sign

    def end(self, context: int) -> float:
        """What it is worth that the line ends."""
        return WEIGHT * self._log(context, len(self.alphabet))

    def of(self, text: str) -> float:
        """What a whole line is worth."""
        total, context = 0.0, self.start
        for character in text:
            worth, context = self.after(context, character)
            total += worth
        return total + self.end(context)

    def of_each(self, text: str) -> float:
        """What a line is worth on the mean of its characters. Those that the reader does not know count as `ANY`."""
        known = "".join(character if character in self.places else ANY for character in text)
        return self.of(known) / max(1, len(text))

    def _log(self, context: int, sign: int) -> float:
        total, unit = 0.0, BASE ** (ORDER - 1)
        while True:
            found = self.logs.get(context * BASE + sign)
            if found is not None or not context:
                return total + (self.logs[0] if found is None else found)
            total += self.backoffs.get(context, 0.0)
            unit //= BASE
            context %= unit


def whole_number(signs: Sequence[int]) -> int:
    """Signs as one whole number."""
    total = 0
    for sign in signs:
        total = total * BASE + sign
    return total


def signs_of(alphabet: Sequence[str]) -> dict[str, int]:
    """The sign of each character: its place in the reader's alphabet, for a digit that of `NUMBER`."""
    places = {character: place for place, character in enumerate(alphabet)}
    return {character: places[NUMBER] if character.isdecimal() else place for character, place in places.items()}


@cache
def load_prior(path: Path = FILE) -> Prior:
    """The prior of a file. Raises ModelError when it cannot be read."""
    try:
        with np.load(path) as file:
            alphabet = ("", *file["alphabet"].item())
            logs, backoffs = (
                dict(zip(file[f"{name}_of"].tolist(), file[name].astype(float).tolist(), strict=True))
                for name in ("logs", "backoffs")
            )
    except (OSError, KeyError, ValueError) as error:
        raise ModelError(f"{path}: {error}; install Keyart again") from error
    return Prior(alphabet, logs, backoffs)


def prior_for(alphabet: Sequence[str]) -> Prior | None:
    """The shipped prior where it is for a reader with this alphabet; None for any other reader."""
    prior = load_prior()
    return prior if prior.alphabet == tuple(alphabet) else None
