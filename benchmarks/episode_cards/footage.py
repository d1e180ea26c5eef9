"""What cards stand on: stretches of real films, kept in a cache folder, or plain grounds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from stream.errors import KeyartError

from ..footage import Footage
from ..report import write_text
from .fonts import Purpose
from .wording import Random

FILMS: dict[Purpose, tuple[str, ...]] = {
    "calibration": ("bunny", "nasa_mirror", "popeye_bluto", "popeye_roc", "steamboat", "tos_battle", "tos_bridge"),
    "test": ("friday", "hamilton", "nosferatu", "sintel_fight", "sintel_ruins", "sintel_shaman"),
}
"""Folders of `real`: no film is on both sides, and the Korean reader was trained over none of the test's. The composed
episodes, judged as films, are on neither; nor is `nature`, which has letters in all its pictures."""
_WITHOUT_LETTERS = {"bunny": (0.0, 16.0), "nosferatu": (21.0, 1e9), "sintel_shaman": (18.5, 1e9)}
"""Seconds between which films with titles have none: a card is not laid over another one."""
STRETCHES, PICTURES, STEP_S = 16, 5, 0.5
"""Stretches a film, pictures a stretch, and seconds from one to the next."""
_WIDTH_PX = 960
_SUFFIXES = (".mp4", ".mkv", ".webm")
_DONE = "done.txt"


@dataclass(frozen=True, slots=True)
class Stretches:
    """Encoded pictures (JPEG): one tuple for each stretch."""

    pictures: Sequence[tuple[bytes, ...]]

    def choose(self, rng: Random) -> list[np.ndarray]:
        """`PICTURES` pictures (H, W, 3) uint8 R'G'B' of one stretch."""
        chosen = self.pictures[int(rng.integers(len(self.pictures)))]
        decoded = (cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) for data in chosen)
        return [np.ascontiguousarray(picture[..., ::-1]) for picture in decoded if picture is not None]


def read_stretches(purpose: Purpose, testdata: Path, cache: Path) -> Stretches:
    """The stretches of one side, decoded once and kept below `cache`. Raises KeyartError when a film is missing."""
    films = [_film(testdata / "real" / name) for name in FILMS[purpose]]
    return Stretches([stretch for film in films for stretch in _kept(film, cache)])


def plain(rng: Random, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) uint8 R'G'B' for a size (width, height): one colour, most often black or white, or a gradient."""
    width, height = size
    kind = rng.random()
    first = np.full(3, 0.0 if kind < 0.4 else 255.0) if kind < 0.6 else rng.uniform(0, 255, 3)
    second = rng.uniform(0, 255, 3) if kind > 0.85 else first
    ramp = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    column = (first + (second - first) * ramp)[:, None]
    return np.broadcast_to(column, (height, width, 3)).astype(np.uint8)


def _film(folder: Path) -> Path:
    found = sorted(path for path in folder.glob("*") if path.suffix in _SUFFIXES)
    if not found:
        raise KeyartError(f"{folder}: no film there; name the folder of the test data (--testdata)")
    return found[0]


def _kept(film: Path, cache: Path) -> list[tuple[bytes, ...]]:
    """The film's stretches from the cache folder, written there when they are not yet."""
    part = _WITHOUT_LETTERS.get(film.stem)
    about = f"{film.name} {film.stat().st_size} {STRETCHES} {PICTURES} {STEP_S} {_WIDTH_PX} {part}"
    folder = cache / f"{film.stem}-{hashlib.sha256(about.encode()).hexdigest()[:16]}"
    if not (folder / _DONE).is_file():
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in _encoded(film):
            (folder / name).write_bytes(data)
        write_text(folder / _DONE, about + "\n")
    return [tuple((folder / _name(i, j)).read_bytes() for j in range(PICTURES)) for i in range(STRETCHES)]


def _encoded(film: Path) -> list[tuple[str, bytes]]:
    source = Footage(film)
    from_s, to_s = _WITHOUT_LETTERS.get(film.stem, (0.0, 1e9))
    first_s = max(source.first_pts_s, from_s)
    last_s = max(first_s, min(source.end_s, to_s) - PICTURES * STEP_S - 0.2)
    starts = np.linspace(first_s, last_s, STRETCHES).round(3)
    names: dict[float, list[str]] = {}
    for i, start in enumerate(starts):
        for j in range(PICTURES):
            names.setdefault(float(start + j * STEP_S), []).append(_name(i, j))
    found: list[tuple[str, bytes]] = []
    for asked_s, frame in source.frames_near(list(names)):
        data = _jpeg(frame.picture.to_ndarray(format="bgr24"))
        found += [(name, data) for name in names[asked_s]]
    return found


def _jpeg(picture: np.ndarray) -> bytes:
    height = round(picture.shape[0] * _WIDTH_PX / picture.shape[1])
    shown = cv2.resize(picture, (_WIDTH_PX, height), interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, 95])[1])


def _name(stretch: int, picture: int) -> str:
    return f"{stretch:02d}-{picture}.jpg"
