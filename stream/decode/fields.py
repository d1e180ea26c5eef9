"""Whether a film's pictures are whole or woven of two fields: what one pair of pictures says, and what all pairs do.

Flags lie both ways, so the pictures are measured (`kernels.combing`), and flags count only where nothing moves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

import cv2
import numpy as np

from kernels.combing import BLOCK, weave_sums

from ..records import Parity, Scan

Pair = Literal["T", "B", "P", "?", "-"]
"""What two pictures in a row say: their fields were taken one after the other, even lines first (top field first), odd
lines first (bottom field first); both pictures are whole; they say several things; nothing moves."""

_ROUGHER = 1.5
"""A weave is rougher than another from this factor on. Between fields one and three apart it is 2 to 3 where edges move
by a few pixels; of about 15,900 pairs of 19 progressive films, measured whole, none was taken for woven."""
_GREY_LEVELS = 4.0
"""… and by this many 8-bit code values a sample, which noise of coding does not reach."""
_MOTION_LEVELS = 3.0
"""From this mean change of a sample on a block moves."""
_DOUBLED = 3.5
"""Lines are doubled where each is this many times as unlike the line on its one side as that on its other. In woven
pictures the lines on both sides are of the other field and about equally unlike: 2.8 in a shot that rises by one line a
field, less in all others."""
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
_LARGEST = 720, 1280
"""Lines and columns that are measured at most, to save time."""


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
    """Look at two pictures in a row: (h, w) luma planes, uint8 or uint16 of `bit_depth` bits.

    Each block of 16×16 pixels in which something moves has one vote, so that one edge of high contrast does not outvote
    the rest.
    """
    if first.shape != second.shape:
        return _NOTHING
    unit = float(BLOCK * BLOCK << (bit_depth - 8))
    one, two, even_newer, odd_newer, motion = weave_sums(_middle(first), _middle(second)) / unit
    moves, best = motion > _MOTION_LEVELS, np.minimum(even_newer, odd_newer)
    even_first, odd_first = moves & _rougher(odd_newer, even_newer), moves & _rougher(even_newer, odd_newer)
    woven = even_first | odd_first
    whole = moves & ~woven & _rougher(best, np.maximum(one, two))
    votes: dict[Pair, int] = {"T": int(even_first.sum()), "B": int(odd_first.sum()), "P": int(whole.sum())}
    cast = sum(votes.values())
    leans_woven = votes["T"] + votes["B"] > votes["P"]
    if cast < max(_LEAST_BLOCKS, _LEAST_SHARE * moves.size):
        return PairLook("-", leans_woven=leans_woven)
    leading = max(votes, key=votes.__getitem__)
    if votes[leading] < _MAJORITY * cast:
        return PairLook("?", leans_woven=leans_woven)
    mixed = [_mostly(woven, _rougher(own, best)) for own in (one, two)]
    if leading != "P" and _mostly(woven, _doubled(_middle(first)) & _doubled(_middle(second))):
        leading = "?"
    return PairLook(leading, mixed[0], mixed[1], leans_woven)


def _rougher(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    rougher: np.ndarray = one > _ROUGHER * other + _GREY_LEVELS
    return rougher


def _doubled(plane: np.ndarray) -> np.ndarray:
    """(m, n) bool: the blocks whose lines come in pairs of two that are alike, as in pictures that were enlarged from
    half the lines. Where these move up or down by whole pairs, one weave is clean and the other is not, as with fields;
    fields look like that only while they move by one line each."""
    steps = cv2.absdiff(plane[1:], plane[:-1])[1:]
    rows, columns = len(steps) // BLOCK, plane.shape[1] // BLOCK
    blocks = steps[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK // 2, 2, columns, BLOCK)
    sums = blocks.sum(axis=(1, 4), dtype=np.int32)
    doubled: np.ndarray = sums.max(axis=1) > _DOUBLED * sums.min(axis=1)
    return doubled


def _mostly(blocks: np.ndarray, are: np.ndarray) -> bool:
    return int((blocks & are).sum()) * 2 > int(blocks.sum())


def _middle(plane: np.ndarray) -> np.ndarray:
    """The middle of a large plane, from an even line on, so that its fields keep their names."""
    top, left = (max(0, length - most) // 4 * 2 for length, most in zip(plane.shape, _LARGEST, strict=True))
    return plane[top : top + _LARGEST[0], left : left + _LARGEST[1]]


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
