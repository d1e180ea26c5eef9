"""Turning a head turns its landmarks, and the pose reports it with the documented signs."""

from __future__ import annotations

import numpy as np
import pytest

from engines.embedding import CHIP_POINTS
from engines.pose import mean_head, pose


def landmarks(yaw: float = 0, pitch: float = 0, roll: float = 0, size: float = 80) -> np.ndarray:
    """The mean head seen from a distance, turned by these degrees."""
    yaw, pitch, roll = np.radians([yaw, pitch, roll])
    up = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    right = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    around = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    return (mean_head() @ (right @ up).T)[:, :2] @ around.T * size + 300


def test_a_frontal_face_is_frontal() -> None:
    np.testing.assert_allclose(pose(CHIP_POINTS), 0, atol=1)


@pytest.mark.parametrize("angles", [(25, 0, 0), (-40, 0, 0), (0, 20, 0), (0, -20, 0), (0, 0, 35), (15, 10, -20)])
def test_angles_come_back(angles: tuple[float, float, float]) -> None:
    np.testing.assert_allclose(pose(landmarks(*angles)), angles, atol=4)


def test_signs() -> None:
    face = CHIP_POINTS.copy()
    face[2, 0] += 8
    assert pose(face)[0] > 8
    face = CHIP_POINTS.copy()
    face[2, 1] -= 6
    assert pose(face)[1] > 8
    assert pose(landmarks(roll=15))[2] == pytest.approx(15, abs=1)


def test_a_mirrored_face_looks_the_other_way() -> None:
    face = landmarks(20, 8, 12)
    mirrored = (face * [-1, 1] + [600, 0])[[1, 0, 2, 4, 3]]
    yaw, pitch, roll = pose(face)
    np.testing.assert_allclose(pose(mirrored), [-yaw, pitch, -roll], atol=1e-6)


def test_size_and_place_do_not_matter() -> None:
    face = landmarks(20, -10, 5)
    np.testing.assert_allclose(pose(face * 7 - 900), pose(face), atol=1e-6)


def test_degenerate_landmarks_give_numbers() -> None:
    assert np.isfinite(pose(np.full((5, 2), 3.0))).all()
