"""Films as they stand when their last shot is collected, made up: nothing is decoded and no engine is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engines.faces import Face
from engines.quality import Quality
from kernels.active_areas import BarsEvidence
from kernels.cpu import CpuOps
from kernels.stats import ROW
from kernels.surface import Colour, Geometry, Surface
from stream.candidates.picture_pool import PicturePool
from stream.deciding.decisions import OwnDeciders
from stream.film import Film
from stream.output.jpeg import CpuEncoder
from stream.pipeline.conclude import Tools
from stream.records import Candidate, Shot, TimedSurface, Track, VideoInfo

SHOWN = Geometry(64, 36)
SHOT_S = 4.0
_DARKEST = 30


def surface_of(number: int) -> Surface:
    """A flat picture that is told by its luma, up to 200 of them."""
    return Surface(np.full((36, 64), _DARKEST + number % 200, np.uint8), None, None, 8, Colour(), SHOWN)


def looks_of(person: int, take: int) -> np.ndarray:
    """(128,) unit embedding: takes of one person nearly alike, two people far apart."""
    own, varied = (np.random.default_rng(seed).normal(size=128) for seed in ([person], [person, take]))
    vector = own + 0.1 * varied
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def face_of(person: int, take: int, height: float = 18.0, openness: float = 0.35) -> Face:
    """A frontal face in the middle of the picture."""
    eyes, rest = [[28.0, 14.0], [36.0, 14.0]], [[32.0, 18.0], [29.0, 22.0], [35.0, 22.0]]
    return Face(
        box=(25.0, 8.0, 14.0, height),
        score=0.9,
        landmarks=np.array(eyes + rest, np.float32),
        inter_ocular_px=40.0,
        eye_openness_ratio=openness,
        eye_openness_ratios=(openness, openness),
        pose_deg=(0.0, 0.0, 0.0),
        embedding=looks_of(person, take),
        emotion=None,
        quality=Quality(focus=100.0, grain=1.0, contrast=40.0, burnt_ratio=0.0, blur_anisotropy=0.0, luma=120.0),
    )


def watched_film(people: Sequence[int], alike: bool = False) -> Film:
    """One shot for each of `people`, with one candidate in its middle; the later, the sharper. All pictures are in the
    pool, each with one beside it that has the same luma: the shot's number. alike: all show the same thing."""
    film = Film(info_of(SHOWN), PicturePool(64 + len(people), len(people)), BarsEvidence(SHOWN))
    for number, person in enumerate(people):
        start_s = number * SHOT_S
        film.shots.append(Shot(number, 0, 0, 0, 0, start_s, start_s + SHOT_S, None, None, "cut"))
        face = face_of(person, number)
        film.tracks.append(Track(number, number, [(start_s + 2.0, face)], face.embedding))
        film.candidates.append(_candidate(number, start_s + 2.0, face, 0 if alike else number, len(people)))
        film.pool.put(start_s + 2.0, surface_of(number), 1.0, None, [(start_s + 2.2, surface_of(number))])
    film.funnel.candidates = len(people)
    return film


def tools(
    blinks: Callable[[int], bool] = lambda number: False, frame_at: Callable[[float], Surface] | None = None
) -> Tools:
    """Those of the CPU; no text is found, and eyes are closed beside the pictures of the shots that `blinks` names."""

    def glance(surfaces: Sequence[Surface], face: Face) -> Iterator[Face | None]:
        for surface in surfaces:
            openness = 0.05 if blinks(int(surface.y[0, 0]) - _DARKEST) else 0.35
            yield replace(face, eye_openness_ratio=openness)

    def gone(first_s: float, last_s: float, *, fine: bool = False) -> list[TimedSurface]:
        raise AssertionError("nothing had to make room")

    def sought(pts_s: float) -> Surface:
        raise AssertionError("nothing had to make room")

    return Tools(OwnDeciders("cpu"), CpuOps(), CpuEncoder(), None, glance, frame_at or sought, gone)


def _candidate(number: int, pts_s: float, face: Face, look: int, count: int) -> Candidate:
    row = np.zeros(1, ROW)[0]
    row["pts_s"], row["luma_mean"], row["luma_std"], row["colourfulness"] = pts_s, 120, 45, 30
    descriptor = np.random.default_rng(look).normal(size=256).astype(np.float32)
    descriptor /= np.linalg.norm(descriptor)
    return Candidate(number, pts_s, number, row, (face,), descriptor, 100.0 + 100.0 * number / count, 1.0, (number,))


def info_of(geometry: Geometry) -> VideoInfo:
    """Of a film with square pixels."""
    width, height = geometry.display_width, geometry.display_height
    return VideoInfo(
        path=Path("film.mp4"), container="mp4", codec="h264", width=width, height=height, geometry=geometry,
        sample_aspect_ratio=(1, 1), fps=25.0, first_pts_s=0.0, duration_s=None, bit_depth=8, pixel_format="yuv420p",
        colour=Colour(),
    )  # fmt: skip
