"""The expression network gets a grey, upright, centred square, scaled to ±1."""

from __future__ import annotations

from contextlib import closing

import numpy as np

from engines.emotion import chip_matrix, emotions
from engines.grey import grey
from engines.session import FakeSession


def test_the_square_is_centred_on_the_box_and_a_fifth_larger() -> None:
    matrix = chip_matrix((100, 50, 60, 80))
    np.testing.assert_allclose(matrix @ [130, 90, 1], [32, 32])
    np.testing.assert_allclose(matrix @ [130, 90 - 48, 1], [32, 0], atol=1e-9)
    np.testing.assert_allclose(matrix @ [130 + 48, 90, 1], [64, 32])


def test_grey_is_luma() -> None:
    chips = np.array([[[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [200, 200, 200]]]], np.uint8)
    np.testing.assert_allclose(grey(chips)[0], [[76.245, 149.685], [29.07, 200]], atol=1e-3)


def test_black_is_minus_one_and_white_is_one() -> None:
    chips = np.stack([np.zeros((64, 64, 3), np.uint8), np.full((64, 64, 3), 255, np.uint8)])
    calm = np.eye(7, dtype=np.float32)[None, 6]
    with closing(FakeSession("emotion", lambda inputs: {"probabilities": calm})) as session:
        answers = emotions(session, chips, 1)
        black, white = (inputs["image"] for inputs in session.runs)
    assert answers.shape == (2, 7)
    assert black.shape == (1, 1, 64, 64)
    np.testing.assert_allclose([black.min(), black.max(), white.min(), white.max()], [-1, -1, 1, 1], atol=1e-6)
