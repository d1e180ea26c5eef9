"""Where a second look searches, and that what it finds is judged as everything else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from engines.faces import Face, Reading
from kernels.cpu import CpuOps
from kernels.stats import ROW
from kernels.surface import Colour, Geometry, Surface
from stream.candidates.moments import MOMENT, MomentReader
from stream.film import Film
from stream.framing.active import ActiveRects
from stream.ranking.judge import EmotionBaselines, Judge
from stream.ranking.repeats import Repeats
from stream.ranking.second_look import SecondLook, Stretch, near_ones_together, wanted_stretches
from stream.ranking.selection import Assessment, Pick, Selection
from stream.records import ActiveRect, Candidate, Character, TimedSurface, Track
from stream.settings.model import Settings

from ..portraits import candidate, face, film, shots

SHOWN = Geometry(1920, 1080)
ACTIVE = ActiveRect(0, 0, 1920, 1080)


def watched(count: int, length_s: float = 4.0) -> Film:
    """A film of so many takes of one length."""
    found = film(shots=shots(count, length_s))
    rows = np.zeros(round(count * length_s * 25), ROW)
    rows["frame"], rows["laplacian_var"] = np.arange(len(rows)), 100.0
    rows["pts_s"] = rows["frame"] / 25
    found.timeline.add(rows, np.zeros(len(rows), bool))
    return found


def one(shot: int, score: float, *reasons: str, person: str | None = "c01", faces: int = 1) -> Assessment:
    """The middle of a take of four seconds."""
    own = candidate(4.0 * shot + 2.0, *[face()] * faces, shot=shot)
    return Assessment(own, ACTIVE, score, {}, person, person == "c01", list(reasons))


def searched(
    found: Film, assessments: Sequence[Assessment], top: int, looks: Counter | None = None, **settings: object
) -> list[tuple[int, int]]:
    """The takes and stretches that are searched when everything without a reason is taken."""
    chosen = Settings(top=top, **settings)
    selection = Selection(chosen.rank, top)
    selection.assessments = assessments
    selection.picks = [Pick(a, []) for a in assessments if not a.reasons]
    repeats = Repeats(found.shots, found.timeline)
    wanted = wanted_stretches(selection, found, chosen, Counter() if looks is None else looks, repeats)
    return [(stretch.shot.index, stretch.number) for stretch in wanted]


def test_where_all_that_is_wanted_is_there_nothing_is_searched() -> None:
    assert searched(watched(3), [one(0, 0.8), one(1, 0.6), one(2, 0.5, "eyes_closed")], top=2) == []


def test_shots_lost_to_the_moment_come_first_then_faces_then_the_rest() -> None:
    offered = [one(0, 0.9), one(1, 0.9, "no_face", faces=0), one(2, 0.5, "small_face"), one(3, 0.4, "eyes_closed")]
    assert searched(watched(5), offered, top=3) == [(3, 0), (2, 0), (0, 0), (1, 0)]


def test_the_better_of_two_lost_shots_comes_first() -> None:
    offered = [one(0, 0.4, "blurred"), one(1, 0.6, "extreme_expression"), one(1, 0.3, "text_overlay")]
    assert searched(watched(2), offered, top=2) == [(1, 0), (0, 0)]


def test_a_lost_shot_is_searched_though_nothing_is_missing_where_it_would_have_won() -> None:
    taken = [one(0, 0.8), one(1, 0.6)]
    assert searched(watched(3), [*taken, one(2, 0.7, "eyes_closed")], top=2) == [(2, 0)]
    assert searched(watched(3), [*taken, one(2, 0.7, "small_face")], top=2) == []
    assert searched(watched(3), [*taken, one(2, 0.7, "eyes_closed", person="c02")], top=2) == []


def test_the_only_pictures_of_a_main_character_are_searched_again_however_good_the_others_are() -> None:
    taken = [one(0, 0.8, person="c02"), one(1, 0.6, person="c02")]
    assert searched(watched(3), [*taken, one(2, 0.3, "eyes_closed")], top=2) == [(2, 0)]


def test_of_shots_that_are_shown_again_the_first_is_searched_for_all() -> None:
    found = film(shots=shots(6, 4.0))
    rows = np.zeros(600, ROW)
    rows["frame"], rows["pts_s"], rows["laplacian_var"] = np.arange(600), np.arange(600) / 25, 100.0
    rows["change"] = np.tile(np.random.default_rng(1).uniform(0, 6, 200), 3)
    found.timeline.add(rows, np.zeros(600, bool))
    lost = [one(1, 0.4, "eyes_closed"), one(3, 0.6, "eyes_closed")]
    assert searched(found, [one(0, 0.9), one(2, 0.8), *lost], top=4) == [(1, 0), (0, 0)]
    assert searched(found, [one(0, 0.9), one(5, 0.8), *lost], top=2) == []


def test_the_search_is_bounded() -> None:
    offered = [one(shot, 0.5, "eyes_closed") for shot in range(40)]
    assert len(searched(watched(40), offered, top=10)) == 16
    assert len(searched(watched(40), offered, top=2)) == 4
    assert len(searched(watched(40), [*offered[:-1], one(39, 0.1)], top=1)) == 2
    assert searched(watched(40), offered, top=10, probes={"second_look": 0}) == []


def test_of_a_long_take_the_part_about_its_best_picture_comes_first_and_what_was_searched_last() -> None:
    found = watched(1, length_s=16.0)
    offered = [replace(one(0, 0.5, "blurred"), candidate=candidate(9.0, face(), shot=0))]
    assert searched(found, offered, top=2) == [(0, 2), (0, 1), (0, 3), (0, 0)]
    assert searched(found, offered, top=2, looks=Counter({(0, 2): 1})) == [(0, 1), (0, 3), (0, 0), (0, 2)]


def test_stretches_near_each_other_are_fetched_together() -> None:
    def told(*starts_s: float) -> list[list[float]]:
        found = []
        for start_s in starts_s:
            part = np.zeros(3, MOMENT)
            part["pts_s"] = start_s + np.array([0, 1, 2])
            found.append(Stretch(shots(1)[0], 0, part))
        return [[float(s.moments["pts_s"][0]) for s in one] for one in near_ones_together(found)]

    assert told(20, 0, 8) == [[0, 8, 20]]
    assert told(0, 12.1) == [[0], [12.1]]
    assert told(0, 4, 8, 12) == [[0, 4, 8], [12]]
    assert told() == []


def unit(*place: float) -> np.ndarray:
    vector = np.zeros(128, np.float32)
    vector[: len(place)] = place
    return vector / np.linalg.norm(vector)


ANNA, BEN = unit(1, 0), unit(0, 1)


class File:
    """Pictures told by their number, at 25 a second; the faces in each are what `faces` says."""

    def __init__(self, faces) -> None:
        self._faces = faces
        self.sought: list[int] = []
        self.held: list[float] = []

    def at(self, times_s: Sequence[float]) -> list[TimedSurface]:
        numbers = [round(time_s * 25) for time_s in times_s]
        self.sought += numbers
        return [(n / 25, self._picture(n)) for n in numbers]

    def _picture(self, number: int) -> Surface:
        y = np.random.default_rng(number).integers(100, 900, (36, 64)).astype(np.uint16)
        y[0, 0] = number
        return Surface(y, None, None, 10, Colour(), SHOWN)

    def read(self, surfaces: list[Surface]) -> list[Reading]:
        return [Reading(self._faces(int(surface.y[0, 0])), None) for surface in surfaces]

    def hold(self, own: Candidate, surface: Surface) -> None:
        assert int(surface.y[0, 0]) == own.frame
        self.held.append(own.pts_s)


def second_look(found: Film, file: File, pool: ThreadPoolExecutor, settings: Settings) -> SecondLook:
    people = [Character("c01", True, (0,), (0,), 4.0, ANNA), Character("c02", False, (1,), (0,), 4.0, BEN)]
    baselines = EmotionBaselines(found, people, settings)
    reader = MomentReader(file.at, file.read, CpuOps(), SHOWN)
    active = ActiveRects(ACTIVE)

    def assess(candidates: Sequence[Candidate], characters: Sequence[Character]) -> list[Assessment]:
        judge = Judge(found, characters, baselines, active, settings)
        return [judge.assess(one, None) for one in candidates]

    return SecondLook(found, settings, people, assess, active, reader, CpuOps(), file.hold, pool)


def looked(faces, threads: int = 1, takes: int = 2) -> tuple[list[Assessment], Film, File]:
    """What a second look finds in a film of two takes: of the first there is one picture, in which Anna blinks."""
    found, file, settings = watched(takes), File(faces), Settings(top=takes)
    anna, ben = face(embedding=ANNA), face((100, 100, 90, 120), embedding=BEN)
    found.tracks = [Track(0, 0, [(2.0, anna)], ANNA), Track(1, 0, [(2.0, ben)], BEN)]
    found.candidates = [candidate(2.0, anna, shot=0, tracks=(0,))]
    found.read_s = {0: [2.0]}
    selection = Selection(settings.rank, settings.top)
    selection.assessments = [Assessment(found.candidates[0], ACTIVE, 0.5, {}, "c01", True, ["eyes_closed"])]
    with ThreadPoolExecutor(threads) as pool:
        return second_look(found, file, pool, settings)(selection), found, file


def anna_looks(number: int) -> tuple[Face, ...]:
    """In both takes; her eyes are open in every other picture only."""
    return (face(embedding=ANNA, eyes=0.3 if number % 2 else 0.05),)


def test_what_is_found_is_judged_and_belongs_to_whom_it_shows() -> None:
    found, watched_film, file = looked(anna_looks)
    assert {a.candidate.shot for a in found} == {0, 1}
    assert all(a.person == "c01" and a.main and a.reasons == [] for a in found)
    assert all(a.candidate.frame % 2 for a in found), "closed eyes are no candidates"
    assert all(a.candidate.composition is not None and a.components["sharpness"] >= 0 for a in found)
    assert sorted(file.held) == [a.candidate.pts_s for a in found]
    times_s = [c.pts_s for c in watched_film.candidates]
    assert times_s == sorted(times_s) and len(times_s) == len(found) + 1
    assert min(abs(n - 50) for n in file.sought) * 0.04 >= 0.1, "what the engines have read is not read again"
    assert watched_film.funnel.probes == sum(map(len, watched_film.read_s.values())) - 1 <= len(file.sought)


def test_faces_of_the_same_take_stay_in_their_tracks_and_strangers_stay_unknown() -> None:
    stranger = unit(1, 1, 5)
    found, _, _ = looked(lambda n: (face(embedding=ANNA), face((100, 100, 90, 120), embedding=BEN)))
    assert all(a.candidate.tracks == (0, 1) for a in found if a.candidate.shot == 0)
    assert all(min(a.candidate.tracks) > 1 and a.characters == ("c01", "c02") for a in found if a.candidate.shot == 1)
    found, _, _ = looked(lambda n: (face(embedding=stranger),))
    assert {(a.person, a.main) for a in found if a.candidate.shot == 1} == {(None, False)}


def test_two_faces_of_one_picture_are_not_one_person() -> None:
    found, _, _ = looked(lambda n: (face(embedding=ANNA), face((100, 100, 90, 120), embedding=unit(1, 0.01))))
    later = [a for a in found if a.candidate.shot == 1]
    assert later and all(a.characters == ("c01", None) for a in later)


@pytest.mark.parametrize("faces", [anna_looks, lambda n: ()])
def test_the_number_of_threads_decides_nothing(faces) -> None:
    def told(threads: int) -> list[tuple]:
        found, _, file = looked(faces, threads, takes=6)
        return [(a.candidate.pts_s, a.score, a.person, a.candidate.tracks) for a in found] + [tuple(file.held)]

    assert told(1) == told(4) != []


def test_a_film_that_cannot_be_sought_gives_nothing_more() -> None:
    found, settings = watched(1), Settings(top=1)
    file = File(anna_looks)
    file.at = lambda times_s: []
    with ThreadPoolExecutor(1) as pool:
        assert second_look(found, file, pool, settings)(Selection(settings.rank, 1)) == []
    assert found.candidates == []


def test_a_film_is_searched_twice_at_most() -> None:
    found, file, settings = watched(6), File(anna_looks), Settings(top=6)
    with ThreadPoolExecutor(1) as pool:
        look, selection = second_look(found, file, pool, settings), Selection(settings.rank, 6)
        assert [bool(look(selection)) for _ in range(3)] == [True, True, False]


def test_good_pictures_of_minor_characters_are_not_missing() -> None:
    """They are lifted first, so nothing is searched for in their place."""
    strict = [one(0, 0.8), one(1, 0.7)]
    minor = [one(shot, 0.6, "not_main", person="c05") for shot in (2, 3)]
    assert searched(watched(5), [*strict, *minor], top=4) == []
    assert len(searched(watched(5), [*strict, *minor], top=5)) == 2
    assert len(searched(watched(5), [*strict, *minor[:1]], top=4)) == 2


def test_title_cards_are_not_searched_again() -> None:
    """Unless something else of the shot was seen, before the title or after it."""
    cards = [one(0, 0.5, "card", person=None), one(1, 0.5, "text_overlay"), one(2, 0.5, "text_overlay")]
    found = searched(watched(3), [*cards, one(2, 0.4, "eyes_closed")], top=3)
    assert {shot for shot, _ in found} == {2}
