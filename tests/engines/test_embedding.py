"""Chips are aligned as the identity network expects, and its outputs become unit vectors."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

import numpy as np
import pytest

from engines.embedding import CHIP_POINTS, chip_matrix, embed
from engines.session import FakeSession


def moved(points: np.ndarray, scale: float, degrees: float, shift: tuple[float, float]) -> np.ndarray:
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return np.asarray(points @ turn * scale + shift)


@pytest.mark.parametrize("degrees", [0, 40, -75, 180])
def test_landmarks_land_on_the_chips_points(degrees: float) -> None:
    landmarks = moved(CHIP_POINTS, 2.5, degrees, (300, -80))
    matrix = chip_matrix(landmarks)
    np.testing.assert_allclose(landmarks @ matrix[:, :2].T + matrix[:, 2], CHIP_POINTS, atol=1e-9)


def test_the_map_is_a_similarity_even_when_the_face_is_not_alike() -> None:
    matrix = chip_matrix(CHIP_POINTS * [0.6, 1] + np.random.default_rng(0).normal(size=(5, 2)))[:, :2]
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(2) * (matrix**2).sum() / 2, atol=1e-9)
    assert np.linalg.det(matrix) > 0


def test_other_chip_sizes_show_the_same_part() -> None:
    landmarks = moved(CHIP_POINTS, 2, 15, (50, 60))
    np.testing.assert_allclose(chip_matrix(landmarks, 75), chip_matrix(landmarks) / 2, atol=1e-9)


def test_coinciding_landmarks_are_refused() -> None:
    with pytest.raises(ValueError, match="coincide"):
        chip_matrix(np.full((5, 2), 7.0))


def test_answers_become_unit_vectors() -> None:
    def answer(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        assert inputs["image"].dtype == np.float32
        return {"embedding": inputs["image"].mean((2, 3)) @ np.ones((3, 128), np.float32)}

    chips = np.random.default_rng(0).integers(0, 255, (3, 150, 150, 3), np.uint8)
    with closing(FakeSession("embedding", answer)) as session:
        vectors = embed(session, chips, 2)
        assert [len(inputs["image"]) for inputs in session.runs] == [2, 1]
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert vectors.shape == (3, 128)
    assert vectors.dtype == np.float32
