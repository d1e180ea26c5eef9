"""Measures readers: how often the number with its counter is read exactly, and how far their confidence is to be
trusted."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from .lines import Line

SURE = 0.99
"""A confidence from which one would like to believe a reader."""


@dataclass(frozen=True, slots=True)
class Read:
    """A line's text and the geometric mean of its characters' probabilities (0 for no character)."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Score:
    """Of `lines` lines that state a number, `exact` were read exactly. `digits`: lines where digits were lost, added or
    swapped. `sure`: lines read with a confidence of .99 and more; `sure_wrong`, `sure_digits`: how many of them wrong,
    and with wrong digits."""

    lines: int
    exact: int
    digits: int
    sure: int
    sure_wrong: int
    sure_digits: int

    @property
    def rate(self) -> float:
        """Share read exactly."""
        return self.exact / self.lines if self.lines else 0.0

    @property
    def bounds(self) -> tuple[float, float]:
        """Wilson's 95 % interval of `rate`."""
        return wilson(self.exact, self.lines)


def wilson(hits: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's score interval of a share (Wilson 1927); z = 1.96: 95 %. (0, 1) without a trial."""
    if not trials:
        return 0.0, 1.0
    share, spread = hits / trials, z * z / trials
    middle = share + spread / 2
    half = z * sqrt(share * (1 - share) / trials + spread / (4 * trials))
    return max(0.0, (middle - half) / (1 + spread)), min(1.0, (middle + half) / (1 + spread))


def states(read: str, number: str) -> bool:
    """Whether `number` stands in `read`, spaces and case aside, and no digit or letter of it goes on beside it."""
    text, wanted = _plain(read), _plain(number)
    at = text.find(wanted)
    while at >= 0:
        before, after = text[:at][-1:], text[at + len(wanted) :][:1]
        if not (_goes_on(before, wanted[0]) or _goes_on(wanted[-1], after)):
            return True
        at = text.find(wanted, at + 1)
    return False


def _plain(text: str) -> str:
    """Without spaces and case; the sign №, which fonts draw as No. or Nº, is the same as these, and the tilde between
    two numbers the same as a dash, as the patterns have it."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold().replace("no.", "no").replace("~", "-")


def _goes_on(first: str, second: str) -> bool:
    """Whether two neighbours belong to one number: two digits, or two Latin letters, as in VI and VII."""
    digits = first.isdigit() and second.isdigit()
    return digits or (f"{first}{second}".isascii() and first.isalpha() and second.isalpha())


def digits_of(text: str) -> str:
    """The digits of a text, in order."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isdigit())


def score(lines: Sequence[Line], reads: Sequence[Read]) -> Score:
    """The score of one reader on lines that all state a number."""
    exact = digits = sure = sure_wrong = sure_digits = 0
    for line, read in zip(lines, reads, strict=True):
        right = states(read.text, line.written.number or "")
        wrong_digits = digits_of(read.text) != digits_of(line.text)
        certain = read.confidence >= SURE
        exact, digits, sure = exact + right, digits + wrong_digits, sure + certain
        sure_wrong, sure_digits = sure_wrong + (certain and not right), sure_digits + (certain and wrong_digits)
    return Score(len(lines), exact, digits, sure, sure_wrong, sure_digits)
