"""The records that pass from stage to stage: of the video, its pictures, shots, candidates, tracks and characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from engines.faces import Face
from kernels.surface import Colour, Geometry, Rect, Rotation, Surface

Stereo = Literal["side_by_side", "top_bottom"]
Transition = Literal["cut", "dissolve", "fade", "wipe"]
FRAME_1080P_BYTES = 1920 * 1080 * 3 // 2
"""Bytes of a picture of 1920x1080, 8 bits, 4:2:0: the unit in which memory for pictures is counted."""


def counted(count: int, one: str) -> str:
    """`1 picture`, `2,000 pictures`."""
    return f"{count:,} {one}{'s' if count != 1 else ''}"


_DOLBY_BASES = {1: "pq", 2: "bt709", 4: "hlg", 6: "pq"}


@dataclass(frozen=True, slots=True)
class DolbyVision:
    """`profile` and `compatibility` (bl_signal_compatibility_id) as in the configuration record. The latter says what
    the base layer is without Dolby's metadata; 0: nothing that others can show."""

    profile: int
    compatibility: int

    @property
    def base(self) -> str:
        """Transfer of the base layer as `kernels.surface.Colour` names it; `"unknown"` where there is none."""
        return _DOLBY_BASES.get(self.compatibility, "unknown")


Parity = Literal["tff", "bff"]
"""Which field of a picture is shown first: top (the even lines) or bottom."""


@dataclass(frozen=True, slots=True)
class Scan:
    """How a film's pictures were taken.

    `kind`: "progressive", whole; "interlaced", woven of two fields throughout or in parts; "telecine", four whole
    pictures became five, two or one of them woven. `parity`: None where it is progressive, and where flags of single
    pictures tell. `by`: what told it; flags do only where nothing moves. `late`: it was seen only while the film was
    watched, in a part that had not been looked at. `pictures`: how many were looked at.
    """

    kind: Literal["progressive", "interlaced", "telecine"] = "progressive"
    parity: Parity | None = None
    by: Literal["measured", "flags"] = "flags"
    late: bool = False
    pictures: int = field(default=0, compare=False)
    busy_s: float = field(default=0.0, compare=False)
    """Wall time of the looks, seconds."""
    cpu_s: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How stored pictures become shown ones (`stream.decode.arrangement`): cropped, one eye taken, mirrored left to
    right, then turned clockwise by `rotation` degrees. `crop`: left, top, right, bottom, stored pixels. `askew`: by how
    many degrees the display matrix would turn them further clockwise, -45 to 45; nothing is turned by them."""

    rotation: Rotation = 0
    mirrored: bool = False
    crop: tuple[int, int, int, int] = (0, 0, 0, 0)
    stereo: Stereo | None = None
    askew: float = 0.0

    @property
    def is_plain(self) -> bool:
        """Whether stored pictures are shown whole and unmirrored."""
        return not (self.mirrored or any(self.crop) or self.stereo)


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What the container and the first picture say of the film's picture stream."""

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
    matrix_guessed: bool = False
    """Whether the pictures name no matrix, so that it was guessed by their size."""
    is_rgb: bool = False
    """Whether pictures are stored as R'G'B'; they are converted with `colour.matrix`."""
    alpha_left_out: bool = False
    """Whether it has transparent parts that no decoder at hand shows."""
    dolby_vision: DolbyVision | None = None
    arrangement: Arrangement = Arrangement()
    stream: int = 0
    """Number of the film's stream in its container."""
    other_streams: tuple[int, ...] = ()
    """Numbers of further video streams that are no cover pictures."""
    hdr_told_beside: bool = False
    """Whether `colour` is one of high dynamic range that the container or Dolby Vision tells and the first picture does
    not: it holds for all pictures that say nothing."""
    colours: tuple[Colour, ...] = ()
    """The colours of the places looked at before watching, each once, as the pictures there say."""
    scan: Scan = Scan()
    untimed: int = 0
    """How many pictures it begins with that have no presentation time."""
    shapes: int = 1
    """How many shapes (stored size, aspect of the pixels) were seen in the places looked at before watching. This
    record describes that of most of them."""


@dataclass(frozen=True, slots=True)
class ColourPart:
    """Pictures in a row of one colour. `time_s`: of the first of them, seconds. `matrix_guessed`: see `VideoInfo`."""

    time_s: float
    colour: Colour
    matrix_guessed: bool = False


@dataclass(frozen=True, slots=True)
class FrameBatch:
    """N consecutive pictures in presentation order.

    `pts_s`: (N,) float64, seconds. `frames`: (N,) int32, numbers of the pictures in the stream, -1 where unknowable.
    `damaged`: (N,) bool, whether the picture, or one that it is predicted from, did not decode cleanly. `keys`: (N,)
    bool, whether it is predicted from no other and decoding can begin with it; None where nobody knows. `looks`: what
    pairs of pictures that got bars say of their fields, as they are stored, each with its time; where they are fitted
    into the film's shape, lines may be scaled. `colours`: the parts that begin in the batch, as they are stored; none
    from decoders that show a whole film by one colour.
    """

    surfaces: list[Surface]
    pts_s: np.ndarray
    frames: np.ndarray
    damaged: np.ndarray
    looks: Sequence[tuple[float, Literal["T", "B", "P", "?", "-"]]] = ()
    colours: Sequence[ColourPart] = ()
    keys: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a reader of the result should know. `code` is stable, `message` is for people."""

    code: str
    message: str
    time_s: float | None = None


@dataclass(frozen=True, slots=True)
class Shot:
    """Consecutive frames of one camera take. All ends are exclusive.

    `first_row`, `end_row`: numbers of measured rows from 0. `start_frame`, `end_frame`: numbers of pictures in the
    stream, None where unknowable; the two differ when frames are skipped. `clean_first_row`, `clean_end_row`: the rows
    without those that a dissolve or a fade mixes with a neighbour. `start_s`, `end_s`: seconds.
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
    confidence: float = 1.0
    """How sure the beginning is, 0–1 (`stream.shots.splitter`)."""
    gap_s: float = 0.0
    """Seconds of it that are gaps in the film's times."""


TimedSurface = tuple[float, Surface]
"""A picture with its presentation time, seconds."""


@dataclass(frozen=True, slots=True)
class ActiveRect:
    """The picture without its black bars, as a rectangle in displayed pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def rect(self) -> Rect:
        """As a tuple."""
        return self.x, self.y, self.width, self.height


@dataclass(frozen=True, slots=True)
class Picture:
    """One decoded frame with its measurements.

    `row`: one record of `kernels.stats.ROW`. `row_index`: its number in the film. `beside`: small copies of pictures of
    the same shot just before and after it (`kernels.ops.Meter.small`), by time. `soft`: much softer than is usual in
    its shot, so that it is of use only for a face. `inside`: where `row` was measured; None: in the whole picture.
    """

    row: np.void
    row_index: int
    surface: Surface
    beside: tuple[TimedSurface, ...] = ()
    soft: bool = False
    inside: ActiveRect | None = None

    @property
    def pts_s(self) -> float:
        return float(self.row["pts_s"])


@dataclass(frozen=True, slots=True)
class Composition:
    """How a picture is composed inside its bars."""

    symmetry: float
    """Correlation of luma with its mirror image, 0–1."""
    clutter: float
    """Mean gradient of luma away from the subject, luma units a pixel of the small copy."""


@dataclass(slots=True)
class Candidate:
    """One of the best 1–3 frames of a shot, without its pixels, which are in the pool while there is room."""

    shot: int
    pts_s: float
    frame: int | None
    row: np.void
    """Measured in `inside`; signatures are those of the whole picture."""
    faces: tuple[Face, ...]
    descriptor: np.ndarray | None
    """(D,) float32 unit vector; None for a picture without structure."""
    focus: float
    """Sharpness of the leading face (`engines.quality`); without a face `laplacian_var` of the picture."""
    shot_score: float
    """For comparing pictures of one shot only (`stream.candidates.choice`)."""
    tracks: tuple[int, ...] = ()
    """For each face the number of its track in the video."""
    composition: Composition | None = None
    """None for a picture that was rejected when its shot closed."""
    inside: ActiveRect | None = None
    """Where the picture lies between the bars, as far as they were known when its shot closed; None: everywhere."""


@dataclass(slots=True)
class Track:
    """One person inside one shot: faces of its probes, linked by embedding and place."""

    index: int
    shot: int
    faces: list[tuple[float, Face]] = field(default_factory=list)
    """(pts_s, face), by time."""
    embedding: np.ndarray | None = None
    """(128,) float32 unit vector: mean of the good faces (`stream.people.tracks.is_good`); None when none is good."""


@dataclass(frozen=True, slots=True)
class Character:
    """A cluster of tracks: one person of the film. `tracks`, `shots`: indices."""

    id: str
    main: bool
    tracks: tuple[int, ...]
    shots: tuple[int, ...]
    screen_time_s: float
    embedding: np.ndarray
    """(128,) float32 unit vector."""
