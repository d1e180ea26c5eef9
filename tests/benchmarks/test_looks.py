"""AUC of look scores, inside films and over whole sets, and what is fitted without each film; on faces made by hand."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.labels import Label, LabelledVideo
from benchmarks.look_auc import by_set, look_aucs, pairs_of, scores_section
from benchmarks.look_fits import LookFit, face_readings, leave_one_out, logistic, pairwise
from benchmarks.look_frames import LookFrame, is_reason_of_face, look_labels, read_looks
from benchmarks.look_frames import _face as restored
from benchmarks.look_frames import _plain as plain
from benchmarks.page.looks import looks_tables
from engines.faces import Face, Gaze
from stream.people.eyes import openness
from stream.settings.load import load_settings

from .samples import face

EYES_OPEN, EYES_HALF, EYES_SHUT = 0.32, 0.2, 0.1


def frame(film: str, picked: bool, eyes: float | None, set_name: str = "one") -> LookFrame:
    return LookFrame(film, set_name, 1.0, picked, "", face(openness=eyes))


def eyes_of(frames: list[LookFrame]) -> list[float]:
    return [f.face.eye_openness_ratio or 0.0 for f in frames]


@pytest.mark.parametrize(
    ("why", "of_face"),
    [
        ("eyes closed", True), ("half blink", True), ("teeth, mid-word", True), ("Looks down", True),
        ("shouting gape", True), ("mouth pulled down, grimace", True), ("motion blur", False), ("black/fade", False),
        ("face hidden behind the robot arm", False), ("degraded shot: dark", False), ("eyelet", False), ("", False),
    ],
)  # fmt: skip
def test_reasons_of_the_face(why: str, of_face: bool) -> None:
    assert is_reason_of_face(why) is of_face


def test_labels_that_say_how_a_face_looks() -> None:
    picks = (Label("a", time_s=1.0, why="smile"), Label("b", image=Path("b.jpg")))
    never = (Label("c", time_s=2.0, why="eyes closed"), Label("d", time_s=3.0, why="black"))
    found = look_labels(LabelledVideo("film", Path("film.mp4"), picks, never))
    assert [(label.time_s, picked) for label, picked in found] == [(1.0, True), (2.0, False)]


def test_ties_count_half() -> None:
    assert pairs_of([2.0, 1.0], [1.0, 0.0]).won == 3.5
    assert pairs_of([], [1.0]).count == 0


def test_inside_films_only_frames_of_one_film_are_compared() -> None:
    """One film has narrow eyes throughout: told apart inside films, not over the whole set."""
    frames = [
        frame("wide", True, 0.4), frame("wide", False, 0.3),
        frame("narrow", True, 0.2), frame("narrow", False, 0.1),
        frame("nothing refused", True, 0.01),
    ]  # fmt: skip
    found = look_aucs(frames, eyes_of(frames))
    assert (found["inside"], found["pairs_inside"], found["films"]) == (1.0, 2, 2)
    assert found["whole"] == 0.5
    assert found["inside_interval"] == {"low": 1.0, "high": 1.0}
    assert set(found["by_film"]) == {"wide", "narrow"}


def test_pairs_of_films_are_pooled_and_each_film_is_left_out_once() -> None:
    frames = [frame("good", True, 0.3), *(frame("good", False, 0.2) for _ in range(3)),
              frame("bad", True, 0.1), frame("bad", False, 0.2)]  # fmt: skip
    found = look_aucs(frames, eyes_of(frames))
    assert found["inside"] == 0.75
    assert found["inside_without_one_film"] == {"least": 0.0, "greatest": 1.0}
    assert found["inside_interval"] == {"low": 0.0, "high": 1.0}


def test_sets_are_judged_apart_and_together() -> None:
    frames = [
        frame("A", True, 0.3),
        frame("A", False, 0.1),
        frame("B", True, 0.1, "two"),
        frame("B", False, 0.3, "two"),
    ]
    found = by_set(frames, eyes_of(frames))
    assert {name: of_set["inside"] for name, of_set in found.items()} == {"all": 0.5, "one": 1.0, "two": 0.0}
    assert by_set(frames[:2], eyes_of(frames[:2]))["all"]["inside_interval"] is None


def test_the_look_score_of_this_version_prefers_open_eyes() -> None:
    frames = [frame("A", True, EYES_OPEN), frame("A", False, EYES_SHUT)]
    scores = scores_section(frames)
    assert scores["look_score"]["all"]["inside"] == 1.0
    assert scores["mouth alone"]["all"]["inside"] == 0.5


def four_films() -> list[LookFrame]:
    """Three films with half-open eyes among the refused, and one in which the labels are the other way round."""
    films = [(f"F{i}", True) for i in range(3)] + [("odd", False)]
    labels = [(True, EYES_OPEN), (True, EYES_OPEN), (False, EYES_HALF), (False, EYES_SHUT)]
    return [
        frame(name, picked is usual, eyes + 0.001 * i)
        for name, usual in films
        for i, (picked, eyes) in enumerate(labels)
    ]  # fmt: skip


def test_each_film_is_judged_by_a_fit_that_has_not_seen_it() -> None:
    seen: list[set[str]] = []

    def fit(frames: object) -> dict[str, float]:
        names = {f.film for f in frames}  # type: ignore[attr-defined]
        seen.append(names)
        return {"films": float(len(names)), "odd": float("odd" in names)}

    found = leave_one_out(
        four_films(), {"made": LookFit(fit, lambda n: lambda f: (f.eye_openness_ratio or 0) * (2 * n["odd"] - 1))}
    )["made"]  # fmt: skip
    assert seen[0] == {"F0", "F1", "F2", "odd"}
    assert [seen[0] - names for names in seen[1:]] == [{"F0"}, {"F1"}, {"F2"}, {"odd"}]
    assert found["numbers"]["films"] == {"all_films": 4.0, "least": 3.0, "greatest": 3.0, "deviation": 0.0}
    assert found["numbers"]["odd"]["least"] == 0.0
    assert found["left_out"]["all"]["inside"] == 1.0  # the odd film by the fit without it
    assert found["fitted_on_all"]["all"]["inside"] == 0.75
    assert found["refits_on_all"]["inside"] == {"least": 0.25, "greatest": 0.75}


def test_a_regression_finds_what_tells_the_classes_apart_and_what_it_costs_to_be_left_out() -> None:
    fit = logistic(face_readings)
    found = leave_one_out(four_films(), {"readings": fit})["readings"]
    assert found["numbers"]["eyes"]["least"] > 0
    assert found["left_out"]["all"]["by_film"]["odd"]["auc"] == 0.0
    assert found["left_out"]["all"]["by_film"]["F0"]["auc"] == 1.0
    numbers = fit.fit(four_films()[:8])
    scores = [fit.score(numbers)(face(openness=eyes)) for eyes in (EYES_SHUT, EYES_HALF, EYES_OPEN)]
    assert scores == sorted(scores)
    assert "why" in leave_one_out(four_films()[:4], {"readings": fit})["readings"]


def test_what_was_not_measured_has_a_number_of_its_own() -> None:
    unknown = face_readings(face(openness=None))
    assert (unknown["eyes"], unknown["eyes unknown"], unknown["emotion unknown"]) == (0.0, 1.0, 1.0)
    assert face_readings(face())["eyes unknown"] == 0.0


def test_a_face_survives_the_cache() -> None:
    emotion = np.linspace(0.1, 0.2, 7, dtype=np.float32)
    whole = replace(face(), emotion=emotion, eye_openness_ratios=(0.2, None), gaze=Gaze(0.1, -0.2, None))
    back = restored(json.loads(json.dumps(plain(asdict(whole)))))
    assert isinstance(back, Face)
    np.testing.assert_array_equal(back.emotion, emotion)
    assert back.emotion is not None
    assert back.emotion.dtype == np.float32
    assert back.gaze == whole.gaze
    assert (back.box, back.eye_openness_ratios, back.quality) == (whole.box, whole.eye_openness_ratios, whole.quality)


def test_tables_show_scores_refits_and_numbers() -> None:
    section = {
        "without_face": {"picked": 3, "refused": 1}, "scores": scores_section(four_films()),
        "leave_one_out": leave_one_out(four_films()),
    }  # fmt: skip
    text = looks_tables(section)
    assert "3 picks and 1 refused frames" in text
    assert "weights of the look score, left out" in text
    assert "| mouth width" in text
    json.dumps(section, allow_nan=False)


@pytest.mark.models
def test_frames_of_a_film_are_read_once(demo_video: Path, models_dir: Path, tmp_path: Path) -> None:
    """The demo film shows drawn faces and text: what matters is that nothing is read a second time."""
    video = LabelledVideo("demo", demo_video, (Label("a", time_s=1.0),), (Label("b", time_s=2.0, why="eyes closed"),))
    broken = LabelledVideo("broken", tmp_path / "broken.mp4", (Label("a", time_s=1.0),))
    broken.path.write_bytes(b"this is no film")
    lines: list[str] = []
    first, second = (read_looks([video, broken], load_settings(None, {}), tmp_path, lines.append) for _ in range(2))
    assert len(first.frames) + sum(first.without_face.values()) == 2
    assert [(f.time_s, f.picked, f.face.box) for f in first.frames] == [
        (f.time_s, f.picked, f.face.box) for f in second.frames
    ]
    assert [line.split(":")[0] for line in first.problems] == ["broken"]
    assert "demo.mp4: faces, measured before" in lines


def test_pairs_give_weight_to_what_tells_picks_apart_and_none_to_what_misleads() -> None:
    frames = [frame("A", picked, eyes) for picked, eyes in ((True, 0.3), (True, 0.28), (False, 0.2), (False, 0.1))]
    frames.append(frame("no pair", True, 0.3))
    found = pairwise(lambda face: {"eyes": openness(face) or 0.0, "shut": 1 - (openness(face) or 0.0)})
    numbers = found.fit(frames)
    assert numbers["eyes"] > 0.1 and numbers["shut"] == pytest.approx(0.0, abs=1e-6)
    assert by_set(frames, [found.score(numbers)(one.face) for one in frames])["all"]["inside"] == 1.0
