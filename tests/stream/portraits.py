"""Faces and pictures whose every number is known: nothing speaks against them but what a test says otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engines.faces import EMOTIONS, Face, Gaze
from engines.quality import Quality
from kernels.active_areas import BarsEvidence
from kernels.stats import ROW
from kernels.surface import Colour, Geometry
from stream.candidates.picture_pool import PicturePool
from stream.film import Film
from stream.records import Candidate, Shot, Track, VideoInfo

Box = tuple[float, float, float, float]

BOX: Box = (800.0, 300.0, 300.0, 400.0)
"""Well inside a picture of 1920×1080, with or without bars of 140."""
AHEAD = Gaze(0.0, 0.0, 0.0)
GOOD = {"focus": 100.0, "grain": 1.0, "contrast": 50.0, "burnt_ratio": 0.0, "blur_anisotropy": 0.2, "luma": 120.0}


def mood(**shares: float) -> np.ndarray:
    """(7,) float32 probabilities: what is said, and the rest neutral."""
    emotion = np.zeros(len(EMOTIONS), np.float32)
    for name, share in shares.items():
        emotion[EMOTIONS.index(name)] = share
    emotion[EMOTIONS.index("neutral")] += 1 - emotion.sum()
    return emotion


def face(
    box: Box = BOX,
    *,
    score: float = 0.9,
    eyes: float | None = 0.3,
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    mouth: float | None = 0.05,
    lips: float = 0.8,
    emotion: np.ndarray | None = None,
    embedding: np.ndarray | None = None,
    gaze: Gaze | None = AHEAD,
    **quality: float,
) -> Face:
    """Frontal, eyes open at two fifths of its height and looking ahead, mouth closed, neutral, sharp. `lips`: their
    breadth. `quality`: fields of `Quality`."""
    x, y, width, height = box
    places = [(0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)]
    return Face(
        box=box,
        score=score,
        landmarks=np.array([(x + a * width, y + d * height) for a, d in places], np.float32),
        inter_ocular_px=0.4 * width,
        eye_openness_ratio=eyes,
        eye_openness_ratios=(eyes, eyes),
        pose_deg=(yaw, pitch, roll),
        embedding=embedding,
        emotion=mood() if emotion is None else emotion,
        quality=Quality(**{**GOOD, **quality}),
        mouth_openness_ratio=mouth,
        mouth_width_ratio=lips,
        gaze=gaze,
    )


def row(pts_s: float = 1.0, **measured: float) -> np.void:
    """What is measured of an ordinary frame at 25 frames a second."""
    found = np.zeros(1, ROW)[0]
    found["pts_s"], found["frame"] = pts_s, round(pts_s * 25)
    found["luma_mean"], found["luma_std"], found["laplacian_var"], found["colourfulness"] = 110, 50, 100, 30
    found["histogram"] = 1023  # of every tone as much
    for name, value in measured.items():
        found[name] = value
    return found


def candidate(pts_s: float = 1.0, *faces: Face, shot: int = 0, tracks: Sequence[int] = (), **more: Any) -> Candidate:
    """A picture with these faces. `more`: further fields of `Candidate`."""
    known = {"descriptor": None, "focus": 100.0, "shot_score": 1.0} | more
    return Candidate(
        shot=shot, pts_s=pts_s, frame=round(pts_s * 25), row=row(pts_s), faces=faces, tracks=tuple(tracks), **known
    )


def shots(count: int, length_s: float = 4.0) -> list[Shot]:
    """Takes of one length, one after the other, at 25 frames a second."""
    found = []
    for index in range(count):
        first, end = (round(25 * length_s * i) for i in (index, index + 1))
        found.append(Shot(index, first, end, first, end, length_s * index, length_s * (index + 1), first, end, "cut"))
    return found


def film(
    candidates: Sequence[Candidate] = (),
    tracks: Sequence[Track] = (),
    *,
    shots: Sequence[Shot] = (),
    reserve: Sequence[tuple[Candidate, str]] = (),
    size: tuple[int, int] = (1920, 1080),
) -> Film:
    """A film that was watched to its end."""
    geometry = Geometry(*size)
    info = VideoInfo(Path("film.mp4"), "mp4", "h264", *size, geometry, (1, 1), 25.0, 0.0, 60.0, 8, "yuv420p", Colour())
    found = Film(info, PicturePool(64, 8), BarsEvidence(geometry))
    found.candidates, found.tracks, found.shots = list(candidates), list(tracks), list(shots)
    found.reserve = list(reserve)
    return found
