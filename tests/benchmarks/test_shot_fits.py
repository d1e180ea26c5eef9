"""Weights of cuts fitted to made films: which rows count, that a film is left out of its own fit, and the tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks import options, shot_fits
from benchmarks.cli import app
from benchmarks.cut_candidates import Candidate, FilmCuts, ShotFilm, candidates_of, film_cuts
from benchmarks.labels import LabelError
from benchmarks.row_cache import RowCache
from benchmarks.shot_films import KeptSession
from benchmarks.shot_fits import boundaries_in, fitted, leave_one_out, rounded
from benchmarks.shot_matches import TrueBoundary
from engines.session import NamedArrays, Session
from stream.settings.model import Settings
from stream.settings.sections import ShotSettings
from stream.shots.cut_model import MODEL, CutModel

from ..stream.shots.made_films import BLACK, FPS, Film, fade, mix, pan, rows_of, still
from ..stream.shots.made_opinions import NumberSession, Said

SETTINGS = ShotSettings()
NEVER, ALWAYS = -20.0, 20.0


def cut_at(row: int) -> TrueBoundary:
    return TrueBoundary("cut", row / FPS, (row - 1) / FPS, (row + 1) / FPS)


def made(name: str, film: Film, true: Sequence[TrueBoundary], said: float = 0.5) -> ShotFilm:
    """A film of the set "made" whose second opinion says the same of all rows."""
    return ShotFilm(name, "made", rows_of(film), FPS, true, lambda: Said(said))


def cuts_and_pans(seed: int) -> Film:
    return [*still(seed, 40), *pan(seed + 1, 40, step=12), *still(seed + 2, 40)]


def constant(log_odds: float) -> CutModel:
    """A model to which all rows are alike."""
    return CutModel((0.0,) * 8 + (log_odds,), (1.0, 0.0, 0.0), (0.0, 0.0))


def by_hand(name: str, feature: int, count: int = 40, seed: int = 0, opinion: float = 0.5) -> FilmCuts:
    """Candidates, half of them cuts, whose one piece of evidence tells and whose others are noise."""
    random = np.random.default_rng(seed)
    candidates = []
    for row in range(count):
        evidence, is_cut = random.normal(size=6), row % 2 == 0
        evidence[feature] = random.normal() + (1.5 if is_cut else -1.5)
        candidates.append(Candidate(row, is_cut, evidence))
    return FilmCuts(name, candidates, lambda row: opinion)


def test_rows_that_change_much_count_and_cuts_among_them_are_known() -> None:
    film = made("film", cuts_and_pans(1), [cut_at(40), cut_at(80)])
    found = {one.row: one.is_cut for one in candidates_of(film, SETTINGS)}
    assert {row for row, is_cut in found.items() if is_cut} == {40, 80}
    assert len(found) > 2
    assert all(one.evidence.shape == (8,) for one in candidates_of(film, SETTINGS))


def test_rows_in_a_dissolve_or_beside_black_do_not_count() -> None:
    film = still(1, 40) + mix(still(1, 2), still(2, 2)) + still(2, 40) + [BLACK] * 30 + still(3, 40)
    dissolve = TrueBoundary("dissolve", 41 / FPS, 40 / FPS, 42 / FPS)
    fades = TrueBoundary("cut", 82 / FPS, 82 / FPS, 82 / FPS)
    with_truth = [one.row for one in candidates_of(made("film", film, [dissolve, fades]), SETTINGS)]
    assert [one.row for one in candidates_of(made("film", film, [fades]), SETTINGS)] == [40]
    assert with_truth == []


def test_a_fit_finds_the_evidence_that_tells_and_is_the_same_each_time() -> None:
    model = fitted([by_hand("a", 2, seed=1), by_hand("b", 2, seed=2)])
    assert np.abs(model.alone[:-1]).argmax() == 2 and model.alone[2] > 1
    assert model == fitted([by_hand("a", 2, seed=1), by_hand("b", 2, seed=2)])
    assert model.doubt == MODEL.doubt
    assert all(len(repr(weight).split(".")[1]) <= 3 for weight in (*rounded(model).alone, *rounded(model).joint))


def test_weights_are_of_evidence_as_it_comes_whatever_its_unit() -> None:
    films = [by_hand("a", 2, seed=1), by_hand("b", 2, seed=2)]
    tenfold = [
        FilmCuts(f.name, [Candidate(c.row, c.is_cut, 10 * c.evidence) for c in f.candidates], f.opinion) for f in films
    ]
    np.testing.assert_allclose(10 * np.array(fitted(tenfold).alone[:-1]), fitted(films).alone[:-1], rtol=1e-3)


def test_an_opinion_that_is_right_has_weight_and_one_that_says_nothing_has_none() -> None:
    films = [by_hand("a", 2, seed=1), by_hand("b", 2, seed=2)]
    right = [FilmCuts(f.name, f.candidates, lambda row: 0.9 if row % 2 == 0 else 0.1) for f in films]
    assert fitted(right).joint[1] > 0.3
    assert fitted(films).joint[1] == pytest.approx(0, abs=1e-3)
    assert fitted(right).alone == fitted(films).alone


def test_only_rows_that_may_be_in_doubt_are_asked_about() -> None:
    asked: list[int] = []

    def opinion(row: int) -> float:
        asked.append(row)
        return 0.5

    sure = [Candidate(row, row % 2 == 0, np.full(6, 5.0 if row % 2 == 0 else -5.0)) for row in range(400)]
    unsure = [Candidate(row, row % 2 == 0, np.zeros(6)) for row in range(400, 410)]
    fitted([FilmCuts("film", [*sure, *unsure], opinion)])
    assert asked == [*range(400, 410)]


def test_where_nothing_is_in_doubt_the_second_opinion_has_no_weight() -> None:
    sure = [Candidate(row, row % 2 == 0, np.full(6, 5.0 if row % 2 == 0 else -5.0)) for row in range(400)]
    assert fitted([FilmCuts("film", sure, lambda row: 0.9)]).joint == (1.0, 0.0, 0.0)


def test_a_question_is_put_once() -> None:
    opinions: list[Said] = []

    def opinion() -> Said:
        opinions.append(Said(0.7))
        return opinions[-1]

    film = ShotFilm("film", "made", rows_of(still(1, 40)), FPS, [], opinion)
    known = film_cuts(film, SETTINGS)
    assert [known.opinion(row) for row in (3, 3, 5)] == [0.7] * 3
    assert [said.questions for said in opinions] == [[("cut", 3)], [("cut", 5)]]


def test_films_without_cuts_cannot_be_fitted() -> None:
    only_cuts = FilmCuts("film", [Candidate(0, True, np.zeros(6))], lambda row: 0.5)
    with pytest.raises(LabelError, match="needs cuts"):
        fitted([only_cuts])
    still_films = [made(name, still(1, 40), []) for name in "abc"]
    assert "needs cuts" in leave_one_out(still_films, SETTINGS)["why"]


def made_set() -> list[ShotFilm]:
    """Two films with cuts, and a strange one whose truth says that its cuts are none."""
    return [
        made("one", cuts_and_pans(1), [cut_at(40), cut_at(80)]),
        made("two", cuts_and_pans(11), [cut_at(40), cut_at(80)]),
        made("strange", cuts_and_pans(21), []),
    ]


def where_cuts_are_true(films: Sequence[FilmCuts]) -> CutModel:
    """A fit that finds no cuts at all once it has seen a film without any."""
    return constant(ALWAYS if all(any(c.is_cut for c in film.candidates) for film in films) else NEVER)


def test_each_film_is_split_by_a_fit_that_has_not_seen_it() -> None:
    """Nothing is found in the ordinary films, because the strange one is among those that were fitted, and everything
    in the strange one. A fit that saw all films would find nothing there either."""
    section = leave_one_out(made_set(), SETTINGS, where_cuts_are_true, constant(NEVER))
    films = section["sets"]["made"]["films"]
    assert [films[name]["left out"]["found"] for name in ("one", "two")] == [0, 0]
    assert len(films["strange"]["left out"]["invented"]) >= 2
    assert films["strange"]["shipped"]["invented"] == []


def test_a_fit_is_given_all_other_films_and_never_the_one_that_it_judges() -> None:
    seen: list[list[str]] = []

    def fit(films: Sequence[FilmCuts]) -> CutModel:
        seen.append([film.name for film in films])
        return MODEL

    leave_one_out(made_set(), SETTINGS, fit)
    assert seen == [["one", "two", "strange"], ["two", "strange"], ["one", "strange"], ["one", "two"]]


def test_figures_are_pooled_over_a_set_and_weights_have_a_range() -> None:
    weights = iter([0.0, 1.0, 2.0, 6.0])
    section = leave_one_out(made_set(), SETTINGS, lambda films: constant(ALWAYS + next(weights)), constant(ALWAYS))
    pooled = section["sets"]["made"]["pooled"]["shipped"]
    films = section["sets"]["made"]["films"]
    assert pooled["found"] == 4 == sum(films[name]["shipped"]["found"] for name in films)
    assert section["weights"]["constant"] == {
        "shipped": ALWAYS, "all_films": ALWAYS, "least": ALWAYS + 1, "greatest": ALWAYS + 6
    }  # fmt: skip
    assert section["candidates"]["all films"]["cuts"] == 4
    assert "3 films or more" in leave_one_out(made_set()[:2], SETTINGS)["why"]


@pytest.mark.parametrize(("said", "found"), [(0.999, 2), (0.001, 0)])
def test_alone_is_without_the_second_opinion(said: float, found: int) -> None:
    doubting = CutModel((0.0,) * 8 + (0.5 if said < 0.5 else -0.5,), (1.0, 1.0, 0.0), (-1.0, 1.0))
    films = [made(name, still(seed, 40) + still(seed + 1, 40) + still(seed + 2, 40), [cut_at(40), cut_at(80)], said)
             for name, seed in (("a", 1), ("b", 11), ("c", 21))]  # fmt: skip
    section = leave_one_out(films, SETTINGS, lambda known: doubting, doubting)
    row = section["sets"]["made"]["films"]["a"]
    assert (row["left out"]["found"], row["left out, alone"]["found"]) == (found, 2 - found)


def test_the_whole_splitter_judges_so_dissolves_and_fades_are_found_too() -> None:
    film = still(1, 60) + mix(still(1, 12), still(2, 12)) + still(2, 60) + fade(2, 12) + [BLACK] * 6 + still(3, 60)
    found = boundaries_in(made("film", film, [], said=1.0), SETTINGS, MODEL)
    assert [boundary.kind for boundary in found] == ["dissolve", "fade"]


def test_the_report_has_the_section_and_its_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    section = leave_one_out(made_set(), SETTINGS, where_cuts_are_true, constant(NEVER))
    options.save_and_print(tmp_path, Settings(), {"shot_fits": section}, as_json=False)
    assert json.loads((tmp_path / "report.json").read_text())["shot_fits"] == section
    printed = capsys.readouterr().out
    for words in ("| strange ", "strange, left out, invented: cut 1.60 s", "| structure ", "joint: second opinion"):
        assert words in printed and words in (tmp_path / "report.md").read_text()
    options.save_and_print(tmp_path, Settings(), {"shot_fits": {"why": "needs more"}}, as_json=False)
    assert "Not judged: needs more" in capsys.readouterr().out


def test_answers_are_kept_by_what_was_shown(tmp_path: Path) -> None:
    video = tmp_path / "film.mkv"
    video.write_bytes(b"film")
    inner, kept = NumberSession(np.linspace(0, 1, 300), np.zeros(300)), RowCache(tmp_path / "kept", lambda line: None)

    def shown(first: int) -> NamedArrays:
        planes = np.zeros((1, 100, 3, 27, 48), np.float32)
        planes[0, :, 1] = (first + np.arange(100))[:, None, None]
        return {"frames": planes}

    def answers(first: int, open_: Callable[[], Session], **how: Any) -> np.ndarray:
        return np.asarray(KeptSession(open_, kept, video, how).run(shown(first))["boundary"])

    expected = inner.run(shown(7))["boundary"]
    np.testing.assert_array_equal(answers(7, lambda: inner), expected)
    assert len(inner.windows) == 2
    again = answers(7, lambda: pytest.fail("asked again"))
    np.testing.assert_array_equal(again, expected)
    assert again.dtype == np.float32
    assert answers(8, lambda: inner)[0, 0] > expected[0, 0]
    answers(7, lambda: inner, weights="others")
    assert len(inner.windows) == 4


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (("--data", "X", "--layout", "X"), "--leave-one-out needs --data DIR, and neither --layout nor --results"),
        ((), "--leave-one-out needs --data DIR, and neither --layout nor --results"),
        (("--data", "X", "--peers"), "give either --peers or --leave-one-out"),
    ],
)
def test_the_command_wants_films_with_a_truth(more: Sequence[str], line: str, tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["shots", "--leave-one-out", *more, "--out", str(tmp_path)])
    assert (run.exit_code, run.stderr) == (2, f"keyart: {line}\n")


@pytest.fixture
def data(scenes_film: Path, tmp_path: Path) -> Path:
    """Four films of six shots, in two of which the truth knows no cut; one whose truth has no shots, one that is no
    film, and one whose truth does not say when shots begin."""
    cuts = [{"start_s": 4.0 * number, "transition_in": "cut"} for number in range(6)]
    known = {"a": cuts, "b": cuts, "c": cuts[:1], "d": cuts[:1], "e": cuts, "f": [{}, {}]}
    truths: dict[str, Any] = {name: {"shots": shots} for name, shots in known.items()}
    for name, truth in {**truths, "g": {"bars": {}}}.items():
        folder = tmp_path / "made" / name
        folder.mkdir(parents=True)
        (folder / "truth.json").write_text(json.dumps(truth))
        (folder / f"{name}.mp4").write_bytes(b"no film" if name == "e" else scenes_film.read_bytes())
    return tmp_path / "made"


@pytest.mark.slow
@pytest.mark.models
def test_the_command_reads_measures_and_judges(data: Path, tmp_path: Path) -> None:
    given = ["--data", str(data), "--cache", str(tmp_path / "cache")]
    run = CliRunner().invoke(app, ["shots", "--leave-one-out", *given, "--out", str(tmp_path / "out"), "--json"])
    section = json.loads(run.stdout)["shot_fits"]
    assert section["partial_truth"] == {"g": "truth.json has no shots"}
    assert run.exit_code == 1
    told = [line for line in run.stderr.splitlines() if line.startswith("keyart: ")]
    assert [line.split(":")[1].strip() for line in told] == ["e", "f"]
    assert "KeyError: 'start_s'" in told[1]
    films = section["sets"]["made"]["films"]
    assert [films[name]["shipped"]["found"] for name in "abcd"] == [5, 5, 0, 0]
    assert section["candidates"]["all films"] == {"rows": 20, "cuts": 10}


@pytest.mark.slow
@pytest.mark.models
def test_the_script_prints_the_weights_to_ship(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shot_fits.main(["--data", str(data), "--cache", str(tmp_path / "cache")])
    printed = capsys.readouterr().out
    assert printed.startswith("CutModel(alone=(") and "'c': {'rows': 5, 'cuts': 0}" in printed
