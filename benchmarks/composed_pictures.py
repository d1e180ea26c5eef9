"""Pictures of camera moves that cameras and editors make: whip pans, pushes and zooms from one scene to another, pans
and zooms that stay in one, dissolves, all with motion blur; and cuts in light that flickers, and banners. Made of
excerpts: consecutive frames of one shot.

A function takes excerpts, (F, H, W, 3) uint8 RGB, and returns the frames of a composed clip, of the same size.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

EXCERPT_FRAMES, MOVE_AT = 48, 20
"""Frames of an excerpt, and the one at which a move inside a scene begins."""
_SHUTTER = 0.6
"""How long the shutter is open, as a share of the time between two frames: as a cinema camera's of 216°."""
_EXPOSURES = 6
"""Pictures that are averaged for the blur of a zoom or a push."""
_LARGEST = 5.0
"""How far a zoom transition enlarges: it cuts where nothing of either scene can be told."""

Frames = list[np.ndarray]


@dataclass(frozen=True, slots=True)
class Clip:
    """`frames`: (H, W, 3) uint8 each. `extent`: the first and last frame at which a boundary is right; None where the
    clip is one shot."""

    name: str
    frames: Frames
    extent: tuple[int, int] | None


def whip_pan(before: np.ndarray, after: np.ndarray, frames: int, leftwards: bool, far: bool) -> Frames:
    """The camera swings from one scene to another: faster, then slower; past one mirrored picture, or past two with a
    scene between that is neither end's. `frames` of the swing."""
    length = len(before) - frames
    shares = eased(frames)
    swing: Frames = []
    last = 0.0
    for i, share in enumerate(shares):
        a, b = before[length + i], after[i]
        parts = [a, a[:, ::-1], *([b[:, ::-1]] if far else []), b]
        strip = np.concatenate(parts[::-1] if leftwards else parts, axis=1)
        width = a.shape[1]
        path = strip.shape[1] - width
        place = path * (1 - share if leftwards else share)
        swing.append(_smeared(_crop(strip, place, width), path * (share - last)))
        last = share
    return [*before[:length], *swing, *after[frames:]]


def push(before: np.ndarray, after: np.ndarray, frames: int, direction: int) -> Frames:
    """One scene pushes the other away within `frames`: faster, then slower, with motion blur; `direction`: from the
    right, from the left, from below, from above."""
    length, axis, forward = len(before) - frames, (1, 1, 0, 0)[direction % 4], direction % 2 == 0
    size = before.shape[1 + (axis == 1)]
    pushed: Frames = []
    for i in range(frames):
        pair = [before[length + i], after[i]]
        strip = np.concatenate(pair if forward else pair[::-1], axis=axis)
        exposed = np.zeros(before.shape[1:], np.float32)
        for moment in np.linspace(0, _SHUTTER, _EXPOSURES):
            t = (i + moment + 0.5) / (frames + 1)
            place = round(size * (t * t * (3 - 2 * t)))
            exposed += np.take(strip, np.arange(size) + (place if forward else size - place), axis=axis)
        pushed.append((exposed / _EXPOSURES).astype(np.uint8))
    return [*before[:length], *pushed, *after[frames:]]


def in_flickering_light(frames: Iterable[np.ndarray], number: int) -> Frames:
    """Frames in light that changes from each to the next, as of a strobe, by chance or every third frame."""
    shown = list(frames)
    count = np.arange(len(shown))
    by_chance = np.random.default_rng(number).uniform(-70, 70, len(shown))
    gains = (np.where(count % 2 == 0, -70, 0), np.where(count % 3 == 0, 90, -10), by_chance)[number % 3]
    lit = [frame.astype(np.int16) + int(gain) for frame, gain in zip(shown, gains, strict=True)]
    return [np.clip(frame, 0, 255).astype(np.uint8) for frame in lit]


def with_banner(scene: np.ndarray, number: int) -> Frames:
    """One scene over which a banner, as wide as the picture or a third of it, comes at `MOVE_AT` and goes later."""
    height, width = scene.shape[1:3]
    rows = slice(int(height * 0.68), int(height * 0.9))
    columns = slice(0, width) if number % 2 else slice(width // 20, width // 20 + width // 3)
    shown = scene.copy()
    shown[MOVE_AT : MOVE_AT + 18, rows, columns] = np.random.default_rng(number).integers(0, 255, 3)
    return list(shown)


def zoom_transition(before: np.ndarray, after: np.ndarray, frames: int) -> Frames:
    """The camera zooms into one scene, faster than can be followed, and half way it is another, still zooming."""
    half, length = frames // 2, len(before) - frames
    step = np.log(_LARGEST) / (2 * half)
    into = [_zoomed(before[length + i], _LARGEST ** ((i + 1) / half), step) for i in range(half)]
    rest = frames - half
    out = [_zoomed(after[half + i], _LARGEST ** (0.5 * (1 - (i + 1) / rest)), step / 2) for i in range(rest)]
    return [*before[:length], *into, *out, *after[frames:]]


def dissolve(before: np.ndarray, after: np.ndarray, frames: int) -> Frames:
    """The last `frames` of one scene mixed with the first of the other."""
    kept, shares = len(before) - frames, (np.arange(frames) + 1) / (frames + 1)
    mixed = [((1 - s) * before[kept + i] + s * after[i]).astype(np.uint8) for i, s in enumerate(shares)]
    return [*before[:kept], *mixed, *after[frames:]]


def pan_inside(scene: np.ndarray, frames: int, share: float) -> Frames:
    """One scene, twice enlarged; from frame `MOVE_AT` on the camera pans by a share of the picture's width."""
    height, width = scene.shape[1:3]
    shares = np.concatenate([np.zeros(MOVE_AT), eased(frames), np.ones(len(scene))])[: len(scene)]
    speeds = np.diff(shares, prepend=0.0) * width * share
    found: Frames = []
    for picture, moved, speed in zip(scene, shares, speeds, strict=True):
        large = cv2.resize(picture, (2 * width, 2 * height))[height // 2 : height // 2 + height]
        found.append(_smeared(_crop(large, width * ((1 - share) / 2 + share * moved), width), speed))
    return found


def zoom_inside(scene: np.ndarray, frames: int, factor: float) -> Frames:
    """One scene; from frame `MOVE_AT` on the camera zooms in by a factor and stays there."""
    steps = np.clip((np.arange(len(scene)) - MOVE_AT + 1) / frames, 0, 1)
    scales = factor**steps
    speeds = np.diff(np.log(scales), prepend=0.0)
    return [_zoomed(p, s, _SHUTTER * v) for p, s, v in zip(scene, scales, speeds, strict=True)]


def eased(frames: int) -> np.ndarray:
    """(`frames`,) shares of the way, between 0 and 1: slow, fast, slow."""
    t = (np.arange(frames) + 1) / (frames + 1)
    return np.asarray(t * t * (3 - 2 * t))


def _crop(strip: np.ndarray, left: float, width: int) -> np.ndarray:
    moved = np.array([[1, 0, -left], [0, 1, 0]], np.float32)
    return np.asarray(cv2.warpAffine(strip, moved, (width, strip.shape[0]), borderMode=cv2.BORDER_REPLICATE))


def _smeared(picture: np.ndarray, way_px: float) -> np.ndarray:
    length = max(1, round(abs(way_px) * _SHUTTER))
    return np.asarray(cv2.blur(picture, (length, 1), borderType=cv2.BORDER_REFLECT))


def _zoomed(picture: np.ndarray, scale: float, growth: float) -> np.ndarray:
    """Enlarged about the middle, while it grows by a share during the exposure."""
    height, width = picture.shape[:2]
    exposed = np.zeros(picture.shape, np.float32)
    for moment in np.linspace(0, 1, _EXPOSURES if growth else 1):
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 0, float(scale * (1 + growth * moment)))
        exposed += cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    return (exposed / (_EXPOSURES if growth else 1)).astype(np.uint8)
