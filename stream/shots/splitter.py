"""Shots from the rows of a film, in one pass: hard cuts, dissolves, wipes, whip pans, and fades to and from black or
white.

Rows are judged in blocks of `BLOCK_ROWS`, counted from the first row of the film, once everything that a verdict looks
at has arrived. So the result does not depend on how the rows were batched, and only a few seconds of rows are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from kernels.stats import ROW

from ..decode.times import MeasuredRate
from ..records import Shot, Transition
from ..settings.sections import ShotSettings
from .cut_model import MODEL, CutModel
from .cuts import Cut, CutJudge, differ_in_light_only, is_banner, strongest_cuts
from .dissolves import Dissolve, camera_moved, find_dissolves, light_dips
from .edge_fades import fading_rows
from .fades import Boundary, Edge, FlatStretch, begin_stretch, end_of_stretch, fades_through, flat_edges, is_flash
from .gaps import TimeGaps
from .gradual import Gradual, confidence_at, strongest
from .marks import FadeLimits, LastingMarks
from .overlaps import overlap
from .second_opinion import SecondOpinion
from .slides import are_slides, slide_cuts
from .spans import AROUND_ROWS, OUTSIDE_ROWS, USUAL_ROWS, spans_at
from .whip_pans import WhipPan, find_whip_pans, strongest_whip_pans
from .window import PICTURE, RowWindow
from .wipes import Wipe, find_wipes, is_ordered

BLOCK_ROWS = 32
"""As many as a batch of the decoder usually has. E01–E05: 16 to 64."""
_FPS_RANGE = (5.0, 120.0)
"""Frame rates outside count as the nearest inside, because containers state absurd ones. Chosen by eye."""
_LEAST_REACH_ROWS = 4
"""Least length of the longest transition. Chosen by eye; never reached at the 24 to 30 frames a second of E01–E05."""
_LEAST_LONG_ROWS = 2
"""Least length of a flat stretch that becomes a shot. Chosen by eye; never reached at the frame rates of E01–E05."""
_SHORTEST_CARD_S = 1.0
"""Time that a card with text is shown at least. Chosen by eye: two words take as long to read."""
_CLEARANCE_ROWS = 2
"""Rows before and after a cut that must show a picture; a cut into or out of black belongs to the flat stretch.
E01–E05: 1 to 4."""
_DOUBTFUL, _LEAST_TRANSITION = 1.0, 0.25
"""Doubt of a dissolve from which on a second opinion is asked for, and the least probability of a transition that it
must give. Of 15 dissolves found in fifteen films three are that doubtful: two true ones, with .51 and .81, and one that
moving wings made, with .05. Chosen by eye between them."""
_MOST_DOUBT_OF_FEW = 0.9
"""Doubt of a wipe up to which it counts where rows are no consecutive frames. By the reference frames of fifteen films
one wipe is found, in a film that has none, with .99; of four composed ones that are found all have .83 and less."""


class ShotSplitter:
    """Splits one film into shots.

    `fps`: frames a second as the container claims, None when unknown. How many rows there are in a second is measured
    (`MeasuredRate`); it sets how many rows are looked at, never the times of shots.
    """

    def __init__(
        self, settings: ShotSettings, fps: float | None, opinion: SecondOpinion | None = None, model: CutModel = MODEL
    ) -> None:
        self._settings, self._opinion, self._model = settings, opinion, model
        self._rate = MeasuredRate(fps)
        self._count_in_rows()
        self._window = RowWindow(settings)
        self._marks, self._gaps = LastingMarks(settings), TimeGaps()
        self._waiting = np.empty(0, ROW)
        self._done = 0
        self._cuts: list[Cut] = []
        self._dissolves: list[Dissolve] = []
        self._wipes: list[Wipe] = []
        self._whip_pans: list[WhipPan] = []
        self._searched = 0
        self._stretch: FlatStretch | None = None
        self._stretch_kept = False
        self._opening: Boundary | None = None
        self._next_index = 0
        self._tail_row: int | None = None

    @property
    def _asked(self) -> SecondOpinion | None:
        """The second opinion; None where rows come too seldom for it."""
        return self._opinion if self._spans.asked else None

    @property
    def lookahead_rows(self) -> int:
        """A row is judged at most this many rows, and two blocks, after it was added."""
        margin = max((self._reach + 1) // 2 + OUTSIDE_ROWS, self._opinion.lookahead_rows if self._opinion else 0)
        return self._reach + self._apart + max(margin, AROUND_ROWS, USUAL_ROWS, self._flash + 1)

    @property
    def window_rows(self) -> int:
        """How many rows are kept at this moment."""
        return len(self._window) + len(self._waiting)

    def add(self, rows: np.ndarray) -> list[Shot]:
        """Take rows of dtype `kernels.stats.ROW` in presentation order; returns the shots that have become certain."""
        shots: list[Shot] = []
        # Joining records takes long, and most batches are a block.
        self._waiting = np.concatenate([self._waiting, rows]) if len(self._waiting) else rows
        while len(self._waiting) >= BLOCK_ROWS:
            self._take(self._waiting[:BLOCK_ROWS])
            self._waiting = self._waiting[BLOCK_ROWS:].copy()
            while self._window.end >= self._done + BLOCK_ROWS + self.lookahead_rows:
                shots += self._judge(self._done + BLOCK_ROWS)
        return shots

    def finish(self, end_s: float) -> list[Shot]:
        """The film ends at `end_s` (seconds): returns the remaining shots; none when no row was ever added."""
        self._take(self._waiting)
        if not self._window.end:
            return []
        if self._opinion is not None:
            self._opinion.finish()
        self._tail_row = self._window.end
        shots: list[Shot] = []
        while self._done < self._window.end:
            shots += self._judge(min(self._done + BLOCK_ROWS, self._window.end))
        last, opening = self._window.end - 1, self._first_boundary()
        frame = self._window.frame(last)
        clean_end = self._stretch.fade_row + 1 if self._may_be_pause() and self._stretch else last + 1
        clean_end = min(clean_end, self._tail_row, self._clean_until(last + 1, opening))
        end = Boundary(last + 1, "cut", clean_end, last + 1, end_s, None if frame is None else frame + 1)
        return [*shots, self._shot(opening, end)]

    def _take(self, rows: np.ndarray) -> None:
        self._window.append(rows)
        self._rate.add(rows["pts_s"])
        self._count_in_rows()
        self._gaps.add(rows["pts_s"], self._rate.fps)
        if not self._spans.consecutive:
            self._window.mark_black_between(self._window.end - len(rows) - 2)

    def _count_in_rows(self) -> None:
        """How many rows the seconds of the settings are, at the rate that rows come."""
        self._fps = min(max(self._rate.fps, _FPS_RANGE[0]), _FPS_RANGE[1])
        self._reach = max(_LEAST_REACH_ROWS, round(self._settings.longest_transition_s * self._fps))
        self._apart = max(1, round(self._settings.shortest_shot_s * self._fps))
        self._long_rows = max(_LEAST_LONG_ROWS, round(self._settings.long_black_s * self._fps))
        self._flash = round(self._settings.longest_flash_s * self._fps)
        self._spans = spans_at(self._fps)
        self._slides = are_slides(self._rate.fps, self._settings)
        if self._slides:
            self._apart = 1

    def _judge(self, end: int) -> list[Shot]:
        """Decide about the rows up to `end`, for which everything needed is in the window."""
        first, self._done = self._done, end
        self._first_boundary()
        self._search(end)
        card = round(_SHORTEST_CARD_S * self._fps)
        limits = FadeLimits(self._reach, self._long_rows, card, {c.row for c in self._cuts})
        self._marks.mark(self._window, end, limits, complete=self._tail_row is not None)
        shots = [shot for boundary in self._boundaries(first, end) if (shot := self._close(boundary))]
        kept = end - self._reach * 3 // 2 - AROUND_ROWS - BLOCK_ROWS
        self._marks.remember(self._window, kept)
        self._window.drop_before(kept)
        if self._opinion is not None:
            self._opinion.drop_before(self._window.base)
        self._cuts = [c for c in self._cuts if c.row >= end - self._reach]
        self._dissolves = [d for d in self._dissolves if d.row >= end - 2 * self._reach]
        self._wipes = [w for w in self._wipes if w.row >= end - 2 * self._reach]
        self._whip_pans = [w for w in self._whip_pans if w.row >= end - 2 * self._reach]
        return shots

    def _search(self, end: int) -> None:
        """Find all but fades as far ahead as the choice among those near rows before `end` needs."""
        # Never back: where the rate has fallen, rows that were searched already are not found twice.
        ahead = max(self._searched, min(end + self._reach + self._apart, self._window.end))
        if self._slides:
            self._cuts += slide_cuts(self._window, self._searched, ahead, self._settings)
            self._searched = ahead
            return
        judge = CutJudge(self._settings, self._flash, self._spans, self._asked, self._model)
        self._cuts += judge.find(self._window, self._searched, ahead)
        self._dissolves += find_dissolves(
            self._window,
            self._searched,
            ahead,
            self._reach,
            self._settings,
            self._spans,
            by_time=not self._rate.is_as_claimed,
        )
        place = (self._window, self._searched, ahead)
        if self._spans.asked:
            most = np.inf if self._spans.consecutive else _MOST_DOUBT_OF_FEW
            self._wipes += [w for w in find_wipes(*place, self._reach, self._settings) if w.doubt <= most]
        if self._spans.consecutive:
            self._whip_pans += find_whip_pans(*place, self._fps, self._reach, self._settings)
        self._searched = ahead

    def _boundaries(self, first: int, end: int) -> Iterator[Boundary]:
        """Boundaries that rows `first` to `end` (exclusive) settle, by row."""
        cuts = strongest_cuts(self._cuts, self._apart)
        cut_rows = {c.row for c in self._cuts}
        here = [c for c in cuts if first <= c.row < end and self._is_amid_pictures(c.row)]
        events: list[tuple[int, int, Boundary | bool]] = [
            *((row, 0, begins) for row, begins in flat_edges(self._window, first, end)),
            *((c.row, 1, self._boundary_at(c.row, confidence=c.probability)) for c in here),
            *((b.row, 2, b) for b in self._gradual(first, end, cut_rows)),
            *((b.row, 3, b) for b in self._whipped(first, end, cut_rows)),
        ]
        for row, _, event in sorted(events, key=lambda e: e[:2]):
            yield from self._long_stretch(row)
            if isinstance(event, Boundary):
                yield event
            elif event:
                self._stretch = begin_stretch(self._window, row, cut_rows, self._reach, self._settings)
                self._stretch_kept = False
            else:
                yield from self._end_stretch(row, cut_rows)
        yield from self._long_stretch(end)

    def _gradual(self, first: int, end: int, cut_rows: set[int]) -> Iterator[Boundary]:
        """The dissolves and wipes that nothing else explains."""
        for change in strongest([*self._dissolves, *self._wipes], first, end):
            if self._is_simpler(change, cut_rows) or not self._is_gradual(change):
                continue
            if (confidence := self._confidence(change)) > 0:
                kind = self._kind_of(change)
                yield self._boundary_at(change.row, kind, change.first + 1, change.last, confidence)

    def _is_gradual(self, change: Gradual) -> bool:
        """Whether no moving camera makes it, no whip pan, no change of light and no banner, which look like dissolves
        and wipes."""
        ends = self._window.grid(change.first), self._window.grid(change.last)
        if is_banner(*ends) or differ_in_light_only(*ends):
            return False
        if isinstance(change, Wipe):
            return True
        whips = any(overlap(change, w) for w in self._whip_pans if not w.asked)
        dips = light_dips(self._window, change, self._reach)
        return not whips and not dips and not camera_moved(self._window, change)

    def _kind_of(self, change: Gradual) -> Transition:
        """A dissolve whose cells change one after the other is a wipe."""
        is_wipe = isinstance(change, Wipe) or (
            self._spans.consecutive and is_ordered(self._window, change.first, change.last)
        )
        return "wipe" if is_wipe else "dissolve"

    def _is_simpler(self, change: Gradual | WhipPan, cut_rows: set[int]) -> bool:
        """Whether a gradual change is a cut or a fade."""
        cut = any(change.first < row <= change.last for row in cut_rows)
        return cut or fades_through(self._window, change.first, change.last)

    def _whipped(self, first: int, end: int, cut_rows: set[int]) -> Iterator[Boundary]:
        """The whip pans that are no cut, no fade and no wipe. They count as cuts, whose neighbours are not clean."""
        for w in strongest_whip_pans(self._whip_pans, first, end):
            if self._is_simpler(w, cut_rows) or self._is_slow(w):
                continue
            confidence = self._seen_between(w.first, w.last) if w.asked else 1 - 0.5 * w.doubt
            if confidence >= w.asked:
                yield self._boundary_at(w.row, "cut", w.first + 1, w.last, confidence)

    def _is_slow(self, w: WhipPan) -> bool:
        """Whether a wipe explains a swing, or a dissolve one that nobody has confirmed yet."""
        others: list[Gradual] = [*self._wipes, *(self._dissolves if w.asked else [])]
        near = [change for change in others if change.doubt < _DOUBTFUL and overlap(w, change)]
        return any(self._is_gradual(change) for change in near)

    def _seen_between(self, first: int, last: int) -> float:
        """What a second opinion says of a boundary between two rows; 0 without one."""
        seen = self._asked.boundary(first + 1, last) if self._asked is not None else None
        return 0.0 if seen is None else seen

    def _confidence(self, change: Gradual) -> float:
        """What the doubt of a change leaves, or what a second opinion says of a doubtful one; 0 where that denies it,
        or would have to confirm it and is not there."""
        is_wipe = isinstance(change, Wipe)
        limit = 1.0 if is_wipe else self._settings.dissolve_doubt
        if change.doubt < _DOUBTFUL:
            return confidence_at(change.doubt, limit)
        seen = self._asked.transition(change.first, change.last) if self._asked is not None else None
        if seen is not None:
            return seen if seen >= _LEAST_TRANSITION else 0.0
        return 0.0 if is_wipe else confidence_at(change.doubt, limit)

    def _is_amid_pictures(self, row: int) -> bool:
        first, end = max(row - _CLEARANCE_ROWS, self._window.base), row + _CLEARANCE_ROWS
        return bool((self._window.flatness(first, end) == PICTURE).all())

    def _boundary_at(
        self,
        row: int,
        transition: Transition = "cut",
        mixed_first: int | None = None,
        mixed_end: int | None = None,
        confidence: float = 1.0,
    ) -> Boundary:
        low, high = (row if m is None else m for m in (mixed_first, mixed_end))
        return Boundary(row, transition, low, high, self._window.pts_s(row), self._window.frame(row), confidence)

    def _long_stretch(self, row: int) -> Iterator[Boundary]:
        """The boundary of the open stretch when at `row` it has lasted too long for a pause between two shots: it then
        is a shot of its own."""
        stretch = self._stretch
        if stretch and self._may_be_pause() and row >= stretch.row + self._long_rows:
            self._stretch_kept = True
            yield self._stretch_boundary(stretch, Edge("none", stretch.row))

    def _may_be_pause(self) -> bool:
        """Whether a flat stretch is open that came after a picture and may still be a pause between two shots."""
        return self._stretch is not None and not self._stretch_kept and self._stretch.edge in ("cut", "fade")

    def _end_stretch(self, row: int, cut_rows: set[int]) -> Iterator[Boundary]:
        """The boundary, if any, that the open stretch makes, now that a picture follows it at `row`."""
        stretch, self._stretch = self._stretch, None
        if stretch is None:
            return
        after = end_of_stretch(self._window, row, cut_rows, self._reach, self._settings)
        edge, clean_row, _ = after
        if self._stretch_kept:
            if edge == "cut":
                yield self._boundary_at(clean_row)
            else:
                self._open_shot_clean_from(clean_row)
        elif stretch.edge == "edge":
            yield from self._end_leader(edge == "cut", clean_row)
        elif is_flash(stretch, row, self._window.grid(clean_row), clean_row, self._flash, self._fps):
            return
        elif stretch.edge in ("cut", "fade"):
            yield self._stretch_boundary(stretch, after)
        elif edge == "cut":
            yield self._boundary_at(clean_row)
        elif edge == "fade":
            yield self._stretch_boundary(stretch, after)

    def _stretch_boundary(self, stretch: FlatStretch, after: Edge) -> Boundary:
        """As sure as the surer of the fades on both sides."""
        mixed_first = stretch.fade_row + 1 if stretch.edge == "fade" else stretch.row
        doubts = [side.doubt for side, kind in ((stretch, stretch.edge), (after, after.kind)) if kind == "fade"]
        transition: Transition = "fade" if doubts else "cut"
        confidence, clean = confidence_at(min(doubts, default=0.0), 1.0), max(after.row, stretch.row)
        return Boundary(stretch.row, transition, mixed_first, clean, stretch.pts_s, stretch.frame, confidence)

    def _end_leader(self, by_cut: bool, clean_row: int) -> Iterator[Boundary]:
        """The film began flat. A hard cut ends this leader; a fade in belongs to the first shot."""
        if by_cut and clean_row >= self._apart:
            yield self._boundary_at(clean_row)
        else:
            self._open_shot_clean_from(clean_row)

    def _first_boundary(self) -> Boundary:
        if self._opening is None:
            first = self._boundary_at(self._window.base)
            rows = min(self._reach, len(self._window) // 2)
            faded = fading_rows(self._window.grids(first.row, first.row + rows), self._fps)
            self._opening = replace(first, mixed_end=max(first.mixed_end, first.row + faded))
        return self._opening

    def _clean_until(self, end: int, opening: Boundary) -> int:
        """The row from which on a fade touches the pictures that the film's end at row `end` cuts off; none more than
        half of its last shot."""
        rows = min(self._reach, (end - opening.mixed_end) // 2, len(self._window))
        return end - fading_rows(self._window.grids(end - rows, end)[::-1], self._fps) if rows > 0 else end

    def _open_shot_clean_from(self, row: int) -> None:
        """The open shot began in black: its pictures are clean from `row` on."""
        b = self._first_boundary()
        self._opening = Boundary(b.row, "fade", b.mixed_first, max(b.mixed_end, row), b.pts_s, b.frame)

    def _close(self, boundary: Boundary) -> Shot | None:
        """The shot that ends at `boundary`; None when the boundary comes too soon after the shot's start or before the
        film's end, where what follows it belongs to no shot."""
        opening = self._first_boundary()
        if boundary.row - opening.row < self._apart:
            return None
        if self._tail_row is not None and self._window.end - boundary.row < self._apart:
            self._tail_row = min(self._tail_row, boundary.mixed_first)
            return None
        self._opening = boundary
        return self._shot(opening, boundary)

    def _shot(self, begin: Boundary, end: Boundary) -> Shot:
        clean_first = min(begin.mixed_end, end.row)
        clean_end = max(clean_first, min(end.mixed_first, end.row))
        index, self._next_index = self._next_index, self._next_index + 1
        return Shot(
            index,
            begin.row,
            end.row,
            clean_first,
            clean_end,
            begin.pts_s,
            end.pts_s,
            begin.frame,
            end.frame,
            begin.transition,
            begin.confidence,
            self._gaps.within_s(begin.row, end.row),
        )
