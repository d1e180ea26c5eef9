"""Which pictures that were turned down for want of tone are cards: said only where a film gives too few images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from ..candidates.picture_pool import PicturePool
from ..dataflow.workers import results
from ..records import Candidate
from .selection import Assessment

_OF_TONE = frozenset({"empty", "dark", "flat", "bright"})
"""What letters on a plain ground are turned down for, too."""
_MOST_LOOKS = 12
"""Shots of which a picture is read. Chosen by eye."""


def said_of(reasons: Sequence[str], card: bool) -> list[str]:
    """The reasons of a picture, those of tone replaced by `card` where its shot was found to be one."""
    if not card or _OF_TONE.isdisjoint(reasons):
        return list(reasons)
    return ["card", *(reason for reason in reasons if reason not in _OF_TONE and reason != "card")]


def card_shots(
    assessments: Sequence[Assessment],
    pictures: PicturePool,
    is_card: Callable[[Candidate], bool],
    pool: ThreadPoolExecutor,
) -> frozenset[int]:
    """Shots whose pictures of little tone are cards, told from one picture of each that is still in `pictures`.

    The shots with most such pictures come first, and no more than `_MOST_LOOKS` are looked at. `is_card`: reads a
    picture (`stream.ranking.text.TextCheck.is_card`).
    """
    shots: dict[int, list[Candidate]] = {}
    for one in assessments:
        toneless = not _OF_TONE.isdisjoint(one.reasons) and not one.candidate.faces
        if toneless and pictures.get(one.candidate.pts_s) is not None:
            shots.setdefault(one.candidate.shot, []).append(one.candidate)
    most = sorted(shots, key=lambda shot: (-len(shots[shot]), shot))[:_MOST_LOOKS]
    futures = [pool.submit(is_card, _middle(shots[shot])) for shot in most]
    return frozenset(shot for shot, card in zip(most, results(futures), strict=True) if card)


def _middle(candidates: Sequence[Candidate]) -> Candidate:
    """The middle one by time: cards fade in and out."""
    return sorted(candidates, key=lambda candidate: candidate.pts_s)[len(candidates) // 2]
