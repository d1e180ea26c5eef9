"""Draws a card's pictures: its lines in one font over footage or a plain ground, still or in motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..debian_fonts import FontFace
from .cards import Card, Line
from .fonts import Fonts
from .footage import PICTURES, Stretches, plain
from .wording import Random

_LEAST_CONTRAST = 75.0
"""Least distance between the luma of letters and the mean behind them, 0–255. By eye: below, a viewer searches."""
_UNEVEN = 35.0
"""Deviation of the luma behind letters from which on a title designer gives them an outline. By eye."""
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
_MARGIN = 0.05
"""Share of the picture's width and height that stays free at its sides."""
_FADE = (0.25, 0.6, 0.9, 1.0, 1.0)
"""Opacity of a card that fades in, picture by picture."""


@dataclass(frozen=True, slots=True)
class Lettering:
    """A card's letters: `fill` and `outlined`, the coverage of strokes and of strokes with their outline, (H, W)
    float32 0–1; `colour` and `edge` (3,) R'G'B'; `box` x, y, width, height of all lines."""

    fill: np.ndarray
    outlined: np.ndarray
    colour: np.ndarray
    edge: np.ndarray
    box: tuple[int, int, int, int]


def pictures_of(card: Card, fonts: Fonts, stretches: Stretches) -> list[np.ndarray]:
    """`PICTURES` pictures (H, W, 3) uint8 R'G'B', `STEP_S` seconds apart, not compressed yet. Raises KeyartError when
    no font can draw the card."""
    rng = np.random.default_rng(card.look_seed)
    face = fonts.choose(rng, card.script, [line.text for line in card.lines])
    grounds = _grounds(rng, card, stretches)
    lettering = letter(rng, card, face, grounds[-1])
    shadow = rng.random() < 0.4
    return [_composed(ground, *_moved(card, lettering, place), shadow) for place, ground in enumerate(grounds)]


def letter(rng: Random, card: Card, face: FontFace, ground: np.ndarray) -> Lettering:
    """The card's letters where they stand on `ground`, in a colour that can be told from it."""
    width, height = card.size
    fonts = [face.at(_size_px(line, face, width, height)) for line in card.lines]
    places = _places(rng, card, fonts)
    fill = _layer(card, fonts, places, 0)
    x, y, w, h = cv2.boundingRect((fill > 0.2).astype(np.uint8))
    behind = ground[y : y + h, x : x + w] @ _LUMA
    wanted = rng.random() < 0.35 or float(behind.std()) > _UNEVEN
    stroke = max(1, round(rng.uniform(0.03, 0.09) * min(font.size for font in fonts))) if wanted else 0
    colour = _colour(rng, float(behind.mean()))
    edge = np.full(3, 0.0 if colour @ _LUMA > 110 else 255.0)
    return Lettering(fill, _layer(card, fonts, places, stroke) if stroke else fill, colour, edge, (x, y, w, h))


def _grounds(rng: Random, card: Card, stretches: Stretches) -> list[np.ndarray]:
    if card.plain:
        return [plain(rng, card.size)] * PICTURES
    gain = rng.uniform(0.45, 1.0)
    return [_covering(picture, card.size, gain) for picture in stretches.choose(rng)]


def _covering(picture: np.ndarray, size: tuple[int, int], gain: float) -> np.ndarray:
    """The picture scaled and cut to `size` (width, height), darkened by `gain`."""
    scale = max(size[0] / picture.shape[1], size[1] / picture.shape[0])
    grown = cv2.resize(picture, None, fx=scale + 1e-3, fy=scale + 1e-3, interpolation=cv2.INTER_LINEAR)
    y, x = (grown.shape[0] - size[1]) // 2, (grown.shape[1] - size[0]) // 2
    return np.asarray(cv2.convertScaleAbs(grown[y : y + size[1], x : x + size[0]], alpha=gain))


def _size_px(line: Line, face: FontFace, width: int, height: int) -> int:
    """The em square of a line in pixels: smaller where the line would be wider than the picture."""
    wanted = max(12, round(line.height * height))
    length = face.at(wanted).getlength(line.text)
    return max(12, min(wanted, int(wanted * width * (1 - 2 * _MARGIN) / max(1.0, length))))


def _places(rng: Random, card: Card, fonts: Sequence[ImageFont.FreeTypeFont]) -> list[tuple[float, float]]:
    """Left end and baseline of each line, pixels."""
    width, height = card.size
    lengths = [font.getlength(line.text) for line, font in zip(card.lines, fonts, strict=True)]
    leading = float(rng.uniform(1.25, 1.8))
    heights = [leading * font.size for font in fonts]
    left, top = width * _MARGIN, height * _MARGIN
    right_side = rng.random() < 0.5
    centred = card.place in ("centre", "end")
    begin = (height - sum(heights)) / 2 if centred else top
    if card.place == "lower third" or (card.place == "corner" and rng.random() < 0.5):
        begin = height - top - sum(heights)
    found: list[tuple[float, float]] = []
    for length, font, step in zip(lengths, fonts, heights, strict=True):
        outer = width - left - length if right_side and card.place == "corner" else left
        x = (width - length) / 2 if centred else outer
        found.append((x, max(0.0, begin) + (step + 0.76 * font.size) / 2))
        begin += step
    return found


def _layer(
    card: Card, fonts: Sequence[ImageFont.FreeTypeFont], places: Sequence[tuple[float, float]], stroke: int
) -> np.ndarray:
    image = Image.new("L", card.size)
    draw = ImageDraw.Draw(image)
    for line, font, place in zip(card.lines, fonts, places, strict=True):
        draw.text(place, line.text, fill=255, font=font, anchor="ls", stroke_width=stroke)
    return np.asarray(image, np.float32) / np.float32(255)


def _colour(rng: Random, behind: float) -> np.ndarray:
    """(3,): white, black or any colour whose luma is at least `_LEAST_CONTRAST` from `behind`."""
    colour = np.full(3, 245.0 if behind < 140 else 12.0) if rng.random() < 0.6 else rng.uniform(0, 255, 3)
    if abs(float(colour @ _LUMA) - behind) < _LEAST_CONTRAST:
        colour = rng.uniform(205, 255, 3) if behind < 128 else rng.uniform(0, 45, 3)
    return np.asarray(colour)


def _moved(card: Card, lettering: Lettering, place: int) -> tuple[Lettering, float]:
    """The lettering and its opacity at picture `place`: sliding in from a side, growing, or fading in."""
    if card.motion == "fade":
        return lettering, _FADE[place]
    if card.motion == "still":
        return lettering, 1.0
    width, height = card.size
    left = PICTURES - 1 - place
    if card.motion == "slide":
        matrix = np.array([[1.0, 0, 0.012 * width * left * (-1 if lettering.box[0] > width / 3 else 1)], [0, 1, 0]])
    else:
        scale = 1 - 0.025 * left
        matrix = np.array([[scale, 0, (1 - scale) * width / 2], [0, scale, (1 - scale) * height / 2]])
    layers = [cv2.warpAffine(layer, matrix, card.size) for layer in (lettering.fill, lettering.outlined)]
    return Lettering(layers[0], layers[1], lettering.colour, lettering.edge, lettering.box), 1.0


def _composed(ground: np.ndarray, lettering: Lettering, opacity: float, shadow: bool) -> np.ndarray:
    picture = ground.astype(np.float32)
    if shadow:
        reach = max(1.5, lettering.box[3] * 0.02)
        soft = cv2.GaussianBlur(lettering.outlined, (0, 0), reach)
        picture = _blend(picture, np.roll(soft, int(reach), (0, 1)) * np.float32(0.7 * opacity), lettering.edge)
    if lettering.outlined is not lettering.fill:
        picture = _blend(picture, lettering.outlined * np.float32(opacity), lettering.edge)
    shown = _blend(picture, lettering.fill * np.float32(opacity), lettering.colour)
    return np.asarray(np.clip(shown, 0, 255).astype(np.uint8))


def _blend(picture: np.ndarray, coverage: np.ndarray, colour: np.ndarray) -> np.ndarray:
    return np.asarray(picture + coverage[..., None] * (colour.astype(np.float32) - picture))
