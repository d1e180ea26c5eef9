"""What is said of each picture once the film is known: every filter is asked, with what the film says of itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.faces import Face, Gaze
from kernels.bars import ActiveArea
from kernels.stats import ROW
from kernels.surface import Geometry
from stream.film import Film
from stream.framing.active import ActiveRects, active_rect
from stream.people.expression import COMMON_BASELINE, extremeness
from stream.ranking.judge import EmotionBaselines, assess_candidates
from stream.ranking.scores import settled_score
from stream.ranking.selection import Assessment
from stream.records import Candidate, Character, Notice, Track
from stream.settings.model import Settings

from ..portraits import BOX, candidate, face, film, mood, row, shots

STAR, EXTRA, STRANGER = 0, 1, 2
"""Tracks of a main character, of a minor one, and of nobody in particular."""
CAST = (
    Character("c01", True, (STAR,), (0,), 40.0, np.zeros(128, np.float32)),
    Character("c02", False, (EXTRA,), (0,), 8.0, np.zeros(128, np.float32)),
)
BARS = ActiveArea(top=139, bottom=139)
RAGE = mood(angry=0.9)


def track(index: int, *faces: Face) -> Track:
    return Track(index, 0, [(float(i), one) for i, one in enumerate(faces)])


USUAL = (track(STAR, *[face()] * 12), track(EXTRA, *[face()] * 4))


TWO = shots(2, 200.0)


def judged(pictures: list[Candidate], tracks: tuple[Track, ...] = USUAL, **settings: object) -> dict[float, Assessment]:
    """Assessments by time, of a film with these pictures and twenty ordinary ones of the star after them."""
    ordinary = [candidate(100.0 + i, face(), tracks=[STAR]) for i in range(20)]
    return assessments_by_time(film([*pictures, *ordinary], tracks, shots=TWO), **settings)


def assessments_by_time(watched: Film, **settings: object) -> dict[float, Assessment]:
    chosen = Settings(**settings)
    active = ActiveRects(active_rect(Geometry(1920, 1080), BARS, 1))
    baselines = EmotionBaselines(watched, CAST, chosen)
    return {a.candidate.pts_s: a for a in assess_candidates(watched, CAST, baselines, active, chosen)}


ONE_FAULT = {
    "no_face": candidate(1.0),
    "blurred": candidate(1.0, face(focus=15.0), tracks=[STAR]),
    "noisy": candidate(1.0, face(grain=4.5), tracks=[STAR]),
    "bright": candidate(1.0, face(burnt_ratio=0.5), tracks=[STAR]),
    "flat": candidate(1.0, face(contrast=8.0), tracks=[STAR]),
    "small_face": candidate(1.0, face((800, 300, 60, 80)), tracks=[STAR]),
    "cut_face": candidate(1.0, face((800, 600, 300, 400)), tracks=[STAR]),
    "turned_away": candidate(1.0, face(yaw=-60.0), tracks=[STAR]),
    "eyes_closed": candidate(1.0, face(eyes=0.1), tracks=[STAR]),
    "looking_away": candidate(1.0, face(gaze=Gaze(0.3, 0.0, 0.0)), tracks=[STAR]),
    "extreme_expression": candidate(1.0, face(emotion=RAGE), tracks=[STAR]),
    "not_main": candidate(1.0, face(), tracks=[EXTRA]),
}
"""For each reason a picture against which nothing else speaks."""


@pytest.mark.parametrize("reason", ONE_FAULT)
def test_each_fault_is_found_in_a_film(reason: str) -> None:
    assessments = judged([ONE_FAULT[reason]])
    assert assessments.pop(1.0).reasons == [reason]
    assert {tuple(assessment.reasons) for assessment in assessments.values()} == {()}
    ignoring = judged([ONE_FAULT[reason]], rank={"ignored_reasons": (reason,)})
    assert not any(assessment.reasons for assessment in ignoring.values())


def test_focus_and_grain_are_judged_by_what_is_usual_in_the_film() -> None:
    soft, grainy = candidate(1.0, face(focus=15.0), tracks=[STAR]), candidate(2.0, face(grain=4.5), tracks=[STAR])
    others = [candidate(100.0 + i, face(focus=50.0, grain=1.2), tracks=[STAR]) for i in range(20)]
    assessments = assessments_by_time(film([soft, grainy, *others], USUAL, shots=TWO))
    assert assessments[1.0].reasons == assessments[2.0].reasons == []


def test_pictures_soon_before_a_damaged_one_of_their_shot_are_not_trusted() -> None:
    times_s = (20.0, 55.0, 59.0, 61.0, 195.0)
    watched = film([candidate(time_s, face(), tracks=[STAR]) for time_s in times_s], USUAL, shots=TWO)
    rows = np.zeros(201, ROW)
    rows["pts_s"], rows["laplacian_var"] = np.arange(201.0), 100.0
    watched.timeline.add(rows, np.isin(rows["pts_s"], (60.0, 200.0)))
    found = {time_s: one.reasons for time_s, one in assessments_by_time(watched).items()}
    assert TWO[1].start_s == 200.0  # so the second damage lies in another shot than the picture at 195 s
    assert found == {20.0: [], 55.0: ["damaged"], 59.0: ["damaged"], 61.0: [], 195.0: []}


def test_pictures_before_the_group_of_a_damaged_one_are_trusted() -> None:
    times_s = (55.0, 57.0, 58.0, 59.0, 61.0)
    watched = film([candidate(time_s, face(), tracks=[STAR]) for time_s in times_s], USUAL, shots=TWO)
    rows = np.zeros(201, ROW)
    rows["pts_s"], rows["laplacian_var"] = np.arange(201.0), 100.0
    watched.timeline.add(rows, rows["pts_s"] == 60.0, np.isin(rows["pts_s"], (0.0, 52.0, 58.0, 61.0)))
    found = {time_s: one.reasons for time_s, one in assessments_by_time(watched).items()}
    assert found == {55.0: [], 57.0: [], 58.0: ["damaged"], 59.0: ["damaged"], 61.0: []}


def test_in_a_film_with_damage_a_picture_unlike_those_beside_it_is_not_trusted() -> None:
    watched = film([candidate(time_s, face(), tracks=[STAR]) for time_s in (50.0, 55.0)], USUAL, shots=TWO)
    rows = np.zeros(201, ROW)
    rows["pts_s"], rows["laplacian_var"] = np.arange(201.0), 100.0
    rows["change"][50:52] = 20.0
    watched.timeline.add(rows, np.zeros(201, np.bool_))
    assert not any(one.reasons for one in assessments_by_time(watched).values())
    watched.notices.append(Notice("damaged", "1 damaged place did not decode, went on after it"))
    found = {time_s: one.reasons for time_s, one in assessments_by_time(watched).items()}
    assert found == {50.0: ["damaged"], 55.0: []}


def test_eyes_are_judged_by_what_is_usual_for_the_person() -> None:
    """Eight faces tell what is usual; .62 of .45 is .279."""
    wide = track(STAR, *[face(eyes=0.45)] * 8)
    low = [candidate(1.0, face(eyes=0.27), tracks=[STAR]), candidate(2.0, face(eyes=0.28), tracks=[STAR])]
    assessments = judged(low, (wide,))
    assert [assessments[t].reasons for t in (1.0, 2.0)] == [["eyes_closed"], []]
    assert assessments[1.0].typical_openness == pytest.approx(0.45)
    assert judged(low, (replace(wide, faces=wide.faces[:7]),))[1.0].reasons == []


@pytest.mark.parametrize(("height", "reasons"), [(240, ["eyes_closed"]), (239, [])])
def test_whoever_shares_the_picture_with_the_leading_face_must_look_well_too(height: float, reasons: list[str]) -> None:
    """From six tenths of its height."""
    blinking = face((200, 300, 180, height), eyes=0.1)
    assert judged([candidate(1.0, face(), blinking, tracks=[STAR, EXTRA])])[1.0].reasons == reasons
    raging = face((200, 300, 180, height), emotion=RAGE)
    expected = ["extreme_expression"] if reasons else []
    assert judged([candidate(1.0, face(), raging, tracks=[STAR, EXTRA])])[1.0].reasons == expected


def test_the_larger_face_leads() -> None:
    large, small = face(), face((200, 300, 180, 200))
    assessment = judged([candidate(1.0, small, large, tracks=[STAR, EXTRA])])[1.0]
    assert (assessment.person, assessment.main, assessment.reasons) == ("c02", False, ["not_main"])
    assert assessment.characters == ("c01", "c02")
    assessment = judged([candidate(1.0, large, tracks=[STRANGER])])[1.0]
    assert (assessment.person, assessment.reasons, assessment.characters) == (None, ["not_main"], (None,))


def test_an_expression_that_is_usual_for_the_person_is_not_extreme() -> None:
    """Once enough of a grim person's faces are known."""
    grim = track(EXTRA, *[face(emotion=RAGE)] * 40)
    raging = [candidate(1.0, face(emotion=RAGE), tracks=[EXTRA]), candidate(2.0, face(emotion=RAGE), tracks=[STAR])]
    assessments = judged(raging, (track(STAR, *[face()] * 60), grim))
    assert [assessments[t].reasons for t in (1.0, 2.0)] == [["not_main"], ["extreme_expression"]]


def test_in_a_film_with_few_faces_the_common_expression_is_the_usual_one() -> None:
    few, many = (EmotionBaselines(film([], (track(STAR, *[face()] * count),)), CAST, Settings()) for count in (1, 40))
    none = EmotionBaselines(film([], ()), CAST, Settings())
    calm, raging = mood(), mood(angry=0.97)
    by_count = [baselines.distance(raging, "c01") or 0.0 for baselines in (none, few, many)]
    assert by_count[0] == pytest.approx(extremeness(raging, COMMON_BASELINE)) and by_count[1] < by_count[2]
    assert all(baselines.distance(calm, "c01") == 0.0 for baselines in (none, few, many))
    assert many.distance(None, "c01") is None


def test_what_could_not_be_seen_of_a_face_scores_below_what_was_seen_to_be_good() -> None:
    """Once by eyes too small, once by an expression, once by a mouth."""
    good, seen = face(eyes=0.35), ["eyes", "expression", "mouth"]
    hidden = [replace(good, eye_openness_ratio=None, eye_openness_ratios=(None, None)), replace(good, emotion=None)]
    hidden.append(replace(good, mouth_openness_ratio=None))
    assessments = judged([candidate(float(i), one, tracks=[STAR]) for i, one in enumerate([*hidden, good])])
    for i, name in enumerate(seen):
        assert 0.3 < assessments[float(i)].components[name] < 0.85 * assessments[3.0].components[name]
        assert assessments[float(i)].reasons == []


def test_what_was_rejected_when_its_shot_closed_keeps_its_reason_and_comes_last() -> None:
    late, early = candidate(9.0, face(), tracks=[STAR]), candidate(3.0, face(), tracks=[STAR])
    watched = film([late, early], USUAL, shots=TWO, reserve=[(candidate(1.0, face(), tracks=[STAR]), "dark")])
    faults = film([late, early], USUAL, shots=TWO, reserve=[(candidate(1.0), "dark")])
    assessments = list(assessments_by_time(watched).values())
    assert [(a.candidate.pts_s, a.reasons) for a in assessments] == [(3.0, []), (9.0, []), (1.0, ["dark"])]
    assert assessments_by_time(faults)[1.0].reasons == ["dark", "no_face"]


SMALL = (800.0, 300.0, 112.0, 150.0)
""".19 of the picture inside the bars."""


def test_a_small_face_with_a_fault_does_not_spoil_a_wide_shot() -> None:
    """It is judged as a scene with somebody in it: not good enough to lead, as a larger face would not be."""
    turned = {"yaw": -60.0}
    boxes = ((1.0, SMALL), (2.0, BOX))
    small, large = (candidate(t, face(box, **turned), shot=1, tracks=[STAR]) for t, box in boxes)
    found = judged([small, large])
    assert "stillness" in found[1.0].components and found[1.0].reasons == ["small_face"]
    assert "eyes" in found[2.0].components and found[2.0].reasons == ["turned_away"]
    assert judged([candidate(1.0, face(SMALL), tracks=[STAR])])[1.0].reasons == []


def test_a_small_face_that_turns_away_gives_way_to_pictures_of_its_shot_where_it_does_not() -> None:
    extra, away, bowed = face(SMALL, yaw=0.0), face(SMALL, yaw=-50.0), face(SMALL, pitch=49.0)
    pictures = [
        candidate(1.0, away, tracks=[STAR]),
        candidate(2.0, bowed, tracks=[STAR]),
        candidate(3.0, away, shot=1, tracks=[STAR]),  # never faces the viewer in this shot
        candidate(4.0, away, face(SMALL, score=0.5), tracks=[STAR, STAR]),  # another face of the same character does
        candidate(5.0, away, tracks=[9]),  # nobody known
        candidate(6.0, extra, away, tracks=[9, STAR]),
    ]
    found = judged(pictures)
    turned = {time_s for time_s, assessment in found.items() if assessment.reasons == ["turned_away"]}
    assert turned == {1.0, 2.0}


def test_of_equal_scenes_the_one_that_lies_farther_from_the_cuts_is_better() -> None:
    found = judged([candidate(time_s) for time_s in (0.5, 1.9, 2.0, 90.0)])
    at_the_cut, near, settled, far = (found[time_s] for time_s in (0.5, 1.9, 2.0, 90.0))
    assert at_the_cut.score < near.score < settled.score == far.score
    assert [a.components["settled"] for a in (at_the_cut, near, settled)] == [0.25, 0.95, 1.0]
    assert settled.score - at_the_cut.score < 0.02  # it decides between equals
    assert "settled" not in judged([candidate(0.5, face(), tracks=[STAR])])[0.5].components


@pytest.mark.parametrize(("time_s", "worth"), [(10.0, 0.0), (10.25, 0.5), (10.5, 1.0), (10.9, 0.2), (11.0, 0.0)])
def test_in_a_short_shot_the_middle_is_settled(time_s: float, worth: float) -> None:
    assert settled_score(time_s, (10.0, 11.0)) == pytest.approx(worth)


def test_small_figures_are_worth_what_the_best_of_their_looks_is() -> None:
    unread = face(SMALL, score=0.5, eyes=None, mouth=None, gaze=None, yaw=55.0)
    smiling = face(SMALL, score=0.5, eyes=0.34, emotion=mood(happy=1.0))
    shut = face(SMALL, score=0.5, eyes=0.1, mouth=0.5, emotion=mood(sad=1.0))
    groups = {1.0: [], 2.0: [shut], 3.0: [unread], 4.0: [unread, smiling]}
    found = judged([candidate(time_s, *faces) for time_s, faces in groups.items()])
    worth = [found[time_s].components["face"] for time_s in groups]
    assert worth == sorted(worth) and worth[:2] == [0.0, 0.0] and 0.0 < worth[2] < worth[3] <= 0.6


def test_where_a_small_face_is_blurred_the_whole_picture_has_to_be_sharp() -> None:
    soft = replace(candidate(1.0, face(SMALL, focus=5.0), tracks=[STAR]), row=row(1.0, laplacian_var=40.0))
    sharp = candidate(2.0, face(SMALL, focus=5.0), tracks=[STAR])
    found = judged([soft, sharp])
    assert (found[1.0].reasons, found[2.0].reasons) == (["blurred"], ["small_face"])
