"""The active area of a film and of each of its shots, from what the shots show along their borders.

Each shot votes with its frames for the bar widths it proves. A shot that proves other bars than the film's keeps its
own: letter cards, archive footage in another shape and scenes that fill the whole picture must not cut the others.
kernels/README.md gives the reasons for the rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from .bars import MAX_BAR_SHARE, SIDES, ActiveArea, border_edge
from .surface import Geometry

SHARE_VOTED, SHARE_LIT = 0.15, 0.03
"""A bar width is accepted when it has at least this share of the frames of shots that voted, and of the frames of shots
that were lit anywhere."""

SLACK_PX = 2
"""Edges that are at most this many pixels apart count as the same edge: chroma and coding bleed over it."""

LEAST_FRAMES = 3
"""Frames that a shot needs before it alone proves bars that no other shot has. Chosen by eye."""

_AXES = ((0, 1), (2, 3))
"""Places in `SIDES` of the sides that face each other."""
_T = TypeVar("_T")
Pair = tuple[int, int]
"""Widths of the bars on two sides that face each other, pixels."""

Bars = tuple[int, int, int, int]
"""Widths of bars in the order of `SIDES`, pixels."""

NO_BARS: Bars = (0, 0, 0, 0)
_UNSEEN = (1 << 30,) * len(SIDES)


@dataclass(frozen=True, slots=True)
class ShotBorders:
    """What one shot shows along the borders of the picture.

    `frames`: number of frames that were looked at. `bright`, `dark`: the least over them of the fields of
    `kernels.bars.BORDERS`, for each of `SIDES`. `lit`: whether any frame was lit anywhere. `added`: bars that the
    decoder added to its frames (`Surface.bars`).
    """

    frames: int
    bright: tuple[int, ...]
    dark: tuple[int, ...]
    lit: bool
    added: Bars = NO_BARS


def shot_borders(borders: np.ndarray, added: Bars = NO_BARS) -> ShotBorders | None:
    """The frames of one shot together; None without frames, unless bars were added to them. borders: (N,) of dtype
    BORDERS. added: see `ShotBorders`."""
    if not len(borders):
        return ShotBorders(0, _UNSEEN, _UNSEEN, False, added) if any(added) else None
    bright, dark = (tuple(borders[name].min(axis=0).tolist()) for name in ("bright", "dark"))
    return ShotBorders(len(borders), bright, dark, bool(borders["lit"].any()), added)


class BarsEvidence:
    """Collects what the shots of one video show. It keeps a few numbers of each shot.

    Shots to which the decoder added the same bars are like a film of their own: they say nothing of the others, and the
    added bars are never picture.
    """

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry
        self._lines = geometry.display_height, geometry.display_height, geometry.display_width, geometry.display_width
        self._votes = [np.zeros(int(MAX_BAR_SHARE * count) + 1, np.int64) for count in self._lines]
        self._pairs: list[Counter[Pair]] = [Counter(), Counter()]
        self._lit_frames = 0
        self.shots: list[ShotBorders | None] = []
        self._with_added: dict[Bars, BarsEvidence] = {}

    def add(self, shot: ShotBorders | None) -> None:
        """Adds the next shot; None when none of its frames was looked at."""
        self.shots.append(shot)
        if shot is None:
            return
        if any(shot.added):
            self._with_added.setdefault(shot.added, BarsEvidence(self._geometry)).add(replace(shot, added=NO_BARS))
            return
        for votes, edge in zip(self._votes, self._edges(shot), strict=True):
            if edge is not None:
                votes[edge] += shot.frames
        for axis, pairs in enumerate(self._pairs):
            pair = self._proved(shot, axis)
            if pair is not None:
                pairs[pair] += 1
        if shot.lit:
            self._lit_frames += shot.frames

    def among(self, shots: Iterable[int]) -> BarsEvidence:
        """The evidence of these shots alone, by index; of all shots when these prove nothing."""
        chosen, some = set(shots), BarsEvidence(self._geometry)
        for index, shot in enumerate(self.shots):
            some.add(shot if index in chosen else None)
        return some if any(votes.any() for votes in some._votes) else self

    @property
    def changed(self) -> bool:
        """Whether the width of a bar changes within the file."""
        return any(len(states) > 1 for states in self._states())

    def common_area(self) -> ActiveArea:
        """What is picture in all shots: without the widest accepted bar of each side, 0 where no bar was proved."""
        return _area(max(states, default=0) for states in self._states())

    def active_area(self) -> ActiveArea:
        """The area that most frames have, of shots that say which; `common_area` when none does. Ties go to the area
        that was seen first."""
        common = self.common_area()
        frames: Counter[ActiveArea] = Counter()
        for shot in self.shots:
            if shot is not None and not any(shot.added) and self._says_which(shot, common):
                frames[self.area_of(shot, common)] += shot.frames
        return frames.most_common(1)[0][0] if frames else common

    def area_of(self, shot: ShotBorders | None, film: ActiveArea) -> ActiveArea:
        """The active area of one shot. `film`: the area of shots that prove nothing else."""
        if shot is None:
            return film
        if any(shot.added):
            return self._area_beside(shot)
        of_film = _widths_of(film)
        return _area(width for axis in (0, 1) for width in self._pair_of(shot, axis, _pair(of_film, axis)))

    def _area_beside(self, shot: ShotBorders) -> ActiveArea:
        """The active area of a shot to which bars were added: without these, nor what such shots have besides."""
        alike = self._with_added.get(shot.added) or BarsEvidence(self._geometry)
        own = alike.area_of(replace(shot, added=NO_BARS), alike.common_area())
        return _area(map(max, _widths_of(own), shot.added))

    def _pair_of(self, shot: ShotBorders, axis: int, of_film: Pair) -> Pair:
        own = self._proved(shot, axis)
        if own is not None and not _alike(own, of_film):
            if _alike(own, (0, 0)):
                return 0, 0
            if self._is_bar(shot, axis, own):
                return own
        known = self._known_pair(shot, axis, of_film)
        if known is not None:
            return known
        if not self._disproved(shot, axis, of_film):
            return of_film
        states = self._states()
        others = [_pair([max(some, default=0) for some in states], axis), (0, 0)]
        return next(pair for pair in others if not self._disproved(shot, axis, pair))

    def _is_bar(self, shot: ShotBorders, axis: int, own: Pair) -> bool:
        """Whether edges of a shot alone are bars and no lines in its picture: when another shot has the same, or when
        both are as wide."""
        alike = sum(count for pair, count in self._pairs[axis].items() if _alike(pair, own))
        return alike > 1 or (abs(own[0] - own[1]) <= SLACK_PX and shot.frames >= LEAST_FRAMES)

    def _known_pair(self, shot: ShotBorders, axis: int, of_film: Pair) -> Pair | None:
        """The bars that agree with a shot whose edges do not name them: those of the film, else those that most other
        shots prove. One side may be dark or soft where the other shows its edge. None where no bars agree."""
        proved = [pair for pair, count in self._pairs[axis].most_common() if count > 1]
        return next((pair for pair in (of_film, *proved) if self._agrees(shot, axis, pair)), None)

    def _agrees(self, shot: ShotBorders, axis: int, bars: Pair) -> bool:
        """Whether the shot is black where these bars are, and shows the edge of one of them."""
        edges, darks = _pair(self._edges(shot), axis), _pair(shot.dark, axis)
        black = all(dark >= bar - SLACK_PX for dark, bar in zip(darks, bars, strict=True))
        ends = any(
            edge is not None and dark - SLACK_PX <= bar <= edge + SLACK_PX
            for edge, dark, bar in zip(edges, darks, bars, strict=True)
        )
        return black and ends and not self._disproved(shot, axis, bars)

    def _says_which(self, shot: ShotBorders, common: ActiveArea) -> bool:
        """Whether the shot proves or disproves the bars of `common` on every axis that has some."""
        widths = _widths_of(common)
        return all(
            pair == (0, 0) or self._proved(shot, axis) is not None or self._disproved(shot, axis, pair)
            for axis, pair in ((axis, _pair(widths, axis)) for axis in (0, 1))
        )

    def _proved(self, shot: ShotBorders, axis: int) -> Pair | None:
        one, other = _pair(self._edges(shot), axis)
        return None if one is None or other is None else (one, other)

    def _disproved(self, shot: ShotBorders, axis: int, bars: Pair) -> bool:
        """Whether the shot is lit where these bars would be."""
        return any(bright < bar - SLACK_PX for bright, bar in zip(_pair(shot.bright, axis), bars, strict=True))

    def _edges(self, shot: ShotBorders) -> list[int | None]:
        return list(map(border_edge, shot.bright, shot.dark, self._lines))

    def _states(self) -> list[list[int]]:
        """Accepted bar widths of each side, pixels.

        When the aspect ratio really changes it changes on both sides; a second width on one side alone is a line in the
        picture and is dropped. A side of which no shot says anything has the bars of the side that faces it, as far
        as it is black in all shots: a dark ceiling hides the edge of the bar above it.
        """
        states = [self._widths(votes) for votes in self._votes]
        for axis in _AXES:
            for side, other in (axis, axis[::-1]):
                if len(states[side]) > 1 and max(states[other], default=0) == 0:
                    states[side] = [min(states[side])]
                if not states[other]:
                    states[other] = [width for width in states[side] if width <= self._least_dark(other) + SLACK_PX]
        return states

    def _least_dark(self, side: int) -> int:
        """How many lines at this side are black in every shot that is lit anywhere."""
        own = (shot.dark[side] for shot in self.shots if shot is not None and shot.lit and not any(shot.added))
        return min(own, default=0)

    def _widths(self, votes: np.ndarray) -> list[int]:
        left, widths = votes.copy(), list[int]()
        needed = max(1.0, SHARE_VOTED * float(votes.sum()), SHARE_LIT * self._lit_frames)
        while True:
            near = np.convolve(left, np.ones(2 * SLACK_PX + 1, np.int64), "same")
            near[left == 0] = 0
            peak = int(near.argmax())
            if near[peak] < needed:
                return widths
            around = slice(max(0, peak - SLACK_PX), peak + SLACK_PX + 1)
            widths.append(around.start + int(left[around].argmax()))
            left[around] = 0


def _pair(sides: Sequence[_T], axis: int) -> tuple[_T, _T]:
    return sides[_AXES[axis][0]], sides[_AXES[axis][1]]


def _alike(one: Pair, other: Pair) -> bool:
    return all(abs(a - b) <= SLACK_PX for a, b in zip(one, other, strict=True))


def _area(widths: Iterable[int]) -> ActiveArea:
    return ActiveArea(**dict(zip(SIDES, widths, strict=True)))


def _widths_of(area: ActiveArea) -> tuple[int, ...]:
    return area.top, area.bottom, area.left, area.right
