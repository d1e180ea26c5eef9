"""What TransNet V2 says where our own measures are in doubt (`engines.shots`).

On a GPU the network sees every frame as it comes. On the CPU it would take longer than all other work together, so
small pictures of the last few seconds are kept, and it is shown a window of them only when it is asked.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from engines.shots import ASKED, MARGIN, WINDOW, BoundaryClassifier, BoundaryStream
from kernels.surface import Array

_AFTER = 36
"""Rows of a window from the row that is asked about on. The network is asked about the middle fifty of a hundred, and
the fewer rows it needs ahead, the fewer are kept; 25 would do."""
_BEFORE = WINDOW - _AFTER
_KEPT = 8
"""Windows whose answers are kept for questions nearby. Chosen by eye."""
_ALL_SIDES = 2
"""Rows before and after a cut among which its probability may peak."""


class SecondOpinion(Protocol):
    """Somebody else's answers about the rows of one film. `lookahead_rows`: how many rows after one that is asked about
    must have been added."""

    lookahead_rows: int

    def add(self, pictures: Array) -> None:
        """The next rows' pictures, (N, 27, 48, 3) uint8 RGB on the device of the classifier."""
        ...

    def finish(self) -> None:
        """There are no more rows."""
        ...

    def drop_before(self, row: int) -> None:
        """Nothing before `row` will be asked about."""
        ...

    def cut(self, row: int) -> float:
        """The probability (0–1) that a shot begins at `row`, or within two rows of it."""
        ...

    def transition(self, first: int, last: int) -> float:
        """The highest probability (0–1) that a row from `first` to `last` is part of a transition of any length."""
        ...


class AskedOpinion:
    """A `SecondOpinion` that shows the network a window of a hundred rows for each question, unless an earlier window
    answers it. The answers do not depend on how rows are added. `windows`: how many were shown."""

    lookahead_rows = _AFTER

    def __init__(self, classifier: BoundaryClassifier) -> None:
        self._classifier = classifier
        self._pictures: list[Array] = []
        self._first = self._end = 0
        self._answers: dict[int, np.ndarray] = {}
        self.windows = 0

    def add(self, pictures: Array) -> None:
        if len(pictures):
            self._pictures.append(pictures)
            self._end += len(pictures)

    def finish(self) -> None:
        pass

    def drop_before(self, row: int) -> None:
        while self._pictures and self._first + len(self._pictures[0]) <= row - _BEFORE:
            self._first += len(self._pictures.pop(0))

    def cut(self, row: int) -> float:
        return float(self._answered(row - _ALL_SIDES, row + _ALL_SIDES - 1, row)[:, 0].max())

    def transition(self, first: int, last: int) -> float:
        middle = (first + last + 1) // 2
        low, high = max(first, middle - 10), min(last, middle + 10)
        return float(self._answered(low, high, middle)[:, 1].max())

    def _answered(self, low: int, high: int, row: int) -> np.ndarray:
        """(N, 2): the answers about rows `low` to `high`, from a window about `row` where none is at hand."""
        low, high = max(low, 0), max(0, min(high, self._end - 1))
        for first, answers in self._answers.items():
            if first <= low and high < first + ASKED:
                return answers[low - first : high - first + 1]
        first = row - _BEFORE + MARGIN
        self._answers[first] = answers = self._classifier.windows([self._window(row)])
        self.windows += 1
        if len(self._answers) > _KEPT:
            del self._answers[next(iter(self._answers))]
        return answers[max(0, low - first) : high - first + 1]

    def _window(self, row: int) -> Array:
        """(100, 27, 48, 3) uint8: the rows about `row`; the first and the last are repeated where the film ends."""
        with self._classifier.scope():
            known = np.concatenate(self._pictures)
            wanted = np.clip(np.arange(row - _BEFORE, row + _AFTER), self._first, self._end - 1)
            return known[wanted - self._first]


class StreamedOpinion:
    """A `SecondOpinion` of a network that sees every row as it is added."""

    lookahead_rows = WINDOW

    def __init__(self, classifier: BoundaryClassifier) -> None:
        self._stream = BoundaryStream(classifier)
        self._answers = np.zeros((0, 2), np.float32)
        self._first = 0

    def add(self, pictures: Array) -> None:
        self._answers = np.concatenate([self._answers, self._stream.push(pictures)])

    def finish(self) -> None:
        self._answers = np.concatenate([self._answers, self._stream.finish()])

    def drop_before(self, row: int) -> None:
        dropped = min(max(0, row - self._first), len(self._answers))
        self._answers, self._first = self._answers[dropped:], self._first + dropped

    def cut(self, row: int) -> float:
        return float(self._between(row - _ALL_SIDES, row + _ALL_SIDES - 1)[:, 0].max())

    def transition(self, first: int, last: int) -> float:
        return float(self._between(first, last)[:, 1].max())

    def _between(self, low: int, high: int) -> np.ndarray:
        return self._answers[max(0, low - self._first) : high - self._first + 1]
