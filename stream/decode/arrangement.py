"""Which part of a stored picture is shown and how it lies: crop flags, the eye of a stereo film, mirroring, rotation.

Crop, eye and mirroring are undone when a picture becomes a `Surface`, so all that comes after knows them no more; the
kernels do the rotation. Crop and eye are views; mirroring copies the planes.
"""

from __future__ import annotations

import math
import struct
from dataclasses import replace
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.sidedata.sidedata import Type

from kernels.surface import Geometry, Rotation, Surface

from ..records import Arrangement, Notice, Stereo, VideoInfo
from .matroska import VideoTrack, video_tracks
from .side_data import side_data

_STEREO: dict[int, Stereo] = {1: "side_by_side", 2: "top_bottom", 5: "side_by_side"}
"""AVStereo3DType: side by side, one above the other, side by side in a chequered pattern of samples."""
_USUAL_ASPECT = 16 / 9
_STRAIGHT_DEGREES = 1.0
"""Matrices that are no further from a right angle count as one, as in FFmpeg."""


def arrangement_of(frame: av.VideoFrame, crop: tuple[int, int, int, int] = (0, 0, 0, 0)) -> Arrangement:
    """How the film's pictures lie, by its first one. `crop`: left, top, right, bottom in stored pixels."""
    rotation, mirrored = orientation_of(frame)
    data = side_data(frame, Type.STEREO3D)
    stereo = _STEREO.get(struct.unpack_from("=i", data)[0]) if data else None
    askew = (_turned_by(frame)[0] - rotation + 180) % 360 - 180
    return Arrangement(rotation, mirrored, crop, stereo, askew if abs(askew) > _STRAIGHT_DEGREES else 0.0)


def orientation_of(frame: av.VideoFrame) -> tuple[Rotation, bool]:
    """Clockwise rotation in degrees, the right angle that is nearest to what the frame's display matrix says, and
    whether the picture is mirrored left to right before it."""
    degrees, mirrored = _turned_by(frame)
    return cast(Rotation, round(degrees / 90) * 90 % 360), mirrored


def _turned_by(frame: av.VideoFrame) -> tuple[float, bool]:
    """`orientation_of` by any angle. A display matrix has three rows of three numbers, of which the upper left four
    turn and mirror (FFmpeg, libavutil/display.h)."""
    data = side_data(frame, Type.DISPLAYMATRIX)
    if not data:  # PyAV reads the rotation also where it cannot hand over the matrix
        return -frame.rotation, False
    a, b, _, c, d, *_ = struct.unpack("=9i", data)
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    return math.degrees(math.atan2(b, a)), mirrored


def geometry_of(width: int, height: int, sample_aspect: tuple[int, int], arrangement: Arrangement) -> Geometry:
    """Display size and rotation of stored pictures of `width` by `height`. The width is stretched to square pixels (as
    players do), before the rotation.

    sample_aspect: (numerator, denominator) of the pixel's width to its height. Each eye of a stereo film may be
    squeezed to half its size, and nothing says so for sure: what is nearer to 16:9 is taken.
    """
    left, top, right, bottom = arrangement.crop
    columns = (width - left - right) * sample_aspect[0] / sample_aspect[1]
    lines = float(height - top - bottom)
    if arrangement.stereo == "side_by_side":
        columns = min((columns / 2, columns), key=lambda one: _distance(one / lines))
    elif arrangement.stereo == "top_bottom":
        lines = min((lines / 2, lines), key=lambda one: _distance(columns / one))
    shown = max(1, round(columns)), max(1, round(lines))
    return Geometry(*(shown if arrangement.rotation % 180 == 0 else shown[::-1]), arrangement.rotation)


def arrangement_within(arrangement: Arrangement, width: int, height: int) -> Arrangement:
    """The arrangement of a picture of this size: not cropped where it is smaller than what would be cut off."""
    left, top, right, bottom = arrangement.crop
    fits = left + right < width and top + bottom < height
    return arrangement if fits else replace(arrangement, crop=(0, 0, 0, 0))


def _distance(aspect: float) -> float:
    return abs(math.log(aspect / _USUAL_ASPECT))


def arranged(surface: Surface, arrangement: Arrangement) -> Surface:
    """The stored picture as it is shown, but for the rotation."""
    if arrangement.is_plain:
        return surface
    rows, columns = surface.y.shape
    left, top, right, bottom = arrangement_within(arrangement, columns, rows).crop
    right, bottom = columns - right, rows - bottom
    if arrangement.stereo == "side_by_side":
        right = left + max(1, (right - left) // 2)
    elif arrangement.stereo == "top_bottom":
        bottom = top + max(1, (bottom - top) // 2)
    planes = [
        None if plane is None else _part(plane, rows, columns, (left, top, right, bottom), arrangement.mirrored)
        for plane in (surface.y, surface.u, surface.v)
    ]
    return replace(surface, y=planes[0], u=planes[1], v=planes[2])


def _part(
    plane: np.ndarray, rows: int, columns: int, part: tuple[int, int, int, int], mirrored: bool
) -> np.ndarray:
    """The part (left, top, right, bottom, in samples of luma) of a plane of a picture of `columns` by `rows`."""
    across, down = max(1, round(columns / plane.shape[1])), max(1, round(rows / plane.shape[0]))
    left, top, right, bottom = part
    cut = plane[top // down : -(-bottom // down), left // across : -(-right // across)]
    return np.ascontiguousarray(cut[:, ::-1]) if mirrored else cut


def crop_of(path: Path, container: str, place: int) -> tuple[VideoTrack, tuple[int, int, int, int]] | None:
    """The Matroska track that is video stream number `place`, and its crop in whole pairs of pixels, so that luma and
    chroma stay together; None where nothing is cropped, or more than the picture has."""
    if "matroska" not in container:
        return None
    tracks = video_tracks(path)
    if place >= len(tracks) or not any(tracks[place].crop):
        return None
    left, top, right, bottom = (one - one % 2 for one in tracks[place].crop)
    width, height = tracks[place].pixels
    return (tracks[place], (left, top, right, bottom)) if left + right < width and top + bottom < height else None


def shape_uncropped(sample_aspect: tuple[int, int], track: VideoTrack) -> tuple[int, int]:
    """The pixels' aspect where a track was cropped after its display size was written: that size is still that of the
    whole picture, and FFmpeg would stretch what is left to it."""
    if track.display != track.pixels:
        return sample_aspect
    left, top, right, bottom = track.crop
    width, height = track.pixels
    across = sample_aspect[0] * (width - left - right) * height
    down = sample_aspect[1] * (height - top - bottom) * width
    shared = math.gcd(across, down)
    return across // shared, down // shared


def notices_of_arrangement(info: VideoInfo) -> list[Notice]:
    """Says of a stereo film that one eye is used, and of a matrix that is no right angle that the nearest is."""
    notices, arrangement = list[Notice](), info.arrangement
    if arrangement.askew:
        said, used = (arrangement.rotation + arrangement.askew) % 360, arrangement.rotation
        shown = f"turned by {used}°" if used else "unturned"
        message = f"is to be turned by {said:.0f}° by its display matrix, shown {shown}, the nearest right angle"
        notices.append(Notice("turned_askew", message))
    if arrangement.stereo is not None:
        how = {"side_by_side": "side by side", "top_bottom": "one above the other"}[arrangement.stereo]
        notices.append(Notice("stereo_3d", f"is stereo 3D, both eyes {how}; images show the first one"))
    return notices
