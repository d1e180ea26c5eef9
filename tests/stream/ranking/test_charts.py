"""Test cards among pictures: all hues at once."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage.data import astronaut, cat, coffee

from stream.ranking.charts import is_colour_chart

from .charts import HEIGHT, SMPTE, WIDTH, bars


def small(picture: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.resize(picture, (64, 36), interpolation=cv2.INTER_AREA))


def bands() -> np.ndarray:
    """Bars from side to side, as in a generator's pattern."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for place, colour in enumerate(SMPTE[1:]):
        picture[place * HEIGHT // 6 : (place + 1) * HEIGHT // 6] = 255 * np.array(colour)
    return picture


def drawn() -> np.ndarray:
    """A cartoon in flat, strong colours: sky, meadow, a house with a red roof, the sun."""
    picture = np.full((HEIGHT, WIDTH, 3), (40, 150, 240), np.uint8)
    picture[220:] = (40, 190, 40)
    picture[140:260, 380:560] = (240, 220, 190)
    picture[100:140, 360:580] = (220, 30, 30)
    cv2.circle(picture, (120, 80), 50, (250, 220, 20), cv2.FILLED)
    return picture


@pytest.mark.parametrize("shift_px", [0, 17, 45, 200])
@pytest.mark.parametrize("level", [191, 255])
def test_bars_are_a_chart_wherever_they_stand_and_whatever_is_written_over_them(level: int, shift_px: int) -> None:
    assert is_colour_chart(small(bars(level, shift_px)))
    assert is_colour_chart(small(bars(level, shift_px, "00:00:12:20")))


def test_bands_are_a_chart() -> None:
    assert is_colour_chart(small(bands()))


@pytest.mark.parametrize(
    "picture",
    [astronaut(), coffee(), cat(), drawn(), np.full((HEIGHT, WIDTH, 3), (230, 20, 20), np.uint8), bars(90)],
    ids=["portrait", "coffee", "cat", "cartoon", "one colour", "faint bars"],
)
def test_pictures_are_no_charts(picture: np.ndarray) -> None:
    assert not is_colour_chart(small(picture))
