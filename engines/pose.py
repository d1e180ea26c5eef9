"""Head pose from five landmarks."""

from __future__ import annotations

import numpy as np

from .embedding import CHIP_POINTS

NOSE_DEPTH, MOUTH_DEPTH = 0.45, 0.05
"""Distance of the nose tip and of the mouth corners from the plane of the eyes, in inter-ocular distances."""


def mean_head() -> np.ndarray:
    """(5, 3) landmarks of a symmetric mean frontal head, in inter-ocular distances.

    x to the right, y down, z towards the camera.
    """
    eyes_apart = CHIP_POINTS[1, 0] - CHIP_POINTS[0, 0]
    mirrored = CHIP_POINTS[[1, 0, 2, 4, 3]] * [-1, 1]
    plane = (CHIP_POINTS - CHIP_POINTS.mean(0) + mirrored - mirrored.mean(0)) / (2 * eyes_apart)
    depths = np.array([0, 0, NOSE_DEPTH, MOUTH_DEPTH, MOUTH_DEPTH])
    return np.column_stack([plane, depths - depths.mean()])


def pose(landmarks: np.ndarray) -> tuple[float, float, float]:
    """Yaw (positive: to the image's right), pitch (positive: up) and roll (positive: clockwise) in degrees.

    landmarks: (5, 2) displayed pixels. Fits the mean head under weak perspective (DeMenthon & Davis 1995, first step).
    The fit is linear, so it never flips between two solutions as an iterative five-point solution does.
    """
    roll = _roll(landmarks)
    axes = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
    level = np.asarray(landmarks, np.float64) @ axes.T
    level -= level.mean(0)
    rows = np.linalg.lstsq(mean_head(), level, rcond=None)[0].T
    u, strengths, vt = np.linalg.svd(rows, full_matrices=False)
    rotation = u @ vt if strengths[1] > 1e-9 else np.eye(2, 3)
    yaw = np.arcsin(np.clip(rotation[0, 2], -1, 1))
    pitch = np.arcsin(np.clip(-rotation[1, 2] / max(float(np.cos(yaw)), 1e-6), -1, 1))
    return float(np.degrees(yaw)), float(np.degrees(pitch)), float(np.degrees(roll))


def _roll(landmarks: np.ndarray) -> float:
    across = np.asarray(landmarks[1] - landmarks[0], np.float64)
    return float(np.arctan2(across[1], across[0]))
