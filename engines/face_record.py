"""From what the models measured of a face to its record: what can be known of a face so small or so turned, and what is
unknown."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TypedDict

import numpy as np

from . import emotion, eyes, mesh
from .detector import Detection
from .faces import UNMEASURED, Face, Gaze
from .pose import pose
from .quality import Quality

_Pair = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class FaceMeasures:
    """What the models measured of one face, on the host, float32.

    `eyes`: (36,) of the image-left and of the image-right eye (`eyes.eye_points`). `mouth`: (3,)
    (`mesh.mouth_measures`). `identity`: (128,) or None. `emotion`: (7,). `clothes`: (3,) or None. `quality`: (6,).
    """

    eyes: np.ndarray
    mouth: np.ndarray
    identity: np.ndarray | None
    emotion: np.ndarray
    clothes: np.ndarray | None
    quality: np.ndarray


NO_MOUTH = np.array([0.0, 0.0, -1.0], np.float32)
"""The `mouth` of a face whose mesh was not read."""
NO_QUALITY = np.array(astuple(UNMEASURED), np.float32)
"""The `quality` of a face whose quality was not measured."""


@dataclass(frozen=True, slots=True)
class Tellable:
    """What the models can tell of a face of its size and pose; what they say of the rest is not used. `eyes`: of the
    image-left and of the image-right one."""

    eyes: tuple[bool, bool]
    mouth: bool
    identity: bool
    emotion: bool


def tellable(landmarks: np.ndarray, embedding_least_px: float) -> Tellable:
    """What can be told of a face with these landmarks, (5, 2) displayed pixels. embedding_least_px: inter-ocular
    distance below which identity is unknown, displayed pixels."""
    return _tellable(eyes.inter_ocular(landmarks), pose(landmarks)[0], embedding_least_px)


def _tellable(inter_ocular_px: float, yaw_deg: float, embedding_least_px: float) -> Tellable:
    left, right = eyes.measurable_eyes(yaw_deg)
    large = inter_ocular_px >= eyes.LEAST_INTER_OCULAR_PX
    return Tellable(
        eyes=(left and large, right and large),
        mouth=abs(yaw_deg) <= mesh.MOST_YAW_DEG and inter_ocular_px >= mesh.LEAST_INTER_OCULAR_PX,
        identity=inter_ocular_px >= embedding_least_px,
        emotion=abs(yaw_deg) <= emotion.MOST_YAW_DEG and inter_ocular_px >= emotion.LEAST_INTER_OCULAR_PX,
    )


def face_record(face: Detection, measured: FaceMeasures | None, embedding_least_px: float) -> Face:
    """The record of a face. measured: None when it was not read closely. embedding_least_px: inter-ocular distance
    below which identity is unknown, displayed pixels."""
    distance, angles = eyes.inter_ocular(face.landmarks), pose(face.landmarks)
    can = _tellable(distance, angles[0], embedding_least_px)
    return Face(
        box=face.box,
        score=face.score,
        landmarks=face.landmarks,
        inter_ocular_px=distance,
        pose_deg=angles,
        embedding=measured.identity if measured is not None and can.identity else None,
        emotion=measured.emotion if measured is not None and can.emotion else None,
        quality=Quality(*map(float, measured.quality)) if measured is not None else UNMEASURED,
        clothes=measured.clothes if measured is not None else None,
        **_eyes_of(measured, can.eyes, angles[0], distance),
        **_mouth_of(measured, can.mouth),
    )


class _Eyes(TypedDict):
    eye_openness_ratio: float | None
    eye_openness_ratios: _Pair
    gaze: Gaze | None


class _Mouth(TypedDict):
    mouth_openness_ratio: float | None
    mouth_width_ratio: float | None


def _eyes_of(
    measured: FaceMeasures | None, seen: tuple[bool, bool], yaw_deg: float, inter_ocular_px: float
) -> _Eyes:
    """The fields of `Face` that tell of the eyes: of both, of the nearer one, or None."""
    if measured is None or not any(seen):
        return _Eyes(eye_openness_ratio=None, eye_openness_ratios=(None, None), gaze=None)
    rows = eyes.eye_measures(measured.eyes.reshape(2, -1))
    left, right = (float(row[0]) if there else None for row, there in zip(rows, seen, strict=True))
    tells_gaze = abs(yaw_deg) <= eyes.GAZE_MOST_YAW_DEG and inter_ocular_px >= eyes.GAZE_LEAST_INTER_OCULAR_PX
    known = [ratio for ratio in (left, right) if ratio is not None]
    return _Eyes(
        eye_openness_ratio=sum(known) / len(known),
        eye_openness_ratios=(left, right),
        gaze=eyes.gaze_of(rows, seen) if tells_gaze else None,
    )


def _mouth_of(measured: FaceMeasures | None, known: bool) -> _Mouth:
    """The fields of `Face` that tell of the mouth. known: whether anything can be told of it."""
    if measured is None or not known or measured.mouth[2] <= 0:
        return _Mouth(mouth_openness_ratio=None, mouth_width_ratio=None)
    return _Mouth(mouth_openness_ratio=float(measured.mouth[0]), mouth_width_ratio=float(measured.mouth[1]))
