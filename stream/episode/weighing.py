"""What a picture states, weighed by how many crops and readers state it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from engines.ocr import LineText, preferred
from kernels.surface import Rect

from .numbers import EpisodeNumber, compatible, lost_a_digit
from .patterns import Statement
from .records import Kind
from .seasons import OpenSeason
from .strokes import Strokes
from .words import DOUBTFUL, UNREAD_LETTER

CROPS = (0.0, -0.08, 0.15)
"""Margins of the crops in which the lines of a statement are read, the first for all lines. By eye."""
_SURE = 0.9
"""Confidence from which on a reader is believed of letters that another does not know. By eye."""
_RUN = re.compile(r"(?<![0-9])(?<![ep][szb])[0-9]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """A number that a picture states. `box`: of its lines, displayed pixels. `confidence`: of the best reader in these
    lines; `weakest`: in the least sure character of what matched; 0–1. `crops`: share of the crops in which that reader
    states it. `second`: share of the crops in which the other readers agree, where they read a number; None where they
    read none."""

    time_s: float
    number: EpisodeNumber
    kind: Kind
    strength: float
    text: str
    box: Rect
    height: float
    """Of its highest line, as a share of the picture's height."""
    confidence: float
    weakest: float
    crops: float
    second: float | None
    season: OpenSeason | None = None
    """What may be a season beside it, where it states none."""
    more_strokes: bool = False
    """Whether some view of it shows more strokes at the end of its roman numeral."""


@dataclass(slots=True)
class Readings:
    """Texts of the lines by (reader, crop)."""

    by_crop: dict[tuple[int, int], list[LineText]] = field(default_factory=dict)

    def best(self) -> list[LineText]:
        """For each line the reading to go by."""
        readers = [lines for (_, crop), lines in self.by_crop.items() if crop == 0]
        return [preferred(texts) for texts in zip(*readers, strict=True)]

    def surest(self) -> list[LineText]:
        """The same, and where letters of that are not known, one that knows them all and is sure."""
        readers = [lines for (_, crop), lines in self.by_crop.items() if crop == 0]
        whole = [[text for text in texts if _is_whole(text)] for texts in zip(*readers, strict=True)]
        return [
            best if not known or _is_whole(best) else max(known, key=lambda text: text.confidence)
            for best, known in zip(self.best(), whole, strict=True)
        ]


def lost_in_one(statement: Statement, by_crop: Mapping[tuple[int, int], Sequence[Statement]]) -> bool:
    """Whether some crop of its lines states a number with one more digit."""
    there = (one for statements in by_crop.values() for one in statements if set(one.lines) & set(statement.lines))
    return any(one.kind == statement.kind and lost_a_digit(statement.number, one.number) for one in there)


def weighed(
    time_s: float,
    statement: Statement,
    boxes: np.ndarray,
    shares: np.ndarray,
    readings: Readings,
    by_crop: Mapping[tuple[int, int], Sequence[Statement]],
    readers: int,
) -> Said:
    """A statement with how many crops and readers make it."""
    counts = [sum(states(by_crop[reader, crop], statement) for crop in range(len(CROPS))) for reader in range(readers)]
    first = max(range(readers), key=lambda reader: (counts[reader], -reader))
    others = [_share_agreeing(reader, statement, readings, by_crop) for reader in range(readers) if reader != first]
    seconds = [share for share in others if share is not None]
    lines = list(statement.lines)
    texts = [readings.by_crop[first, 0][line] for line in lines]
    corner = boxes[lines, :2].min(0)
    size = (boxes[lines, :2] + boxes[lines, 2:]).max(0) - corner
    return Said(
        time_s=time_s,
        number=statement.number,
        kind=statement.kind,
        strength=statement.strength,
        text=statement.text,
        box=(float(corner[0]), float(corner[1]), float(size[0]), float(size[1])),
        height=float(shares[lines, 3].max()),
        confidence=min((text.confidence for text in texts), default=0.0),
        weakest=min((_weakest(text, statement.text) for text in texts), default=0.0),
        crops=counts[first] / len(CROPS),
        second=float(np.mean(seconds)) if seconds else None,
    )


def states(statements: Sequence[Statement], wanted: Statement) -> bool:
    """Whether statements hold the wanted number, said of the same episode."""
    return any(one.kind == wanted.kind and compatible(one.number, wanted.number) for one in statements)


def with_strokes(said: Said, strokes: Strokes) -> Said:
    """A number that was doubtful for the strokes at its end with what wider views show of them."""
    if strokes == "counted":
        return replace(said, strength=said.strength / DOUBTFUL)
    return replace(said, more_strokes=strokes == "more")


def _share_agreeing(
    reader: int, statement: Statement, readings: Readings, by_crop: Mapping[tuple[int, int], Sequence[Statement]]
) -> float | None:
    """Share of a reader's crops of the statement's lines that state the same number or hold the same digits, of those
    that state a number or hold digits. None for none.

    A reader that does not know the script of the words may still know the digits; one that reads II where another reads
    11 has none. Such a reader has no say where it lost the sign between digits (`□125□` for `第12.5集`), nor by a digit
    alone that it reads in a number's words (`여섯 번째 이야기`).
    """
    runs_said = _runs(statement.text)
    digits, in_words, agree = set(runs_said), not runs_said and not statement.text.isascii(), []
    for crop in range(len(CROPS)):
        there = [one for one in by_crop[reader, crop] if set(one.lines) & set(statement.lines)]
        there = [one for one in there if not (in_words and one.kind == "bare")]
        runs = {run for line in statement.lines for run in _runs(readings.by_crop[reader, crop][line].text)}
        lost_a_sign = not there and len(runs_said) > 1 and "".join(runs_said) in runs
        if there or (digits and runs and not lost_a_sign):
            same = any(compatible(one.number, statement.number) for one in there)
            agree.append(same or bool(digits and digits <= runs))
    return sum(agree) / len(agree) if agree else None


def _is_whole(text: LineText) -> bool:
    """Whether a line was surely read with all its letters."""
    return text.confidence >= _SURE and UNREAD_LETTER not in text.text


def _runs(text: str) -> list[str]:
    """The runs of digits in a text, but those before which a digit was read as a letter: `Es2` may be E52."""
    return _RUN.findall(unicodedata.normalize("NFKC", text))


def _weakest(line: LineText, matched: str) -> float:
    """The probability of the least sure character of what matched, 0–1; of the line where that is not found in it."""
    start = line.text.find(matched)
    characters = line.characters[start : start + len(matched)] if start >= 0 and matched else line.characters
    return float(characters.min()) if len(characters) else 0.0
