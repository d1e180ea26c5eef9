"""The weights of the score without each film: made films, of which one wants what no other does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks import options
from benchmarks.judged import Judged, JudgedPicture, Judgements, Weights
from benchmarks.labels import Label, LabelledVideo
from benchmarks.refits import labels_of, refits_section
from benchmarks.weight_fits import FilmLabels, RatedFilm, as_tuned, figures, from_equal, leave_one_out
from stream.pipeline.film_run import extract
from stream.settings.model import Settings

SHIPPED = {"eyes": 1.0, "colour": 1.0, "tones": 1.0}
ODD = "odd"


def labels(
    picks_s: Sequence[float], never_s: Sequence[float] = (), starts_s: Sequence[float] | None = None, name: str = "film"
) -> FilmLabels:
    starts = None if starts_s is None else np.array(starts_s, np.float64)
    return FilmLabels(name, "made", np.array(picks_s, np.float64), np.array(never_s, np.float64), starts, 0.3)


def film(name: str, seed: int) -> RatedFilm:
    """Twenty pictures, ten seconds apart; those with open eyes are picked, in the odd film those with colour and shut
    eyes."""
    rng = np.random.default_rng(seed)
    pictures = []
    for number in range(20):
        picked = number % 4 == 0
        wanted, other = ("colour", "eyes") if name == ODD else ("eyes", "colour")
        values = {wanted: 0.8 if picked else 0.3, other: 0.3 if picked and name == ODD else 0.5, "tones": 0.5}
        noisy = {key: float(np.clip(value + rng.normal(0, 0.1), 0, 1)) for key, value in values.items()}
        pictures.append(JudgedPicture(10.0 * number, noisy, ()))
    chosen = best(pictures, SHIPPED)
    return RatedFilm(labels([40.0 * i for i in range(5)], name=name), Judged(tuple(chosen), tuple(pictures)))


def best(pictures: Sequence[JudgedPicture], weights: Weights) -> list[float]:
    """The five pictures of the highest score."""
    def score(one: JudgedPicture) -> float:
        return sum(weights[name] * value for name, value in one.components.items())

    return [one.time_s for one in sorted(pictures, key=lambda one: (-score(one), one.time_s))[:5]]


def films() -> list[RatedFilm]:
    return [film(name, seed) for seed, name in enumerate(("A", "B", "C", "D", "E", ODD))]


def choose(found: FilmLabels, weights: Sequence[Weights]) -> list[list[float]]:
    (pictures,) = (one.judged.pictures for one in films() if one.labels.name == found.name)
    return [best(pictures, one) for one in weights]


def test_a_weight_that_only_one_film_wants_is_seen_in_the_spread_and_in_that_film() -> None:
    section = leave_one_out(films(), SHIPPED, choose, {"fit": from_equal})
    spread = section["weights"]["fit"]
    assert spread["colour"]["greatest"] > 3 * max(spread["colour"]["least"], 0.01)
    assert spread["colour"]["least"] < spread["colour"]["all_films"]
    assert spread["eyes"]["greatest"] - spread["eyes"]["all_films"] > 0.1
    assert section["films"]["A"]["fit"]["precision_1s"] >= 0.8
    # By weights that have seen it, the odd film would do better than by those that have not.
    knowing = figures(choose(films()[-1].labels, [from_equal([films()[-1]] * 3, SHIPPED)])[0], films()[-1].labels)
    assert section["films"][ODD]["fit"]["precision_1s"] < 0.5 < knowing["precision_1s"]


def test_no_film_is_chosen_from_by_a_fit_that_has_seen_it() -> None:
    seen: list[list[str]] = []
    asked: list[tuple[str, Weights]] = []

    def fit(known: Sequence[RatedFilm], shipped: Weights) -> Weights:
        seen.append([one.labels.name for one in known])
        return {**shipped, "eyes": float("A" in seen[-1])}

    def choosing(of: FilmLabels, weights: Sequence[Weights]) -> list[list[float]]:
        asked.append((of.name, weights[0]))
        return choose(of, weights)

    section = leave_one_out(films(), SHIPPED, choosing, {"fit": fit})
    names = ["A", "B", "C", "D", "E", ODD]
    assert seen == [*([other for other in names if other != name] for name in names), names]
    assert [(name, weights["eyes"]) for name, weights in asked] == [(name, float(name != "A")) for name in names]
    assert section["weights"]["fit"]["eyes"] == {"shipped": 1.0, "all_films": 1.0, "least": 0.0, "greatest": 1.0}
    same = section["films"]["B"]
    assert (same["shipped"]["same"], same["fit"]["same"]) == (5.0, 5.0)


def test_with_nothing_to_learn_the_pull_decides() -> None:
    rng = np.random.default_rng(0)

    def nothing(name: str) -> RatedFilm:
        pictures = [JudgedPicture(10.0 * i, dict.fromkeys(SHIPPED, 0.5), ()) for i in range(20)]
        picks = [10.0 * float(i) for i in rng.choice(20, 5, replace=False)]
        return RatedFilm(labels(picks, name=name), Judged((), tuple(pictures)))

    uneven = {"eyes": 2.0, "colour": 0.5, "tones": 0.5}
    known = [nothing(name) for name in "ABCD"]
    assert as_tuned(known, uneven) == pytest.approx(uneven, abs=0.01)
    assert from_equal(known, uneven) == pytest.approx(dict.fromkeys(uneven, 1.0), abs=0.01)


def test_pictures_that_are_never_taken_and_refused_ones_are_no_picks() -> None:
    """Closed eyes are never lifted; a refused frame within a second of a pick is none."""
    found = films()
    unfit = [JudgedPicture(40.0 * i, {"eyes": 0.0, "colour": 1.0, "tones": 1.0}, ("eyes_closed",)) for i in range(5)]
    more = [RatedFilm(one.labels, Judged(one.judged.chosen_s, (*one.judged.pictures, *unfit))) for one in found]
    assert from_equal(more, SHIPPED) == from_equal(found, SHIPPED)
    refused = [RatedFilm(labels([0.0, 40.0], [0.1, 40.1]), one.judged) for one in found]
    assert "4 films or more" in leave_one_out(refused, SHIPPED, choose)["why"]


def test_figures_by_time_keep_to_the_shot() -> None:
    found = figures([1.0, 9.9, 20.0], labels([1.5, 10.5, 22.5], [20.2], starts_s=[0.0, 10.0]))
    assert found == {"chosen": 3.0, "precision_1s": 0.333333, "coverage_3s": 0.666667, "never": 1.0}
    assert figures([1.0, 9.9, 20.0], labels([1.5, 10.5, 22.5]))["coverage_3s"] == 1.0
    assert figures([], labels([1.0]))["precision_1s"] == 0.0


def test_labels_are_those_that_recall_used(tmp_path: Path) -> None:
    truth = tmp_path / "truth.json"
    truth.write_text(json.dumps({"shots": [{"start_s": 0.0}, {"start_s": 4.0}]}))
    details = {"labels": {"picks_s": [1.0], "never_s": []}, "film": {"never_within_s": 0.1}}
    found = labels_of(LabelledVideo("film", tmp_path / "film.mp4", truth=truth, set_name="set"), details)
    assert (found.name, found.set_name, list(found.picks_s), found.never_within_s) == ("film", "set", [1.0], 0.1)
    assert found.starts_s is not None and list(found.starts_s) == [0.0, 4.0]


def test_the_report_shows_films_means_and_ranges(tmp_path: Path) -> None:
    section = leave_one_out(films(), SHIPPED, choose)
    options.save_and_print(tmp_path, Settings(), {"leave_one_out": section}, as_json=False)
    assert json.loads((tmp_path / "report.json").read_text())["leave_one_out"] == section
    for name in ("report.md", "report.html"):
        text = (tmp_path / name).read_text()
        assert "The choice without each film" in text
        words = ("as tuned", "from equal", "without one film", ODD, "all films (6)")
        assert all(word in text for word in words)


@pytest.mark.slow
@pytest.mark.models
def test_a_film_is_decided_about_once_and_by_each_of_the_weights(
    scenes_film: Path, models_dir: Path, tmp_path: Path
) -> None:
    settings, lines = Settings(threads=1), list[str]()
    video = LabelledVideo("scenes", scenes_film)
    shipped = settings.rank.weights.model_dump()
    other = {**shipped, "sharpness": 0.0, "colour": 30.0}
    judgements = Judgements(settings, tmp_path, lines.append)
    first = judgements.judged(video)
    assert list(first.chosen_s) == [image.time_s for image in extract(scenes_film, settings).images]
    assert {*first.chosen_s} <= {one.time_s for one in first.pictures if not one.reasons}
    again = judgements.choices(video, [shipped, other])
    assert again[0] == list(first.chosen_s) != again[1]
    assert (judgements.judged(video), judgements.choices(video, [shipped, other])) == (first, again)
    assert [line.endswith("measured before") for line in lines] == [False, False, True, True]


@pytest.mark.models
def test_a_film_that_cannot_be_decided_about_is_one_line(models_dir: Path, tmp_path: Path) -> None:
    broken = LabelledVideo("broken", tmp_path / "broken.mp4", (Label("a", time_s=1.0),))
    broken.path.write_bytes(b"this is no film")
    details = {"labels": {"picks_s": [1.0], "never_s": []}, "film": {"never_within_s": 0.1}}
    recall: Mapping[str, object] = {"videos": {"broken": details}, "few_picks": {"videos": {}}}
    judgements = Judgements(Settings(threads=1), tmp_path / "cache", lambda line: None)
    section, problems = refits_section([broken], dict(recall), judgements, SHIPPED)
    assert "why" in section
    assert len(problems) == 1 and problems[0].startswith("broken: ")
