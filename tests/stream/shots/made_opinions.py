"""Second opinions that are made: a network that knows the answer about every row, and one that says what it is told."""

from __future__ import annotations

import numpy as np

from engines.session import NamedArrays
from engines.shots import BoundaryClassifier
from kernels.cpu import CpuOps
from kernels.surface import Array


def numbered(length: int) -> np.ndarray:
    """(length, 27, 48, 3) uint8: red and green of every pixel say the number of the row."""
    pictures = np.zeros((length, 27, 48, 3), np.uint8)
    pictures[..., 0], pictures[..., 1] = (np.arange(length)[:, None, None] // part % 256 for part in (256, 1))
    return pictures


def numbers_of(planes: np.ndarray) -> np.ndarray:
    """(N, 100) numbers of the rows that the network was shown, from what its session was given."""
    return np.asarray(planes[:, :, 0, 0, 0] * 256 + planes[:, :, 1, 0, 0], int)


class NumberSession:
    """A `Session` that answers by the numbers of the rows; `windows`: (100,) those of each window that it was shown."""

    name, provider = "shots", "CPUExecutionProvider"

    def __init__(self, boundary: np.ndarray, transition: np.ndarray, by_window: bool = False) -> None:
        self._answers = {"boundary": boundary, "transition": transition}
        self._by_window = by_window
        self.windows: list[np.ndarray] = []

    def run(self, inputs: NamedArrays) -> NamedArrays:
        """See `Session`."""
        seen = numbers_of(inputs["frames"])
        self.windows += list(seen)
        window = np.arange(100) * 1e-4 + seen.mean(axis=1, keepdims=True) * 1e-6 if self._by_window else 0.0
        return {name: (answers[seen] + window).astype(np.float32) for name, answers in self._answers.items()}

    def close(self) -> None:
        """See `Session`."""


class Network(BoundaryClassifier):
    """A peer of TransNet V2 that is shown `numbered` pictures and answers each by its number.

    boundary, transition: (L,) the answers about each row. `by_window`: adds, to both, a ten-thousandth of the place in
    the window and a millionth of the mean of all numbers there, so that another window gives another answer.
    """

    def __init__(self, boundary: np.ndarray, transition: np.ndarray, by_window: bool = False) -> None:
        session = NumberSession(boundary, transition, by_window)
        super().__init__(session, CpuOps())
        self.windows_shown = session.windows


class Said:
    """A `SecondOpinion` that says the same about every row; `questions`: what it was asked."""

    lookahead_rows = 0

    def __init__(self, cut: float, transition: float = 1.0, boundary: float = 1.0) -> None:
        self._cut, self._transition, self._boundary = cut, transition, boundary
        self.questions: list[tuple[str, int]] = []

    def add(self, pictures: Array) -> None:
        """See `SecondOpinion`."""

    def finish(self) -> None:
        """See `SecondOpinion`."""

    def drop_before(self, row: int) -> None:
        """See `SecondOpinion`."""

    def cut(self, row: int) -> float:
        """See `SecondOpinion`."""
        self.questions.append(("cut", row))
        return self._cut

    def boundary(self, first: int, last: int) -> float:
        """See `SecondOpinion`."""
        self.questions.append(("boundary", (first + last + 1) // 2))
        return self._boundary

    def transition(self, first: int, last: int) -> float:
        """See `SecondOpinion`."""
        self.questions.append(("transition", (first + last + 1) // 2))
        return self._transition
