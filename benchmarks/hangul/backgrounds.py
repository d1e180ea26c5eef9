"""What a line stands on: crops of real footage, or a plain card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.reformatter import Interpolation

from stream.decode.container import open_container
from stream.decode.probe import picture_stream
from stream.errors import KeyartError

from .fonts import Purpose
from .texts import Random

FOOTAGE: dict[Purpose, tuple[str, ...]] = {
    "training": (
        "bunny", "nasa_mirror", "nature", "popeye_bluto", "popeye_roc", "steamboat", "tos_battle", "tos_bridge",
    ),
    "test": ("friday", "hamilton", "nosferatu", "sintel_fight", "sintel_ruins", "sintel_shaman"),
}  # fmt: skip
"""Folders of the excerpts of real films. No film is on both sides; the composed episodes are on neither."""
FRAMES_A_FILM = 24
WIDTH_PX = 640
_SUFFIXES = (".mp4", ".mkv", ".webm", ".mov", ".avi", ".mpg", ".ogv", ".m4v")


@dataclass(frozen=True, slots=True)
class Backgrounds:
    """Frames of footage, each (H, W, 3) uint8 RGB; may be empty: all cards are plain then."""

    frames: Sequence[np.ndarray]

    def crop(self, rng: Random, width: int, height: int) -> np.ndarray:
        """(height, width, 3) uint8 from a random place of a random frame, enlarged or reduced up to twice."""
        frame = self.frames[int(rng.integers(len(self.frames)))]
        zoom = 2 ** rng.uniform(-1, 1)
        scale = max(zoom, width / frame.shape[1], height / frame.shape[0])
        w, h = max(1, int(width / scale)), max(1, int(height / scale))
        x, y = (int(rng.integers(frame.shape[1] - w + 1)), int(rng.integers(frame.shape[0] - h + 1)))
        part = frame[y : y + h, x : x + w]
        if rng.random() < 0.5:
            part = part[:, ::-1]
        if rng.random() < 0.3:  # another film's colours
            part = part[..., rng.permutation(3)]
        shown = cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(np.clip(shown * rng.uniform(0.5, 1.2), 0, 255), np.uint8)


def footage(purpose: Purpose, testdata: Path, frames_a_film: int = FRAMES_A_FILM) -> Backgrounds:
    """Frames spread evenly over the excerpts below `testdata`/real, at most 640 pixels wide. Raises KeyartError when
    one is missing."""
    folders = [testdata / "real" / name for name in FOOTAGE[purpose]]
    films = [_film(folder) for folder in folders]
    return Backgrounds([frame for film in films for frame in _frames(film, frames_a_film)])


def _film(folder: Path) -> Path:
    films = sorted(p for p in folder.glob("*") if p.suffix in _SUFFIXES)
    if not films:
        raise KeyartError(f"{folder}: no footage there (KEYART_TESTDATA)")
    return films[0]


def _frames(path: Path, count: int) -> list[np.ndarray]:
    with open_container(path) as container:
        stream = picture_stream(container)
        stream.thread_type = "AUTO"
        pictures = [_small(frame) for at, frame in enumerate(container.decode(stream)) if at % 12 == 0]
    chosen = np.linspace(0, len(pictures) - 1, min(count, len(pictures))).round().astype(int)
    return [pictures[at] for at in chosen]


def _small(frame: av.VideoFrame) -> np.ndarray:
    width = min(WIDTH_PX, frame.width)
    height = max(64, round(frame.height * width / frame.width))
    return np.asarray(frame.to_ndarray(format="rgb24", width=width, height=height, interpolation=Interpolation.AREA))


def plain(rng: Random, width: int, height: int) -> np.ndarray:
    """(height, width, 3) uint8: one colour, most often black or white, or a gradient from one colour to another."""
    kind = rng.random()
    first = np.full(3, 0.0 if kind < 0.35 else 255.0) if kind < 0.5 else rng.uniform(0, 255, 3)
    second = rng.uniform(0, 255, 3) if kind > 0.8 else first
    ramp = np.linspace(0, 1, width if rng.random() < 0.5 else height, dtype=np.float32)
    card = first + (second - first) * ramp[:, None]
    wide = card[None] if len(ramp) == width else card[:, None]
    return np.broadcast_to(wide, (height, width, 3)).astype(np.uint8)
