"""A single large letter or digit, and what the text detector marks besides."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage.data import astronaut, cat, coffee

from engines.glyphs import is_flat_glyph

SIDE = 240
WHITE, RED, BLACK = (255, 255, 255), (200, 20, 30), (10, 10, 10)
FONTS = {
    "simplex": cv2.FONT_HERSHEY_SIMPLEX,
    "duplex": cv2.FONT_HERSHEY_DUPLEX,
    "triplex": cv2.FONT_HERSHEY_TRIPLEX,
}


def small(picture: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.resize(picture, (56, 64), interpolation=cv2.INTER_AREA))


def ground(name: str) -> np.ndarray:
    if name == "plain":
        return np.full((SIDE, 210, 3), (90, 110, 70), np.uint8)
    picture = {"coffee": coffee, "cat": cat}[name]()[20 : 20 + SIDE, 40:250]
    return np.ascontiguousarray(picture)


def glyph(letter: str, font: str = "duplex", over: str = "coffee", colour: tuple[int, int, int] = WHITE) -> np.ndarray:
    """(SIDE, 210, 3) uint8: one letter in the middle of a picture."""
    picture = ground(over)
    (width, height), _ = cv2.getTextSize(letter, FONTS[font], 7, 18)
    place = (210 - width) // 2, (SIDE + height) // 2
    cv2.putText(picture, letter, place, FONTS[font], 7, colour, 18, cv2.LINE_AA)
    return picture


@pytest.mark.parametrize("letter", [*"1234567890", "A", "N"])
@pytest.mark.parametrize("font", FONTS)
def test_a_large_digit_or_letter_over_a_picture_is_a_glyph(letter: str, font: str) -> None:
    assert is_flat_glyph(small(glyph(letter, font)))


@pytest.mark.parametrize(
    ("over", "colour"), [("plain", WHITE), ("plain", RED), ("plain", BLACK), ("cat", WHITE), ("coffee", WHITE)]
)
def test_whatever_its_colour_and_whatever_is_behind_it(over: str, colour: tuple[int, int, int]) -> None:
    assert is_flat_glyph(small(glyph("5", over=over, colour=colour)))


def blurred(picture: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 9))


def disc() -> np.ndarray:
    """The white face of a drawn figure."""
    picture = ground("plain")
    cv2.circle(picture, (105, 120), 80, WHITE, cv2.FILLED, cv2.LINE_AA)
    return picture


def bar() -> np.ndarray:
    """A white wall or door that goes on at both ends."""
    picture = ground("plain")
    picture[:, 80:120] = 255
    return picture


def stripes() -> np.ndarray:
    picture = ground("plain")
    for left in range(20, 200, 36):
        picture[30:210, left : left + 12] = 255
    return picture


@pytest.mark.parametrize(
    "picture",
    [
        astronaut()[20:260, 130:340], cat()[20:260, 40:250], ground("plain"), blurred(glyph("8")), disc(), bar(),
        stripes(), np.zeros((4, 64, 3), np.uint8),
    ],
    ids=["portrait", "cat", "nothing", "blurred digit", "drawn face", "bar", "stripes", "a line"],
)  # fmt: skip
def test_what_else_is_marked_is_none(picture: np.ndarray) -> None:
    assert not is_flat_glyph(picture if len(picture) < 8 else small(picture))
