"""Type that is set tightly is narrower, and its characters are where they are said to be."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.hangul.rendering import _shaped


@pytest.mark.parametrize("seed", range(8))
def test_a_squeezed_line_is_narrower_and_its_places_move_with_it(seed: int) -> None:
    bar = np.zeros((90, 400), np.uint8)
    bar[40:50, 100:300] = 255
    (usual, _, _), (narrow, outlined, matrix) = (
        _shaped(np.random.default_rng(seed), [bar], squeezed) for squeezed in (1.0, 0.6)
    )
    of_usual, of_narrow = (np.flatnonzero((layer > 100).any(0)) for layer in (usual, narrow))
    assert np.ptp(of_narrow) < 0.85 * np.ptp(of_usual)
    assert outlined is narrow
    assert matrix @ (200, 45, 1) == pytest.approx((of_narrow.mean(), narrow.shape[0] / 2), abs=2)
