"""Geometry of the eye chip and the aspect ratio. Real eyes are read in the reader's tests."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

import numpy as np
import pytest

from engines.eyes import eye_aspect_ratio, eye_matrices, inter_ocular, openness
from engines.session import FakeSession

LANDMARKS = np.array([(100, 100), (160, 100), (130, 130), (108, 165), (152, 165)], np.float32)


def turned(landmarks: np.ndarray, degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    return landmarks @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def contour(gap: float, width: float = 30) -> np.ndarray:
    """(71, 3) points of an eye whose lids are `gap` apart."""
    points = np.zeros((71, 3), np.float32)
    points[8, 0] = width
    points[[11, 12, 13], 1] = -gap
    points[:, 2] = np.arange(71)
    return points


def test_the_eye_lies_in_the_middle_of_its_chip() -> None:
    for landmarks in (LANDMARKS, turned(LANDMARKS, 30)):
        for matrix, eye in zip(eye_matrices(landmarks), landmarks[:2], strict=True):
            np.testing.assert_allclose(matrix @ [*eye, 1], [32, 32], atol=1e-4)


def test_the_chip_is_level_and_one_inter_ocular_distance_wide() -> None:
    landmarks = turned(LANDMARKS, -25)
    left, _ = eye_matrices(landmarks)
    other_eye = left @ [*landmarks[1], 1]
    np.testing.assert_allclose(other_eye, [32 + 64, 32], atol=1e-3)


def test_inter_ocular_distance_survives_a_turned_head() -> None:
    assert inter_ocular(LANDMARKS) == pytest.approx(60)
    narrow = LANDMARKS * [0.3, 1]
    assert inter_ocular(narrow) == pytest.approx(0.85 * 65)


def test_the_ratio_is_lid_gap_over_width_whatever_the_size() -> None:
    ratios = eye_aspect_ratio(np.stack([contour(9), contour(9, 60), contour(0), contour(9) * 5]))
    np.testing.assert_allclose(ratios, [0.3, 0.15, 0, 0.3], atol=1e-6)


def test_a_collapsed_contour_gives_a_number() -> None:
    assert np.isfinite(eye_aspect_ratio(np.zeros((1, 71, 3), np.float32))).all()


@pytest.mark.parametrize("batch", [1, 3, 64])
def test_right_eyes_are_shown_mirrored(batch: int) -> None:
    shown: list[np.ndarray] = []

    def answer(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        shown.extend(inputs["image"])
        return {"landmarks": np.repeat(contour(9)[None], len(inputs["image"]), 0)}

    chips = np.random.default_rng(0).integers(0, 255, (4, 64, 64, 3), np.uint8)
    with closing(FakeSession("eyes", answer)) as session:
        ratios = openness(session, chips, batch)
    np.testing.assert_allclose(ratios, [0.3] * 4, atol=1e-6)
    for number, planes in enumerate(shown):
        chip = chips[number, :, ::-1] if number % 2 else chips[number]
        np.testing.assert_allclose(planes, chip.transpose(2, 0, 1) / 255, atol=1e-6)
