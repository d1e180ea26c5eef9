"""How many pictures of a film are checked while the checks refuse one after the other: no more than a few for each
image that is wanted, however many candidates there are."""

from __future__ import annotations

from .selection import Assessment, similarity

UNCHECKED = "unchecked"
"""The reason of a picture that would have been checked after patience had ended."""
_MOST = 15
"""Pictures checked for each image that is wanted. E01–E05 and fourteen real excerpts took .8 to 3.5."""
_UNLIKE = 7
"""The same, after which only pictures are checked that are unlike all refused ones: what is wrong with a picture that
comes again and again is mostly wrong with its copies."""


class Patience:
    """Which pictures of one film are still checked. wanted: images. alike: the cosine of copies."""

    def __init__(self, wanted: int, alike: float) -> None:
        self._wanted, self._alike = wanted, alike
        self._refused: list[Assessment] = []
        self._checked = 0

    def note(self, assessment: Assessment, reason: str | None) -> None:
        """Count a picture that was checked. reason: why it was refused; None when it was not."""
        self._checked += 1
        if reason is not None:
            self._refused.append(assessment)

    def is_over(self, assessment: Assessment) -> bool:
        """Whether this picture is checked no more. Once it is, it stays so."""
        if self._checked < _UNLIKE * self._wanted:
            return False
        if self._checked >= _MOST * self._wanted:
            return True
        return any(similarity(one.candidate, assessment.candidate) >= self._alike for one in self._refused)
