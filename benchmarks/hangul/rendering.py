"""Draws a line of text over a background: font, colour, outline, shadow, plate, slant, letter spacing."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..debian_fonts import FontFace
from .deforming import Measures, Placed, placed, reshaped
from .fonts import Fonts
from .texts import Random

LEAST_CONTRAST, CLEAR_CONTRAST = 70.0, 120.0
"""Least distance between the mean luma of text and of what is behind it, 0–255. By eye: below the first one has to
search; from the second on a line is read at a glance."""


@dataclass(frozen=True, slots=True)
class Lettering:
    """A line's coverage, 0–1, all (H, W) float32: of its strokes, and of its strokes with their outline. `box`: x, y,
    width, height of the strokes in pixels. `centres` (characters,) float: x of the middle of each, pixels."""

    fill: np.ndarray
    outlined: np.ndarray
    box: tuple[int, int, int, int]
    centres: np.ndarray


def choose_fonts(rng: Random, fonts: Fonts, text: str) -> tuple[FontFace, FontFace]:
    """The face of the syllables, and that of digits and letters: one in four is another than the first. Falls back to
    any Korean face that has all glyphs. Raises LookupError when there is none."""
    order = rng.permutation(len(fonts.korean))
    korean = next((fonts.korean[int(at)] for at in order if fonts.korean[int(at)].draws(text)), None)
    if korean is None:
        raise LookupError(f"no font has all glyphs of {text!r}")
    latin = "".join(c for c in text if ord(c) < 0x7F)
    all_latin = latin == text
    if fonts.latin and rng.random() < (0.5 if all_latin else 0.25):
        other = fonts.latin[int(rng.integers(len(fonts.latin)))]
        if other.draws(latin):
            return korean, other
    return korean, korean


def letter(
    rng: Random, text: str, faces: tuple[FontFace, FontFace], size_px: int, deformed: bool = False
) -> Lettering:
    """Draws `text` with random letter spacing, width, slant and outline. `deformed`: as no font has it."""
    spacing = rng.uniform(-0.06, 0.4) * size_px if rng.random() < 0.35 else 0.0
    squeezed = 1.0
    if deformed and rng.random() < 0.25:
        spacing, squeezed = rng.uniform(-0.09, 0.02) * size_px, rng.uniform(0.6, 0.95)
    outline = round(rng.uniform(0.03, 0.12) * size_px) if rng.random() < 0.45 else 0
    margin = size_px + 2 * outline
    pieces = _deformed(placed(rng, text), text, faces, size_px) if deformed else _pieces(
        text, faces, size_px, bool(spacing)
    )
    width = int(sum(font.getlength(piece) + spacing for piece, font, _ in pieces) + 2 * margin)
    layers, centres = [], _centres(pieces, margin, spacing)
    for stroke in (0, outline) if outline else (0,):
        layer = Image.new("L", (max(width, 8), 2 * margin + 2 * size_px))
        draw, x = ImageDraw.Draw(layer), float(margin)
        for piece, font, drop in pieces:
            draw.text((x, margin + size_px + drop), piece, fill=255, font=font, anchor="ls", stroke_width=stroke)
            x += font.getlength(piece) + spacing
        layers.append(np.asarray(layer, np.uint8))
    middle_px = margin + 0.65 * size_px
    if deformed:
        layers = reshaped(rng, layers, Measures(text, size_px, outline, centres, middle_px))
    middle = np.stack([centres, np.full(len(centres), middle_px), np.ones(len(centres))])
    fill, outlined, matrix = _shaped(rng, layers, squeezed)
    found = cv2.boundingRect(cv2.findNonZero((fill > 40).astype(np.uint8)))
    scale = np.float32(1 / 255)
    strokes, box = fill * scale, (found[0], found[1], found[2], found[3])
    return Lettering(strokes, outlined * scale if outline else strokes, box, (matrix @ middle)[0])


_Piece = tuple[str, ImageFont.FreeTypeFont, float]
"""Characters, their font, and how many pixels below the line they stand."""


def _deformed(places: list[Placed], text: str, faces: tuple[FontFace, FontFace], size_px: int) -> list[_Piece]:
    return [
        (place.drawn, faces[ord(character) < 0x7F].at(max(8, round(place.scale * size_px))), place.drop * size_px)
        for place, character in zip(places, text, strict=True)
    ]


def _centres(pieces: list[_Piece], start: float, spacing: float) -> np.ndarray:
    """x of the middle of each character, where the first piece begins at `start`."""
    found, x = [], start
    for piece, font, _ in pieces:
        ends = [font.getlength(piece[:count]) for count in range(len(piece) + 1)]
        found += [x + (ends[at] + ends[at + 1]) / 2 for at in range(len(piece))]
        x += ends[-1] + spacing
    return np.array(found)


def _pieces(
    text: str, faces: tuple[FontFace, FontFace], size_px: int, apart: bool
) -> list[_Piece]:
    """Runs of characters with the font that draws them; single characters when they are spaced apart."""
    fonts = [face.at(size_px) for face in faces]
    pieces: list[_Piece] = []
    for character in text:
        font = fonts[ord(character) < 0x7F]
        if pieces and not apart and pieces[-1][1] is font:
            pieces[-1] = (pieces[-1][0] + character, font, 0.0)
        else:
            pieces.append((character, font, 0.0))
    return pieces


def _shaped(
    rng: Random, layers: list[np.ndarray], squeezed: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The layers made narrower or wider, slanted and turned a little; and the (2, 3) matrix that does it. squeezed:
    width of all, as a share of what it is."""
    matrix = np.eye(2, 3)
    if rng.random() < 0.45 or squeezed < 1:
        height, width = layers[0].shape
        stretch = squeezed * (rng.uniform(0.75, 1.3) if rng.random() < 0.6 else 1.0)
        shear = rng.uniform(-0.05, 0.28) if rng.random() < 0.4 else 0.0
        turn = np.deg2rad(rng.uniform(-2.5, 2.5)) if rng.random() < 0.5 else 0.0
        to = (int(width * stretch + height * abs(shear)) + 2, int(height + abs(np.sin(turn)) * width) + 2)
        matrix = np.array([[stretch, -shear, 0], [np.sin(turn) * stretch, 1, 0]])
        matrix[:, 2] = np.array(to) / 2 - matrix[:, :2] @ (np.array([width, height]) / 2)
        layers = [cv2.warpAffine(layer, matrix, to, flags=cv2.INTER_LINEAR) for layer in layers]
    return layers[0], layers[-1], matrix


def compose(rng: Random, lettering: Lettering, background: np.ndarray, contrast: float) -> np.ndarray:
    """(H, W, 3) uint8: the lettering in a colour at least `contrast` from the mean of the background, which has the
    lettering's size."""
    picture = background.astype(np.float32)
    outlined = lettering.outlined is not lettering.fill
    if rng.random() < 0.12:
        picture = _plate(rng, picture, lettering.box)
    x, y, w, h = lettering.box
    behind = float(picture[y : y + h, x : x + w].mean())
    colour = _colour(rng, behind, contrast)
    if not outlined:
        picture = _dimmed(picture, lettering.fill, float(colour.mean()))
    if rng.random() < 0.4:
        picture = _shadow(rng, picture, lettering, float(colour.mean()))
    if outlined:
        edge = _colour(rng, float(colour.mean()), contrast)
        picture = _blend(picture, lettering.outlined, edge)
    opacity = rng.uniform(0.75, 1) if rng.random() < 0.25 else 1.0
    return np.asarray(np.clip(_blend(picture, lettering.fill * np.float32(opacity), colour), 0, 255), np.uint8)


def _dimmed(picture: np.ndarray, fill: np.ndarray, text_luma: float) -> np.ndarray:
    """The picture made darker (behind light text) or lighter where more than a twentieth of the strokes would stand on
    their own brightness: who sets titles does the same."""
    near = np.abs(picture.mean(-1) - text_luma) < 0.6 * LEAST_CONTRAST
    if (near * fill).sum() <= 0.05 * fill.sum():
        return picture
    return np.asarray(picture * np.float32(0.35) + np.float32(0 if text_luma > 127 else 0.65 * 255))


def _colour(rng: Random, against: float, contrast: float) -> np.ndarray:
    """(3,) float: white, black or any colour, at least `contrast` from a mean of `against`."""
    kind = rng.random()
    colour = np.full(3, 255.0 if against < 150 else 10.0) if kind < 0.55 else rng.uniform(0, 255, 3)
    if abs(colour.mean() - against) < contrast:
        colour = rng.uniform(215, 255, 3) if against < 128 else rng.uniform(0, 40, 3)
    return colour


def _blend(picture: np.ndarray, coverage: np.ndarray, colour: np.ndarray) -> np.ndarray:
    return np.asarray(picture + coverage[..., None] * (colour.astype(np.float32) - picture))


def _shadow(rng: Random, picture: np.ndarray, lettering: Lettering, text_luma: float) -> np.ndarray:
    """A shadow behind light text, a glow behind dark text."""
    reach = max(1.0, 0.12 * lettering.box[3])
    move = np.array([[1, 0, rng.uniform(-1, 1) * reach], [0, 1, rng.uniform(0, 1) * reach]])
    height, width = lettering.outlined.shape
    moved = cv2.warpAffine(lettering.outlined, move, (width, height))
    soft = cv2.GaussianBlur(moved, (0, 0), rng.uniform(0.3, 1.2) * reach / 2 + 0.3)
    return _blend(picture, soft * np.float32(rng.uniform(0.4, 1)), np.full(3, 0.0 if text_luma > 110 else 255.0))


def _plate(rng: Random, picture: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """A plate of one colour behind the line, more or less transparent."""
    x, y, w, h = box
    grow = int(rng.uniform(0.05, 0.5) * h)
    plate = np.zeros(picture.shape[:2], np.float32)
    plate[max(0, y - grow) : y + h + grow, max(0, x - grow) : x + w + grow] = rng.uniform(0.4, 1)
    return _blend(picture, plate, rng.uniform(0, 255, 3))
