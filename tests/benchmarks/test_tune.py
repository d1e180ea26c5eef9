"""`keyart bench tune`: simulated editors whose preference is known, others from whom nothing is to be learnt."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import check_grad
from typer.testing import CliRunner

from benchmarks import pairwise
from benchmarks.cli import app
from benchmarks.pairwise import fitted, scores
from benchmarks.preferences import Pairs, pairs_of, unknown_components
from benchmarks.tune import BETTER, LEAST_PAIRS, LEAST_TITLES, NOTHING, TOO_LITTLE, settings_text, tune
from stream.backfill.decisions import Decision
from stream.ranking.scores import score_of
from stream.settings.load import load_settings
from stream.settings.sections import RankWeights

from .editors import FACELESS, FACES, NAMES, TODAY, decisions

CALM_MOUTHS = {"mouth": 3.0, "eyes": 1.0, "background": 2.0}
"""A preference for little of what today's weights prefer."""
Bench = Callable[..., tuple[int, str, str]]


def pairs(titles: int, **editor: object) -> Pairs:
    return pairs_of(decisions(titles, **editor), NAMES)  # type: ignore[arg-type]


def without_places(found: Pairs) -> Pairs:
    """As if all images had been shown at one place."""
    return replace(found, images=replace(found.images, log_rank=np.zeros_like(found.images.log_rank)))


def distance(weights: dict[str, float], preference: dict[str, float], names: tuple[str, ...] = NAMES) -> float:
    """Half the sum of differences of proportions: 0 for equal ones, 1 for those without a weight in common."""
    whole, wanted = sum(weights[name] for name in names), sum(preference.values())
    return sum(abs(weights[name] / whole - preference.get(name, 0.0) / wanted) for name in names) / 2


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """`bench("--records", …)` → exit code, stdout, stderr; the settings file is `tuned.toml`."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        given = ["tune", "--to", tmp_path / "tuned.toml", "--out", tmp_path / "report", *arguments]
        done = CliRunner().invoke(app, [str(argument) for argument in given])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    return run


def write_records(file: Path, found: list[Decision]) -> Path:
    file.write_text("".join(decision.model_dump_json(by_alias=True) + "\n" for decision in found))
    return file


@pytest.mark.parametrize("faceless", [0.0, 0.3])
def test_a_known_preference_is_recovered(faceless: float) -> None:
    """Pictures without a face have other components, and their score is a mean over those alone."""
    tuned = tune(pairs(200, preference=CALM_MOUTHS, strength=15.0, pull=1.0, faceless=faceless), TODAY)
    assert tuned.verdict == BETTER
    assert tuned.weights is not None
    assert distance(TODAY, CALM_MOUTHS) > 0.6
    # What no image has stays as it is.
    assert distance(tuned.weights, CALM_MOUTHS, NAMES if faceless else FACES) < 0.2
    assert min(tuned.weights.values()) >= 0
    assert sum(tuned.weights.values()) == pytest.approx(sum(TODAY.values()), abs=0.01)
    held = tuned.section["held_out"]
    assert held["tuned"]["accuracy"] > held["today"]["accuracy"] + 0.05
    assert held["gain"]["accuracy"]["low"] > 0
    assert sum(fold["titles"] for fold in held["folds"]) == tuned.section["titles"] == 200
    assert np.mean([fold["tuned"] for fold in held["folds"]]) == pytest.approx(held["tuned"]["accuracy"], abs=1e-3)
    assert 0.3 < tuned.section["pull_of_place"] < 1.5


def test_what_is_shown_first_is_no_preference() -> None:
    """An earlier version showed calm mouths first, and editors take what is first, whatever it is."""
    found = pairs(100, preference=TODAY, pull=1.0, shown_by=CALM_MOUTHS)
    assert tune(found, TODAY).verdict == NOTHING
    fooled = tune(without_places(found), TODAY)
    assert fooled.verdict == BETTER
    assert fooled.weights is not None
    assert distance(fooled.weights, CALM_MOUTHS) < distance(TODAY, CALM_MOUTHS) / 2


@pytest.mark.parametrize(
    "editor",
    [{}, {"pull": 1.0}, {"strength": 15.0}, {"strength": 8.0, "pull": 1.0}],
    ids=["chance", "first", "today", "both"],
)
def test_where_nothing_is_to_be_learnt_it_says_so(editor: dict[str, float]) -> None:
    """Editors who take any image, or the first, or who already agree with today's weights."""
    tuned = tune(pairs(100, preference=TODAY, **editor), TODAY)
    assert tuned.verdict == NOTHING
    assert tuned.why.startswith("no better than today's weights on titles held out: ")
    gain = tuned.section["held_out"]["gain"]
    assert gain["log_loss"]["low"] <= 0 or gain["with_place"]["mean"] <= 0


def test_too_little_data_is_told_apart() -> None:
    few = tune(pairs(LEAST_TITLES - 1, preference=CALM_MOUTHS, strength=15.0), TODAY)
    assert (few.verdict, few.weights) == (TOO_LITTLE, None)
    assert few.why.startswith(f"too little data: {LEAST_TITLES - 1} titles with ")
    assert tune(pairs(LEAST_TITLES, preference=CALM_MOUTHS, strength=15.0), TODAY).verdict != TOO_LITTLE
    thin = [
        decision.model_copy(update={"offered": decision.offered[:4]})
        for decision in decisions(LEAST_TITLES, CALM_MOUTHS, pull=3.0)
    ]
    found = pairs_of(thin, NAMES)
    assert found.titles >= LEAST_TITLES - 5
    assert len(found.title) < LEAST_PAIRS
    assert tune(found, TODAY).verdict == TOO_LITTLE
    assert tune(pairs_of([], NAMES), TODAY).verdict == TOO_LITTLE


def test_scores_are_those_of_the_ranking() -> None:
    (decision,) = decisions(1, TODAY, faceless=0.5)
    found = scores(pairs_of([decision], NAMES).images, np.array(list(TODAY.values())))
    assert {len(image.components) for image in decision.offered} == {len(FACELESS), len(FACES)}
    wanted = [score_of(image.components, RankWeights()) for image in decision.offered]
    assert found == pytest.approx(wanted, abs=1e-4)


def test_slopes_are_those_of_the_loss() -> None:
    found = pairs(5, preference=CALM_MOUTHS, strength=5.0, faceless=0.4)
    at = np.random.default_rng(1).uniform(0.05, 1.0, len(NAMES) + 1)

    def slopes(point: np.ndarray) -> np.ndarray:
        _, by_weight, by_pull = pairwise._loss(found, point[:-1], point[-1])
        return np.array([*by_weight, by_pull])

    assert check_grad(lambda point: pairwise._loss(found, point[:-1], point[-1])[0], slopes, at) < 1e-4


def test_the_penalty_holds_to_todays_proportions() -> None:
    found, today = pairs(40, preference=CALM_MOUTHS, strength=15.0), np.array(list(TODAY.values()))
    off = [
        distance(dict(zip(NAMES, fitted(found, today, penalty).weights, strict=True)), TODAY)
        for penalty in (0.3, 30.0, 3000.0, math.inf)
    ]
    assert off == sorted(off, reverse=True)
    assert off[-1] == pytest.approx(0.0, abs=1e-9)
    assert off[2] < 0.1 < off[0]


def test_units_of_a_component_do_not_matter() -> None:
    """A component with a tenth of the spread and ten times today's weight is held back no more than before."""
    found, today = pairs(60, preference=CALM_MOUTHS, strength=15.0), np.array(list(TODAY.values()))
    mouth = NAMES.index("mouth")
    small = found.images.values.copy()
    small[:, mouth] *= 0.5
    halved = replace(found, images=replace(found.images, values=small))
    plain = fitted(found, today, 3.0).weights
    more = fitted(halved, np.where(np.arange(len(NAMES)) == mouth, 2 * today, today), 3.0).weights
    assert more[mouth] / plain[mouth] == pytest.approx(2.0, rel=0.05)
    others = np.arange(len(NAMES)) != mouth
    assert more[others] == pytest.approx(plain[others], abs=0.15)


def test_pairs_are_within_one_decision() -> None:
    def decision(key: str, images: list[dict[str, object]], state: str = "approved") -> Decision:
        offered = [{"rank": r, "time_s": 10.0 * r, "shot": r, "components": {"eyes": 0.1 * r}} for r in (1, 2, 3)]
        known = {"schema": "keyart/approval/1", "key": key, "video": key, "state": state}
        frames = [{"format": "landscape", "shot": None, **image} for image in images]
        return Decision.model_validate({**known, "images": frames, "offered": offered})

    nudged = {"rank": None, "time_s": 20.1, "shot": 2}
    elsewhere = [{"rank": None, "time_s": 20.4, "shot": 2}, {"rank": None, "time_s": 20.1, "shot": 1}]
    given = [
        decision("a", [{"rank": 2, "time_s": 20.0}, {"rank": 3, "time_s": 30.0, "format": "portrait"}]),
        decision("b", [nudged]),
        decision("none", elsewhere),
        decision("rejected", [], "rejected"),
        decision("all", [{"rank": rank, "time_s": 10.0 * rank} for rank in (1, 2, 3)]),
        decision("a", [{"rank": 1, "time_s": 10.0}]),
    ]
    found = pairs_of(given, ["eyes", "mouth"])
    eyes = np.round(found.images.values[:, 0], 6)
    assert [(eyes[i], eyes[j], t) for i, j, t in zip(found.approved, found.other, found.title, strict=True)] == [
        (0.2, 0.1, 0), (0.3, 0.1, 0), (0.2, 0.1, 1), (0.2, 0.3, 1), (0.1, 0.2, 0), (0.1, 0.3, 0),
    ]  # fmt: skip
    assert np.bincount(found.title, found.weight).tolist() == [1.0, 1.0]
    assert found.images.present.tolist() == [[True, False]] * len(eyes)
    assert found.images.log_rank[:3] == pytest.approx(np.log([1, 2, 3]))
    assert unknown_components(given, ["mouth"]) == ["eyes"]


def test_the_settings_file_is_read_back(bench: Bench, tmp_path: Path) -> None:
    file = write_records(tmp_path / "records.jsonl", decisions(60, CALM_MOUTHS, strength=15.0))
    code, said, errors = bench("--records", file, "--json")
    assert (code, errors) == (0, "")
    section = json.loads(said)["tune"]
    settings = load_settings(tmp_path / "tuned.toml")
    assert settings.rank.weights.model_dump() == section["weights"]["tuned"]
    assert distance(section["weights"]["tuned"], CALM_MOUTHS) < distance(TODAY, CALM_MOUTHS) / 2
    assert settings.source_of("rank.weights.mouth") == f"file {tmp_path / 'tuned.toml'}"
    assert "Weights of the score" in (tmp_path / "report" / "report.html").read_text()
    again = bench("--records", file, "--config", tmp_path / "tuned.toml")
    assert again[0] == 1
    assert "no better than today's weights" in again[2]


def test_no_gain_and_too_little_data_write_no_file(bench: Bench, tmp_path: Path) -> None:
    chance = write_records(tmp_path / "chance.jsonl", decisions(60, TODAY, pull=1.0))
    code, said, errors = bench("--records", chance)
    assert (code, errors.count("\n")) == (1, 1)
    assert "beats nothing" in said
    assert errors.endswith("tuned.toml was not written (--force writes it)\n")
    assert not (tmp_path / "tuned.toml").exists()
    code, _, errors = bench("--records", chance, "--force")
    assert (code, errors) == (0, "")
    assert "no better than today's weights" in (tmp_path / "tuned.toml").read_text().splitlines()[0]
    load_settings(tmp_path / "tuned.toml")
    (tmp_path / "tuned.toml").unlink()
    few = write_records(tmp_path / "few.jsonl", decisions(5, CALM_MOUTHS, strength=15.0))
    code, _, errors = bench("--records", few, "--force")
    assert (code, errors.count("\n")) == (1, 1)
    assert errors.startswith("keyart: too little data: 5 titles")
    assert not (tmp_path / "tuned.toml").exists()


def test_a_bad_record_is_one_line_and_the_rest_is_used(bench: Bench, tmp_path: Path) -> None:
    file = write_records(tmp_path / "records.jsonl", decisions(60, CALM_MOUTHS, strength=15.0))
    file.write_text("\n{\n" + file.read_text())
    code, said, errors = bench("--records", file, "--json")
    assert (code, errors.count("\n")) == (1, 1)
    assert errors.startswith("keyart: records.jsonl:2: its record cannot be read (Invalid JSON")
    assert json.loads(said)["tune"]["titles"] == 60
    assert (tmp_path / "tuned.toml").is_file()


def test_sources_that_are_none_are_wrong_usage(bench: Bench, tmp_path: Path) -> None:
    for arguments in ([], ["--records", tmp_path / "gone.jsonl"], ["--library", tmp_path]):
        code, _, errors = bench(*arguments)
        assert (code, errors.count("\n")) == (2, 1)
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    assert "is no text" in bench("--records", tmp_path / "bytes")[2]
    assert bench("--records", tmp_path / "bytes", "--library", tmp_path)[0] == 2


def test_the_text_of_the_file_names_its_ground() -> None:
    tuned = tune(pairs(40, preference=CALM_MOUTHS, strength=15.0), TODAY)
    first, table, *rows = settings_text(tuned).splitlines()
    assert first.startswith("# By `keyart bench tune` from ")
    assert tuned.why in first
    assert (table, len(rows)) == ("[rank.weights]", len(NAMES))
