"""Geometry of the mesh chip, the mouth's formulas, and a real smile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.mesh import CHIP_PX, SQUARE_SIDE, chip_matrix, mouth_measures, mouth_openness, mouth_width
from engines.open_session import open_session
from engines.session import FakeSession, Session

from .scenes import portrait

BOX = (80.0, 60.0, 100.0, 140.0)
LANDMARKS = np.array([(100, 100), (160, 100), (130, 130), (108, 165), (152, 165)], np.float32)
FACE = (366.0, 125.0, 170.0, 230.0)
EYES = np.array([(404, 203), (495, 207)], np.float32)
"""Box and middles of the eyes of the astronaut, 1024 pixels wide, seen by eye."""


def face(gap: float, inner: float = 40, outer: float = 50, eyes: float = 60) -> np.ndarray:
    """(468, 3) points: lips `gap` apart, corners of the mouth `inner` and `outer` apart, middles of the eyes `eyes`."""
    points = np.random.default_rng(3).normal(100, 30, (468, 3)).astype(np.float32)
    points[[78, 308], :2] = [(-inner / 2, 0), (inner / 2, 0)]
    points[[61, 291], :2] = [(-outer / 2, 0), (outer / 2, 0)]
    for x, (upper, lower) in {0: (13, 14), -5: (82, 87), 5: (312, 317)}.items():
        points[[upper, lower], :2] = [(x, -gap / 2), (x, gap / 2)]
    for x, corners in {-eyes / 2: (33, 133), eyes / 2: (362, 263)}.items():
        points[list(corners), :2] = [(x - 8, -50), (x + 8, -50)]
    return points


def turned(points: np.ndarray, degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    rotated = points.copy()
    rotated[..., :2] = points[..., :2] @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return rotated


def test_the_box_lies_in_the_middle_of_the_chip() -> None:
    for landmarks in (LANDMARKS, turned(LANDMARKS, 30)):
        np.testing.assert_allclose(chip_matrix(BOX, landmarks) @ [130, 130, 1], [CHIP_PX / 2] * 2, atol=1e-9)
    down = chip_matrix(BOX, LANDMARKS) @ [130, 200, 1]
    np.testing.assert_allclose(down, [CHIP_PX / 2, CHIP_PX / 2 * (1 + 1 / SQUARE_SIDE)], atol=1e-9)


@pytest.mark.parametrize("degrees", [-40, 0, 25])
def test_the_eyes_are_level_in_the_chip(degrees: float) -> None:
    landmarks = turned(LANDMARKS, degrees)
    left, right = (chip_matrix(BOX, landmarks) @ [*eye, 1] for eye in landmarks[:2])
    assert left[1] == pytest.approx(right[1], abs=1e-4)
    assert right[0] - left[0] == pytest.approx(60 * CHIP_PX / (SQUARE_SIDE * 140), abs=1e-4)


def test_an_impossible_face_gives_a_finite_chip() -> None:
    assert np.isfinite(chip_matrix((10, 10, 0, 0), np.zeros((5, 2), np.float32))).all()


def test_openness_is_lip_gap_over_width_whatever_size_and_angle() -> None:
    points = np.stack([face(8), face(0), turned(face(8), 35), face(8) * 3, face(8, inner=20)])
    np.testing.assert_allclose(mouth_openness(points), [0.2, 0, 0.2, 0.2, 0.4], atol=1e-5)


def test_width_is_measured_in_distances_of_the_eyes() -> None:
    points = np.stack([face(8), turned(face(0), -20), face(8) * 3, face(8, outer=66)])
    np.testing.assert_allclose(mouth_width(points), [50 / 60, 50 / 60, 50 / 60, 1.1], atol=1e-5)


def test_collapsed_points_give_numbers() -> None:
    nothing = np.zeros((1, 468, 3), np.float32)
    assert np.isfinite(mouth_openness(nothing)).all()
    assert np.isfinite(mouth_width(nothing)).all()


@pytest.mark.parametrize("batch", [1, 2, 64])
def test_each_chip_has_its_row(batch: int) -> None:
    def answer(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        gaps = 100 * inputs["image"][:, 0, 0, 0]  # in proportion to the brightness of the chip
        return {"landmarks": np.stack([face(gap) for gap in gaps]), "presence": gaps[:, None]}

    chips = np.stack([np.full((CHIP_PX, CHIP_PX, 3), level, np.uint8) for level in (0, 51, 102)])
    with closing(FakeSession("mesh", answer)) as session:
        rows = mouth_measures(session, chips, batch)
    np.testing.assert_allclose(rows, [(0, 50 / 60, 0), (0.5, 50 / 60, 20), (1, 50 / 60, 40)], atol=1e-4)


# --- the real network ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def session(models_dir: Path) -> Iterator[Session]:
    with closing(open_session(models_dir / "mesh.onnx", threads=1)) as opened:
        yield opened


def chip_of(picture: np.ndarray, degrees: float = 0) -> np.ndarray:
    """The astronaut's chip, cut as if the detector had found her eyes `degrees` off their line."""
    matrix = chip_matrix(FACE, turned(EYES, degrees))
    return np.asarray(cv2.warpAffine(picture, matrix, (CHIP_PX, CHIP_PX), flags=cv2.INTER_AREA))


@pytest.mark.models
def test_points_lie_on_the_face(session: Session) -> None:
    chip = chip_of(portrait(1024))
    answer = session.run({"image": chip.transpose(2, 0, 1)[None] / np.float32(255)})
    points = answer["landmarks"][0, :, :2]
    matrix = np.vstack([chip_matrix(FACE, EYES), [0, 0, 1]])
    eyes = np.stack([points[[33, 133]].mean(0), points[[362, 263]].mean(0)])
    there = (np.linalg.inv(matrix) @ np.column_stack([eyes, np.ones(2)]).T).T[:, :2]
    np.testing.assert_allclose(there, EYES, atol=8)
    assert answer["presence"][0, 0] > 5


@pytest.mark.models
def test_a_smile_with_teeth_is_wide_and_a_little_open(session: Session) -> None:
    picture = portrait(1024)
    chips = np.stack([chip_of(picture), chip_of(picture, 8), chip_of(picture)[:, ::-1]])
    openness, width, presence = mouth_measures(session, chips, 1).T
    assert (openness > 0.1).all() and (openness < 0.35).all()
    assert (width > 0.85).all()
    assert (presence > 5).all()
    np.testing.assert_allclose(openness, openness[0], atol=0.06)


@pytest.mark.models
def test_a_wall_is_no_face(session: Session) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (1, CHIP_PX, CHIP_PX, 3), np.uint8)
    assert mouth_measures(session, noise, 1)[0, 2] < 0
