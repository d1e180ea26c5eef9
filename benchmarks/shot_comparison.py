"""Keyart's shot boundaries beside those of other detectors: film by film, set by set, and by kind of transition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from stream.errors import KeyartError
from stream.settings.model import Settings

from .accuracy import with_truth
from .labels import LabelledVideo
from .layouts import Truth
from .report import Row, Section
from .row_cache import RowCache
from .shot_detectors import OWN, Detector, DetectorError, keyart, peers, timed
from .shot_matches import UNSAID, FoundBoundary, figures, match, pooled, scores_of, true_boundaries


def shot_peers(videos: Sequence[LabelledVideo], settings: Settings, kept: RowCache) -> tuple[Section, list[str]]:
    """The section `shot_peers` of all films whose truth gives shots, and a line for each that cannot be judged."""
    truths = with_truth(videos, ("shots",))
    with ExitStack() as stack:
        others, unavailable = peers(settings, stack)
        section, problems = compare_shots(truths.known, keyart(settings, stack), others, kept)
    section |= {"unavailable": unavailable, "threads": settings.thread_count, "partial_truth": truths.partial}
    return section, [*truths.problems, *problems]


def compare_shots(
    videos: Sequence[tuple[LabelledVideo, Truth]], own: Detector, others: Sequence[Detector], kept: RowCache
) -> tuple[Section, list[str]]:
    """The sets of films with the rows of all detectors, and a line for each film that a detector cannot read.

    What a detector finds in a film is kept; matching it with the truth is done each time.
    """
    sets: dict[str, dict[str, dict[str, Row]]] = {}
    problems: list[str] = []
    for video, truth in videos:
        try:
            mine = _found_by(own, video.path, kept)
            true = true_boundaries(truth, np.array(mine["times_s"]))
        except KeyartError as error:
            problems.append(f"{video.name}: {error}")
            continue
        except (KeyError, TypeError, ValueError) as error:
            problems.append(f"{video.name}: truth.json is not as expected ({type(error).__name__}: {error}); left out")
            continue
        rows = sets.setdefault(video.set_name, {}).setdefault(video.name, {})
        for detector in (own, *others):
            try:
                answer = mine if detector is own else _found_by(detector, video.path, kept)
            except (KeyartError, DetectorError) as error:
                problems.append(f"{video.name}: {detector.name}: {error}")
                continue
            rows[detector.name] = _judged(match(true, boundaries_of(answer, mine["times_s"], detector)), answer)
    return {"sets": {name: set_section(films) for name, films in sets.items()}}, problems


def boundaries_of(answer: Row, times_s: Sequence[float], detector: Detector) -> list[FoundBoundary]:
    """What a detector found, at the times of the frames nearest to those it said. times_s: of all frames, ascending."""
    times = np.array(times_s)
    said = np.array(answer["starts_s"], float) + (times[0] if detector.from_first else 0.0)
    after = np.clip(np.searchsorted(times, said), 1, len(times) - 1)
    nearest = np.where(said - times[after - 1] <= times[after] - said, times[after - 1], times[after])
    kinds = answer.get("kinds") or [UNSAID] * len(said)
    return [FoundBoundary(kind, float(time_s)) for kind, time_s in zip(kinds, nearest, strict=True)]


def set_section(films: Mapping[str, Mapping[str, Row]]) -> Section:
    """One set of films. films: film → detector → row.

    `pooled`: detector → figures over its films. `against`: other detector → films in which Keyart's F1 is `better`,
    `equal`, `worse`.
    """
    names = list(dict.fromkeys(name for rows in films.values() for name in rows))
    whole = {name: [rows[name] for rows in films.values() if name in rows] for name in names}
    return {
        "videos": {film: dict(rows) for film, rows in films.items()},
        "pooled": {name: {**pooled(rows), **_seconds(rows)} for name, rows in whole.items()},
        "against": {name: _wins(films, name) for name in names if name != OWN},
    }


def _found_by(detector: Detector, video: Path, kept: RowCache) -> Row:
    row: Row = kept.row(f"boundaries by {detector.name}", video, partial(timed, detector.find, video), **detector.how)
    return row


def _judged(matches: Row, answer: Row) -> Row:
    return {**matches, **figures(scores_of(matches)), "wall_s": answer["wall_s"], "cpu_s": answer["cpu_s"]}


def _wins(films: Mapping[str, Mapping[str, Row]], peer: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"better": [], "equal": [], "worse": []}
    for film, rows in films.items():
        if OWN in rows and peer in rows:
            gain = rows[OWN]["f1"] - rows[peer]["f1"]
            found["better" if gain > 0 else "worse" if gain < 0 else "equal"].append(film)
    return found


def _seconds(rows: Sequence[Row]) -> dict[str, Any]:
    return {key: round(sum(row[key] for row in rows), 3) for key in ("wall_s", "cpu_s")}
