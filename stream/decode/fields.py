"""Whether a film's pictures are whole or woven of two fields: what one pair of pictures says, and what all pairs do.

Flags lie both ways, so the pictures are measured (`kernels.combing`), and flags count only where nothing moves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from kernels.combing import FieldVotes, field_votes

from ..records import Parity, Scan

Pair = Literal["T", "B", "P", "?", "-"]
"""What two pictures in a row say: their fields were taken one after the other, even lines first (top field first), odd
lines first (bottom field first); both pictures are whole; they say several things; nothing moves."""

_LEAST_BLOCKS, _LEAST_SHARE = 3, 0.005
_MAJORITY = 2 / 3
_LEAST_PAIRS = 3
"""Fewer pairs are an accident: a cut between the two fields of a picture, a flash."""
_ONE_ORDER = 0.75
"""Least share of the woven pairs of a place that have the same field first. Woven film has 87 % and more; what moves
without a direction, as flicker and noise do, has both alike."""
_CADENCES = ("PTTTP", "PPTTP")
"""What pairs of pictures say in turn where four pictures became five: by 2:3:2:3 fields, and by 2:3:3:2. `T`: woven."""
_IN_CADENCE = 0.85
"""Least share of pairs that agree with a cadence. Film that is woven throughout has 40 to 75 %."""
_LEAST_IN_CADENCE = 8
_FIRST_FIELDS: dict[int, Parity] = {2: "tff", 4: "tff", 3: "bff", 5: "bff"}
"""`AVFieldOrder` of FFmpeg by what is shown first; 4 and 5 are coded in the other order."""


class PairLook(NamedTuple):
    """What two pictures in a row say, and which of them is rougher than a weave of the two that belongs together: it
    holds fields of two pictures. `leans_woven`: more blocks speak for woven than for whole pictures, be they too few to
    say it."""

    says: Pair
    first_mixed: bool = False
    second_mixed: bool = False
    leans_woven: bool = False


_NOTHING = PairLook("-")


def look_at(first: np.ndarray, second: np.ndarray, bit_depth: int) -> PairLook:
    """Look at two pictures in a row: (h, w) luma planes, uint8 or uint16 of `bit_depth` bits."""
    if first.shape != second.shape:
        return _NOTHING
    return told_by(FieldVotes(*field_votes(first, second, bit_depth).tolist()))


def told_by(votes: FieldVotes) -> PairLook:
    """What two pictures in a row say by the votes of their blocks."""
    by_name: dict[Pair, int] = {"T": votes.even_first, "B": votes.odd_first, "P": votes.whole}
    cast, woven = sum(by_name.values()), votes.even_first + votes.odd_first
    leans_woven = woven > votes.whole
    if cast < max(_LEAST_BLOCKS, _LEAST_SHARE * votes.blocks):
        return PairLook("-", leans_woven=leans_woven)
    leading = max(by_name, key=by_name.__getitem__)
    if by_name[leading] < _MAJORITY * cast:
        return PairLook("?", leans_woven=leans_woven)
    if leading != "P" and votes.doubled * 2 > woven:
        leading = "?"
    return PairLook(leading, votes.first_mixed * 2 > woven, votes.second_mixed * 2 > woven, leans_woven)


def woven_parity(pairs: Sequence[Pair]) -> Parity | None:
    """The order of fields by pairs of consecutive pictures anywhere in a film; None where too few of them are woven."""
    count = Counter(pairs)
    woven = max(count["T"], count["B"])
    if not _are_woven(pairs) or woven < count["P"] * _LEAST_SHARE:
        return None
    return "tff" if count["T"] >= count["B"] else "bff"


def _are_woven(pairs: Sequence[Pair]) -> bool:
    """Whether enough pairs are woven, and these in one order."""
    one, other = pairs.count("T"), pairs.count("B")
    return max(one, other) >= max(_LEAST_PAIRS, _ONE_ORDER * (one + other))


def judge(places: Sequence[Sequence[Pair]], flagged: float, field_order: int) -> Scan:
    """How the film was taken, by runs of consecutive pairs from several places.

    flagged: share of the looked-at pictures that are flagged as interlaced. field_order: the stream's `AVFieldOrder`.
    One place at which three pairs are woven makes a film woven, because it may be joined from several sources.
    """
    count = Counter(pair for place in places for pair in place)
    woven = max(count["T"], count["B"])
    if woven + count["P"] < _LEAST_PAIRS:
        kind: Literal["progressive", "interlaced"] = "interlaced" if flagged > 0.5 else "progressive"
        return Scan(kind, _FIRST_FIELDS.get(field_order) if kind == "interlaced" else None, "flags")
    convincing = [place for place in places if _are_woven(place)]
    if not convincing:
        return Scan("progressive", None, "measured")
    parity: Parity = "tff" if count["T"] >= count["B"] else "bff"
    return Scan("telecine" if _is_telecine(convincing) else "interlaced", parity, "measured")


def _is_telecine(places: Sequence[Sequence[Pair]]) -> bool:
    fits = [_in_cadence(place) for place in places]
    agreed, said = sum(fit[0] for fit in fits), sum(fit[1] for fit in fits)
    return said >= _LEAST_IN_CADENCE and agreed >= _IN_CADENCE * said


def _in_cadence(pairs: Sequence[Pair]) -> tuple[int, int]:
    """How many consecutive pairs agree with the cadence that fits best, and how many say anything."""
    said = [(place, "T" if pair == "B" else pair) for place, pair in enumerate(pairs) if pair != "-"]
    turned = [cadence[k:] + cadence[:k] for cadence in _CADENCES for k in range(len(cadence))]
    return max(sum(turn[place % 5] == pair for place, pair in said) for turn in turned), len(said)
