"""Detects text in a picture by differentiable binarisation (Liao et al. 2020) and decides whether it was laid over the
picture.

The network marks the shrunk middle of every line of text. A box is grown by the share that the network was trained to
shrink it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from kernels.ops import Ops
from kernels.surface import Array, Rect, Surface

from .detector import SIDE_MULTIPLE_PX
from .glyphs import LONG_SIDE as GLYPH_SIDE
from .glyphs import is_flat_glyph
from .lettering import LetteringReader
from .session import Session
from .tools import HOST_TOOLS, EngineTools

CANVASES_PX = (192, 384, 640)
"""Sides of the squares on one of which an input is placed where few shapes should come, whatever the film's aspect:
black on the right and below, and no mark is taken from there. (Of 150 frames of E01–E05 on the CPU the same 20 have
text that was laid over them, on canvases and without; of 96 boxes 95 are found again, on the average by .93,
intersection over union. A canvas that goes on with the picture's edge or its mirror image does no better.
2026-11-30)"""
BINARY_ABOVE = 0.3
LEAST_BOX_SCORE = 0.6
UNCLIP = 1.5
LEAST_SIDE_PX = 3.0
"""Shorter side, in input pixels, below which a mark is ignored."""

LINE_LEAST_SCORE, LINE_LEAST_ASPECT, LINE_MOST_HEIGHT = 0.8, 1.3, 0.2
"""Limits that separate lines of text from the faces, stripes and blurs that the network also marks: least score, least
width over height, and largest height as a share of the picture (`_height_of`). Taller marks are `tall_lettering`, or no
text."""

WIDEST = 3.0
"""Width over height from which on heights are shares of what a picture of this shape would have: a banner of five to
one is not too low for its title. No film is as wide."""

TALL_LEAST_SCORE, TALL_MOST_HEIGHT, TALL_LEAST_OVERLAP, COARSE_SCALE = 0.9, 0.85, 0.35, 3
"""Tall lettering is marked with this score, is at most this share of the picture high, and is found again in this share
of its place (intersection over union) where the picture is so many times smaller. Heads, drawn figures, clouds and
blurs, which the network also marks, get less or are marked elsewhere at another scale. (186 of 221 titles, .19 to .6
high, in 24 fonts over real frames and plain grounds; of 732 frames without text of 14 films none, of 1,100 of the
composed episodes 2, with a score of .8 three and 15, 2026-11-28.)"""

TALL_SURE_SCORE, TALL_CLEAR, TALL_SMALL_SCORE = 0.95, 0.02, 0.85
"""Tall marks of this score that are wider than high need no second scale, where they are this share of the picture's
width away from its sides or in its middle: letters so tall join with the face behind them where they are read small. A
title that fades has the last score where it is read small, and `TALL_LEAST_SCORE` where it is read larger. (Frames
of 18 films with sure marks: titles, and none of 925 without lettering; 250 made titles, .1 to .6 high, in 34 fonts: 183
found without and 207 with sure marks. Frames with a title read small that is none: none of 776. 2026-11-29)"""

GLYPH_LEAST_SCORE, GLYPH_LEAST_READ_SIDE = 0.75, 100
"""Score of a mark that may be a single glyph, and the longer side, pixels, that the network must have read. Chosen by
eye: a countdown over fireworks has .81 to .93, an ornament that `is_flat_glyph` took for a letter has less."""

WORD_HEIGHTS, WORD_COMMON, WORD_GAP = 1.5, 0.7, 0.5
"""Words of one line: their heights differ by this factor at most, so much of the lower one's height is common to both,
and the gap between their boxes, which are wider than the words, is this share of it at most. Chosen by eye."""

SUBTITLE_TOP, SUBTITLE_LEAST_WIDTH = 0.7, 0.1
"""The middle of a subtitle or caption lies below this share of the picture's height, and it is at least this share of
the picture's width wide."""

CENTRED_WITHIN, CENTRED_LEAST_WIDTH = 0.04, 0.2
"""A caption at any height, as in upright and square films: its middle is this near the middle of the picture's width,
in shares of it, and it is at least so wide. (Titles, credits and subtitles of 19 films: within .02 but for faded ones;
text of their scenes .12 away and more.)"""

TITLE_LEAST_SHARE = 0.03
"""Share of the picture that the lines of a title or of credits cover at least. (Measured: .036; a logo behind a person
.024.)"""


@dataclass(frozen=True, slots=True)
class TextReading:
    """Lines of text in a picture. `boxes` (N, 4) float32 x, y, width, height in displayed pixels; `scores` (N,)
    float32, 0–1. `tall` (M, 4) like `boxes`: where lettering too tall for a line stands (`tall_lettering`). `glyphs`
    (K, 4): those of it that are one large letter or digit."""

    boxes: np.ndarray
    scores: np.ndarray
    tall: np.ndarray = field(default_factory=lambda: np.zeros((0, 4), np.float32))
    glyphs: np.ndarray = field(default_factory=lambda: np.zeros((0, 4), np.float32))


class TextDetector:
    """PP-OCR's detection network on one session. long_side: longer side of its input, pixels; the cost grows with its
    square. lettering: what reads tall marks that are not sure; None: they are no lettering."""

    def __init__(
        self,
        session: Session,
        ops: Ops,
        *,
        long_side: int = 384,
        tools: EngineTools = HOST_TOOLS,
        lettering: LetteringReader | None = None,
    ) -> None:
        self._session, self._ops, self._tools, self._long_side = session, ops, tools, long_side
        self._lettering = lettering

    def read(self, surface: Surface, area: Rect | None = None, *, long_side: int | None = None) -> TextReading:
        """Lines of text inside `area` (displayed pixels, default: all), from top to bottom. `long_side`: instead of the
        detector's own. The network runs a second time, on a smaller picture, where the first one marks something tall;
        of marks that are not sure those are tall lettering that are one large glyph, or that are read where the picture
        is not made smaller than usual. Synchronises (on a device), once and for lettering some times more for each tall
        mark. Raises SessionError."""
        geometry = surface.geometry
        whole = area or (0.0, 0.0, float(geometry.display_width), float(geometry.display_height))
        side = long_side or self._long_side
        reading = self._read(surface, whole, side)
        if not _is_tall(reading, whole, LEAST_BOX_SCORE).any():
            return reading
        coarse, tall = self._read(surface, whole, side // COARSE_SCALE), reading.tall
        if _is_tall(reading, whole, TALL_LEAST_SCORE).any():
            tall = tall_lettering(reading, coarse, whole)
        read = [reading, coarse] if side // COARSE_SCALE >= GLYPH_LEAST_READ_SIDE else [reading]
        marks = (box for one in read for box in one.boxes[_is_tall(one, whole, GLYPH_LEAST_SCORE)])
        found = [box for box in marks if not _in_any(box, tall) and self._is_glyph(surface, box)]
        glyphs = np.array(found, np.float32).reshape(-1, 4)
        tall = np.concatenate([tall, glyphs])
        if self._lettering is not None and side >= self._long_side:
            weak = [box for box in reading.boxes[_is_tall(reading, whole, LEAST_BOX_SCORE)] if not _in_any(box, tall)]
            read_out = [box for box in weak if self._lettering.is_lettering(surface, box)]
            tall = np.concatenate([tall, np.array(read_out, np.float32).reshape(-1, 4)])
        return replace(reading, tall=tall, glyphs=glyphs)

    def _is_glyph(self, surface: Surface, box: np.ndarray) -> bool:
        """Whether a mark (4,) is one large letter or digit. At most 64 by 64 pixels come to the host."""
        x, y, width, height = map(float, box)
        scale = GLYPH_SIDE / max(width, height)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        return is_flat_glyph(self._ops.to_host(self._ops.rgb(surface, (x, y, width, height), size)))

    def _read(self, surface: Surface, area: Rect, long_side: int) -> TextReading:
        """All marks in a picture whose longer side is `long_side` for the network."""
        x, y, width, height = area
        factor = long_side / max(width, height)
        size = (_multiple(width * factor), _multiple(height * factor))
        with self._tools.scope():
            picture = self._ops.rgb(surface, (x, y, width, height), size)
            canvas = canvas_of(size) if self._tools.few_shapes else None
            shown = self._tools.engine_input(picture[None], canvas, divisor=127.5, subtract=1)
            (answer,) = self._session.run({"x": shown}).values()
            marks = fetch_map((answer[0, 0, : size[1], : size[0]] * 255 + 0.5).astype(np.uint8), self._ops)
        boxes, scores = boxes_of(_probability(marks))
        scale = np.array([width / size[0], height / size[1]] * 2, np.float32)
        return TextReading(boxes * scale + np.array([x, y, 0, 0], np.float32), scores)


def canvas_of(size: tuple[int, int]) -> tuple[int, int]:
    """(width, height) of the canvas for an input of this size: the smallest of `CANVASES_PX`; the input's own size
    where it is larger than all."""
    side = next((side for side in CANVASES_PX if side >= max(size)), None)
    return size if side is None else (side, side)


def fetch_map(marks: Array, ops: Ops) -> np.ndarray:
    """Downloads the part of a map (h, w) uint8 that may contain boxes; the rest of the returned (h, w) uint8 array is
    0.

    Most pictures have no text, so the maxima of rows and columns are downloaded first. Synchronises (on a device),
    twice when some part may contain boxes.
    """
    host = np.zeros(marks.shape, np.uint8)
    down, across = np.split(ops.to_host(np.concatenate([marks.max(1), marks.max(0)])), [len(host)])
    rows, columns = _may_have_boxes(down), _may_have_boxes(across)
    if rows.stop and columns.stop:
        host[rows, columns] = ops.to_host(marks[rows, columns])
    return host


def _may_have_boxes(peaks: np.ndarray) -> slice:
    """The range of lines (rows or columns) that covers all marks that may be certain enough, from the maxima of the
    lines.

    A mark lies within one band of lines whose maxima are all above `BINARY_ABOVE`, and its score is a mean.
    """
    probability = _probability(peaks)
    marked = np.concatenate([[0], probability > BINARY_ABOVE, [0]])
    bands = np.flatnonzero(np.diff(marked)).reshape(-1, 2).tolist()
    sure = [(begin, end) for begin, end in bands if probability[begin:end].max() >= LEAST_BOX_SCORE]
    return slice(sure[0][0], sure[-1][1]) if sure else slice(0, 0)


def _probability(marks: np.ndarray) -> np.ndarray:
    return np.asarray(marks.astype(np.float32) / 255)


def boxes_of(probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Upright boxes (N, 4) x, y, width, height in map pixels and scores (N,), float32, ordered by top then left, of a
    probability map (h, w) 0–1."""
    binary = (probability > BINARY_ABOVE).astype(np.uint8)
    contours, _ = cv2.findContours(binary, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found = [box for contour in contours if (box := _box(probability, np.asarray(contour))) is not None]
    found.sort(key=lambda box: (box[1], box[0]))
    rows = np.array(found, np.float32).reshape(-1, 5)
    return rows[:, :4], rows[:, 4]


def _box(probability: np.ndarray, contour: np.ndarray) -> tuple[float, float, float, float, float] | None:
    """x, y, width, height and score of one mark; None when it is too small or too uncertain."""
    _, sides, _ = cv2.minAreaRect(contour)
    if min(sides) < LEAST_SIDE_PX:
        return None
    left, top, width, height = cv2.boundingRect(contour)
    inside = np.zeros((height, width), np.uint8)
    cv2.drawContours(inside, [contour - (left, top)], -1, 1, cv2.FILLED)
    score = cv2.mean(probability[top : top + height, left : left + width], inside)[0]
    if score < LEAST_BOX_SCORE:
        return None
    grown = sides[0] * sides[1] * UNCLIP / (2 * (sides[0] + sides[1]))
    rows, columns = probability.shape
    x, y = max(left - grown, 0.0), max(top - grown, 0.0)
    right, bottom = min(left + width + grown, float(columns)), min(top + height + grown, float(rows))
    return x, y, right - x, bottom - y, float(score)


def _multiple(side: float) -> int:
    return max(1, round(side / SIDE_MULTIPLE_PX)) * SIDE_MULTIPLE_PX


def tall_lettering(reading: TextReading, coarse: TextReading, area: Rect) -> np.ndarray:
    """(M, 4) float32 boxes (displayed pixels) of lettering taller than a line in `area`: where marks of `reading` fill
    marks of `coarse`, a reading of the same picture made smaller.

    One mark at the smaller scale may be several at the larger, such as one for each letter. A sure mark is lettering
    even if the smaller scale has no mark there.
    """
    parts = reading.boxes[(reading.scores >= TALL_LEAST_SCORE) & (reading.boxes[:, 3] <= TALL_MOST_HEIGHT * area[3])]
    tall = coarse.boxes[_is_tall(coarse, area, LINE_LEAST_SCORE)]
    found = [filled for box in tall if (filled := _filled(box, parts)) is not None]
    found += [box for box in reading.boxes[_is_sure(reading, area)] if not any(_holds(other, box) for other in found)]
    return np.array(found, np.float32).reshape(-1, 4)


def may_be_tall_title(reading: TextReading, area: Rect) -> np.ndarray:
    """(N,) bool: marks of a picture read small that may be a title in tall letters, or a block of two lines."""
    wide = reading.boxes[:, 2] >= LINE_LEAST_ASPECT * reading.boxes[:, 3]
    return np.asarray(_is_tall(reading, area, TALL_SMALL_SCORE) & wide & _is_clear(reading, area))


def tall_titles(reading: TextReading, small: TextReading, area: Rect) -> np.ndarray:
    """(M, 4) float32 boxes of titles in tall letters: marks of `small` that `may_be_tall_title`, filled by marks of
    `reading`, the same picture read larger. For titles that fade, which are not sure at any one scale."""
    asked = may_be_tall_title(small, area)
    return tall_lettering(reading, TextReading(small.boxes[asked], small.scores[asked]), area)


def _is_clear(reading: TextReading, area: Rect) -> np.ndarray:
    """(N,) bool: marks away from the sides of `area`."""
    left, right = _beside(reading, area)
    return np.asarray(np.minimum(left, right) >= TALL_CLEAR * area[2])


def _beside(reading: TextReading, area: Rect) -> tuple[np.ndarray, np.ndarray]:
    """What is left of each mark (N,), and what is right of it, displayed pixels."""
    return reading.boxes[:, 0] - area[0], area[0] + area[2] - reading.boxes[:, 0] - reading.boxes[:, 2]


def _is_sure(reading: TextReading, area: Rect) -> np.ndarray:
    """(N,) bool: tall marks that are lettering whatever another scale shows."""
    left, right = _beside(reading, area)
    centred = np.abs(left - right) <= 2 * CENTRED_WITHIN * area[2]
    wide = reading.boxes[:, 2] >= reading.boxes[:, 3]
    return np.asarray(_is_tall(reading, area, TALL_SURE_SCORE) & (_is_clear(reading, area) | centred) & wide)


def _in_any(box: np.ndarray, outer: np.ndarray) -> bool:
    return any(_holds(one, box) for one in outer)


def _holds(outer: np.ndarray, box: np.ndarray) -> bool:
    """Whether the middle of a box (4,) lies in another."""
    middle = box[:2] + box[2:] / 2
    return bool(((middle >= outer[:2]) & (middle <= outer[:2] + outer[2:])).all())


def _height_of(area: Rect) -> float:
    """The height, displayed pixels, of which those of marks are shares."""
    return max(area[3], area[2] / WIDEST)


def _is_tall(reading: TextReading, area: Rect, least_score: float) -> np.ndarray:
    """(N,) bool: the boxes of this score that are too tall for a line and not as tall as the whole `area`."""
    heights, sure = reading.boxes[:, 3], reading.scores >= least_score
    tall = (heights > LINE_MOST_HEIGHT * _height_of(area)) & (heights <= TALL_MOST_HEIGHT * area[3])
    return np.asarray(sure & tall)


def _filled(box: np.ndarray, parts: np.ndarray) -> np.ndarray | None:
    """The bounds of those `parts` that lie more than half in the box, if they fill `TALL_LEAST_OVERLAP` of it."""
    left, top = np.maximum(box[:2], parts[:, :2]).T
    right, bottom = np.minimum(box[:2] + box[2:], parts[:, :2] + parts[:, 2:]).T
    common = np.clip(right - left, 0, None) * np.clip(bottom - top, 0, None)
    areas = parts[:, 2:].prod(1)
    inside = common > 0.5 * areas
    union = float(box[2:].prod() + (areas - common)[inside].sum())
    if float(common[inside].sum()) < TALL_LEAST_OVERLAP * union:
        return None
    corner = parts[inside, :2].min(0)
    return np.concatenate([corner, (parts[inside, :2] + parts[inside, 2:]).max(0) - corner])


def text_boxes(reading: TextReading, area: Rect) -> np.ndarray:
    """(N, 4) float32 x, y, width, height, in displayed pixels, of what is certainly text: lines, their words joined,
    and tall lettering without the lines in it."""
    wide = reading.boxes[:, 2] >= LINE_LEAST_ASPECT * reading.boxes[:, 3]
    low = reading.boxes[:, 3] <= LINE_MOST_HEIGHT * _height_of(area)
    lines = reading.boxes[wide & low & (reading.scores >= LINE_LEAST_SCORE)]
    middles = lines[:, None, :2] + lines[:, None, 2:] / 2
    inside = (middles >= reading.tall[:, :2]) & (middles <= reading.tall[:, :2] + reading.tall[:, 2:])
    return np.concatenate([_joined(lines[~inside.all(2).any(1)]), reading.tall])


def joined_words(reading: TextReading, area: Rect) -> np.ndarray:
    """(N, 4) float32 boxes, displayed pixels, of all in `area` that may be a line, for a reader to try, the words of
    one line joined: also what `text_boxes` leaves out, such as a single digit or a line from top to bottom. What is
    higher than a line must be marked as surely as tall lettering."""
    heights = reading.boxes[:, 3]
    tall = (heights <= TALL_MOST_HEIGHT * area[3]) & (reading.scores >= TALL_LEAST_SCORE)
    return _joined(reading.boxes[(heights <= LINE_MOST_HEIGHT * _height_of(area)) | tall])


def _joined(words: np.ndarray) -> np.ndarray:
    """(M, 4) lines of words (N, 4): neighbours of one height, side by side in one row, make one box."""
    lines: list[np.ndarray] = []
    for word in words[np.argsort(words[:, 0], kind="stable")]:
        place = next((i for i, line in enumerate(lines) if _goes_on(line, word)), None)
        if place is None:
            lines.append(word)
            continue
        corner = np.minimum(lines[place][:2], word[:2])
        lines[place] = np.concatenate([corner, np.maximum(_corner(lines[place]), _corner(word)) - corner])
    lines.sort(key=lambda line: (line[1], line[0]))
    return np.array(lines, np.float32).reshape(-1, 4)


def _corner(box: np.ndarray) -> np.ndarray:
    return np.asarray(box[:2] + box[2:])


def _goes_on(line: np.ndarray, word: np.ndarray) -> bool:
    """Whether a word (4,) is the next one of a line (4,): as high, in its row, and no further than a space away."""
    low, high = sorted((float(line[3]), float(word[3])))
    common = min(line[1] + line[3], word[1] + word[3]) - max(line[1], word[1])
    gap = word[0] - line[0] - line[2]
    return bool(high <= WORD_HEIGHTS * low and common >= WORD_COMMON * low and gap <= WORD_GAP * low)


def text_lines(reading: TextReading, area: Rect) -> np.ndarray:
    """`text_boxes` in shares of `area` (displayed pixels)."""
    boxes = text_boxes(reading, area)
    return np.asarray((boxes - np.array([*area[:2], 0, 0], np.float32)) / np.array([*area[2:]] * 2, np.float32))


def text_share(reading: TextReading, area: Rect) -> float:
    """Share of `area` (displayed pixels) that lines of text cover, 0–1."""
    return float(text_lines(reading, area)[:, 2:].prod(1).sum())


def overlay_lines(lines: np.ndarray, tall: int = 0) -> np.ndarray:
    """(N,) bool: which lines (N, 4), in shares of the picture, were laid over it: subtitles, captions, titles, credits.

    Subtitles and captions are low, or wide and in the middle of the picture's width; a title or credits cover much of
    the picture. What stands right above or below such a line in letters of its height belongs to it. Text in the scene,
    such as a sign or a logo, usually does none of this. The last `tall` lines are tall lettering, which is always laid
    over.
    """
    if float(lines[:, 2:].prod(1).sum()) >= TITLE_LEAST_SHARE:
        return np.ones(len(lines), bool)
    middles = lines[:, :2] + lines[:, 2:] / 2
    low = (middles[:, 1] > SUBTITLE_TOP) & (lines[:, 2] >= SUBTITLE_LEAST_WIDTH)
    centred = (np.abs(middles[:, 0] - 0.5) <= CENTRED_WITHIN) & (lines[:, 2] >= CENTRED_LEAST_WIDTH)
    laid = np.asarray(low | centred | (np.arange(len(lines)) >= len(lines) - tall))
    return laid | (_stacked(lines) & laid).any(1)


def _stacked(lines: np.ndarray) -> np.ndarray:
    """(N, N) bool: which lines (N, 4) stand above or below each other, as high and no further away than half of it."""
    low = np.minimum(lines[:, None, 3], lines[None, :, 3])
    high = np.maximum(lines[:, None, 3], lines[None, :, 3])
    ends = lines[:, :2] + lines[:, 2:]
    common = np.minimum(ends[:, None], ends[None]) - np.maximum(lines[:, None, :2], lines[None, :, :2])
    return np.asarray((high <= WORD_HEIGHTS * low) & (common[..., 0] > 0) & (common[..., 1] >= -WORD_GAP * low))


def is_overlay(reading: TextReading, area: Rect) -> bool:
    """Whether text was laid over the picture in `area` (displayed pixels), see `overlay_lines`."""
    return bool(overlay_lines(text_lines(reading, area), len(reading.tall)).any())
