"""Faces of a picture: where they are, who they look like, how they look. See README of this folder for the recipes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .quality import Quality

EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


@dataclass(frozen=True, slots=True)
class Face:
    """One face, in displayed-picture pixels. Arrays are float32 on the host."""

    box: tuple[float, float, float, float]
    """x, y, width, height."""
    score: float
    """Detector's confidence, 0–1."""
    landmarks: np.ndarray
    """(5, 2): image-left eye, image-right eye, nose tip, image-left and image-right mouth corner."""
    inter_ocular_px: float
    eye_openness_ratio: float | None
    """Mean eye aspect ratio of both eyes (lid gap over eye width); None when too small or turned away."""
    eye_openness_ratios: tuple[float | None, float | None]
    """Of the image-left and the image-right eye."""
    pose_deg: tuple[float, float, float]
    """Yaw (positive: turned to the image's right), pitch (positive: up), roll (positive: clockwise), degrees."""
    embedding: np.ndarray | None
    """(128,) unit vector of the identity network; None when the face is too small to tell."""
    emotion: np.ndarray | None
    """(7,) probabilities in the order of `EMOTIONS`."""
    quality: Quality
    """How well it is photographed, in the middle of its identity chip; `UNMEASURED` when it was not looked at."""
    mouth_openness_ratio: float | None = None
    """Gap of the lips over the width between them: closed < .09, smiling with teeth .16–.33, wide open > .4; None when
    too small, turned away or not seen as a face by the mesh."""
    mouth_width_ratio: float | None = None
    """Distance of the mouth's corners over that of the eyes, at rest .70–.90, on a broad smile .9–1.1."""


UNMEASURED = Quality(focus=0.0, grain=0.0, contrast=0.0, burnt_ratio=0.0, blur_anisotropy=0.0)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the engines saw in one picture. `descriptor`: (D,) float32 unit vector, None for a flat picture."""

    faces: tuple[Face, ...]
    descriptor: np.ndarray | None
