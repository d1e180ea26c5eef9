"""Strokes at the end of a roman numeral: readers see one for two that stand close together, all of them alike, and see
both where the line is shown to them wider."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from .lines import Statement
from .words import DOUBTFUL

Strokes = Literal["counted", "more", "unknown"]
"""What wider views of a numeral show: its strokes; more of them; neither for certain."""
WIDER = (2, 3)
"""By how many of the widths that lines have (`engines.ocr.WIDTHS_PX`) a line is shown wider: one and a half times, and
twice. (Of 234 numerals that end in strokes, on drawn cards, one picture each, PP-OCR lost strokes of 11 at the usual
width. In some view of one of two readers each of these had more, none of the others had. 2026-11-30)"""
_MOST_LOST = 2
_NUMERAL = re.compile(r"[IVXLC]*I$")


def ends_in_strokes(statement: Statement) -> bool:
    """Whether a statement is doubtful for the strokes at the end of its number."""
    text = statement.text.rstrip(" .,:;-")
    return statement.strength <= DOUBTFUL and bool(statement.number.episodes) and _NUMERAL.search(text) is not None


def strokes_of(statement: Statement, views: Iterable[Sequence[Sequence[Statement]]]) -> Strokes:
    """What wider views show of a number that ends in strokes. views: for each width what each reading there states."""
    number, counted = statement.number, True
    last = number.episodes[-1]
    for readings in views:
        there = [
            one.number.episodes
            for statements in readings
            for one in statements
            if set(one.lines) & set(statement.lines) and one.kind == statement.kind and one.number.episodes
        ]
        if any(0 < episodes[-1] - last <= _MOST_LOST for episodes in there):
            return "more"
        counted &= number.episodes in there
    return "counted" if counted else "unknown"
