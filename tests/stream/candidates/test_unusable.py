"""Static, burnt-out frames and colour bars, measured as the pipeline measures them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage.data import astronaut, camera, coffee

from kernels.open_ops import open_ops
from kernels.surface import Colour, Geometry, Surface
from stream.candidates.probes import PendingPictures, probe_rejection
from stream.candidates.unusable import unusable
from stream.records import FrameBatch, Shot
from stream.settings.sections import ProbeSettings

WIDTH, HEIGHT = 640, 360
BARS = [(180, 180, 180), (180, 180, 16), (16, 180, 180), (16, 180, 16), (180, 16, 180), (180, 16, 16), (16, 16, 180)]


def row_of(picture: np.ndarray) -> np.void:
    """The row of one frame, RGB (h, w, 3) uint8 with even sides."""
    height, width = picture.shape[:2]
    planes = cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420)
    y, rest = planes[:height], planes[height:].reshape(2, height // 2, width // 2)
    surface = Surface(y, rest[0], rest[1], 8, Colour(), Geometry(width, height))
    meter = open_ops("cpu").meter(surface.geometry)
    return meter.measure([surface], np.zeros(1), np.zeros(1, np.int32))[0]


def snow(grain_px: int, *, grey: bool = False) -> np.ndarray:
    random = np.random.default_rng(3)
    drawn = random.random((-(-HEIGHT // grain_px), -(-WIDTH // grain_px)))
    values = drawn if grey else (drawn > 0.5).astype(float)
    field = np.kron(255 * values, np.ones((grain_px, grain_px)))[:HEIGHT, :WIDTH]
    return np.repeat(field.astype(np.uint8)[..., None], 3, 2)


def colour_bars(rows: float = 1.0) -> np.ndarray:
    """Seven bars over the upper share `rows` of the frame; below them is black with one white field."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for place, colour in enumerate(BARS):
        picture[: int(rows * HEIGHT), place * WIDTH // 7 : (place + 1) * WIDTH // 7] = colour
    picture[int(rows * HEIGHT) + 60 :, 100:200] = 255 if rows < 1 else picture[0, 0]
    return picture if rows < 1 else np.where(picture > 0, picture, picture[:1])


def photograph(name: str = "astronaut") -> np.ndarray:
    picture = {"astronaut": astronaut, "coffee": coffee}[name]()[60:330]
    return np.asarray(cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))


def grainy(deviation: float) -> np.ndarray:
    old = np.repeat(cv2.resize(camera(), (WIDTH, HEIGHT))[..., None], 3, 2)
    noise = np.random.default_rng(4).normal(0, deviation, (HEIGHT, WIDTH, 1))
    return np.clip(old + noise, 0, 255).astype(np.uint8)


def misty() -> np.ndarray:
    """A picture of little contrast with grain of almost as much."""
    noise = np.random.default_rng(4).normal(0, 10, (HEIGHT, WIDTH, 1))
    return np.clip(120 + 0.06 * (photograph() - 120.0) + noise, 0, 255).astype(np.uint8)


def burnt(picture: np.ndarray) -> np.ndarray:
    return np.clip(picture.astype(float) * 2.2 + 120, 0, 255).astype(np.uint8)


def on_white() -> np.ndarray:
    """A thing on the white ground of an advertisement."""
    picture = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    picture[60:300, 220:420] = cv2.resize(coffee(), (200, 240))
    return picture


def letters() -> np.ndarray:
    """Small white letters on black, all thin edges."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for line in range(8):
        cv2.putText(picture, "directed by nobody", (180, 120 + 18 * line), cv2.FONT_HERSHEY_PLAIN, 1, (255,) * 3)
    return picture


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (snow(1), "static"),
        (snow(1, grey=True), "static"),
        (snow(2), "static"),
        (snow(3), "static"),
        (burnt(photograph()), "burnt_out"),
        (colour_bars(), "test_card"),
        (colour_bars(0.67), "test_card"),
        (photograph(), None),
        (photograph("coffee"), None),
        (grainy(14), None),
        (grainy(25), None),
        (on_white(), None),
        (letters(), None),
        (np.full((HEIGHT, WIDTH, 3), 120, np.uint8), None),
        (misty(), None),
    ],
    ids=["snow", "grey snow", "coarse snow", "coarser snow", "burnt out", "full bars", "bars above a black field",
         "photograph", "coffee", "film grain", "heavy grain", "on white", "letters on black", "flat",
         "grain in a mist"],
)  # fmt: skip
def test_what_is_no_picture_at_all(picture: np.ndarray, reason: str | None) -> None:
    assert unusable(row_of(picture)) == reason


def test_a_shot_of_static_offers_nothing_not_even_in_reserve() -> None:
    rows = np.repeat(row_of(snow(1)), 50)
    rows["pts_s"] = np.arange(50) / 25
    pending = PendingPictures(ProbeSettings(), 25.0)
    plane = Surface(np.zeros((2, 2), np.uint8), None, None, 8, Colour(), Geometry(2, 2))
    pending.add(FrameBatch([plane] * 50, rows["pts_s"], np.arange(50, dtype=np.int32), np.zeros(50, bool)), rows, {})
    taken = pending.take(Shot(0, 0, 50, 0, 50, 0.0, 2.0, 0, 50, "cut"))
    assert (taken.parts, taken.reserve, set(taken.rejected)) == ([], None, {"static"})


def test_static_does_not_make_the_rest_of_its_shot_blurred() -> None:
    noise, rows = row_of(snow(1)), np.repeat(row_of(photograph()), 50)
    rows[:25] = noise
    rows["pts_s"] = np.arange(50) / 25
    assert probe_rejection(rows[30], ProbeSettings(), usual=float(noise["laplacian_var"])) == "blurred"
    pending = PendingPictures(ProbeSettings(), 25.0)
    plane = Surface(np.zeros((2, 2), np.uint8), None, None, 8, Colour(), Geometry(2, 2))
    pending.add(FrameBatch([plane] * 50, rows["pts_s"], np.arange(50, dtype=np.int32), np.zeros(50, bool)), rows, {})
    taken = pending.take(Shot(0, 0, 50, 0, 50, 0.0, 2.0, 0, 50, "cut"))
    assert set(taken.rejected) == {"static"}
    assert taken.parts
