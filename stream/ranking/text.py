"""Text over a picture, judged by the crops that will be cut: a caption that every crop leaves out is no fault.

Titles and cards, whose text cannot be left out, are refused whatever else is lacking. Logos and watermarks that stay
in one place through the film refuse nothing; crops avoid them as far as they can.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor
from threading import Lock

import cv2
import numpy as np

from engines.text import (
    TITLE_LEAST_SHARE,
    TextDetector,
    TextReading,
    may_be_tall_title,
    overlay_lines,
    tall_titles,
    text_boxes,
)
from kernels.ops import Ops
from kernels.surface import Rect, Surface

from ..candidates.picture_pool import PicturePool
from ..framing.crops import Crop
from ..framing.obstacles import is_clear, is_cut
from ..framing.overlays import LONG_SIDE, MOST_PICTURES, lasting_lines, persistent_marks, with_whole_marks
from ..framing.planner import CropPlan, CropPlanner
from ..records import ActiveRect, Candidate, TimedSurface
from .selection import Assessment

_MUCH_TEXT = 0.03
"""Share of a crop that text must cover for the text component to be 0; a logo covers less. Chosen by eye."""
_CARD_ENERGY, _CARD_PLAIN, _PLAIN_SLOPE = 0.5, 0.85, 2.0
"""A card (a letter, credits, the name of a studio): least share of the picture's squared gradients that lies in its
lines, and of the rest that slopes by less than `_PLAIN_SLOPE`, luma (0–255) a pixel. (Cards of seven films: .56 to 1
and .94 to 1, a title over a blurred picture .82 and .54; other frames with text .36 and .84 at most.)"""
_CARD_WIDTH, _LINE_REACH = 192, (0.1, 0.25)
"""Width, pixels, of the picture in which that is measured; by what shares of its width and height a line is grown."""
_UNLIKE = 0.5
"""Correlation of the small luma of two pictures (16×9, bars left out) below which their edges are not those of one
scene. Chosen by eye."""
_BESIDE_SIDE, _BESIDE_SCORE, _BESIDE_ASPECT, _BESIDE_HEIGHT = 192, 0.9, 2.0, 0.35
"""How the pictures beside one are read: their longer side, pixels, for a quarter of the cost; then a title has this
score, width over height and height, in shares of the picture, at most, for at this size lines grow. (Of 1,989 frames of
19 films all that pass are title cards and credits, but for one.)"""
_READINGS = 4
"""Pictures of the film that are read for text that stays in one place. Chosen by eye."""


_MARK_HEIGHT = 0.15
"""Height of a line, as a share of the picture's, above which it is lettering, however long it stays: no logo or
watermark. Chosen by eye; a watermark across the middle of a preview has .09."""

_NEAR_S, _NEAR_PICTURES, _BESIDE_S = 2.0, 3, 0.5
"""Other pictures of a shot that are read where a picture has lines that may belong to a caption; how near they are to
be read as those beside it. Chosen by eye."""


class TextCheck:
    """Reads the text of one film's pictures and plans their crops around it. Safe for several threads.

    `marks`: logos and watermarks, displayed pixels (`film_marks`). `others`: pictures of scenes unlike each other
    (`unlike_scenes`), in which text that never moves is sought. `surface`: the full-size picture of a candidate.
    `beside`: time → small pictures from just before and after (`PicturePool.beside`). `in_shot`: further pictures of
    the candidate's shot (`near_in_shot`).
    """

    def __init__(
        self,
        detector: TextDetector,
        planner: CropPlanner,
        ops: Ops,
        surface: Callable[[Candidate], Surface],
        marks: Sequence[Rect] = (),
        others: Sequence[Candidate] = (),
        beside: Callable[[float], Sequence[TimedSurface] | None] = lambda pts_s: None,
        in_shot: Callable[[Candidate], Sequence[TimedSurface]] = lambda candidate: (),
    ) -> None:
        self._detector, self._planner, self._ops, self._surface = detector, planner, ops, surface
        self._marks, self._others, self._beside = list(marks), others[:_READINGS], beside
        self._in_shot = in_shot
        self._lock = Lock()
        self._lasting: list[Rect] | None = None

    def look(self, assessment: Assessment) -> tuple[str | None, float]:
        """Why the picture is refused for its text (`card`, `text_overlay`; None: it is not), and how free of text its
        crops are, 0–1. Its crops are planned and remembered by the planner. Synchronises (on a device)."""
        active = assessment.active
        area = (active.x, active.y, active.width, active.height)
        reading = self._detector.read(self._surface(assessment.candidate), area)
        lines, over = _lines_of(reading, area)
        titles = self._titles_beside(assessment.candidate, area)
        marks = self._marks
        if over.any() or titles:
            marks = [*marks, *self._lines_of_the_film()]
        low = lines[:, 3] <= _MARK_HEIGHT * area[3]
        stays = np.array([_in_any(line, marks) for line in lines.tolist()], bool) & low
        lines, over = lines[~stays], over[~stays]
        if len(lines) and not assessment.candidate.faces and self._is_plain(assessment.candidate, area, lines):
            return "card", 0.0
        over |= self._is_laid_elsewhere(assessment.candidate, area, lines, ~over)
        captions = [_rect(line) for line in lines[over].tolist()]
        captions += [title for title in titles if not _in_any(title, marks)]
        plan = self._plan(assessment, captions, marks)
        clean = min((_clean(crop.source, lines) for _, crop in plan), default=1.0)
        clear = all(is_clear(crop.source, captions) for _, crop in plan)
        return (None if clear else "text_overlay"), round(clean, 4)

    def is_card(self, candidate: Candidate) -> bool:
        """Whether a picture is a card, whatever else is said of it. Synchronises (on a device)."""
        active = self._planner.active(candidate)
        area = (active.x, active.y, active.width, active.height)
        lines, _ = _lines_of(self._detector.read(self._surface(candidate), area), area)
        return bool(len(lines)) and self._is_plain(candidate, area, lines)

    def _plan(self, assessment: Assessment, captions: list[Rect], marks: list[Rect]) -> CropPlan:
        """The crops: without captions and marks where that leaves room above the heads, else with whole marks; where
        the largest crop would cut one too, those that cut fewest."""
        candidate, people = assessment.candidate, assessment.characters
        plan = self._planner.plan(candidate, people, [*captions, *marks])
        if not marks:
            return plan
        without = self._planner.plan(candidate, people, captions)
        active, heads = assessment.active, [face.box[1] for face in candidate.faces]
        wholes = [with_whole_marks(form, crop, active, captions, marks) for form, crop in without]
        cuts = [any(is_cut(whole.source, mark) for mark in marks) for whole in wholes]
        spared = self._planner.plan(candidate, people, captions, marks) if any(cuts) else without
        best = []
        for (form, crop), (_, other), (_, least), whole, cut in zip(plan, without, spared, wholes, cuts, strict=True):
            out = is_clear(crop.source, [*captions, *marks])
            crowded = _room(crop, heads) < min(_room(other, heads), form.headroom * crop.source[3])
            best.append((form, crop if out and (cut or not crowded) else least if cut else whole))
        return self._planner.keep(candidate, best)

    def _is_laid_elsewhere(self, candidate: Candidate, area: Rect, lines: np.ndarray, asked: np.ndarray) -> np.ndarray:
        """(N,) bool: which of the `asked` lines (N, 4) are part of a line that is laid over another picture of the
        shot. Somebody stands before a part of it here, or it is still being written."""
        laid: list[Rect] = []
        for _, surface in self._in_shot(candidate) if asked.any() else ():
            there, over = _lines_of(self._detector.read(surface, area), area)
            laid += [_rect(line) for line in there[over].tolist()]
        inside = np.array([_in_any(line, laid) for line in lines.tolist()], bool)
        return np.asarray(asked & inside)

    def _titles_beside(self, candidate: Candidate, area: Rect) -> list[Rect]:
        """Where titles stand in the first and the last of the pictures beside this one. A title that moves or fades is
        a smear or a shade here, which the network does not see. Nothing is kept beside pictures of a second look: for
        those the nearest others of their shot are read."""
        pictures = self._beside(candidate.pts_s)
        if pictures is None:
            near = self._in_shot(candidate)
            pictures = [one for one in near if abs(one[0] - candidate.pts_s) <= _BESIDE_S]
        found: list[Rect] = []
        for _, surface in {id(one): one for one in (*pictures[:1], *pictures[-1:])}.values():
            reading = self._detector.read(surface, area, long_side=_BESIDE_SIDE)
            wide = reading.boxes[:, 2] >= _BESIDE_ASPECT * reading.boxes[:, 3]
            low = reading.boxes[:, 3] <= _BESIDE_HEIGHT * area[3]
            titles = reading.boxes[wide & low & (reading.scores >= _BESIDE_SCORE)]
            if float(titles[:, 2:].prod(1).sum()) >= TITLE_LEAST_SHARE * area[2] * area[3]:
                found += [_rect(box) for box in titles.tolist()]
            found += [_rect(box) for box in reading.glyphs.tolist()]
            if may_be_tall_title(reading, area).any():
                found += [_rect(box) for box in tall_titles(self._detector.read(surface, area), reading, area).tolist()]
        return found

    def _lines_of_the_film(self) -> list[Rect]:
        """Lines of text that never move; read once, from the pictures of other scenes."""
        with self._lock:
            if self._lasting is None:
                self._lasting = lasting_lines([self._boxes(candidate) for candidate in self._others])
            return self._lasting

    def _boxes(self, candidate: Candidate) -> list[Rect]:
        active = self._planner.active(candidate)
        area = (active.x, active.y, active.width, active.height)
        lines = text_boxes(self._detector.read(self._surface(candidate), area), area)
        return [_rect(line) for line in lines.tolist() if line[3] <= _MARK_HEIGHT * area[3]]

    def _is_plain(self, candidate: Candidate, area: Rect, lines: np.ndarray) -> bool:
        """Whether there is little in the picture but its lines (N, 4), displayed pixels."""
        size = (_CARD_WIDTH, max(2, round(_CARD_WIDTH * area[3] / area[2])))
        small = self._ops.to_host(self._ops.rgb(self._surface(candidate), area, size))
        luma = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
        slopes = (cv2.Sobel(luma, cv2.CV_32F, *way, scale=1 / 8) for way in ((1, 0), (0, 1)))
        energy = np.square(np.stack(list(slopes))).sum(0)
        inside = np.zeros(energy.shape, bool)
        scale = size[0] / area[2]
        for x, y, width, height in lines.tolist():
            across, down = _LINE_REACH[0] * width, _LINE_REACH[1] * height
            left, top = (x - area[0] - across) * scale, (y - area[1] - down) * scale
            right, bottom = left + (width + 2 * across) * scale, top + (height + 2 * down) * scale
            inside[max(0, int(top)) : int(bottom) + 1, max(0, int(left)) : int(right) + 1] = True
        plain = (energy[~inside] < _PLAIN_SLOPE**2).sum() >= _CARD_PLAIN * (~inside).sum()
        return bool(plain and energy[inside].sum() >= _CARD_ENERGY * energy.sum())


def _lines_of(reading: TextReading, area: Rect) -> tuple[np.ndarray, np.ndarray]:
    """(N, 4) lines, displayed pixels, and (N,) whether each was laid over the picture."""
    boxes = text_boxes(reading, area)
    shares = (boxes - np.array([*area[:2], 0, 0])) / np.array([*area[2:]] * 2)
    return boxes, overlay_lines(shares, len(reading.tall))


def _rect(line: Sequence[float]) -> Rect:
    x, y, width, height = line
    return x, y, width, height


def _in_any(line: Sequence[float], marks: Sequence[Rect]) -> bool:
    """Whether most of a line lies in one of the marks."""

    def common(mark: Rect) -> float:
        across = min(line[0] + line[2], mark[0] + mark[2]) - max(line[0], mark[0])
        down = min(line[1] + line[3], mark[1] + mark[3]) - max(line[1], mark[1])
        return max(0.0, across) * max(0.0, down)

    return any(common(mark) > 0.5 * line[2] * line[3] for mark in marks)


def _room(crop: Crop, heads: Sequence[float]) -> float:
    """Displayed pixels above the highest of the heads (their upper edges) that are in the crop; 0 without any."""
    top, bottom = crop.source[1], crop.source[1] + crop.source[3]
    return min((head - top for head in heads if head < bottom), default=0.0)


def _clean(source: Rect, lines: np.ndarray) -> float:
    """1 without any text in a crop, 0 with a lot. `lines` (N, 4), displayed pixels."""
    corner = np.maximum(lines[:, :2], source[:2])
    reach = np.minimum(lines[:, :2] + lines[:, 2:], np.add(source[:2], source[2:]))
    covered = float(np.clip(reach - corner, 0, None).prod(1).sum()) / (source[2] * source[3])
    return 1.0 - min(1.0, covered / _MUCH_TEXT)


def unlike_scenes(candidates: Sequence[Candidate], planner: CropPlanner, pool: PicturePool) -> list[Candidate]:
    """Up to `MOST_PICTURES` candidates by time whose pictures are still in the pool and are composed differently."""
    found: list[Candidate] = []
    forms: list[np.ndarray] = []
    for candidate in sorted(candidates, key=lambda c: c.pts_s):
        surface = pool.get(candidate.pts_s)
        if surface is None:
            continue
        form = _form(candidate, planner.active(candidate), surface)
        if all(len(other) != len(form) or float(form @ other) < _UNLIKE for other in forms):
            found.append(candidate)
            forms.append(form)
    places = np.linspace(0, len(found) - 1, min(len(found), MOST_PICTURES)).round().astype(int)
    return [found[place] for place in places]


def _form(candidate: Candidate, active: ActiveRect, surface: Surface) -> np.ndarray:
    """(N,) unit vector, or 0: the small luma picture of the row inside the bars, less its mean."""
    luma = candidate.row["signature_y"].astype(np.float64)
    rows, columns = luma.shape
    down, across = rows / surface.geometry.display_height, columns / surface.geometry.display_width
    top, bottom = ceil(active.y * down), floor((active.y + active.height) * down)
    left, right = ceil(active.x * across), floor((active.x + active.width) * across)
    inside = luma[top:bottom, left:right].ravel()
    inside = inside - inside.mean() if inside.size else inside
    return np.asarray(inside / max(float(np.linalg.norm(inside)), 1e-9))


def near_in_shot(candidates: Sequence[Candidate], candidate: Candidate, pool: PicturePool) -> list[TimedSurface]:
    """The nearest other pictures of a candidate's shot that are in the pool, by distance: no more than
    `_NEAR_PICTURES`, within `_NEAR_S`. `candidates`: of the film."""
    others = [c for c in candidates if c.shot == candidate.shot and 0 < abs(c.pts_s - candidate.pts_s) <= _NEAR_S]
    others.sort(key=lambda c: (round(abs(c.pts_s - candidate.pts_s), 3), c.pts_s))
    held = [(c.pts_s, surface) for c in others if (surface := pool.get(c.pts_s)) is not None]
    return held[:_NEAR_PICTURES]


def film_marks(scenes: Sequence[Candidate], planner: CropPlanner, pool: PicturePool, ops: Ops) -> list[Rect]:
    """Logos and watermarks of the film, displayed pixels, from small copies of pictures in the pool. Scenes with other
    bars than the first are left out. Synchronises (on a device), once for each picture."""
    same = [c for c in scenes if planner.active(c) == planner.active(scenes[0])]
    if not same:
        return []
    active = planner.active(same[0])
    area = (active.x, active.y, active.width, active.height)
    scale = min(1.0, LONG_SIDE / max(area[2:]))
    size = (max(2, round(area[2] * scale)), max(2, round(area[3] * scale)))
    held = [surface for candidate in same if (surface := pool.get(candidate.pts_s)) is not None]
    small = [cv2.cvtColor(ops.to_host(ops.rgb(surface, area, size)), cv2.COLOR_RGB2GRAY) for surface in held]
    return persistent_marks([np.asarray(luma) for luma in small], area)
