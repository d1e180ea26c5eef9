"""Compiled loops may ask memory for what they will read soon."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from kernels.compiled import prefetch


@njit(nogil=True)
def _total(samples: np.ndarray, ahead: int) -> int:
    total = 0
    for c in range(samples.shape[0]):
        prefetch(samples, c + ahead)
        total += samples[c]
    return total


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_asking_ahead_is_one_instruction_and_changes_nothing(dtype: type) -> None:
    """Also far beyond the line, where there is no memory."""
    samples = np.arange(200, dtype=dtype)
    assert [_total(samples, ahead) for ahead in (0, 64, 1 << 50)] == [19_900] * 3
    assert all("call void @llvm.prefetch" in code for code in _total.inspect_llvm().values())
