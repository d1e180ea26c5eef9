"""Which field of a picture is the older one, told by weaving its fields with those of the next picture.

A picture of interlaced film has two fields, its even and its odd lines, taken one after the other. Two pictures in a
row give four weaves. How rough a weave is down its columns tells how far its fields are apart in time, here in fields:

    even lines of, odd lines of    progressive    even lines first    odd lines first
    first,         first                0                1                   1
    second,        second               0                1                   1
    second,        first                2                1                   3
    first,         second               2                3                   1

Stripes, text and grain make all of them rough alike, so only their differences count, and only where something moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numba import int32

from .compiled import compiled, compiled_helper, t
from .fused import flat
from .surface import Surface

BLOCK = 16
"""Rows and columns of a block."""
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
_LARGEST = 720, 1280
"""Lines and columns that are measured at most, to save time."""
_BYTES, _WORDS = (t.Array(kind, 1, "C", readonly=True) for kind in (t.uint8, t.uint16))
_SUMS, _LINE = t.Array(t.int32, 3, "C"), t.int64


class FieldVotes(NamedTuple):
    """What the blocks of two pictures say. Each in which something moves has one vote, so that one edge of high
    contrast does not outvote the rest.

    `even_first`, `odd_first`: blocks that are woven, by which lines are older. `whole`: blocks of whole pictures.
    Of the woven ones: `first_mixed`, `second_mixed`, those in which the picture is rougher than a weave of the two that
    belongs together; `doubled`, those whose lines come in pairs (`_doubled`). `blocks`: all there are.
    """

    even_first: int
    odd_first: int
    whole: int
    first_mixed: int
    second_mixed: int
    doubled: int
    blocks: int


def field_votes(first: np.ndarray, second: np.ndarray, bit_depth: int) -> np.ndarray:
    """(7,) int32 in the order of `FieldVotes`: of the middle of two luma planes (h, w) of one shape and dtype, uint8 or
    uint16 of `bit_depth` bits."""
    top, left, height, width = middle_of(first.shape)
    first, second = (plane[top : top + height, left : left + width] for plane in (first, second))
    unit = float(BLOCK * BLOCK << (bit_depth - 8))
    one, two, even_newer, odd_newer, motion = weave_sums(first, second) / unit
    moves, best = motion > _MOTION_LEVELS, np.minimum(even_newer, odd_newer)
    even_first, odd_first = moves & _rougher(odd_newer, even_newer), moves & _rougher(even_newer, odd_newer)
    woven = even_first | odd_first
    whole = moves & ~woven & _rougher(best, np.maximum(one, two))
    mixed = [woven & _rougher(own, best) for own in (one, two)]
    doubled = woven & _doubled(first) & _doubled(second) if woven.any() else woven
    votes = [int(kind.sum()) for kind in (even_first, odd_first, whole, *mixed, doubled)]
    return np.array([*votes, moves.size], np.int32)


def check_alike(first: Surface, second: Surface) -> None:
    """Raises ValueError for pictures whose lines cannot be woven."""
    if first.y.shape != second.y.shape or first.bit_depth != second.bit_depth:
        raise ValueError(f"luma {first.y.shape} of {first.bit_depth} bits and {second.y.shape} of {second.bit_depth}")


def block_counts(shape: Sequence[int]) -> tuple[int, int]:
    """How many blocks a plane (h, w) has, down and across."""
    return max(0, shape[0] - 2) // BLOCK, shape[1] // BLOCK


def middle_of(shape: Sequence[int]) -> tuple[int, int, int, int]:
    """Top, left, height and width of the middle of a large plane (h, w), from an even line on, so that its fields keep
    their names."""
    top, left = (max(0, length - most) // 4 * 2 for length, most in zip(shape, _LARGEST, strict=True))
    return top, left, min(shape[0], _LARGEST[0]), min(shape[1], _LARGEST[1])


def _rougher(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    rougher: np.ndarray = one > _ROUGHER * other + _GREY_LEVELS
    return rougher


def _doubled(plane: np.ndarray) -> np.ndarray:
    """(m, n) bool: the blocks whose lines come in pairs of two that are alike, as in pictures that were enlarged from
    half the lines. Where these move up or down by whole pairs, one weave is clean and the other is not, as with fields;
    fields look like that only while they move by one line each."""
    steps = cv2.absdiff(plane[1:], plane[:-1])[1:]
    rows, columns = block_counts(plane.shape)
    blocks = steps[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK // 2, 2, columns, BLOCK)
    sums = blocks.sum(axis=(1, 4), dtype=np.int32)
    doubled: np.ndarray = sums.max(axis=1) > _DOUBLED * sums.min(axis=1)
    return doubled


def weave_sums(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(5, m, n) int32 sums over the blocks of two luma planes of one shape and dtype, uint8 or uint16.

    The first four are the roughness of the weaves in the order above: of |2x − a − b|, where a and b are the samples
    above and below x. The fifth is the motion: of |x − y|, where y lies in the second picture at the place of x. Blocks
    begin at the second line; what is left over at the other sides is left out.
    """
    sums = np.zeros((5, *block_counts(first.shape)), np.int32)
    _weave_sums(*flat(first), *flat(second), BLOCK, sums)
    return sums


@compiled_helper
def _line(samples: np.ndarray, begin: int, line: np.ndarray) -> None:
    source = samples[begin : begin + line.shape[0]]
    for c in range(line.shape[0]):
        line[c] = source[c]


@compiled_helper
def _add_line(a: np.ndarray, b: np.ndarray, r: int, folded: np.ndarray) -> None:
    """Adds line `r` to `folded` (5, width). `a`, `b`: (3, width) the three lines around it, line i at i modulo 3."""
    a0, a1, a2 = a[(r - 1) % 3], a[r % 3], a[(r + 1) % 3]
    b0, b1, b2 = b[(r - 1) % 3], b[r % 3], b[(r + 1) % 3]
    one, two, moved = folded[0], folded[1], folded[4]
    # An odd line of the first picture lies in the weave with the second's even lines, an even line in the other.
    by_first, by_second = folded[2 + (r + 1) % 2], folded[3 - (r + 1) % 2]
    for c in range(a1.shape[0]):
        around_a, around_b = a0[c] + a2[c], b0[c] + b2[c]
        one[c] += abs(2 * a1[c] - around_a)
        two[c] += abs(2 * b1[c] - around_b)
        by_first[c] += abs(2 * a1[c] - around_b)
        by_second[c] += abs(2 * b1[c] - around_a)
        moved[c] += abs(b1[c] - a1[c])


# The size of a block comes as an argument: loops in Numba's cache would not notice that a constant has changed.
@compiled(t.void(_BYTES, _LINE, _BYTES, _LINE, t.int64, _SUMS), t.void(_WORDS, _LINE, _WORDS, _LINE, t.int64, _SUMS))
def _weave_sums(
    first: np.ndarray, pitch: int, second: np.ndarray, second_pitch: int, block: int, sums: np.ndarray
) -> None:
    count, rows, columns = sums.shape
    a, b = np.empty((3, columns * block), np.int32), np.empty((3, columns * block), np.int32)
    folded = np.empty((count, columns * block), np.int32)
    for r in range(2 if rows else 0):
        _line(first, r * pitch, a[r])
        _line(second, r * second_pitch, b[r])
    for m in range(rows):
        folded[:] = 0
        for r in range(m * block + 1, (m + 1) * block + 1):
            _line(first, (r + 1) * pitch, a[(r + 1) % 3])
            _line(second, (r + 1) * second_pitch, b[(r + 1) % 3])
            _add_line(a, b, r, folded)
        for s in range(count):
            for n in range(columns):
                total = int32(0)
                for c in range(n * block, (n + 1) * block):
                    total += folded[s, c]
                sums[s, m, n] = total
