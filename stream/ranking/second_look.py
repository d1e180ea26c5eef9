"""The second look: where too few pictures pass, or the moment was wrong in a shot that should have a picture, other
moments are sought in the film before anything is given up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from engines.faces import Reading
from kernels.ops import Ops
from kernels.surface import Surface

from ..candidates.choice import choose_candidates
from ..candidates.composition import measure_composition
from ..candidates.inside import inside_pictures
from ..candidates.moments import MomentReader, stretches, worth_a_look
from ..candidates.probes import probe_rejection
from ..candidates.unusable import NEVER_USED
from ..dataflow.clocks import StageClock
from ..dataflow.workers import results
from ..film import Film
from ..framing.active import ActiveRects
from ..people.characters import nearest_character
from ..people.looks import leading_face
from ..people.tracks import continued
from ..records import Candidate, Character, Picture, Shot, Track
from ..settings.model import Settings
from .repeats import Repeats
from .selection import Assessment, Selection

OF_THE_MOMENT = frozenset(
    {"eyes_closed", "looking_away", "extreme_expression", "blurred", "turned_away", "cut_face"}
)
"""Reasons that may be gone a second before or after."""
_STRETCHES_A_MISSING = 2
"""Stretches that are searched for each picture that is missing. Chosen by eye."""
_MOST_CALLS = 2
"""How often one film is searched. Chosen by eye."""
_TOGETHER, _NEAR_S = 3, 10.0
"""Stretches that one pass over the file fetches, and the time between two of them up to which that is cheaper than to
seek again: key frames are up to ten seconds apart. Chosen by eye."""
_TO_IMPROVE = 2
"""Stretches that are searched at a time where nothing is missing. With ten instead, E05 cost a third more, and the
choice on E01–E05 was no better than without any (2026-11-28)."""
_AT_ONCE = 2
"""Passes at a time, whose pictures are held meanwhile. Chosen by eye; it decides nothing but memory and threads."""

Hold = Callable[[Candidate, Surface], None]
"""(candidate, its picture) → None: keeps the picture if there is room (`PicturePool.put_where_free`)."""
AssessMore = Callable[[Sequence[Candidate], Sequence[Character]], list[Assessment]]
"""(further candidates by time, the characters with all their tracks) → their assessments, in their order."""
_Seen = list[tuple[Picture, Reading]]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a shot. `moments`: (N,) of dtype `candidates.moments.MOMENT`, its pictures."""

    shot: Shot
    number: int
    moments: np.ndarray


class SecondLook:
    """Finds further candidates of one film. It is called with the choice so far, and returns new assessments.

    `assess`: what the whole film says of what was found. `reader`: decodes and reads. `hold`: keeps pictures. `pool`:
    threads that look.
    """

    def __init__(
        self,
        film: Film,
        settings: Settings,
        characters: Sequence[Character],
        assess: AssessMore,
        active: ActiveRects,
        reader: MomentReader,
        ops: Ops,
        hold: Hold,
        pool: ThreadPoolExecutor,
    ) -> None:
        self._film, self._settings, self._assess, self._active = film, settings, assess, active
        self._reader, self._ops, self._hold, self._pool = reader, ops, hold, pool
        self._people = _People(characters, film, settings)
        self._looks: Counter[tuple[int, int]] = Counter()
        self._repeats: Repeats | None = None
        self._pace = film.pace
        self._calls = 0

    def __call__(self, selection: Selection) -> list[Assessment]:
        """New assessments, none where nothing is missing or nothing was found, and none after `_MOST_CALLS` calls.

        Adds to `film.candidates`. Blocks; the result does not depend on the number of threads. Synchronises (device
        only).
        """
        self._calls += 1
        self._repeats = self._repeats or Repeats(self._film.shots, self._film.timeline)
        if self._calls > _MOST_CALLS:
            return []
        self._pace = self._repeats.pace(self._film.pace)
        wanted = wanted_stretches(selection, self._film, self._settings, self._looks, self._repeats)
        found: list[Candidate] = []
        clock = self._film.clocks["second_look"]
        passes = near_ones_together(wanted)
        for first in range(0, len(passes), _AT_ONCE):
            some = passes[first : first + _AT_ONCE]
            futures = [self._pool.submit(self._look, together) for together in some]
            for together, (own, seen) in zip(some, results(futures), strict=True):
                clock.add(own, own.items)
                for stretch, pictures in zip(together, seen, strict=True):
                    found += self._offered(stretch, pictures)
            del futures, seen, pictures  # of the pictures of a pass only those that are held stay
        if not found:
            return []
        self._film.candidates.extend(found)
        self._film.candidates.sort(key=lambda candidate: candidate.pts_s)
        return self._assess(sorted(found, key=lambda candidate: candidate.pts_s), self._people.characters)

    def _look(self, together: Sequence[Stretch]) -> tuple[StageClock, list[_Seen]]:
        clock, repeats = StageClock("second_look"), self._repeats
        assert repeats is not None  # made before anything is looked at
        seen = [repeats.seen_s(stretch.shot, self._film.read_s) for stretch in together]
        wanted = [worth_a_look(stretch.moments, times_s) for stretch, times_s in zip(together, seen, strict=True)]
        return clock, clock.time(lambda: self._reader.look(wanted), len(together))

    def _offered(self, stretch: Stretch, seen: _Seen) -> list[Candidate]:
        """The candidates among the pictures of a stretch; keeps their pixels and notes what was read."""
        shot, film, settings = stretch.shot.index, self._film, self._settings
        self._looks[shot, stretch.number] += 1
        film.read_s.setdefault(shot, []).extend(picture.pts_s for picture, _ in seen)
        film.funnel.probes += len(seen)
        inside = inside_pictures(self._ops, [picture for picture, _ in seen], self._active.of(shot))
        known = zip(inside, (reading for _, reading in seen), strict=True)
        usable = [pair for pair in known if probe_rejection(pair[0].row, settings.probes, 0.0) is None]
        pictures, readings = [picture for picture, _ in usable], [reading for _, reading in usable]
        tracks = [self._people.tracks(shot, reading) for reading in readings]
        chosen = choose_candidates(
            shot, pictures, readings, tracks, settings.faces, settings.probes, self._pace, _length_s(stretch.moments)
        )
        film.funnel.at_shot.update(chosen.rejected)
        film.funnel.candidates += len(chosen.candidates)
        for candidate, picture in chosen.candidates:
            lead = leading_face(candidate.faces)
            candidate.composition = measure_composition(self._ops, picture.surface, lead, picture.inside)
            self._hold(candidate, picture.surface)
        return [candidate for candidate, _ in chosen.candidates]


def _length_s(moments: np.ndarray) -> float:
    return float(moments["pts_s"][-1] - moments["pts_s"][0]) if len(moments) else 0.0


class _People:
    """Whose faces they are: those of tracks of the same shot, or of the nearest character.

    `characters`: with the tracks of faces that were found since.
    """

    def __init__(self, characters: Sequence[Character], film: Film, settings: Settings) -> None:
        self.characters = list(characters)
        self._of_shot: dict[int, list[Track]] = {}
        for track in film.tracks:
            self._of_shot.setdefault(track.shot, []).append(track)
        self._next = max((track.index for track in film.tracks), default=-1) + 1
        self._settings = settings.people

    def tracks(self, shot: int, reading: Reading) -> tuple[int, ...]:
        """For each face of one more picture of the shot the number of its track; new faces get new numbers."""
        known = continued(self._of_shot.get(shot, []), reading.faces)
        numbers = [self._next + i if track is None else track.index for i, track in enumerate(known)]
        self._next += len(known)
        there = {number for number, track in zip(numbers, known, strict=True) if track is not None}
        for number, face, track in zip(numbers, reading.faces, known, strict=True):
            free = [c for c in self.characters if there.isdisjoint(c.tracks)]
            person = nearest_character(face.embedding, free, self._settings) if track is None else None
            if person is not None:
                place = self.characters.index(person)
                self.characters[place] = replace(person, tracks=(*person.tracks, number))
                there.add(number)
        return tuple(numbers)


def wanted_stretches(
    selection: Selection, film: Film, settings: Settings, looks: Counter[tuple[int, int]], repeats: Repeats
) -> list[Stretch]:
    """What is to be searched, the most promising first.

    Where pictures are missing, good ones of minor characters counted as there: twice as many stretches as are
    missing, those of shots that lost all their pictures to the moment before those of others with faces, and those
    before the rest; of each shot the stretch about its best picture first. Where none is missing: the shots of main
    characters that lost a better picture to the moment than one that is chosen, or the best picture of a person who
    leads no chosen one.

    looks: how often stretches (shot, number) were searched; those searched least come first. Shots that the film shows
    again count as one, the first: nothing is in the others that is not in it.
    """
    taken = [pick.assessment for pick in selection.picks if not pick.fallback]
    others = sum(one.reasons == ["not_main"] for one in selection.assessments)  # the first to be lifted
    missing = settings.top - len(taken) - others if taken else settings.top
    best = _best_of_shots(selection.assessments, repeats)
    shown = {repeats.first(a.candidate.shot) for a in taken}
    lost = lost_shots(best, shown)
    if missing <= 0:
        least, led = min(a.score for a in taken), {a.person for a in taken}
        lost = {s for s in lost if best[s].main and (best[s].score > least or best[s].person not in led)}
    hopeless = _hopeless_shots(selection.assessments)
    offered = []
    for shot in film.shots if missing > 0 else [film.shots[s] for s in sorted(lost)]:
        if shot.index in hopeless or repeats.first(shot.index) != shot.index:
            continue
        one = best.get(shot.index)
        faces = one is not None and bool(one.candidate.faces)
        tier = 0 if shot.index in lost else 1 if faces and shot.index not in shown else 2
        score = 0.0 if one is None else one.score
        about_s = None if one is None else repeats.as_first_s(one.candidate.shot, one.candidate.pts_s)
        for turn, stretch in enumerate(_nearest_first(shot, film, about_s)):
            times = looks[shot.index, stretch.number]
            offered.append(((times, tier + turn, tier, -score, shot.index), stretch))
    offered.sort(key=lambda pair: pair[0])
    most = _STRETCHES_A_MISSING * missing if missing > 0 else _TO_IMPROVE
    return [stretch for _, stretch in offered[: min(most, settings.probes.second_look)]]


def near_ones_together(wanted: Sequence[Stretch]) -> list[list[Stretch]]:
    """The stretches by time, those that one pass over the file should fetch in one list."""
    passes: list[list[Stretch]] = []
    last_s = -np.inf
    for stretch in sorted(wanted, key=lambda s: float(s.moments["pts_s"][0])):
        near = float(stretch.moments["pts_s"][0]) - last_s <= _NEAR_S
        if not passes or not near or len(passes[-1]) == _TOGETHER:
            passes.append([])
        passes[-1].append(stretch)
        last_s = float(stretch.moments["pts_s"][-1])
    return passes


def lost_shots(best: Mapping[int, Assessment], shown: Collection[int]) -> set[int]:
    """The shots that are not among those `shown` and whose best picture is refused for a reason of the moment.

    best: shot → its assessment of the highest score.
    """
    return {s for s, one in best.items() if s not in shown and OF_THE_MOMENT.intersection(one.reasons)}


def _hopeless_shots(assessments: Sequence[Assessment]) -> set[int]:
    """The shots all of whose pictures are of no use at all (`NEVER_USED`): title cards, static, black."""
    shots = {one.candidate.shot for one in assessments}
    return shots - {one.candidate.shot for one in assessments if not NEVER_USED.intersection(one.reasons)}


def _best_of_shots(assessments: Sequence[Assessment], repeats: Repeats) -> dict[int, Assessment]:
    """Shot → its assessment of the highest score, whatever speaks against it; of repeats it stands for the first."""
    best: dict[int, Assessment] = {}
    for one in sorted(assessments, key=lambda a: (-a.score, a.candidate.pts_s)):
        best.setdefault(repeats.first(one.candidate.shot), one)
    return best


def _nearest_first(shot: Shot, film: Film, best_s: float | None) -> list[Stretch]:
    """The stretches of a shot, the nearest to its best picture first. `best_s`: its time, seconds; None: unknown."""
    about_s = (shot.start_s + shot.end_s) / 2 if best_s is None else best_s
    parts = [Stretch(shot, number, part) for number, part in enumerate(stretches(film.timeline.of(shot)))]
    return sorted(parts, key=lambda s: (round(abs(float(np.mean(s.moments["pts_s"])) - about_s), 3), s.number))
