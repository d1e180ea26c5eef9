"""What flows through the graph: frozen records, named with the field's words."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from engines.faces import Face
from kernels.surface import Colour, Geometry, Surface

Transition = Literal["cut", "dissolve", "fade"]
FRAME_1080P_BYTES = 1920 * 1080 * 3 // 2
"""Bytes of a picture of 1920x1080, 8 bits, 4:2:0: what rooms for pictures are counted in."""


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What the container says of the film's picture stream."""

    path: Path
    container: str
    codec: str
    width: int
    """Coded (stored) width, pixels."""
    height: int
    geometry: Geometry
    sample_aspect_ratio: tuple[int, int]
    fps: float | None
    """Average frame rate, frames a second; None when the container does not say."""
    first_pts_s: float
    duration_s: float | None
    bit_depth: int
    pixel_format: str
    colour: Colour
    interlaced: bool = False


@dataclass(frozen=True, slots=True)
class FrameBatch:
    """Consecutive pictures in presentation order. `pts_s` (N,) float64 seconds; `frames` (N,) int32, -1 unknowable.

    `damaged` (N,) bool: the picture, or one that it is predicted from, did not decode cleanly.
    """

    surfaces: list[Surface]
    pts_s: np.ndarray
    frames: np.ndarray
    damaged: np.ndarray


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a reader of the result should know. `code` is stable, `message` is for people."""

    code: str
    message: str
    time_s: float | None = None


@dataclass(frozen=True, slots=True)
class Shot:
    """Consecutive frames of one camera take; `end_*` are exclusive. Frames are numbers of measured pictures.

    `first_row`/`end_row` count *measured* rows from 0 (they differ from `start_frame` when frames are skipped).
    `clean_first_row`/`clean_end_row` leave out the frames that a dissolve or a fade mixes with a neighbour.
    """

    index: int
    first_row: int
    end_row: int
    clean_first_row: int
    clean_end_row: int
    start_s: float
    end_s: float
    start_frame: int | None
    end_frame: int | None
    transition: Transition
    """How the shot begins."""


Timed = tuple[float, Surface]
"""A picture with its presentation time, seconds."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One decoded frame with what was measured of it. `row` is one record of `kernels.stats.ROW`.

    `beside`: pictures of its shot a moment before and after, as they were measured (`kernels.ops.Meter.small`).
    """

    row: np.void
    row_index: int
    surface: Surface
    beside: tuple[Timed, ...] = ()

    @property
    def pts_s(self) -> float:
        return float(self.row["pts_s"])


@dataclass(frozen=True, slots=True)
class Composition:
    """Of the whole displayed picture, bars included (they are alike in all pictures of a film)."""

    symmetry: float
    """Correlation of the picture with its mirror image, 0–1."""
    clutter: float
    """Mean gradient of luma away from the subject, luma units a pixel of the small copy."""
    weight_at: tuple[float, float]
    """Centre of the gradients, as shares of width and height."""


@dataclass(slots=True)
class Candidate:
    """One of the best 1–3 frames of a shot. Everything but the pixels, which live in the pool while it has room."""

    shot: int
    pts_s: float
    frame: int | None
    row: np.void
    faces: tuple[Face, ...]
    descriptor: np.ndarray | None
    """(D,) float32 unit vector; None for a picture without structure."""
    focus: float
    """Sharpness of the subject at full size, robust to film grain; see `stream.candidates`."""
    shot_score: float
    tracks: tuple[int, ...] = ()
    """For each face the number of its track in the video."""
    composition: Composition | None = None
    """None for a picture that was turned down before it was looked at closely."""


@dataclass(slots=True)
class Track:
    """One person inside one shot: the probes' faces linked by looks and place."""

    index: int
    shot: int
    faces: list[tuple[float, Face]] = field(default_factory=list)
    """(pts_s, face), by time."""
    embedding: np.ndarray | None = None
    """(128,) float32, L2-normalised mean of the good faces; None when none is good."""


@dataclass(frozen=True, slots=True)
class Character:
    """A cluster of tracks: one person of the film."""

    id: str
    main: bool
    tracks: tuple[int, ...]
    shots: tuple[int, ...]
    screen_time_s: float
    embedding: np.ndarray
    """(128,) float32, L2-normalised."""


@dataclass(frozen=True, slots=True)
class Active:
    """The active area as a rectangle of displayed pixels."""

    x: float
    y: float
    width: float
    height: float
