"""Loops over host planes, compiled by Numba. Each reads its pixels once where a chain of library calls would read them
several times.

Sums are integers, so they are exact and the same on every machine.
"""

from __future__ import annotations

import numpy as np
from numba import float32, int16, int32, void
from numpy.lib.stride_tricks import as_strided

from .compiled import compiled, compiled_helper, prefetch, t

_BYTES, _WORDS = (t.Array(kind, 1, "C", readonly=True) for kind in (t.uint8, t.uint16))
_PAIRS = t.Array(t.uint16, 1, "C", readonly=True)
_PICTURE = t.Array(t.uint8, 2, "C")
_BYTES_OUT, _WORDS_OUT = t.Array(t.uint8, 2, "C"), t.Array(t.uint16, 2, "C")
_EDGES = t.Array(t.int64, 1, "C")
_WEIGHTS = t.Array(t.float32, 2, "C")
_CUBE = t.Array(t.float32, 3, "C")
_SUMS = t.Array(t.int64, 1, "C")
_AHEAD_BYTES, _LINE_BYTES = 8192, 64
"""How far ahead of a loop memory is asked for samples, and by how much at a time. A loop that asks for a row and works
on it before it asks for the next has memory wait for it: a luma plane of 1080p that is not in the cache is quartered in
80 µs instead of 150, with 4, 8, 12 or 16 kB alike (2026-11-30)."""


def flat(plane: np.ndarray) -> tuple[np.ndarray, int]:
    """A plane (h, w) as one line of samples, and the distance of its rows in samples. The plane is copied when the
    samples of a row are not adjacent."""
    if plane.flags.c_contiguous:
        return plane.reshape(-1), plane.shape[1]
    if plane.strides[1] != plane.itemsize or plane.strides[0] < 0:
        plane = np.ascontiguousarray(plane)
    pitch, left = divmod(plane.strides[0], plane.itemsize)
    if left or len(plane) < 2:
        plane = np.ascontiguousarray(plane)
        pitch = plane.shape[1]
    length = (len(plane) - 1) * pitch + plane.shape[1] if plane.size else 0
    return as_strided(plane, (length,), (plane.itemsize,), writeable=False), pitch


@compiled_helper
def _ask_ahead(samples: np.ndarray, begin: int, count: int) -> None:
    """Asks memory for as many samples, `_AHEAD_BYTES` behind those from `begin` on."""
    first = begin + _AHEAD_BYTES // samples.itemsize
    for place in range(first, first + count, _LINE_BYTES // samples.itemsize):
        prefetch(samples, place)


@compiled_helper
def _fetched(samples: np.ndarray, begin: int, count: int, line: np.ndarray) -> None:
    """Copies `count` samples from `begin` on into `line`, which stays in the processor's cache.

    A loop that reads two rows of a plane in turn waits for memory twice as long as one that reads straight on.
    """
    _ask_ahead(samples, begin, count)
    source = samples[begin : begin + count]
    for c in range(count):
        line[c] = source[c]


@compiled_helper
def _mean_of_four(above: np.ndarray, below: np.ndarray, line: np.ndarray, width: int) -> None:
    for c in range(width):
        four = int32(above[2 * c]) + int32(above[2 * c + 1]) + int32(below[2 * c]) + int32(below[2 * c + 1])
        line[c] = (four + 2) >> 2


@compiled(void(_BYTES, t.int64, _BYTES_OUT), void(_WORDS, t.int64, _WORDS_OUT))
def halve_into(samples: np.ndarray, pitch: int, out: np.ndarray) -> None:
    """Fills `out` (h, w) with the means of 2×2 samples of a plane (see `flat`), rounded half up."""
    height, width = out.shape
    lines = np.empty(pitch + 2 * width, out.dtype)
    for r in range(height):
        _fetched(samples, 2 * r * pitch, pitch + 2 * width, lines)
        _mean_of_four(lines, lines[pitch:], out[r], width)


@compiled(void(_BYTES, t.int64, _BYTES_OUT), void(_WORDS, t.int64, _WORDS_OUT))
def quarter_into(samples: np.ndarray, pitch: int, out: np.ndarray) -> None:
    """Fills `out` (h, w) with a plane (see `flat`) that is halved twice, like `halve_into` called two times but without
    a picture in between."""
    height, width = out.shape
    lines, half = np.empty(pitch + 4 * width, out.dtype), np.empty((2, 2 * width), out.dtype)
    for r in range(height):
        for k in range(2):
            _fetched(samples, (4 * r + 2 * k) * pitch, pitch + 4 * width, lines)
            _mean_of_four(lines, lines[pitch:], half[k], 2 * width)
        _mean_of_four(half[0], half[1], out[r], width)


def pairs(samples: np.ndarray, pitch: int) -> tuple[np.ndarray, int] | None:
    """A line of bytes (see `flat`) as pairs of neighbours, and its pitch in pairs; None where pairs would straddle two
    rows or words of memory. The sum of a pair is the same in either byte order."""
    line = samples[: len(samples) // 2 * 2].view(np.uint16) if samples.dtype == np.uint8 and pitch % 2 == 0 else None
    return None if line is None or not line.flags.aligned else (line, pitch // 2)


@compiled_helper
def _pair_sums(samples: np.ndarray, begin: int, out: np.ndarray) -> None:
    """Fills `out` with the sums of the two bytes of each pair from `begin` on, straight on like `_fetched`.

    Wide registers hold such sums in place; to bring every other byte of a row together costs them half their time.
    """
    source = samples[begin : begin + out.shape[0]]
    for c in range(out.shape[0]):
        out[c] = np.uint16((source[c] & np.uint16(255)) + (source[c] >> np.uint16(8)))


@compiled(void(_PAIRS, t.int64, _BYTES_OUT))
def halve_pairs_into(samples: np.ndarray, pitch: int, out: np.ndarray) -> None:
    """`halve_into` of a plane given as `pairs`."""
    height, width = out.shape
    sums = np.empty((2, width), np.uint16)
    for r in range(height):
        for k in range(2):
            _ask_ahead(samples, (2 * r + k) * pitch, pitch)
            _pair_sums(samples, (2 * r + k) * pitch, sums[k])
        above, below, line = sums[0], sums[1], out[r]
        for c in range(width):
            line[c] = np.uint16(above[c] + below[c] + np.uint16(2)) >> np.uint16(2)


@compiled(void(_PAIRS, t.int64, _BYTES_OUT))
def quarter_pairs_into(samples: np.ndarray, pitch: int, out: np.ndarray) -> None:
    """`quarter_into` of a plane given as `pairs`."""
    height, width = out.shape
    sums, two = np.empty((4, 2 * width), np.uint16), np.uint16(2)
    both = np.empty(2 * width, np.uint16)  # two rows of the picture halved once, added
    neighbours = both.view(np.uint32)
    for r in range(height):
        for k in range(4):
            _ask_ahead(samples, (4 * r + k) * pitch, pitch)
            _pair_sums(samples, (4 * r + k) * pitch, sums[k])
        s0, s1, s2, s3, line = sums[0], sums[1], sums[2], sums[3], out[r]
        for c in range(2 * width):
            upper = np.uint16(np.uint16(s0[c] + s1[c] + two) >> two)
            both[c] = np.uint16(upper + np.uint16(np.uint16(s2[c] + s3[c] + two) >> two))
        for c in range(width):
            four = np.uint32((neighbours[c] & np.uint32(0xFFFF)) + (neighbours[c] >> np.uint32(16)))
            line[c] = np.uint32(four + np.uint32(2)) >> np.uint32(2)


@compiled_helper
def _with_edges(line: np.ndarray, out: np.ndarray) -> None:
    """Copies a line of the picture into `out`, with its first and last pixel repeated once."""
    inner = out[1:-1]
    for c in range(line.shape[0]):
        inner[c] = line[c]
    out[0], out[-1] = line[0], line[-1]


@compiled_helper
def _gradient_sums(picture: np.ndarray, sums: np.ndarray) -> None:
    """Adds to `sums` (5,) the sums over all pixels of gx², gy², gx·gy, the Laplacian and its square, with repeated
    edges.

    gx and gy are 3×3 Sobel sums, the Laplacian is that of the 4 neighbours. int16 holds each of them (a gradient is at
    most 1020), int32 the squares of a line.
    """
    height, width = picture.shape
    lines = np.empty((3, width + 2), np.int16)
    for r in range(-1, 1):
        _with_edges(picture[max(r, 0)], lines[r + 1])
    for r in range(height):
        above, line, below = lines[r % 3], lines[(r + 1) % 3], lines[(r + 2) % 3]
        _with_edges(picture[min(r + 1, height - 1)], below)
        a0, a1, a2 = above[:-2], above[1:-1], above[2:]
        m0, m1, m2 = line[:-2], line[1:-1], line[2:]
        b0, b1, b2 = below[:-2], below[1:-1], below[2:]
        xx, yy, xy, bend, square = int32(0), int32(0), int32(0), int32(0), int32(0)
        for c in range(width):
            falling, rising = int16(b2[c] - a0[c]), int16(a2[c] - b0[c])
            x = int32(int16(falling + rising + 2 * int16(m2[c] - m0[c])))
            y = int32(int16(falling - rising + 2 * int16(b1[c] - a1[c])))
            q = int32(int16(b1[c] + a1[c] + m0[c] + m2[c] - 4 * m1[c]))
            xx, yy, xy = int32(xx + int32(x * x)), int32(yy + int32(y * y)), int32(xy + int32(x * y))
            bend, square = int32(bend + q), int32(square + int32(q * q))
        sums[0] += xx
        sums[1] += yy
        sums[2] += xy
        sums[3] += bend
        sums[4] += square


@compiled_helper
def _histogram(picture: np.ndarray, codes: np.ndarray) -> None:
    """Fills `codes` (256,) with the number of pixels of each code value.

    Four tables are used in turn: neighbouring pixels are often equal, and an addition would have to wait for the one
    before it.
    """
    height, width = picture.shape
    counts = np.zeros((4, 256), np.int32)
    for r in range(height):
        line = picture[r]
        for c in range(width // 4):
            counts[0, line[4 * c]] += 1
            counts[1, line[4 * c + 1]] += 1
            counts[2, line[4 * c + 2]] += 1
            counts[3, line[4 * c + 3]] += 1
        for c in range(width - width % 4, width):
            counts[0, line[c]] += 1
    for k in range(256):
        codes[k] = counts[0, k] + counts[1, k] + counts[2, k] + counts[3, k]


@compiled_helper
def _chroma_sums(u: np.ndarray, v: np.ndarray, sums: np.ndarray) -> None:
    """Adds to `sums` (5,) the sums of u, v, u², v² and u·v."""
    for r in range(u.shape[0]):
        first, second = u[r], v[r]
        su, sv, uu, vv, uv = int32(0), int32(0), int32(0), int32(0), int32(0)
        for c in range(first.shape[0]):
            a, b = int32(first[c]), int32(second[c])
            su, sv = int32(su + a), int32(sv + b)
            uu, vv, uv = int32(uu + a * a), int32(vv + b * b), int32(uv + a * b)
        sums[0] += su
        sums[1] += sv
        sums[2] += uu
        sums[3] += vv
        sums[4] += uv


@compiled_helper
def _cell_means(picture: np.ndarray, down: np.ndarray, across: np.ndarray, cells: np.ndarray) -> None:
    """Fills `cells` (n, m) with the means over equal cells of the picture. `down` (n, h) and `across` (m, w) are the
    shares of each row and column in the cells, see `planes.coverage`."""
    height, width = picture.shape
    rows, columns = cells.shape
    folded, begins, ends = np.empty(width, np.float32), np.empty(columns, np.int64), np.empty(columns, np.int64)
    for m in range(columns):  # once, because a division takes longer than the mean of a cell
        begins[m], ends[m] = m * width // columns, -(-(m + 1) * width // columns)
    for n in range(rows):
        folded[:] = 0
        for r in range(n * height // rows, -(-(n + 1) * height // rows)):
            share, line = down[n, r], picture[r]
            for c in range(width):
                folded[c] += share * float32(line[c])
        for m in range(columns):
            mean, shares = float32(0), across[m]
            for c in range(begins[m], ends[m]):
                mean += shares[c] * folded[c]
            cells[n, m] = mean


@compiled(void(_PICTURE, _WEIGHTS, _WEIGHTS, t.boolean, _SUMS, _SUMS, _WEIGHTS))
def luma_numbers(
    picture: np.ndarray,
    down: np.ndarray,
    across: np.ndarray,
    halved: bool,
    codes: np.ndarray,
    sums: np.ndarray,
    thumb: np.ndarray,
) -> None:
    """Everything that is counted in an (h, w) uint8 luma picture.

    Fills `codes` (256,) with the histogram, adds to `sums` (5,) as `_gradient_sums` does, and fills `thumb` (n, m) with
    cell means, of the picture halved once when `halved` is set. `down` and `across`: see `_cell_means`.
    """
    _histogram(picture, codes)
    _gradient_sums(picture, sums)
    if halved:
        height, width = picture.shape[0] // 2, picture.shape[1] // 2
        half = np.empty((height, width), np.uint8)
        for r in range(height):
            _mean_of_four(picture[2 * r], picture[2 * r + 1], half[r], width)
        _cell_means(half, down, across, thumb)
    else:
        _cell_means(picture, down, across, thumb)


@compiled(void(_PICTURE, _PICTURE, _WEIGHTS, _WEIGHTS, _SUMS, _CUBE))
def chroma_numbers(
    u: np.ndarray, v: np.ndarray, down: np.ndarray, across: np.ndarray, sums: np.ndarray, cells: np.ndarray
) -> None:
    """Everything that is counted in two (h, w) uint8 chroma planes.

    Adds to `sums` (5,) as `_chroma_sums` does and fills `cells` (2, n, m) with cell means of u and v. `down` and
    `across`: see `_cell_means`.
    """
    _chroma_sums(u, v, sums)
    _cell_means(u, down, across, cells[0])
    _cell_means(v, down, across, cells[1])


@compiled(void(_PICTURE, _PICTURE, _WEIGHTS, _WEIGHTS, _CUBE))
def chroma_cells(u: np.ndarray, v: np.ndarray, down: np.ndarray, across: np.ndarray, cells: np.ndarray) -> None:
    """Fills `cells` (2, n, m) with cell means of two (h, w) uint8 chroma planes. `down` and `across`: see
    `_cell_means`."""
    _cell_means(u, down, across, cells[0])
    _cell_means(v, down, across, cells[1])


@compiled(void(t.Array(t.float64, 3, "A"), t.Array(t.float32, 4, "A"), _CUBE, t.Array(t.uint8, 4, "C")))
def cells_to_rgb(luma: np.ndarray, chroma: np.ndarray, columns: np.ndarray, out: np.ndarray) -> None:
    """Fills `out` (N, n, m, 3) with R'G'B' of cells, rounded half to even and clipped.

    luma: (N, n, m) in 0–255. chroma: (N, 2, n, m) U and V around 0. columns: (N, 3, 2) what one unit of them adds.
    """
    pictures, rows, cells = luma.shape
    for p in range(pictures):
        matrix = columns[p]
        for n in range(rows):
            for m in range(cells):
                y, u, v = float32(luma[p, n, m]), chroma[p, 0, n, m], chroma[p, 1, n, m]
                for k in range(3):
                    value = y + matrix[k, 0] * u + matrix[k, 1] * v
                    out[p, n, m, k] = np.uint8(np.rint(min(max(value, float32(0)), float32(255))))


@compiled(
    t.Tuple((_WEIGHTS, _WEIGHTS))(_BYTES, t.int64, _EDGES, _EDGES),
    t.Tuple((_WEIGHTS, _WEIGHTS))(_WORDS, t.int64, _EDGES, _EDGES),
)
def part_means(samples: np.ndarray, pitch: int, across: np.ndarray, down: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means of the parts of each row, (h, S) float32, and of each column, (w, S) float32, of a plane (see `flat`). Each
    sample is read once.

    `across` and `down` (S + 1,) say where the parts begin; their last numbers are the width and the height. An empty
    part has the value of the sample at its beginning.
    """
    parts = across.shape[0] - 1
    height, width = down[parts], across[parts]
    rows, columns = np.empty((height, parts), np.float32), np.empty((width, parts), np.float32)
    folded, line = np.empty(width, np.int32), np.empty(width, samples.dtype)
    for p in range(parts):
        folded[:] = 0
        last = max(down[p] + 1, down[p + 1])
        for r in range(down[p], last):
            _fetched(samples, r * pitch, width, line)
            for c in range(width):
                folded[c] += int32(line[c])
            for k in range(parts):
                part, total = line[across[k] : max(across[k] + 1, across[k + 1])], int32(0)
                for c in range(part.shape[0]):
                    total = int32(total + int32(part[c]))
                rows[r, k] = total / part.shape[0]
        for c in range(width):
            columns[c, p] = folded[c] / (last - down[p])
    return rows, columns
