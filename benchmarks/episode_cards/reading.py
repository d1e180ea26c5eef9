"""Reads a card as a film is read: `stream.episode.reading.FilmReader` over the card's few pictures."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from engines.ocr import LineReader
from engines.open_session import open_session
from engines.text import TextDetector
from engines.zoo import Zoo
from kernels.cpu import CpuOps
from kernels.surface import Surface
from stream.episode.confidence import Features
from stream.episode.joining import finding_of, open_season_of
from stream.episode.looks import Look
from stream.episode.numbers import EpisodeNumber
from stream.episode.pages import Engines, Page, PageReader
from stream.episode.patterns import Patterns
from stream.episode.reading import FilmReader, Source
from stream.episode.seasons import OpenSeason

_BUDGET = 24
"""Most looks at a card. By eye: six a picture."""
READER_ROLES = ("text_recognition", "hangul_recognition")
"""Roles of the zoo that read lines, as far as the model set has them."""
Pictures = Sequence[tuple[float, Surface]]


@dataclass(frozen=True, slots=True)
class CardReading:
    """What was read of a card before any weights: `number` None where none was. `texts`: all that was read as a number,
    with its kind; `lines`: all lines of the last picture; `looks`: what it cost; `season`: what may be one beside a
    number without (`PictureReading.unread_season`)."""

    number: EpisodeNumber | None
    features: Features | None
    texts: tuple[str, ...]
    lines: tuple[str, ...]
    looks: int
    season: OpenSeason | None = None


@dataclass(frozen=True, slots=True)
class CardReader:
    """Reads cards by the models of the zoo, one picture after the other."""

    engines: Engines
    patterns: Patterns
    pool: ThreadPoolExecutor

    def read(self, pictures: Pictures, series: str | None) -> CardReading:
        """What the pictures (seconds, surface) of a card say. Raises SessionError.

        One look at its middle, as a film's looks are seconds apart, and where no number is read another at its end and
        in its corners.
        """
        times_s = np.array([time_s for time_s, _ in pictures])
        middle, last = float(times_s[len(times_s) // 2]), float(times_s[-1])
        first = self._film(pictures, times_s, [Look(middle, 1.0)], series)
        first.read()
        if finding_of(first.read_pages) is not None:
            return _summary(first.read_pages, first.spent)
        second = self._film(pictures, times_s, [Look(last, 0.9), Look(last, 0.5, "corners")], series)
        second.read()
        return _summary([*first.read_pages, *second.read_pages], first.spent + second.spent)

    def _film(self, pictures: Pictures, times_s: np.ndarray, looks: Sequence[Look], series: str | None) -> FilmReader:
        """The reader of a film that is no longer than the card."""
        source = Source(lambda asked: _nearest(pictures, asked), pictures[0][1].geometry, times_s, looks)
        page_reader = PageReader(self.engines, self.patterns, series)
        return FilmReader(source, page_reader, CpuOps(), self.patterns, _BUDGET, self.pool)


def _nearest(pictures: Pictures, asked: Sequence[float]) -> list[tuple[float, Surface]]:
    chosen = sorted({min(range(len(pictures)), key=lambda i: abs(pictures[i][0] - time_s)) for time_s in asked})
    return [pictures[i] for i in chosen]


def _summary(pages: Sequence[Page], looks: int) -> CardReading:
    finding = finding_of(pages)
    texts = tuple(f"{one.kind} {one.number}: {one.text}" for page in pages for one in page.said)
    lines = tuple(line.text for line in pages[-1].lines) if pages else ()
    if finding is None:
        return CardReading(None, None, texts, lines, looks)
    return CardReading(finding.number, finding.features, texts, lines, looks, open_season_of(finding))


def open_card_reader(zoo: Zoo, stack: ExitStack) -> CardReader:
    """A reader on the CPU with one thread, as every film is read alike; `stack` closes its sessions. Raises
    ModelError."""
    roles = ("text_detection", *(role for role in READER_ROLES if role in zoo.roles))
    zoo.ensure(roles)
    sessions = {role: open_session(zoo.path(role), name=role, threads=1) for role in roles}
    for session in sessions.values():
        stack.callback(session.close)
    ops = CpuOps()
    readers = [LineReader(sessions[role], ops) for role in roles[1:]]
    engines = Engines(TextDetector(sessions["text_detection"], ops), readers)
    pool = stack.enter_context(ThreadPoolExecutor(1))
    return CardReader(engines, Patterns.shipped(), pool)
