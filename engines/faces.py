"""Records of what the models find in a picture. engines/README.md describes the models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .quality import Quality

EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


@dataclass(frozen=True, slots=True)
class Gaze:
    """Where the irises lie between the corners of the eyes, in eye widths from where they lie in eyes that look
    straight ahead out of the head."""

    right: float
    """To the image's right, the mean of the eyes that were measured. Beyond ±.17 eyes look rolled aside."""
    down: float
    """Down, the mean as well. Downcast eyes lie .06 to .2 down, nearly closed ones too."""
    inwards: float | None
    """Towards the nose, the mean of both eyes; crossed eyes .08 to .2. None when only one was measured."""


@dataclass(frozen=True, slots=True)
class Face:
    """One face, in displayed-picture pixels. Arrays are float32 on the host."""

    box: tuple[float, float, float, float]
    """x, y, width, height."""
    score: float
    """The detector's confidence, 0–1."""
    landmarks: np.ndarray
    """(5, 2): image-left eye, image-right eye, nose tip, image-left and image-right mouth corner."""
    inter_ocular_px: float
    """Distance between the eyes, see `eyes.inter_ocular`."""
    eye_openness_ratio: float | None
    """Mean eye aspect ratio (lid gap over eye width) of the eyes that were measured; None when the face is too small or
    turned away."""
    eye_openness_ratios: tuple[float | None, float | None]
    """The ratios of the image-left and of the image-right eye. None as above, and for the farther eye of a head that is
    turned by more than 30 degrees."""
    pose_deg: tuple[float, float, float]
    """Yaw (positive: turned to the image's right), pitch (positive: up), roll (positive: clockwise), degrees."""
    embedding: np.ndarray | None
    """(128,) unit vector of the identity network; None when the face is too small."""
    emotion: np.ndarray | None
    """(7,) probabilities in the order of `EMOTIONS`; None when the face was not read closely, or is too small or turned
    away."""
    quality: Quality
    """Photographic quality of the middle of the identity chip; `UNMEASURED` when the face was not read closely."""
    mouth_openness_ratio: float | None = None
    """Gap between the lips over the width between them: closed < .09, smiling with teeth .16–.33, wide open > .4. None
    when the face is too small or turned away, or when the mesh network does not see a face."""
    mouth_width_ratio: float | None = None
    """Distance of the mouth's corners over that of the eyes: at rest .70–.90, in a broad smile .9–1.1. None as
    above."""
    clothes: np.ndarray | None = None
    """(3,) float32 mean CIE L*a*b* below the face (`engines.clothes`); None where too little is seen of it."""
    gaze: Gaze | None = None
    """Where the eyes look; None when the face is too small or turned away to tell, which it is sooner than to tell how
    open the eyes are."""


UNMEASURED = Quality(focus=0.0, grain=0.0, contrast=0.0, burnt_ratio=0.0, blur_anisotropy=0.0, luma=0.0)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the models found in one picture. `descriptor`: (D,) float32 unit vector, None for a flat picture."""

    faces: tuple[Face, ...]
    descriptor: np.ndarray | None
