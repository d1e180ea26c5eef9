"""Films whose shots are known, and the rows of them that may be cuts: what the weights of cuts are fitted to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from stream.decode.times import MeasuredRate
from stream.settings.sections import ShotSettings
from stream.shots.cut_evidence import evidence_at
from stream.shots.cuts import likely_cuts
from stream.shots.second_opinion import SecondOpinion
from stream.shots.spans import spans_at
from stream.shots.window import PICTURE, RowWindow

from .shot_matches import TrueBoundary

_CLEARANCE_ROWS = 2
"""No row counts so near to a black or white one, or to a transition that is no cut."""
_BESIDE_ROWS = 1
"""How far beside a true cut a row still is that cut."""


@dataclass(frozen=True, slots=True)
class ShotFilm:
    """A film whose shots are known.

    rows: (F,) dtype `kernels.stats.ROW`, of every frame. fps: as the container claims, None when unknown. true: its
    boundaries. opinion: makes a second opinion that knows the pictures of all rows.
    """

    name: str
    set_name: str
    rows: np.ndarray
    fps: float | None
    true: Sequence[TrueBoundary]
    opinion: Callable[[], SecondOpinion]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that changes much. `is_cut`: whether a shot begins there by a cut. `evidence`: (8,), as `EVIDENCE`."""

    row: int
    is_cut: bool
    evidence: np.ndarray


@dataclass(frozen=True, slots=True)
class FilmCuts:
    """What a fit knows of a film. `opinion`: row → the second opinion (0–1) on whether it is a cut."""

    name: str
    candidates: Sequence[Candidate]
    opinion: Callable[[int], float]


def film_cuts(film: ShotFilm, settings: ShotSettings) -> FilmCuts:
    """The candidates of a film, and what a second opinion says of each; it is asked once about a row, when that is
    wanted, and anew each time, so that an answer does not depend on what was asked before."""
    answers: dict[int, float] = {}

    def opinion(row: int) -> float:
        if row not in answers:
            answer = film.opinion().cut(row)
            assert answer is not None, "the first questions about a film are answered"
            answers[row] = answer
        return answers[row]

    return FilmCuts(film.name, candidates_of(film, settings), opinion)


def candidates_of(film: ShotFilm, settings: ShotSettings) -> list[Candidate]:
    """The rows that `likely_cuts` finds, but for those beside black or white, which belong to fades, those in or
    beside a transition that is no cut, and those so near to the film's end that the splitter takes no shot from there
    on."""
    window = RowWindow(settings)
    window.append(film.rows)
    times_s = film.rows["pts_s"]
    cuts = {_nearest(times_s, b.time_s) for b in film.true if b.kind == "cut"}
    others = [(_nearest(times_s, b.low_s), _nearest(times_s, b.high_s)) for b in film.true if b.kind != "cut"]
    fps = _rows_per_s(film)
    flash_rows = round(settings.longest_flash_s * fps)
    spans, last = spans_at(fps), len(film.rows) - max(1, round(settings.shortest_shot_s * fps))
    return [
        Candidate(
            row,
            any(abs(row - cut) <= _BESIDE_ROWS for cut in cuts),
            evidence_at(window, row, flash_rows, tones, settings),
        )
        for row, _, tones in likely_cuts(window, 0, len(film.rows), settings, spans)
        if row <= last
        and _is_amid_pictures(window, row)
        and not any(low - _CLEARANCE_ROWS <= row <= high + _CLEARANCE_ROWS for low, high in others)
    ]


def _rows_per_s(film: ShotFilm) -> float:
    rate = MeasuredRate(film.fps)
    rate.add(film.rows["pts_s"])
    return rate.fps


def _nearest(times_s: np.ndarray, time_s: float) -> int:
    return int(np.abs(times_s - time_s).argmin())


def _is_amid_pictures(window: RowWindow, row: int) -> bool:
    near = window.flatness(max(window.base, row - _CLEARANCE_ROWS), row + _CLEARANCE_ROWS)
    return bool((near == PICTURE).all())
