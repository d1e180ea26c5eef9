"""One picture read for its episode number: lines found, read by every reader and in several crops, and understood.

A reader alone is sure and wrong, so a statement comes with how many crops and readers make it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from math import isclose

import numpy as np

from engines.ocr import NOTHING, LineReader, LineText, TextDirection
from engines.text import TextDetector, joined_words
from kernels.surface import Rect, Surface

from .looks import CORNER_SIZE, CORNERS, COST, Part
from .numbers import compatible
from .patterns import Line, Patterns, Statement
from .seasons import OpenSeason
from .strokes import WIDER, ends_in_strokes, strokes_of
from .weighing import CROPS, Readings, Said, lost_in_one, states, weighed, with_strokes
from .words import DOUBTFUL

COARSE_SIDE, FINE_SIDE = 384, 640
"""Longer side of the picture in which lines are sought, pixels: first, and where they are small. (Of 90 numbers
rendered over frames of E01, E03 and E05, .03 to .12 of the picture's height, 76 were read in one picture at 384, and 7
of the other 14 at 640; none was read wrongly. 2026-11-29)"""
MOST_COST = COST["whole"] + COST["fine"]
"""Looks of the budget that a picture may cost whose small lines are sought again."""
_SMALL_PX = 9.0
"""Height of a line in the searched picture below which it is sought again, larger. By eye."""
_LEAST_PX = 9.0
"""Height of a line in the film below which it is not read: the readers see 48 pixels. By eye."""
_MOST_LINES = 10
"""Lines of a picture that are read, the highest first. By eye: credits have many, a card with a number few."""
_DOUBTFUL, _UPSIDE_DOWN = 0.6, 0.9
"""A line read with less confidence is asked for its direction; it is turned when that is so sure. Single digits have no
direction: the classifier gives "6" .5 upright and upside down."""
_REACH, _SAME_SHARE, _SURE_OF_MORE = 3.0, 0.8, 0.5
"""How far to its left and right, in heights of the line, the rest of a line is sought of which the detector may have
found a part only. It is the rest where so much of the part is read again, with letters besides, with such confidence.
By eye."""
_AS_SURE = 0.5
"""Share of its strength above which a statement remains as sure. By eye."""
_OF_THIS_FILE = ("this", "bare")
_SURE_OF_ANOTHER = 0.9
"""From here on another reader is believed that a number is no episode's. (Of 4,769 Korean lines with numbers PP-OCR,
which knows no Hangul, reads 47 so, three of them as surely.)"""
_NO_BOXES = np.zeros((0, 4), np.float32)


@dataclass(frozen=True, slots=True)
class Page:
    """What was read in a picture. `lines`: by the preferred reader of each; `cost`: searches for lines that it took;
    `season`: one that it names without an episode."""

    time_s: float
    lines: tuple[Line, ...] = ()
    confidences: tuple[float, ...] = ()
    said: tuple[Said, ...] = ()
    cost: int = 1
    part: Part = "whole"
    season: OpenSeason | None = None


@dataclass(frozen=True, slots=True)
class Engines:
    """The models that read pictures. `readers`: in the order of preference among equally sure ones. `direction`: None
    where lines that stand upside down are not looked for."""

    detector: TextDetector
    readers: Sequence[LineReader]
    direction: TextDirection | None = None


class PageReader:
    """Reads single pictures. Several threads may use it. series: the series' title, whose numbers are no episodes."""

    def __init__(self, engines: Engines, patterns: Patterns, series: str | None = None) -> None:
        self._engines, self._patterns, self._series = engines, patterns, series

    def read(self, time_s: float, surface: Surface, part: Part = "whole", finer: bool = True) -> Page:
        """The page at `time_s`. finer: whether small lines may be sought again, at a cost of `MOST_COST` in all.
        Synchronises (on a device). Raises SessionError."""
        if part == "corners":
            return replace(self._page(time_s, surface, self._in_corners(surface), COST[part]), part=part)
        whole = (0.0, 0.0, float(surface.geometry.display_width), float(surface.geometry.display_height))
        boxes = self._lines_in(surface, whole, COARSE_SIDE if part == "whole" else FINE_SIDE)
        if part == "fine":
            return replace(self._page(time_s, surface, boxes, COST[part]), part=part)
        page = self._page(time_s, surface, boxes, 1)
        small = _small_lines(boxes, surface)
        if page.said or not len(small) or not finer:
            return page
        area, side = _closer(small, surface)
        again = self._lines_in(surface, area, side)
        cost = COST["whole"] + COST["whole" if side == COARSE_SIDE else "fine"]
        return self._page(time_s, surface, _without(boxes, small, again), cost)

    def _in_corners(self, surface: Surface) -> np.ndarray:
        """(N, 4) lines in the corners, each searched at `COARSE_SIDE`."""
        size = (surface.geometry.display_width, surface.geometry.display_height)
        found = [_NO_BOXES]
        for x, y in CORNERS:
            area = (x * size[0], y * size[1], CORNER_SIZE[0] * size[0], CORNER_SIZE[1] * size[1])
            found.append(self._lines_in(surface, area, COARSE_SIDE))
        return np.concatenate(found)

    def _lines_in(self, surface: Surface, area: Rect, side: int) -> np.ndarray:
        """(N, 4) lines of a part of the picture, sought at this longer side."""
        return joined_words(self._engines.detector.read(surface, area, long_side=side), area)

    def _page(self, time_s: float, surface: Surface, boxes: np.ndarray, cost: int) -> Page:
        all_boxes, boxes = boxes, _worth_reading(boxes)
        if not len(boxes):
            return Page(time_s, cost=cost)
        size = np.array([surface.geometry.display_width, surface.geometry.display_height] * 2, np.float32)
        shares, others = boxes / size, _but(all_boxes, boxes) / size
        readings = self._first_readings(surface, boxes)
        best = readings.best()
        lines = _lines(best, shares)
        pages = [lines, *(_lines(texts, shares) for texts in readings.by_crop.values())]
        found = [self._patterns.read(page, series=self._series) for page in pages]
        said: tuple[Said, ...] = ()
        if any(found):
            involved = sorted({line for statements in found for one in statements for line in one.lines})
            boxes = self._completed(readings, surface, boxes, shares, involved)
            self._read_crops(readings, surface, boxes, involved)
            said = self._said(time_s, surface, boxes, shares, readings, _lines([NOTHING] * len(others), others))
        season = None if said else self._patterns.season_alone(lines, series=self._series)
        return Page(time_s, tuple(lines), tuple(text.confidence for text in best), said, cost, season=season)

    def _first_readings(self, surface: Surface, boxes: np.ndarray) -> Readings:
        """All lines by all readers, those upside down turned."""
        readings = Readings()
        for place, reader in enumerate(self._engines.readers):
            readings.by_crop[place, 0] = reader.read(surface, boxes, margin=CROPS[0])
        doubtful = [i for i, line in enumerate(readings.best()) if line.confidence < _DOUBTFUL]
        if self._engines.direction is None or not doubtful:
            return readings
        turned = self._engines.direction.upside_down(surface, boxes[doubtful]) > _UPSIDE_DOWN
        lines = [line for line, is_turned in zip(doubtful, turned, strict=True) if is_turned]
        for place, reader in enumerate(self._engines.readers if lines else ()):
            texts = readings.by_crop[place, 0]
            for line, text in zip(lines, reader.read_upside_down(surface, boxes[lines]), strict=True):
                texts[line] = max(texts[line], text, key=lambda one: one.confidence)
        return readings

    def _completed(
        self, readings: Readings, surface: Surface, boxes: np.ndarray, shares: np.ndarray, involved: Sequence[int]
    ) -> np.ndarray:
        """The boxes (N, 4), those of lines widened of which the detector found a part without the words that make their
        number another's: `第20回` of an award. What is read there takes the place of the part."""
        level = [line for line in involved if boxes[line, 2] > boxes[line, 3]]
        if not level:
            return boxes
        wide = boxes.copy()
        wide[level] = _widened(boxes[level], surface)
        longer: set[int] = set()
        texts = {place: reader.read(surface, wide[level]) for place, reader in enumerate(self._engines.readers)}
        for place, read in texts.items():
            parts = readings.by_crop[place, 0]
            whole = {line: text for line, text in zip(level, read, strict=True) if _holds_more(text, parts[line])}
            lines = _lines([whole.get(line, part) for line, part in enumerate(parts)], shares)
            before = self._patterns.read(_lines(parts, shares), series=self._series)
            after = self._patterns.read(lines, series=self._series)
            gone = [one for one in before if one.kind in _OF_THIS_FILE and not _states_as_surely(after, one)]
            longer |= {line for one in gone for line in one.lines if line in whole}
        for place, read in texts.items():
            for line, text in zip(level, read, strict=True):
                if line in longer:
                    readings.by_crop[place, 0][line] = text
        return np.where(np.isin(np.arange(len(boxes)), list(longer))[:, None], wide, boxes)

    def _read_crops(self, readings: Readings, surface: Surface, boxes: np.ndarray, involved: Sequence[int]) -> None:
        """Reads the lines of statements in the other crops."""
        for place, reader in enumerate(self._engines.readers):
            for crop, margin in enumerate(CROPS[1:], 1):
                texts = list(readings.by_crop[place, 0])
                for line, text in zip(involved, reader.read(surface, boxes[involved], margin=margin), strict=True):
                    texts[line] = text
                readings.by_crop[place, crop] = texts

    def _said(
        self,
        time_s: float,
        surface: Surface,
        boxes: np.ndarray,
        shares: np.ndarray,
        readings: Readings,
        left_out: Sequence[Line],
    ) -> tuple[Said, ...]:
        """What the picture states: by its best reading, and by any single reader in most of its crops. left_out: lines
        that were not read."""
        by_crop = {
            key: list(self._patterns.read(_lines(texts, shares), series=self._series))
            for key, texts in readings.by_crop.items()
        }
        of_best = self._patterns.read(_lines(readings.best(), shares), series=self._series)
        offered: list[Statement] = [*of_best, *(one for statements in by_crop.values() for one in statements)]
        said: list[Said] = []
        pages = [[*_lines(texts, shares), *left_out] for texts in (readings.surest(), *readings.by_crop.values())]
        for statement in offered:
            if any(one.kind == statement.kind and compatible(one.number, statement.number) for one in said):
                continue
            one = weighed(time_s, statement, boxes, shares, readings, by_crop, len(self._engines.readers))
            is_open = self._is_called_otherwise(statement, readings, by_crop) or lost_in_one(statement, by_crop)
            one = replace(one, strength=DOUBTFUL * one.strength) if is_open else one
            if one.crops > 0.5 and one.kind in _OF_THIS_FILE:
                if one.number.season is None:
                    one = replace(one, season=self._open_season(statement, pages, list(by_crop.values())))
                if ends_in_strokes(statement):
                    views = self._wider_views(statement, surface, boxes, shares, readings)
                    one = with_strokes(one, strokes_of(statement, [list(by_crop.values()), *views]))
            said.append(one)
        return tuple(one for one in said if one.crops > 0.5)

    def _wider_views(
        self, statement: Statement, surface: Surface, boxes: np.ndarray, shares: np.ndarray, readings: Readings
    ) -> Iterator[list[list[Statement]]]:
        """For each width of `WIDER` what each reader states in each crop where the statement's lines are shown so
        wide."""
        lines = list(statement.lines)
        for wider in WIDER:
            views = []
            for place, reader in enumerate(self._engines.readers):
                for margin in CROPS:
                    texts = list(readings.by_crop[place, 0])
                    read = reader.read(surface, boxes[lines], margin=margin, wider=wider)
                    for line, text in zip(lines, read, strict=True):
                        texts[line] = text
                    views.append(self._patterns.read(_lines(texts, shares), series=self._series))
            yield views

    def _open_season(
        self, statement: Statement, pages: Sequence[Sequence[Line]], by_crop: Sequence[Sequence[Statement]]
    ) -> OpenSeason | None:
        """What may be a season beside a statement that has none. pages: the surest reading of all lines, then each
        reader's in each crop; by_crop: what the latter state. The statement's own lines are looked at as one that makes
        it reads them. A word for a season counts in any reading."""
        for page, statements in zip(pages[1:], by_crop, strict=True):
            for one in statements:
                if one.number.season is not None and set(one.lines) & set(statement.lines):
                    return OpenSeason(" ".join(page[line].text for line in one.lines), named=True)
        maker = next(page for page, statements in zip(pages[1:], by_crop, strict=True) if states(statements, statement))
        surest = [maker[i] if i in statement.lines else line for i, line in enumerate(pages[0])]
        found = [
            self._patterns.season_beside(page, statement, series=self._series) for page in (surest, *pages[1:])
        ]
        return next((one for one in found if one is not None and one.named), found[0])

    def _is_called_otherwise(
        self, statement: Statement, readings: Readings, by_crop: Mapping[tuple[int, int], Sequence[Statement]]
    ) -> bool:
        """Whether a reader that makes the statement in one crop reads in another of the same line that its number is no
        episode's: `제19회 백사예수대사`, and once `제19회 백상예술대상`. Or another reader says so and is sure, as of
        `21岁`, which one that knows little Han reads `21부`."""
        makers = {reader for (reader, _), statements in by_crop.items() if states(statements, statement)}
        read = [(key[0], readings.by_crop[key][line]) for key in by_crop for line in statement.lines]
        texts = [text.text for reader, text in read if reader in makers or text.confidence >= _SURE_OF_ANOTHER]
        return any(self._patterns.is_other(text, statement.number) for text in texts)


def _widened(boxes: np.ndarray, surface: Surface) -> np.ndarray:
    """Boxes (N, 4) that reach `_REACH` heights farther to both sides, as far as the picture goes."""
    left = np.maximum(boxes[:, 0] - _REACH * boxes[:, 3], 0)
    right = boxes[:, 0] + boxes[:, 2] + _REACH * boxes[:, 3]
    across = np.minimum(right, surface.geometry.display_width) - left
    return np.stack([left, boxes[:, 1], across, boxes[:, 3]], 1)


def _holds_more(whole: LineText, part: LineText) -> bool:
    """Whether `part` is a part of a longer line."""
    long, short = ("".join(text.text.split()) for text in (whole, part))
    same = sum(block.size for block in SequenceMatcher(None, short, long, autojunk=False).get_matching_blocks())
    more = sum(map(str.isalpha, long)) > sum(map(str.isalpha, short))
    return more and same >= _SAME_SHARE * len(short) and whole.confidence >= _SURE_OF_MORE


def _states_as_surely(statements: Sequence[Statement], wanted: Statement) -> bool:
    """The same, not much less surely: what a wider cut shows behind `第19回` may make it doubtful."""
    return states([one for one in statements if one.strength > _AS_SURE * wanted.strength], wanted)


def _lines(texts: Sequence[LineText], shares: np.ndarray) -> list[Line]:
    boxes = [(x, y, width, height) for x, y, width, height in shares.tolist()]
    return [Line(text.text, box[3], box, text.confidence) for text, box in zip(texts, boxes, strict=True)]


def _worth_reading(boxes: np.ndarray) -> np.ndarray:
    """The highest lines (N, 4), those that have letters large enough, from top to bottom."""
    heights = boxes[:, 2:].min(1)
    tall = np.argsort(-heights, kind="stable")[:_MOST_LINES]
    kept = boxes[np.sort(tall[heights[tall] >= _LEAST_PX])]
    return np.asarray(kept[np.lexsort((kept[:, 0], kept[:, 1]))])


def _but(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Those of the boxes (N, 4) that are not among the others."""
    same = (boxes[:, None] == others[None]).all(2).any(1)
    return np.asarray(boxes[~same])


def _small_lines(boxes: np.ndarray, surface: Surface) -> np.ndarray:
    """Those of the lines (N, 4) that were found small."""
    scale = COARSE_SIDE / max(surface.geometry.display_width, surface.geometry.display_height)
    return np.asarray(boxes[boxes[:, 3] * scale < _SMALL_PX])


def _closer(small: np.ndarray, surface: Surface) -> tuple[Rect, int]:
    """The part of the picture (displayed pixels) around small lines, and the side at which it is searched."""
    width, height = surface.geometry.display_width, surface.geometry.display_height
    reach = float(small[:, 3].max()) * 2
    low = np.maximum(small[:, :2].min(0) - reach, 0)
    high = np.minimum((small[:, :2] + small[:, 2:]).max(0) + reach, (width, height))
    across, down = (high - low).tolist()
    side = COARSE_SIDE if max(across, down) < 0.5 * max(width, height) else FINE_SIDE
    return (float(low[0]), float(low[1]), across, down), side


def _without(boxes: np.ndarray, small: np.ndarray, finer: np.ndarray) -> np.ndarray:
    """The lines (N, 4) with the finer ones in place of the small ones."""
    kept = [box for box in boxes if not any(isclose(float(np.abs(box - one).max()), 0.0) for one in small)]
    return np.concatenate([np.array(kept, np.float32).reshape(-1, 4), finer]) if len(finer) else boxes
