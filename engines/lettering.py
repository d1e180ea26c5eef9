"""Reads marks of which the text detector cannot say whether they are lettering: titles in tall letters that it marks
weakly, among drawn figures, food and wreckage that it marks as strongly.

What is no text gives a reader nothing, or a few characters that it is not sure of.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kernels.surface import Surface

from .ocr import UNREAD_LETTER, LineReader, LineText

LEAST_LETTERS, LETTERS_CONFIDENCE = 3, 0.9
LEAST_SYLLABLES, SYLLABLES_CONFIDENCE = 2, 0.75
"""A mark is lettering where a reader is so sure of so many letters and digits, or of so many syllables of Hangul. (Weak
tall marks in 1,496 frames of 92 films, of which nobody tuned on 73, and all that `extract` asks of 19: titles are read
with 1.0, all else with .84 at most, as Hangul with .57; one character, or two letters, are read surely in pipes and
window frames. Of 135 titles, .2 to .5 of the picture high, in 144 fonts over frames of 19 films, 92 are seen without
and 103 with it, Korean ones 48 and 57 of 83; of 209 frames without a title, none. 2026-12-01)"""
_HANGUL = ("\uac00", "\ud7a3")


class LetteringReader:
    """Tells lettering by reading it. Several threads may ask it."""

    def __init__(self, readers: Sequence[LineReader]) -> None:
        self._readers = readers

    def is_lettering(self, surface: Surface, box: np.ndarray) -> bool:
        """Whether text stands in a mark (4,) x, y, width, height, displayed pixels: in one line, or in two of equal
        height. Synchronises (on a device), once for each reader. Raises SessionError."""
        x, y, width, height = map(float, box)
        halves = [(x, y + k * height / 2, width, height / 2) for k in range(2)]
        lines = np.array([(x, y, width, height), *halves], np.float32)
        return any(_is_sure(text) for reader in self._readers for text in reader.read(surface, lines))


def _is_sure(line: LineText) -> bool:
    letters = [letter for letter in line.text if letter.isalnum() or letter == UNREAD_LETTER]
    syllables = [letter for letter in letters if letter == UNREAD_LETTER or _HANGUL[0] <= letter <= _HANGUL[1]]
    if len(syllables) >= LEAST_SYLLABLES:
        return line.confidence >= SYLLABLES_CONFIDENCE
    return len(letters) >= LEAST_LETTERS and line.confidence >= LETTERS_CONFIDENCE
