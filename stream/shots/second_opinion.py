"""What TransNet V2 says where our own measures are in doubt (`engines.shots`).

On a GPU the network sees every frame as it comes. On the CPU it would take longer than all other work together, so
small pictures of the last few seconds are kept, and it is shown a window of them only when it is asked.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from engines.shots import ASKED, BOUNDARY, MARGIN, TRANSITION, WINDOW, BoundaryClassifier, BoundaryStream
from kernels.surface import Array

_AFTER = 36
"""Rows of a window from the row that is asked about on. The network is asked about the middle fifty of a hundred, and
the fewer rows it needs ahead, the fewer are kept; 25 would do."""
_BEFORE = WINDOW - _AFTER
_MOST_ASKED = 10
"""Rows on either side of the middle of a transition that are asked about: as many as a window answers after it."""
_KEPT = 8
"""Windows whose answers are kept for questions nearby. Chosen by eye."""
FIRST_WINDOWS, ROWS_A_WINDOW = 2, 600
"""Windows that may be shown, and one more for this many rows. A window takes 1.2 seconds of one core, everything that
is done about 600 rows of a film at 1080p takes 3.4: so a film that is all doubt takes a third more. E01–E05 show 0 to
5, ten excerpts of real films 0 to 4; without this limit tos_battle would show 10, and its shots would be the same."""
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

    def cut(self, row: int) -> float | None:
        """The probability (0–1) that a shot begins at `row`, or within two rows of it; None where it is not told."""
        ...

    def boundary(self, first: int, last: int) -> float | None:
        """The highest probability (0–1) that a shot begins at a row from `first` to `last`; None where it is not told.
        """
        ...

    def transition(self, first: int, last: int) -> float | None:
        """The highest probability (0–1) that a row from `first` to `last` is part of a transition of any length; None
        where it is not told."""
        ...


class AskedOpinion:
    """A `SecondOpinion` that shows the network a window of a hundred rows for each question, unless an earlier window
    answers it, or too many were shown for the length of the film so far. The answers do not depend on how rows are
    added. `windows`: how many were shown. `rows_a_window`: `ROWS_A_WINDOW`."""

    lookahead_rows = _AFTER

    def __init__(self, classifier: BoundaryClassifier, rows_a_window: int = ROWS_A_WINDOW) -> None:
        self._classifier, self._rows_a_window = classifier, rows_a_window
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

    def cut(self, row: int) -> float | None:
        answers = self._answered(row - _ALL_SIDES, row + _ALL_SIDES - 1, row)
        return None if answers is None else float(answers[:, BOUNDARY].max())

    def boundary(self, first: int, last: int) -> float | None:
        return self._highest(first - 1, last - 1, BOUNDARY)

    def transition(self, first: int, last: int) -> float | None:
        return self._highest(first, last, TRANSITION)

    def _highest(self, first: int, last: int, kind: int) -> float | None:
        middle = (first + last + 1) // 2
        answers = self._answered(max(first, middle - _MOST_ASKED), min(last, middle + _MOST_ASKED), middle)
        return None if answers is None else float(answers[:, kind].max())

    def _answered(self, low: int, high: int, row: int) -> np.ndarray | None:
        """(N, 2): the answers about rows `low` to `high`, from a window about `row` where none is at hand; None where
        no more may be shown yet."""
        low, high = max(low, 0), max(0, min(high, self._end - 1))
        for first, answers in self._answers.items():
            if first <= low and high < first + ASKED:
                return answers[low - first : high - first + 1]
        if self.windows >= FIRST_WINDOWS + row // self._rows_a_window:
            return None
        first = row - _BEFORE + MARGIN
        self._answers[first] = answers = self._classifier.windows([self._window(row)])
        self.windows += 1
        if len(self._answers) > _KEPT:
            del self._answers[next(iter(self._answers))]
        return answers[max(0, low - first) : high - first + 1]

    def _window(self, row: int) -> Array:
        """(100, 27, 48, 3) uint8: the rows about `row`; the first and the last are repeated where the film ends."""
        wanted = np.clip(np.arange(row - _BEFORE, row + _AFTER), self._first, self._end - 1)
        ends = self._first + np.cumsum([len(part) for part in self._pictures])
        # On the host pictures are made when they are read: only those of the batches that are wanted.
        low, high = np.searchsorted(ends, wanted[[0, -1]], side="right").tolist()
        with self._classifier.scope():
            known = np.concatenate(self._pictures[low : high + 1])
            return known[wanted - (ends[low] - len(self._pictures[low]))]


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
        return float(self._between(row - _ALL_SIDES, row + _ALL_SIDES - 1)[:, BOUNDARY].max())

    def boundary(self, first: int, last: int) -> float:
        return float(self._between(first - 1, last - 1)[:, BOUNDARY].max())

    def transition(self, first: int, last: int) -> float:
        return float(self._between(first, last)[:, TRANSITION].max())

    def _between(self, low: int, high: int) -> np.ndarray:
        return self._answers[max(0, low - self._first) : high - self._first + 1]
