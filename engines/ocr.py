"""Reads lines of text: networks that answer with a probability for each character and each place along a line, decoded
by connectionist temporal classification (Graves et al. 2006).

Both readers of the zoo, `text_recognition` (PP-OCR) and `hangul_recognition`, have the same input and output, so one
class reads with either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, Protocol, TypeVar

import numpy as np

from kernels.ops import Ops
from kernels.surface import Array, Rect, Surface

from .beams import characters_of, chosen, log_likelihoods, logarithms
from .errors import ModelError
from .prior import ANY, Prior, load_prior, prior_for
from .session import Session
from .tools import HOST_TOOLS, EngineTools

HEIGHT_PX = 48
"""Height of a line in the network's input, pixels."""
WIDTHS_PX = (32, 48, 64, 80, 96, 128, 160, 192, 256, 320, 384, 512, 640, 768, 1024, 1280, 1536, 2048)
"""Widths of inputs. A line is stretched or squeezed to the nearest one, by less than a quarter where it is not longer
than the longest. So nothing is padded, no line depends on another, and a device meets few shapes. (114 rendered lines
over frames of E01 and E03, seven of them in glyphs that their font lacks: .895 read right; .886 at their own width,
.912 padded with grey to one of six widths at half as much more time, .877 padded to PP-OCR's 320 pixels at twice the
time. 2026-11-29)"""
CANVASES_PX = (320, 768, 2048)
"""Widths of canvases on one of which a line is placed where few shapes should come, grey on its right; what is read
there is left out."""
_GREY = 128
"""0 for the networks, as PP-OCR was shown lines that are shorter than others."""
VERTICAL_ASPECT = 1.5
"""Height over width from which on a box is read as a vertical line, as PP-OCR does."""
Vertical = Literal["turned", "cells"]
"""How a vertical line is shown to a network: turned to the left, its top at the left, as PP-OCR learned it (six of six
lines of three to five Han characters, in one font); or cut into as many squares as its shape says, side by side."""
_DOUBT = 2.0
"""A line is looked at again where the logarithm of its likeliest text's weight leads that of the next one by less."""
_NEW_DIGITS = 1.0
"""Most that a text may be less likely by the picture alone, natural logarithm, to have digits where that has none."""
_OF_PRIOR = 0.5
"""Weight of the prior where readers disagree. (Wrong of 2,000 lines each in fonts and on footage of the training: plain
10 → 8, over footage 40 → 35; by the half or the double of it 9 and 8, 34 and 35. 2026-12-01)"""
_LOOKS_LIKE = str.maketrans("oil|szb", "0111528")
METADATA_KEY = "character"
BLANK = ""
UNREAD_LETTER = ANY
"""What `hangul_recognition` calls a syllable, Han or kana that it does not know."""


@dataclass(frozen=True, slots=True)
class LineText:
    """What stands in a line. `confidence`: geometric mean of the characters' probabilities, 0–1, 0 for no character.
    `characters`: (len(text),) float32, the probability of each."""

    text: str
    confidence: float
    characters: np.ndarray


class Answer(Protocol):
    """What a reader says of a line, and how sure it is of that."""

    @property
    def text(self) -> str:
        """The characters."""

    @property
    def confidence(self) -> float:
        """0–1."""


A = TypeVar("A", bound=Answer)
NOTHING = LineText("", 0.0, np.zeros(0, np.float32))
Way = Callable[[Surface, Rect, int], Array]
"""(picture, box, width) → (48, width, 3) uint8: how a line is cut out."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A line as a network is shown it: cut out by `way`, `width` pixels wide."""

    box: Rect
    way: Way
    width: int

    def crop(self, surface: Surface) -> Array:
        """(48, width, 3) uint8."""
        return self.way(surface, self.box, self.width)

    def wider(self, steps: int = 1) -> Shown:
        """The line made so many widths wider: two narrow letters fall into one place along a line, and of a doubled
        one, one is lost."""
        place = WIDTHS_PX.index(self.width)
        return replace(self, width=WIDTHS_PX[min(place + steps, len(WIDTHS_PX) - 1)])


class LineReader:
    """A network that reads lines, on one session. Several threads may ask it. A reader for whose alphabet there is a
    prior (`engines.prior`) weighs what it sees with that, and looks again at lines of which it is not sure.

    batch: most lines in one run; with 1 a line's reading does not depend on other lines, with more it does in the last
    bits. vertical: see `Vertical`. Raises ModelError when the model does not say which characters it knows.
    """

    def __init__(
        self,
        session: Session,
        ops: Ops,
        *,
        tools: EngineTools = HOST_TOOLS,
        batch: int = 1,
        vertical: Vertical = "turned",
    ) -> None:
        self._session, self._ops, self._tools, self._batch = session, ops, tools, batch
        self._vertical = self._turned if vertical == "turned" else self._cells
        self.alphabet = alphabet_of(session.metadata, session.name)
        self._prior = prior_for(self.alphabet)

    @property
    def name(self) -> str:
        """The role of the reader."""
        return self._session.name

    def read(self, surface: Surface, boxes: np.ndarray, *, margin: float = 0.0, wider: int = 0) -> list[LineText]:
        """One text for each box (N, 4) x, y, width, height in displayed pixels, as the text detector gives them.

        margin: by what share of its shorter side a box is grown on each side; less than 0 shrinks it. wider: by how
        many of the `WIDTHS_PX` a line is shown wider than it is. Boxes taller than wide are read from top to bottom.
        Synchronises (on a device), once, and once more for lines that are looked at again. Raises SessionError.
        """
        grown = [_grown(box, margin) for box in boxes.tolist()]
        ways = [self._vertical if _is_vertical(box) else self._upright for box in grown]
        return self._read(surface, grown, ways, wider)

    def read_upside_down(self, surface: Surface, boxes: np.ndarray) -> list[LineText]:
        """`read` of lines that are turned by 180 degrees."""
        return self._read(surface, [_grown(box, 0.0) for box in boxes.tolist()], [self._half_turned] * len(boxes))

    def _read(
        self, surface: Surface, boxes: Sequence[Rect], ways: Sequence[Way], wider: int = 0
    ) -> list[LineText]:
        shown = [Shown(box, way, width_of(box)).wider(wider) for box, way in zip(boxes, ways, strict=True)]
        if self._prior is None:
            return [decoded(best.astype(int), sure, self.alphabet) for best, sure in self._run(surface, shown, _best)]
        views = [logarithms(answer) for answer in self._run(surface, shown, _all)]
        choices = [chosen([view], self._prior) for view in views]
        unsure = [line for line, choice in enumerate(choices) if choice.lead < _DOUBT]
        again = self._run(surface, [shown[line].wider() for line in unsure], _all)
        for line, answer in zip(unsure, again, strict=True):
            choices[line] = chosen([views[line], logarithms(answer)], self._prior)
        return [self._text(view, choice.text, self._prior) for view, choice in zip(views, choices, strict=True)]

    def _text(self, logs: np.ndarray, text: str, prior: Prior) -> LineText:
        """A text with how sure its characters are in one view of the line, logs (T, classes): less sure than any other
        where they are not what stands there by itself."""
        first = decoded(logs.argmax(1), np.exp(logs.max(1)), self.alphabet)
        if text == first.text or (_has_digit(text) and not _has_digit(first.text) and _loses(logs, text, first, prior)):
            return first
        return line_text(text, characters_of(logs, text, prior))

    def _run(self, surface: Surface, lines: Sequence[Shown], kept: Callable[[Array], Array]) -> list[np.ndarray]:
        """What the network answers to each line, (T, classes) as far as `kept` keeps it. Synchronises once."""
        if not lines:
            return []
        order = sorted(range(len(lines)), key=lambda place: lines[place].width)
        with self._tools.scope():
            answers = []
            for width in dict.fromkeys(self._canvas(lines[place]) for place in order):
                alike = [lines[place] for place in order if self._canvas(lines[place]) == width]
                for start in range(0, len(alike), self._batch):
                    answers += self._answers(surface, alike[start : start + self._batch], width, kept)
            fetched = self._ops.to_host(np.concatenate([answer.reshape(-1) for answer in answers]))
        ends = np.cumsum([np.prod(answer.shape) for answer in answers])[:-1].astype(int)
        parts = zip(np.split(fetched, ends), answers, strict=True)
        found = dict(zip(order, (row for part, answer in parts for row in part.reshape(answer.shape)), strict=True))
        return [found[place] for place in range(len(lines))]

    def _canvas(self, line: Shown) -> int:
        """Width of the input in which a line is shown."""
        return next(width for width in CANVASES_PX if width >= line.width) if self._tools.few_shapes else line.width

    def _answers(
        self, surface: Surface, lines: Sequence[Shown], width: int, kept: Callable[[Array], Array]
    ) -> list[Array]:
        """What is `kept` of the probabilities at each place, (n, T, classes) float32, of some lines in inputs of one
        width: of all of them together where they fill it, else of each line by itself."""
        crops = [_filled(line.crop(surface), width) for line in lines]
        shown = self._tools.engine_input(np.stack(crops), divisor=127.5, subtract=1)
        (answer,) = self._session.run({"x": shown}).values()
        if all(line.width == width for line in lines):
            return [kept(answer)]
        places = [answer.shape[1] * line.width // width for line in lines]
        return [kept(answer[row : row + 1, :count]) for row, count in enumerate(places)]

    def _upright(self, surface: Surface, box: Rect, width: int) -> Array:
        return self._ops.rgb(surface, box, (width, HEIGHT_PX))

    def _turned(self, surface: Surface, box: Rect, width: int) -> Array:
        """A vertical line turned to the left: its top is at the left."""
        return self._ops.rgb(surface, box, (HEIGHT_PX, width)).transpose(1, 0, 2)[::-1]

    def _cells(self, surface: Surface, box: Rect, width: int) -> Array:
        """A vertical line cut into squares, which stand side by side."""
        x, y, across, down = box
        count = max(1, round(down / across))
        parts = [(x, y + place * down / count, across, down / count) for place in range(count)]
        sizes = _shares(width, count)
        return np.concatenate([self._ops.rgb(surface, *cell) for cell in zip(parts, sizes, strict=True)], 1)

    def _half_turned(self, surface: Surface, box: Rect, width: int) -> Array:
        return self._upright(surface, box, width)[::-1, ::-1]


class TextDirection:
    """PP-OCR's classifier of lines that stand upside down, on one session of the role `text_direction`."""

    WIDTH_PX = 192
    """Width of its input, pixels. Longer lines are squeezed, shorter ones end in black."""

    def __init__(self, session: Session, ops: Ops, *, tools: EngineTools = HOST_TOOLS, batch: int = 1) -> None:
        self._session, self._ops, self._tools, self._batch = session, ops, tools, batch

    def upside_down(self, surface: Surface, boxes: np.ndarray) -> np.ndarray:
        """(N,) float32: probability that the line in each box (N, 4), displayed pixels, is turned by 180 degrees.
        Synchronises (on a device). Raises SessionError."""
        if not len(boxes):
            return np.zeros(0, np.float32)
        with self._tools.scope():
            shown = np.concatenate([self._input(surface, _grown(box, 0.0)) for box in boxes.tolist()])
            runs = [shown[i : i + self._batch] for i in range(0, len(shown), self._batch)]
            answers = [next(iter(self._session.run({"x": run}).values())) for run in runs]
            return self._ops.to_host(np.concatenate(answers)[:, 1])

    def _input(self, surface: Surface, box: Rect) -> Array:
        width = min(self.WIDTH_PX, max(1, round(HEIGHT_PX * box[2] / box[3])))
        line = self._ops.rgb(surface, box, (width, HEIGHT_PX))
        return self._tools.engine_input(line[None], (self.WIDTH_PX, HEIGHT_PX), divisor=127.5, subtract=1)


def alphabet_of(metadata: Mapping[str, str], name: str) -> tuple[str, ...]:
    """The characters of a network's classes in order: first "no character", then those that its metadata list, one a
    line, last the space, as PP-OCR counts them. Raises ModelError when there is no list."""
    if not metadata.get(METADATA_KEY):
        raise ModelError(f"{name}: the model has no alphabet (metadata key {METADATA_KEY!r}); use another model")
    return (BLANK, *metadata[METADATA_KEY].removesuffix("\n").split("\n"), " ")


def decoded(best: np.ndarray, probabilities: np.ndarray, alphabet: Sequence[str]) -> LineText:
    """The text of a line by its likeliest class at each place: best (T,) int, with its probability (T,) 0–1. Equal
    neighbours are one character, with the highest probability among them, and "no character" (class 0) separates."""
    starts = np.flatnonzero(np.diff(best, prepend=-1))
    highest = np.maximum.reduceat(probabilities, starts) if len(starts) else probabilities
    kept = best[starts] != 0
    characters = highest[kept].astype(np.float32)
    if not len(characters):
        return NOTHING
    return line_text("".join(alphabet[place] for place in best[starts][kept]), characters)


def line_text(text: str, characters: np.ndarray) -> LineText:
    """A line of characters with the probability of each (len(text),)."""
    if not text:
        return NOTHING
    return LineText(text, float(np.exp(np.log(np.maximum(characters, 1e-9)).mean())), characters)


def preferred(answers: Sequence[A]) -> A:
    """Of several readers' answers to one line the one to go by: of those with Hangul, where one has any, else of all,
    the one that is surest and most like what lines say usually; of equal ones the first. Where an earlier one differs
    from it in nothing but letters that look like digits (`S05E01`, `SO5E01`), that one: it was taught which of them
    stand in numbers, and PP-OCR is sure of letters. (Right of 1,000 lines each in fonts of the training: .989 → .991
    plain, .972 → .975 over footage. 2026-11-30)

    A reader that knows no Hangul reads what it can of such a line, and is sure of it. (Numbers with their counters in
    600 rendered lines each: .958 right plain and .955 over footage, by the surest of all .898 and .882; in none of 300
    lines in Han any Hangul was read. 2026-11-29)
    """
    korean = [answer for answer in answers if any("가" <= c <= "힣" for c in answer.text)]
    likeliest = max(korean or answers, key=_weight)
    alike = [answer for answer in korean or answers if _plain(answer.text) == _plain(likeliest.text)]
    best = max(alike, key=lambda answer: round(answer.confidence, 4))
    looks = _plain(best.text).translate(_LOOKS_LIKE)
    first = next(answer for answer in answers if _plain(answer.text).translate(_LOOKS_LIKE) == looks)
    return best if _plain(first.text) == _plain(best.text) else first


def _weight(answer: Answer) -> float:
    """How sure an answer is, with what it is worth to the prior, as logarithms of a mean character."""
    return round(float(np.log(max(answer.confidence, 1e-6))) + _OF_PRIOR * load_prior().of_each(answer.text), 3)


def _plain(text: str) -> str:
    """A text without spaces and case."""
    return "".join(text.split()).casefold()


def _has_digit(text: str) -> bool:
    return any(map(str.isdecimal, text))


def _loses(logs: np.ndarray, text: str, first: LineText, prior: Prior) -> bool:
    """Whether the picture alone speaks against a text with digits, where what it says by itself has none."""
    with_digits, without = log_likelihoods(logs, [text, first.text], prior)
    return bool(without - with_digits > _NEW_DIGITS)


def _filled(crop: Array, width: int) -> Array:
    """(48, width, 3) uint8: a crop with grey on its right."""
    missing = width - crop.shape[1]
    return np.concatenate([crop, np.full_like(crop, _GREY, shape=(HEIGHT_PX, missing, 3))], 1) if missing else crop


def _best(probabilities: Array) -> Array:
    """(n, 2, T) float32: the likeliest class at each place, and its probability, of probabilities (n, T, classes)."""
    return np.stack([probabilities.argmax(2).astype(np.float32), probabilities.max(2)], 1)


def _all(probabilities: Array) -> Array:
    return probabilities


def width_of(box: Rect) -> int:
    """The width of the input, of `WIDTHS_PX`, that stretches a line least."""
    long, short = (box[3], box[2]) if _is_vertical(box) else (box[2], box[3])
    return min(WIDTHS_PX, key=lambda width: abs(np.log(width * short / (HEIGHT_PX * long))))


def _is_vertical(box: Rect) -> bool:
    return box[3] >= VERTICAL_ASPECT * box[2]


def _shares(width: int, count: int) -> list[tuple[int, int]]:
    """`count` sizes (width, height) of cells that are `width` pixels wide together."""
    ends = [round(width * place / count) for place in range(count + 1)]
    return [(end - start, HEIGHT_PX) for start, end in pairwise(ends)]


def _grown(box: Sequence[float], margin: float) -> Rect:
    x, y, width, height = box
    by = margin * min(width, height)
    return x - by, y - by, width + 2 * by, height + 2 * by
