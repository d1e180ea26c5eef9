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

import numpy as np
from numba import int32

from .compiled import compiled, compiled_helper, t
from .fused import flat

BLOCK = 16
"""Rows and columns of a block."""
_BYTES, _WORDS = (t.Array(kind, 1, "C", readonly=True) for kind in (t.uint8, t.uint16))
_SUMS, _LINE = t.Array(t.int32, 3, "C"), t.int64


def weave_sums(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(5, m, n) int32 sums over the blocks of two luma planes of one shape and dtype, uint8 or uint16.

    The first four are the roughness of the weaves in the order above: of |2x − a − b|, where a and b are the samples
    above and below x. The fifth is the motion: of |x − y|, where y lies in the second picture at the place of x. Blocks
    begin at the second line; what is left over at the other sides is left out.
    """
    rows, columns = max(0, first.shape[0] - 2) // BLOCK, first.shape[1] // BLOCK
    sums = np.zeros((5, rows, columns), np.int32)
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
