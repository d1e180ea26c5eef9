"""Makes a half-minute film from scikit-image's photographs, with its truth. The README's first command runs on it.

Everything is drawn here and is the same on every machine: no random numbers, one encoder thread. The photographs
(astronaut, rocket, deep field, cat, coffee, bricks) are in the scikit-image wheel and are in the public domain or CC0.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Literal

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.video.stream import VideoStream

Rgb = npt.NDArray[np.uint8]
"""(H, W, 3), R'G'B'."""
Degradation = Literal["blur", "dark"]

WIDTH, HEIGHT, FPS = 1280, 720, 24
BAR = 88
"""Height in pixels of the black bar above and below: the picture is 2.35:1."""
ACTIVE = HEIGHT - 2 * BAR
FACE_HEIGHT = 106
"""Height in pixels of a detector's box in the astronaut's photograph, of 512: forehead to chin."""


@dataclass(frozen=True, slots=True)
class CameraView:
    """What the camera shows: centre and width of its window, as shares of the photograph's width and height."""

    x: float
    y: float
    width: float


@dataclass(frozen=True, slots=True)
class Take:
    """One shot: a photograph under a camera that moves from `start` to `end`, or a title card."""

    frames: int
    photo: str | None
    start: CameraView = CameraView(0.5, 0.5, 1.0)
    end: CameraView = CameraView(0.5, 0.5, 1.0)
    framing: str = "b-roll"
    person: str | None = None
    flipped: bool = False
    backdrop: bool = False
    """Whether the whole photograph is placed on a blurred enlargement of itself, over which the camera moves."""
    degradation: Degradation | None = None
    dissolve: int = 0
    """Number of frames at the beginning of this shot that are mixed with the end of the shot before."""

    @property
    def kind(self) -> str:
        """The shot's kind in truth.json: title, person or broll."""
        if self.photo is None:
            return "title"
        return "person" if self.person else "broll"


def face_shot(frames: int, framing: str, start: CameraView, end: CameraView, **more: Any) -> Take:
    """A shot of the film's only person."""
    return Take(frames, "astronaut.png", start, end, framing, "astronaut", **more)


FILM = (
    Take(60, "rocket.jpg", CameraView(0.35, 0.62, 0.70), CameraView(0.65, 0.55, 0.70)),
    Take(48, None, framing="title card"),
    face_shot(84, "medium", CameraView(0.46, 0.27, 0.98), CameraView(0.45, 0.24, 0.86)),
    Take(60, "coffee.png", CameraView(0.40, 0.40, 0.80), CameraView(0.58, 0.50, 0.72)),
    face_shot(84, "close-up", CameraView(0.50, 0.23, 0.58), CameraView(0.57, 0.22, 0.66), flipped=True),
    Take(60, "chelsea.png", CameraView(0.45, 0.52, 0.90), CameraView(0.55, 0.45, 0.78)),
    face_shot(48, "medium", CameraView(0.44, 0.26, 0.90), CameraView(0.44, 0.24, 0.84), degradation="dark"),
    Take(72, "brick.png", CameraView(0.45, 0.60, 0.90), CameraView(0.55, 0.35, 0.70), dissolve=16),
    face_shot(84, "wide", CameraView(0.45, 0.50, 1.00), CameraView(0.47, 0.47, 0.92), backdrop=True),
    face_shot(48, "medium", CameraView(0.46, 0.26, 0.92), CameraView(0.46, 0.25, 0.80), degradation="blur"),
    Take(48, "hubble_deep_field.jpg", CameraView(0.40, 0.40, 0.60), CameraView(0.55, 0.55, 0.50)),
    face_shot(72, "close-up", CameraView(0.40, 0.22, 0.70), CameraView(0.46, 0.23, 0.60), dissolve=12),
)


@lru_cache(maxsize=16)
def photograph(name: str) -> Rgb:
    """A photograph from the scikit-image wheel. Nothing is downloaded. Raises FileNotFoundError when it cannot be
    read."""
    with as_file(files("skimage.data") / name) as path:
        bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise FileNotFoundError(f"scikit-image's photograph {name} cannot be read; install keyart[demo]")
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


@lru_cache(maxsize=16)
def canvas(name: str, flipped: bool, backdrop: bool) -> Rgb:
    """The picture over which the camera moves: the photograph, mirrored or on a blurred enlargement of itself if
    wanted."""
    photo = photograph(name)
    if flipped:
        photo = np.ascontiguousarray(photo[:, ::-1])
    if not backdrop:
        return photo
    height, width = photo.shape[:2]
    full = round(height * WIDTH / ACTIVE)
    wide = cv2.GaussianBlur(cv2.resize(photo, (full, height), interpolation=cv2.INTER_CUBIC), (0, 0), 24)
    left = (full - width) // 3
    # A soft edge: the weight of the sharp photograph falls to 0 over its outer 24 columns.
    ramp = np.minimum(np.arange(width) + 0.5, width - np.arange(width) - 0.5) / 24
    weight = np.clip(ramp, 0, 1)[None, :, None]
    part = wide[:, left : left + width]
    wide[:, left : left + width] = np.rint(weight * photo + (1 - weight) * part)
    return wide.astype(np.uint8, copy=False)


def title_card(progress: float) -> Rgb:
    """White text on a dark gradient that drifts a little, so that the card is not a still image."""
    ramp = np.linspace(24, 56, WIDTH) + 6 * progress
    picture = np.ascontiguousarray(np.broadcast_to(ramp[None, :, None] * [0.6, 0.7, 1.0], (ACTIVE, WIDTH, 3)))
    card = picture.astype(np.uint8)
    for text, row, size, weight in (("KEYART", 250, 3.6, 8), ("a film of six photographs", 350, 1.3, 2)):
        (across, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, weight)
        at = ((WIDTH - across) // 2, row)
        cv2.putText(card, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, (240, 240, 240), weight, cv2.LINE_AA)
    return card


def draw(take: Take, progress: float) -> Rgb:
    """The active picture (ACTIVE, WIDTH, 3) of a shot at `progress` from 0 to 1."""
    if take.photo is None:
        return title_card(progress)
    source = canvas(take.photo, take.flipped, take.backdrop)
    height, width = source.shape[:2]
    eased = progress * progress * (3 - 2 * progress)
    a, b = take.start, take.end
    x, y, share = ((1 - eased) * p + eased * q for p, q in ((a.x, b.x), (a.y, b.y), (a.width, b.width)))
    scale = WIDTH / (share * width)
    half_height = ACTIVE / scale / 2
    centre_x = float(np.clip(x * width, share * width / 2, width - share * width / 2))
    centre_y = float(np.clip(y * height, min(half_height, height / 2), max(height - half_height, height / 2)))
    matrix = np.array([[scale, 0, WIDTH / 2 - scale * centre_x], [0, scale, ACTIVE / 2 - scale * centre_y]])
    picture = cv2.warpAffine(source, matrix, (WIDTH, ACTIVE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return degrade(picture.astype(np.uint8, copy=False), take.degradation)


def degrade(picture: Rgb, degradation: Degradation | None) -> Rgb:
    """The picture blurred or darkened."""
    if degradation == "blur":
        return cv2.GaussianBlur(picture, (0, 0), 9).astype(np.uint8, copy=False)
    if degradation == "dark":
        return (picture * 0.09).astype(np.uint8)
    return picture


def film_pictures(film: tuple[Take, ...] = FILM) -> Iterator[Rgb]:
    """Every complete picture (HEIGHT, WIDTH, 3) of the film, in order."""
    for index, take in enumerate(film):
        for number in range(take.frames):
            active = draw(take, number / max(take.frames - 1, 1))
            if number < take.dissolve:
                share = (number + 1) / (take.dissolve + 1)
                active = cv2.addWeighted(active, share, draw(film[index - 1], 1.0), 1 - share, 0).astype(np.uint8)
            yield cv2.copyMakeBorder(active, BAR, BAR, 0, 0, cv2.BORDER_CONSTANT).astype(np.uint8, copy=False)


def best_encoder() -> str:
    """libx264, or MPEG-4 Part 2 when PyAV comes without it."""
    return "libx264" if "libx264" in av.codecs_available else "mpeg4"


def encode(path: Path, film: tuple[Take, ...], encoder: str) -> None:
    """Writes the film as MP4."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}) as container:
        stream = container.add_stream(encoder, rate=FPS)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.thread_count = 1
        if encoder == "libx264":
            stream.options = {"crf": "18", "preset": "superfast", "flags": "+bitexact"}
        else:
            stream.bit_rate = 8_000_000
        for number, picture in enumerate(film_pictures(film)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def truth(film: tuple[Take, ...] = FILM) -> dict[str, Any]:
    """The truth of the film, in the form of the composed episodes' truth.json."""
    total = sum(take.frames for take in film)
    shots = _shots(film)
    seconds = sum(shot["end_s"] - shot["start_s"] for shot in shots if shot["person"])
    card = next((shot for shot in shots if shot["kind"] == "title"), None)
    return {
        "id": "demo",
        "pix_fmt": "yuv420p",
        "fps": str(FPS),
        "variable_frame_rate": False,
        "frame_count": total,
        "first_pts_s": 0.0,
        "duration_s": round(total / FPS, 6),
        "width": WIDTH,
        "height": HEIGHT,
        "bars": {"top": BAR, "bottom": BAR, "left": 0, "right": 0},
        "cast": {
            "main": [
                {"id": "astronaut", "screen_time_s": round(seconds, 2), "shots": sum(bool(s["person"]) for s in shots)}
            ],
            "minor": [],
        },
        "episode": {
            "burned_in_text": None,
            "number": None,
            "metadata_number": None,
            "card_start_s": card and card["start_s"],
            "card_end_s": card and card["end_s"],
        },
        "shots": shots,
    }


def _shots(film: tuple[Take, ...]) -> list[dict[str, Any]]:
    """The shots of truth.json. The boundary of a dissolve is its middle, so half of its frames belong to the shot
    before."""
    first = np.cumsum([0, *(take.frames for take in film)]).tolist()
    bounds = [*(at + take.dissolve // 2 for at, take in zip(first, film, strict=False)), first[-1]]
    return [_shot(index, take, first[index], bounds[index], bounds[index + 1]) for index, take in enumerate(film)]


def _shot(index: int, take: Take, first: int, start: int, end: int) -> dict[str, Any]:
    shot: dict[str, Any] = {
        "index": index,
        "kind": take.kind,
        "start_frame": start,
        "end_frame": end,
        "start_s": round(start / FPS, 6),
        "end_s": round(end / FPS, 6),
        "transition_in": "dissolve" if take.dissolve else "cut",
        "source_clip": take.photo,
        "person": take.person,
        "persons": [take.person] if take.person else [],
        "framing": take.framing,
        "face_height_frac": _face_share(take) if take.person else None,
        "flipped": take.flipped,
        "degradation": take.degradation,
        "subtitles": False,
        "dark_band": False,
    }
    if take.dissolve:
        shot["dissolve_frames"] = [first, first + take.dissolve]
    return shot


def _face_share(take: Take) -> float:
    """Share of the active picture's height that the face has at the beginning of the shot."""
    assert take.photo is not None
    width = int(canvas(take.photo, take.flipped, take.backdrop).shape[1])
    return round(float(FACE_HEIGHT / (take.start.width * width * ACTIVE / WIDTH)), 3)


def make_demo_film(path: Path, film: tuple[Take, ...] = FILM) -> None:
    """Writes the film, and its truth beside it with the suffix `.truth.json`. The film is written completely or not at
    all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    encoder = best_encoder()
    encode(unfinished, film, encoder)
    record = truth(film) | {"file": path.name, "codec": "h264" if encoder == "libx264" else encoder}
    path.with_suffix(".truth.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(path)


if __name__ == "__main__":
    make_demo_film(Path(sys.argv[1] if len(sys.argv) > 1 else "demo.mp4"))
