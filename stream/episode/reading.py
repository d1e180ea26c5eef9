"""Reads a film's episode number in its picture: looks, the likeliest first, until a number is settled or the budget is
spent.

Alone (`source_of_file`) a film's times are read from its packets, and only what is looked at is decoded. Within
`extract` (`source_of_rows`) its pictures were measured and its shots are known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from kernels.ops import Ops
from kernels.surface import Geometry

from ..dataflow.cancellation import checkpoint
from ..dataflow.workers import results
from ..decode.decoder import Decoder
from ..decode.picture_times import first_key, picture_times
from ..records import Shot, TimedSurface
from .confidence import Table
from .joining import Finding, finding_of, reading_of
from .looks import (
    LOOK_ROW,
    Look,
    LookRows,
    Part,
    Span,
    looks_after_glances,
    looks_at_times,
    looks_for_small_letters,
    looks_in_shots,
    ordered,
    parts_to_search,
)
from .pages import MOST_COST, Page, PageReader
from .patterns import Patterns
from .records import PictureReading

At = Callable[[Sequence[float]], list[TimedSurface]]
"""`stream.decode.decoder.Decoder.at`."""

_LONGEST_S = 86_400.0
"""Taken for the length of a film whose container does not tell it: then its end is not found."""
ROUND = 8
"""Looks of a round: then it is judged whether more are needed."""
_TOGETHER, _NEAR_S = 8, 10.0
"""Pictures of one pass over the file at most, and how near each must be to the one before."""
_BESIDE_S, _TIMES_BESIDE = (0.5, -0.5, 1.0, -1.0), 2
"""Where the other frames of a card are sought, from a frame that states a number, and how often from one to the
next."""
_WORTH_MORE = 0.3
"""Strength of a statement whose card is looked at more closely."""
_SETTLED_FRAMES, _SETTLED_STRENGTH, _SETTLED_CROPS = 3, 0.8, 0.8
"""A number is settled by so many frames of such words, read in so many of the crops, where nothing contradicts it. By
eye."""
_UNSURE_HEIGHT, _UNSURE_BELOW, _REST_S, _REST_SHARE = 0.05, 0.7, 0.9, 0.1
"""A line so high, a share of the picture's height, that is read with less confidence may be a title that still moves:
it is looked at again so much later, at the cost of such a share of the budget. By eye."""
_FINE_SHARE, _FINE_ROUND, _WORDS_WORTH, _SURE_WORDS = 0.25, 2, 0.3, 0.8
"""Share of the budget that is kept for small letters; pictures of a round of it; what words of such confidence add to
the likeliness of a picture. By eye."""
_BLANK_SHARPNESS = 5.0
"""Variance of the Laplacian of luma below which nothing is written in a picture. (400 rendered cards, 1080p and less:
small lettering on a plain ground 34 and more, such a ground alone, compressed, .5 at most, 2026-11-29)"""
_SAME_MEAN, _SAME_MOST, _SAME_WITHIN_S = 1.0, 4, 6.0
"""A picture is the same as one that was read if the cells of its small luma differ by so much on average and at most
(a caption changes some by 20 and more) and it is no further away."""


@dataclass(frozen=True, slots=True)
class Source:
    """A film to read. `times_s`: (N,) float64, increasing, of the pictures that are known; `looks`: at some of them,
    the likeliest first; `glances`: times of key pictures that are measured before more is looked at."""

    at: At
    geometry: Geometry
    times_s: np.ndarray
    looks: Sequence[Look]
    glances: Sequence[float] = ()

    @property
    def span(self) -> Span:
        """From the first to the last picture that is known."""
        return Span(float(self.times_s[0]), float(self.times_s[-1]))

    def beside(self, time_s: float, shift_s: float) -> float | None:
        """The time of the known picture nearest to `time_s + shift_s`, None where it is `time_s` itself or another
        second's."""
        place = int(np.argmin(np.abs(self.times_s - time_s - shift_s)))
        found = float(self.times_s[place])
        return found if found != time_s and abs(found - time_s - shift_s) < 1.0 else None


def source_of_rows(decoder: Decoder, rows: np.ndarray, shots: Sequence[Shot]) -> Source:
    """A film that was watched to its end. rows: (N,) of dtype `stream.episode.looks.LOOK_ROW`, of all its pictures."""
    times_s = rows["pts_s"][np.isfinite(rows["edges"])]
    return Source(decoder.at, decoder.info.geometry, times_s, looks_in_shots(rows, shots))


def source_of_file(path: Path, decoder: Decoder) -> Source:
    """A film of which nothing was decoded. Without looks where it keeps no times. Raises KeyartError when it cannot be
    opened."""
    info = decoder.info
    end_s = info.first_pts_s + (info.duration_s or 0.0)
    parts = parts_to_search(info.first_pts_s, end_s if end_s > info.first_pts_s else _LONGEST_S)
    searched, glanced = ([picture_times(path, *part) for part in some] for some in (parts.searched, parts.glanced))
    keys = [part.times_s[part.keys] for part in glanced]
    keys += [part.times_s[part.keys][:1] for part in (first_key(path, *part) for part in parts.sampled)]
    times_s = np.unique(np.concatenate([*(part.times_s for part in [*searched, *glanced]), *keys]))
    glances = np.unique(np.concatenate([np.zeros(0), *keys])).tolist()
    span = Span(info.first_pts_s, max(end_s, float(times_s[-1]) if len(times_s) else end_s))
    looks = looks_at_times(searched, glances, span) if len(times_s) else []
    return Source(decoder.at, info.geometry, times_s, looks, glances)


@dataclass(slots=True)
class FilmReader:
    """Reads one film. Blocks; on an anyio worker thread it hears a cancellation within a second.

    `budget`: most looks (setting `episode.looks`). `pool`: threads that read pictures side by side; the result does not
    depend on their number. `table`: weights of the confidence, default the package's.
    """

    source: Source
    pages: PageReader
    ops: Ops
    patterns: Patterns
    budget: int
    pool: ThreadPoolExecutor
    table: Table | None = None
    spent: int = 0
    read_pages: list[Page] = field(default_factory=list)
    _seen: list[tuple[float, np.ndarray]] = field(default_factory=list)
    _rows: LookRows = field(default_factory=LookRows)
    _looked: set[tuple[float, Part]] = field(default_factory=set)
    _rests: int = field(init=False)

    def __post_init__(self) -> None:
        self._rests = round(_REST_SHARE * self.budget)

    def read(self) -> PictureReading:
        """What the film's picture says. Stops when a number is settled, so what contradicts it later in the film is not
        seen. Raises SessionError."""
        if not self._search() and self.budget > self.spent:
            self._search_finer()
        return self._named(reading_of(self.read_pages, self.table))

    def _search(self) -> bool:
        """Looks at what is likely, but for the share of the budget that is kept for small letters. True when a number
        is settled."""
        waiting, glances = list(self.source.looks), list(self.source.glances)
        coarse = self.budget - round(_FINE_SHARE * self.budget)
        while (waiting or glances) and self.spent < coarse:
            if glances and (not waiting or self.spent >= self.budget / 2):
                waiting, glances = ordered([*waiting, *self._after_glances(glances)]), []
                continue
            some = [waiting.pop(0) for _ in range(min(ROUND, len(waiting)))]
            found = self._look(_afforded(some, coarse - self.spent), skip_same=True)
            found += self._look(self._later(found), skip_same=True)
            if self._is_settled_beside(found):
                return True
        return False

    def _search_finer(self) -> None:
        """Looks for small letters in the likeliest of the pictures in which no number of this file was read."""
        rows = self._rows.all()
        words = {page.time_s: page for page in self.read_pages}
        open_ = [row for row in rows if not _states_number(words.get(float(row["pts_s"])))]
        worth = [_WORDS_WORTH if _has_words(words.get(float(row["pts_s"]))) else 0.0 for row in open_]
        waiting = looks_for_small_letters(np.array(open_, LOOK_ROW), worth, self.source.span)
        while waiting and self.spent < self.budget:
            some = [waiting.pop(0) for _ in range(min(_FINE_ROUND, len(waiting)))]
            if self._is_settled_beside(self._look(some, skip_same=False)):
                return

    def _is_settled_beside(self, found: Sequence[Page]) -> bool:
        """Looks at other frames of the cards of these pages; whether a number is settled then."""
        for _ in range(_TIMES_BESIDE):
            found = self._look(self._beside(found), skip_same=False)
        return _is_settled(finding_of(self.read_pages))

    def _look(self, looks: Sequence[Look], *, skip_same: bool) -> list[Page]:
        """Decodes and reads pictures, as many as the budget allows, by time."""
        afforded = _afforded(looks, self.budget - self.spent)
        finer = self.budget - self.spent >= MOST_COST * len(afforded)
        found: list[Page] = []
        for group in _near_ones_together(afforded):
            checkpoint()
            pictures = self.source.at(sorted({look.time_s for look in group}))
            new = {time_s for time_s, _ in self._new_ones(pictures)} if skip_same else set()
            asked = [
                (time_s, surface, look.part, finer)
                for time_s, surface in pictures
                for look in _looks_of(group, time_s)
                if not skip_same or look.part != "whole" or time_s in new
            ]
            found += results([self.pool.submit(self.pages.read, *one) for one in asked])
        self.read_pages += found
        self._looked.update((page.time_s, page.part) for page in found)
        self.spent += sum(page.cost for page in found)
        return found

    def _after_glances(self, times_s: Sequence[float]) -> list[Look]:
        """Measures single key pictures, at a fifth of the cost of a look, and looks at those like cards."""
        rows = LookRows()
        for time_s in times_s:
            checkpoint()
            pictures = self.source.at([time_s])
            if pictures:
                measured = self._measured(pictures)
                rows.add(measured, np.zeros(len(measured), np.bool_))
        return looks_after_glances(rows.all())

    def _measured(self, pictures: Sequence[TimedSurface]) -> np.ndarray:
        """(N,) of dtype `kernels.stats.ROW`."""
        times_s = np.array([time_s for time_s, _ in pictures])
        surfaces = [surface for _, surface in pictures]
        return self.ops.meter(self.source.geometry).measure(surfaces, times_s, np.full(len(surfaces), -1, np.int32))

    def _new_ones(self, pictures: Sequence[TimedSurface]) -> list[TimedSurface]:
        """Without blank pictures and those that look the same as one that was read."""
        if not pictures:
            return []
        new, rows = [], self._measured(pictures)
        for place, picture in enumerate(pictures):
            cells = rows[place]["signature_y"].astype(np.int32)
            if rows[place]["laplacian_var"] >= _BLANK_SHARPNESS and not self._is_known(picture[0], cells):
                new.append(picture)
                self._seen.append((picture[0], cells))
                self._rows.add(rows[place : place + 1], np.zeros(1, np.bool_))
        return new

    def _is_known(self, time_s: float, cells: np.ndarray) -> bool:
        near = [other for other_s, other in self._seen if abs(other_s - time_s) <= _SAME_WITHIN_S]
        differences = (np.abs(cells - other) for other in near)
        return any(one.mean() <= _SAME_MEAN and one.max() <= _SAME_MOST for one in differences)

    def _beside(self, pages: Sequence[Page]) -> list[Look]:
        """Other frames of the cards that state a number."""
        wanted: dict[float, Look] = {}
        for page in pages:
            if _states_number(page) and not self._has_enough(page):
                wanted |= {time_s: Look(time_s, 1.0, page.part) for time_s in self._unseen(page, _BESIDE_S)}
        return [wanted[time_s] for time_s in sorted(wanted)]

    def _later(self, pages: Sequence[Page]) -> list[Look]:
        """A later frame of each picture whose title may still move, while its share of the budget lasts."""
        wanted = {time_s for page in pages if _may_still_move(page) for time_s in self._unseen(page, (_REST_S,))}
        looks = [Look(time_s, 1.0) for time_s in sorted(wanted)][: self._rests]
        self._rests -= len(looks)
        return looks

    def _unseen(self, page: Page, shifts_s: Sequence[float]) -> list[float]:
        """Times of pictures so far from a page that were not looked at in its way."""
        found = [self.source.beside(page.time_s, shift_s) for shift_s in shifts_s]
        return [time_s for time_s in found if time_s is not None and (time_s, page.part) not in self._looked]

    def _has_enough(self, page: Page) -> bool:
        """Whether enough frames near a page were read in its way."""
        reach_s, alike = max(map(abs, _BESIDE_S)), (other for other in self.read_pages if other.part == page.part)
        return sum(abs(other.time_s - page.time_s) <= reach_s for other in alike) > len(_BESIDE_S)

    def _named(self, reading: PictureReading) -> PictureReading:
        """With the script that no pattern knows, where that may be why nothing was read."""
        if reading.evidence or reading.number is not None:
            return reading
        text = " ".join(line.text for page in self.read_pages for line in page.lines)
        script = self.patterns.unsupported(text)
        if not self.source.looks:
            return replace(reading, why="the film keeps no times of its pictures, so none can be found")
        return reading if script is None else replace(reading, why=f"most text is in {script}, which is not supported")


def _is_settled(finding: Finding | None) -> bool:
    if finding is None or finding.kind != "this" or finding.against:
        return False
    features = finding.features
    frames = len({one.time_s for card in finding.cards for one in card.said})
    sure = features.strength >= _SETTLED_STRENGTH and features.crops >= _SETTLED_CROPS and features.same_frames == 1
    return sure and frames >= _SETTLED_FRAMES


def _states_number(page: Page | None) -> bool:
    """Whether a page says in words which number this file has."""
    return page is not None and any(one.strength >= _WORTH_MORE and one.kind == "this" for one in page.said)


def _has_words(page: Page | None) -> bool:
    """Whether a page has a line that was read well: a number may stand below it in smaller letters."""
    return page is not None and any(
        len(line.text) > 1 and confidence >= _SURE_WORDS
        for line, confidence in zip(page.lines, page.confidences, strict=True)
    )


def _may_still_move(page: Page) -> bool:
    """Whether a high line was not read well, in a picture that states nothing."""
    unsure = (
        line.height >= _UNSURE_HEIGHT and confidence < _UNSURE_BELOW
        for line, confidence in zip(page.lines, page.confidences, strict=True)
    )
    return not page.said and any(unsure)


def _afforded(looks: Sequence[Look], budget: int) -> list[Look]:
    """The first looks that the budget pays for, by time."""
    costs = np.cumsum([look.cost for look in looks])
    afforded = (look for look, cost in zip(looks, costs, strict=True) if cost <= budget)
    return sorted(afforded, key=lambda look: (look.time_s, look.part))


def _looks_of(looks: Sequence[Look], time_s: float) -> Iterator[Look]:
    """The looks at the picture nearest to `time_s`: two at one picture have the same time."""
    nearest = min((look.time_s for look in looks), key=lambda other_s: abs(other_s - time_s))
    return (look for look in looks if look.time_s == nearest)


def _near_ones_together(looks: Sequence[Look]) -> list[list[Look]]:
    """Looks by time in groups that one pass over the file fetches."""
    groups: list[list[Look]] = []
    for look in looks:
        near = bool(groups) and look.time_s - groups[-1][-1].time_s <= _NEAR_S
        if not near or len({one.time_s for one in groups[-1]}) == _TOGETHER:
            groups.append([])
        groups[-1].append(look)
    return groups
