"""Geometry of the eye chip, the aspect ratio and the place of the iris. Real eyes are read in the reader's tests."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

import numpy as np
import pytest

from engines.eyes import (
    AHEAD_DOWN,
    AHEAD_OUTWARDS,
    POINTS,
    eye_matrices,
    eye_measures,
    eye_points,
    gaze_of,
    inter_ocular,
    measurable_eyes,
)
from engines.session import FakeSession

LANDMARKS = np.array([(100, 100), (160, 100), (130, 130), (108, 165), (152, 165)], np.float32)


def turned(landmarks: np.ndarray, degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    return landmarks @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def measured(contours: list[np.ndarray], irises: list[np.ndarray] | None = None) -> np.ndarray:
    """`eye_measures` of contours (71, 2) and irises (2,)."""
    pairs = zip(contours, irises or [np.zeros(2)] * len(contours), strict=True)
    return eye_measures(np.stack([np.vstack([eye[list(POINTS), :2], iris]).reshape(-1) for eye, iris in pairs]))


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
    rows = measured([contour(9), contour(9, 60), contour(0), contour(9) * 5])
    np.testing.assert_allclose(rows[:, 0], [0.3, 0.15, 0, 0.3], atol=1e-6)


def test_a_collapsed_contour_gives_a_number() -> None:
    assert np.isfinite(eye_measures(np.zeros((1, 18), np.float32))).all()


def test_the_iris_is_placed_along_and_below_the_line_of_the_corners_whatever_the_size_and_tilt() -> None:
    eye, iris = contour(9)[:, :2], np.array([12, 6], np.float32)
    angle = np.radians(20)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
    rows = measured([eye, eye @ turn, eye * 3], [iris, iris @ turn, iris * 3])
    np.testing.assert_allclose(rows[:, 1:], [(0.1, 0.2)] * 3, atol=1e-5)


def test_a_turned_head_shows_its_nearer_eye_alone_and_a_profile_none() -> None:
    assert measurable_eyes(0) == measurable_eyes(-30) == measurable_eyes(30) == (True, True)
    assert measurable_eyes(45) == (True, False)
    assert measurable_eyes(-45) == (False, True)
    assert measurable_eyes(80) == measurable_eyes(-80) == (False, False)


def eyes_at(left: tuple[float, float], right: tuple[float, float]) -> np.ndarray:
    """Rows of two eyes whose irises lie (outwards, down) from straight ahead."""
    rows = [(0.3, AHEAD_OUTWARDS + outwards, AHEAD_DOWN + down) for outwards, down in (left, right)]
    return np.array(rows, np.float32)


def test_a_gaze_is_told_in_the_image_not_in_the_eye() -> None:
    gaze = gaze_of(eyes_at((-0.2, 0.1), (0.2, 0.1)), (True, True))
    assert gaze is not None and (gaze.right, gaze.down, gaze.inwards) == pytest.approx((0.2, 0.1, 0.0), abs=1e-6)
    crossed = gaze_of(eyes_at((-0.15, 0), (-0.15, 0)), (True, True))
    assert crossed is not None and (crossed.right, crossed.inwards) == pytest.approx((0.0, 0.15), abs=1e-6)


def test_one_eye_tells_where_it_looks_but_not_whether_eyes_are_crossed() -> None:
    gaze = gaze_of(eyes_at((-0.2, 0.1), (9, 9)), (True, False))
    assert gaze is not None and (gaze.right, gaze.down) == pytest.approx((0.2, 0.1), abs=1e-6)
    assert gaze.inwards is None
    assert gaze_of(eyes_at((0, 0), (0, 0)), (False, False)) is None


@pytest.mark.parametrize("batch", [1, 3, 64])
def test_right_eyes_are_shown_mirrored(batch: int) -> None:
    shown: list[np.ndarray] = []

    def answer(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        shown.extend(inputs["image"])
        count = len(inputs["image"])
        return {"landmarks": np.repeat(contour(9)[None], count, 0), "iris": np.full((count, 5, 3), 15, np.float32)}

    chips = np.random.default_rng(0).integers(0, 255, (4, 64, 64, 3), np.uint8)
    with closing(FakeSession("eyes", answer)) as session:
        rows = eye_measures(eye_points(session, chips, batch))
    np.testing.assert_allclose(rows, [(0.3, 0, 0.5)] * 4, atol=1e-6)
    for number, planes in enumerate(shown):
        chip = chips[number, :, ::-1] if number % 2 else chips[number]
        np.testing.assert_allclose(planes, chip.transpose(2, 0, 1) / 255, atol=1e-6)
