"""Films that nobody watched: made records of shots, faces and candidates, as many as asked for, without a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engines.faces import EMOTIONS, Face, Gaze
from engines.quality import Quality
from kernels.active_areas import BarsEvidence
from kernels.stats import ROW
from kernels.surface import Colour, Geometry
from stream.candidates.picture_pool import PicturePool
from stream.film import Film
from stream.records import Candidate, Composition, Shot, Track, VideoInfo

_SHOT_S, _FPS = 3.0, 24.0
_IDENTITY, _LOOK = 128, 512
"""Sizes of the embedding of a face and of the descriptor of a picture."""
_SCENES, _CAST = 8, 6
"""Different pictures of a film of near-copies, and the people in them."""


def made_film(candidates: int, *, copies: bool, seed: int = 1) -> Film:
    """A film that was watched to its end, with this many candidates, one a shot, each with one face in a track. The
    faces of every fifth track are poor; every seventh shot shows somebody else beside, whose face is poor too.

    copies: eight scenes with six people that come again and again, as in a clip that is looped; otherwise every scene
    is another, every third face is somebody who is never seen again, and the rest are a cast of six.
    """
    rng, geometry = np.random.default_rng(seed), Geometry(1920, 1080)
    length_s = candidates * _SHOT_S
    info = VideoInfo(
        Path("made.mp4"), "mp4", "h264", 1920, 1080, geometry, (1, 1), _FPS, 0.0, length_s, 8, "yuv420p", Colour()
    )
    film = Film(info, PicturePool(64, 8), BarsEvidence(geometry))
    looks = [_unit(rng, _LOOK) for _ in range(_SCENES)]
    cast = [_person(rng, rng.normal(size=_IDENTITY)) for _ in range(_CAST)]
    for number in range(candidates):
        start_s = number * _SHOT_S
        first, end = round(start_s * _FPS), round((start_s + _SHOT_S) * _FPS)
        film.shots.append(Shot(number, first, end, first, end, start_s, start_s + _SHOT_S, first, end, "cut"))
        stranger = not copies and number % 3 == 2
        person = _person(rng, rng.normal(size=_IDENTITY)) if stranger else cast[number % _SCENES % _CAST]
        faces = [_face(rng, _near(rng, person, 0.01 if copies else 0.05)) for _ in range(3)]
        track = Track(number, number, [(start_s + 1 + i / 2, face) for i, face in enumerate(faces)])
        track.embedding = None if number % 5 == 4 else faces[0].embedding
        film.tracks.append(track)
        if number % 7 == 6:
            beside = _face(rng, _near(rng, cast[(number + 1) % _CAST], 0.05))
            film.tracks.append(Track(candidates + number, number, [(start_s + 1, beside)]))
        look = _near(rng, looks[number % _SCENES], 0.1) if copies else _unit(rng, _LOOK)
        film.candidates.append(_candidate(rng, number, start_s + 1.5, faces[1], look))
    return film


def _candidate(rng: np.random.Generator, number: int, pts_s: float, face: Face, look: np.ndarray) -> Candidate:
    row = np.zeros(1, ROW)[0]
    row["pts_s"], row["frame"] = pts_s, round(pts_s * _FPS)
    row["luma_mean"], row["luma_std"], row["laplacian_var"] = 110, 50, rng.uniform(80, 120)
    row["colourfulness"], row["histogram"] = rng.uniform(20, 40), 1023
    return Candidate(
        number, pts_s, int(row["frame"]), row, (face,), look, face.quality.focus, 1.0, (number,), Composition(0.5, 5.0)
    )


def _face(rng: np.random.Generator, embedding: np.ndarray) -> Face:
    x, y, width, height = 800.0, 300.0, 300.0, rng.uniform(380, 420)
    places = [(0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)]
    emotion = np.zeros(len(EMOTIONS), np.float32)
    emotion[EMOTIONS.index("neutral")] = 1.0
    eyes = float(rng.uniform(0.28, 0.34))
    return Face(
        box=(x, y, width, height),
        score=0.9,
        landmarks=np.array([(x + a * width, y + d * height) for a, d in places], np.float32),
        inter_ocular_px=0.4 * width,
        eye_openness_ratio=eyes,
        eye_openness_ratios=(eyes, eyes),
        pose_deg=(float(rng.uniform(-10, 10)), 0.0, 0.0),
        embedding=embedding,
        emotion=emotion,
        quality=Quality(rng.uniform(90, 110), 1.0, 50.0, 0.0, 0.2, 120.0),
        mouth_openness_ratio=0.05,
        mouth_width_ratio=0.8,
        gaze=Gaze(0.0, 0.0, 0.0),
    )


_COMMON = np.sqrt(0.87) * np.eye(1, _IDENTITY)[0]
"""What all faces have in common: two people are about .87 alike."""


def _person(rng: np.random.Generator, own: np.ndarray) -> np.ndarray:
    return np.asarray(_COMMON + np.sqrt(0.13) * own / np.linalg.norm(own))


def _near(rng: np.random.Generator, vector: np.ndarray, wobble: float) -> np.ndarray:
    """(D,) float32 unit vector whose cosine to the given one is about 1 − half of `wobble`."""
    away = rng.normal(size=len(vector))
    near = vector / np.linalg.norm(vector) + np.sqrt(wobble) * away / np.linalg.norm(away)
    return np.asarray(near / np.linalg.norm(near), np.float32)


def _unit(rng: np.random.Generator, size: int) -> np.ndarray:
    vector = rng.normal(size=size)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)
