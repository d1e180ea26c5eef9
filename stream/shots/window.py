"""The last few seconds of rows, as shot detection looks at them, and the distances it measures between frames.

A frame is compared by its grid: 144 luma cells (9 rows of 16) and 64 chroma cells (2 planes of 4 by 8) in one vector.
"""

from __future__ import annotations

import numpy as np

from kernels.stats import HISTOGRAM_BINS

from ..settings.sections import ShotSettings

LUMA_CELLS, CHROMA_CELLS = 144, 64
"""Cells of a row's luma grid (16×9) and of its chroma grids (8×4 each), as `kernels.stats.ROW` has them."""
LUMA_SHAPE = (9, 16)
"""Rows and columns of the luma grid."""
_CELL_WEIGHT = np.repeat(np.array([1 / LUMA_CELLS, 1 / CHROMA_CELLS], np.float32), [LUMA_CELLS, CHROMA_CELLS])
PICTURE, BLACK, WHITE = 0, 1, 2
"""Values of `RowWindow.flatness`."""
_WHITE_SHARE = 0.5
"""Least share of white pixels in a white frame; the rest may be black bars. E01–E05: 0.5 to 2 times."""
_GREY_SHARE = 0.03
"""Largest share of pixels that are neither black nor white in a white frame. E01–E05: 0.5 to 2 times."""
_NEAR_BLACK = 0.6
"""Share of a fade's step within which black lies: half a step for the row that is nearest to it, and a little more for
rounding. Chosen by eye."""
_EVEN_STEP = 0.25
"""The step before is at least this share of the last one, else the picture does not fade but cuts. Chosen by eye."""
_FADING_CORRELATION = 0.97
"""Luma correlation from which on two rows of a fade show the same picture. Chosen by eye."""
_EVEN_SHARE = 0.75
"""Between rows one and two pictures apart. Chosen by eye."""
_LEAST_FLOOR_SCALE = 0.25
"""What a floor shrinks to at most, however low the contrast. E01–E05: 0.5 to 2 times."""


def grids_of(rows: np.ndarray) -> np.ndarray:
    """(N, 208) float32: each row's luma and chroma grid, less 128. Integers, so that products below 2²⁴ are exact."""
    flat = [rows[name].reshape(len(rows), -1) for name in ("signature_y", "signature_uv")]
    return np.asarray(np.concatenate(flat, axis=1).astype(np.float32) - 128)


def tones_of(rows: np.ndarray) -> np.ndarray:
    """(N, 64) float32: the share of pixels in each luma bin."""
    histogram = rows["histogram"].astype(np.float32)
    return np.asarray(histogram / np.maximum(histogram.sum(axis=1, keepdims=True), 1))


def flatness_of(rows: np.ndarray, share: np.ndarray, settings: ShotSettings) -> np.ndarray:
    """(N,) int8: BLACK, WHITE (perhaps between black bars) or PICTURE. `share`: the rows' `tones_of`."""
    bins = HISTOGRAM_BINS
    low, high = int(settings.black_luma * bins / 256) + 1, int(settings.white_luma * bins / 256)
    light, between = share[:, high:].sum(axis=1), share[:, low:high].sum(axis=1)
    black = (rows["luma_mean"] <= settings.black_luma) & (rows["luma_std"] <= settings.black_deviation)
    white = (light >= _WHITE_SHARE) & (between <= _GREY_SHARE)
    return np.where(white, WHITE, np.where(black, BLACK, PICTURE)).astype(np.int8)


class RowWindow:
    """Consecutive rows of a film, with the arrays that are computed from each row alone.

    A row is named by its number in the film; the window holds rows `base` to `end` (exclusive). Ranges of rows must lie
    inside it.
    """

    def __init__(self, settings: ShotSettings) -> None:
        self._settings = settings
        self.base = 0
        self.end = 0
        self._grids = np.empty((0, LUMA_CELLS + CHROMA_CELLS), np.float32)
        self._numbers = np.empty((0, 6), np.float32)
        self._tones = np.empty((0, HISTOGRAM_BINS), np.float32)
        self._flatness = np.empty(0, np.int8)
        self._pts = np.empty(0, np.float64)
        self._frame = np.empty(0, np.int64)
        self._squares = 0, np.empty((0, 0), np.float32)
        """The first row of the range of which distances were asked last, and these."""

    def __len__(self) -> int:
        return self.end - self.base

    def append(self, rows: np.ndarray) -> None:
        """Add rows of dtype `kernels.stats.ROW` that follow the last ones."""
        if not len(rows):
            return
        shares, numbers = tones_of(rows), np.empty((len(rows), 6), np.float32)
        change = rows["change"] + rows["chroma_change"]
        numbers.T[:5] = change, rows["tone_change"], rows["luma_std"], rows["sobel_energy"], rows["luma_mean"]
        numbers[:, 5] = rows["blur_anisotropy"]
        self._grids = np.concatenate([self._grids, grids_of(rows)])
        self._numbers = np.concatenate([self._numbers, numbers])
        self._tones = np.concatenate([self._tones, shares])
        self._flatness = np.concatenate([self._flatness, flatness_of(rows, shares, self._settings)])
        self._pts = np.concatenate([self._pts, rows["pts_s"]])
        self._frame = np.concatenate([self._frame, rows["frame"]])
        self.end += len(rows)

    def mark_black_between(self, first: int) -> None:
        """Count rows from `first` on as black where black may lie between two rows: a picture fades evenly to less than
        half its last step. For rows that are not consecutive frames; of the last two rows nothing is known yet."""
        for row in range(max(first, self.base + 2), self.end - 2):
            if self._flatness[row - self.base] == PICTURE and (self._fades_at(row, -1) or self._fades_at(row, +1)):
                self._flatness[row - self.base] = BLACK

    def _fades_at(self, row: int, step: int) -> bool:
        """Whether a row is darker than its neighbours, and those in direction `step` (±1) fade to it."""
        at = row - self.base
        contrast, mean = self._numbers[:, 2], self._numbers[:, 4]
        if contrast[at] > min(contrast[at - 1], contrast[at + 1]) or mean[at] > min(mean[at - 1], mean[at + 1]):
            return False
        near, far = at + step, at + 2 * step
        evenly = contrast[far] - contrast[near] >= _EVEN_STEP * (contrast[near] - contrast[at])
        dark = all(n[at] <= _NEAR_BLACK * (n[near] - n[at]) for n in (contrast, mean))
        return bool(evenly and dark) and luma_correlation(self._grids[near], self._grids[far]) >= _FADING_CORRELATION

    def drop_before(self, row: int) -> None:
        """Forget the rows before `row`. Their memory is freed at the next `append`."""
        n = max(0, min(row, self.end) - self.base)
        for name in ("_grids", "_numbers", "_tones", "_flatness", "_pts", "_frame"):
            setattr(self, name, getattr(self, name)[n:])
        self.base += n

    def clip(self, row: int) -> int:
        """The row of the window that is nearest to `row`."""
        return min(max(row, self.base), self.end - 1)

    def grids(self, first: int, end: int) -> np.ndarray:
        """(N, 208) float32: `grids_of` rows `first` to `end` (exclusive), a view."""
        return self._grids[first - self.base : end - self.base]

    def grids_at(self, rows: np.ndarray) -> np.ndarray:
        """(N, 208) float32: the grids of these rows (N,)."""
        return np.asarray(self._grids[rows - self.base])

    def squared_distances(self, first: int, end: int) -> np.ndarray:
        """(N, N) float32: squared distances between all pairs of the grids of rows `first` to `end` (exclusive). Not to
        be written to. Those of rows that were asked for last are kept."""
        known_first, known = self._squares
        shared = min(known_first + len(known), end) - first
        if first < known_first or shared <= 0:
            shared = 0
        if shared == end - first == len(known):
            return known
        grids, apart = self.grids(first, end), np.empty((end - first, end - first), np.float32)
        at = first - known_first
        apart[:shared, :shared] = known[at : at + shared, at : at + shared]
        square = np.einsum("nc,nc->n", grids, grids)
        added = square[shared:, None] + square
        added -= 2 * (grids[shared:] @ grids.T)  # whole numbers below 2²⁴: exact in any order
        apart[shared:] = np.maximum(added, 0, out=added)
        apart[:shared, shared:] = added[:, :shared].T
        self._squares = first, apart
        return apart

    def luma(self, first: int, end: int) -> np.ndarray:
        """(N, 144) float32: the luma cells of rows `first` to `end` (exclusive), 0–255."""
        return np.asarray(self.grids(first, end)[:, :LUMA_CELLS] + 128)

    def change(self, first: int, end: int) -> np.ndarray:
        """(N,) float32 code values: luma plus chroma change to the row before."""
        return self._numbers[first - self.base : end - self.base, 0]

    def tone_change(self, first: int, end: int) -> np.ndarray:
        """(N,) float32: share of pixels (0–1) whose luma bin differs from the row before's."""
        return self._numbers[first - self.base : end - self.base, 1]

    def contrast(self, first: int, end: int) -> np.ndarray:
        """(N,) float32 code values: standard deviation of luma."""
        return self._numbers[first - self.base : end - self.base, 2]

    def edges(self, first: int, end: int) -> np.ndarray:
        """(N,) float32, squared luma units: edge energy."""
        return self._numbers[first - self.base : end - self.base, 3]

    def coherence(self, first: int, end: int) -> np.ndarray:
        """(N,) float32, 0–1: 1 when all gradients lie in one direction."""
        return self._numbers[first - self.base : end - self.base, 5]

    def least_edges(self, first: int, end: int) -> np.ndarray:
        """(N,) float32, squared luma units: twice the edge energy in the direction that has least, λ₂ of the structure
        tensor, whose sum is the edge energy and whose coherence is (λ₁ − λ₂) / (λ₁ + λ₂)."""
        return np.asarray(self.edges(first, end) * (1 - self.coherence(first, end)))

    def tones(self, first: int, end: int) -> np.ndarray:
        """(N, 64) float32: share of pixels per luma bin."""
        return self._tones[first - self.base : end - self.base]

    def flatness(self, first: int, end: int) -> np.ndarray:
        """(N,) int8: PICTURE, BLACK or WHITE."""
        return self._flatness[first - self.base : end - self.base]

    def set_flatness(self, first: int, end: int, flatness: int) -> None:
        """Rows `first` to `end` (exclusive) are BLACK, WHITE or PICTURE, whatever their mean and deviation say."""
        self._flatness[first - self.base : end - self.base] = flatness

    def times_s(self, first: int, end: int) -> np.ndarray:
        """(N,) float64 seconds: presentation times, increasing."""
        return self._pts[first - self.base : end - self.base]

    def pts_s(self, row: int) -> float:
        """Presentation time of a row, seconds."""
        return float(self._pts[row - self.base])

    def beside(self, row: int, count: int, *, evenly: bool) -> tuple[np.ndarray, np.ndarray]:
        """The `count` rows before `row` and those from `row` on, as far as there are such; (N,) each, nearest first.

        evenly: without those that follow the last one sooner than three quarters of the time from the row before to
        `row`. Where a camera moves, rows that are farther apart differ more.
        """
        before = np.arange(row - 1, max(self.base, row - count) - 1, -1)
        after = np.arange(row, min(self.end, row + count))
        if not evenly:
            return before, after
        least_s = _EVEN_SHARE * (self.pts_s(row) - self.pts_s(row - 1))
        return self._apart(before, least_s), self._apart(after, least_s)

    def _apart(self, rows: np.ndarray, least_s: float) -> np.ndarray:
        """Of rows in order, the first and each that is so far from the last one taken."""
        times_s, taken = self._pts[rows - self.base], [0]
        for place in range(1, len(rows)):
            if abs(times_s[place] - times_s[taken[-1]]) >= least_s:
                taken.append(place)
        return np.asarray(rows[taken])

    def frame(self, row: int) -> int | None:
        """Frame number of a row; None when unknowable."""
        number = int(self._frame[row - self.base])
        return number if number >= 0 else None

    def grid(self, row: int) -> np.ndarray:
        """(208,) float32: the grid of one row."""
        return np.asarray(self._grids[row - self.base])


def distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Mean |luma difference| plus mean |chroma difference| of grids (…, 208), code values."""
    return np.asarray(np.abs(a - b) @ _CELL_WEIGHT)


def median_of(values: np.ndarray) -> float:
    """What `np.median` gives of (N,) numbers, N ≥ 1, none of them NaN, in a fifth of the time."""
    ordered, middle = np.sort(values), len(values) // 2
    return float((ordered[middle - 1 + len(values) % 2] + ordered[middle]) / 2)


def tone_gap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Share of pixels (0–1) that would have to change bin to turn histogram a into b; shapes (…, 64)."""
    return np.asarray(np.abs(a - b).sum(axis=-1) / 2)


def floor_scale(contrast_a: np.ndarray, contrast_b: np.ndarray, settings: ShotSettings) -> np.ndarray:
    """¼…1, same shape: the factor on all floors between frames of these contrasts, 1 from `full_contrast` on."""
    # Not np.clip, which costs more than all of this on a few numbers.
    share = np.maximum(contrast_a, contrast_b) / settings.full_contrast
    return np.asarray(np.minimum(np.maximum(share, _LEAST_FLOOR_SCALE), 1))


def luma_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Correlation −1…1 of the luma cells of grids (208,): 1 when only gain and offset differ, 0 when one is flat."""
    left, right = (p[:LUMA_CELLS] - p[:LUMA_CELLS].mean() for p in (a, b))
    energy = float(left @ left) * float(right @ right)
    return float(left @ right) / energy**0.5 if energy > 0 else 0.0
