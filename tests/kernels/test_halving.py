"""Pictures are halved in pairs of bytes where their rows allow it, with the same result."""

from __future__ import annotations

import numpy as np
import pytest

from kernels import fused, planes


def _halved_by_samples(picture: np.ndarray, times: int) -> np.ndarray:
    """Means of 2×2 samples, rounded half up, `times` times."""
    for _ in range(times):
        height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
        wide = picture[:height, :width].astype(np.int64)
        total = wide[0::2, 0::2] + wide[0::2, 1::2] + wide[1::2, 0::2] + wide[1::2, 1::2]
        picture = ((total + 2) >> 2).astype(picture.dtype)
    return picture


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("left", [0, 1, 2])
@pytest.mark.parametrize("pitch", [64, 65])
@pytest.mark.parametrize("size", [(40, 48), (37, 45), (8, 8), (9, 11)])
def test_halving_gives_means_rounded_half_up(
    size: tuple[int, int], pitch: int, left: int, times: int, dtype: type
) -> None:
    """For planes at even and odd addresses, with even and odd pitches and sides."""
    held = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (size[0], pitch), dtype, endpoint=True)
    picture = held[:, left : left + size[1]]
    assert (planes.halve_steps(picture, [(2, 2)] * times) == _halved_by_samples(picture, times)).all()


@pytest.mark.parametrize(
    ("pitch", "left", "dtype", "whole"),
    [(64, 0, np.uint8, True), (64, 2, np.uint8, True), (64, 1, np.uint8, False), (65, 0, np.uint8, False),
     (64, 0, np.uint16, False)],
)  # fmt: skip
def test_pairs_never_straddle_rows_or_words(pitch: int, left: int, dtype: type, *, whole: bool) -> None:
    """Bytes at an odd address, rows of an odd length and samples of two bytes are not read in pairs."""
    picture = np.zeros((8, pitch), dtype)[:, left : left + 40]
    assert (fused.pairs(*fused.flat(picture)) is not None) is whole
