"""What the ledger said last about titles, for while it is out of reach."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Generic, TypeVar

from ...backfill.errors import LedgerUnavailableError
from .store import Standing

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told:
    """What the ledger says of one title. row: the columns of its job; why_not: why it cannot be decided, in one line,
    None where it can; previous, following: waiting titles."""

    row: Any
    why_not: str | None
    previous: int | None
    following: int | None
    standing: Standing


class LastAnswers(Generic[T]):
    """Answers by the id of their title, the `most` last used ones. Safe for several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._answers: OrderedDict[int, T] = OrderedDict()
        self._lock = Lock()

    def ask(self, job: int, call: Callable[[], T]) -> tuple[T, bool]:
        """The answer of `call`, and False; where the ledger is out of reach, the last answer, and True. Raises what
        `call` raises, LedgerUnavailableError where no answer is known."""
        try:
            answer = call()
        except LedgerUnavailableError:
            with self._lock:
                if job not in self._answers:
                    raise
                self._answers.move_to_end(job)
                return self._answers[job], True
        self.keep(job, answer)
        return answer, False

    def keep(self, job: int, answer: T) -> None:
        """Note an answer."""
        with self._lock:
            self._answers[job] = answer
            self._answers.move_to_end(job)
            if len(self._answers) > self._most:
                self._answers.popitem(last=False)

    def change(self, job: int, change: Callable[[T], T]) -> None:
        """Note what an answer has become, where one is known."""
        with self._lock:
            if job in self._answers:
                self._answers[job] = change(self._answers[job])
