"""The gate compares the demo film with its baseline: the same choice passes, a worse one fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks import demo
from benchmarks.compare import changes
from benchmarks.evaluate import Evaluation
from benchmarks.gate import figures_only, missing
from benchmarks.labels import LabelledVideo
from benchmarks.report import REPORT_SCHEMA, ReportError, read_report
from stream.manifest import Manifest

BASELINE = Path(demo.__file__).parent / "baselines" / "demo.json"
NAMES = ("hit_at_10", "hit_at_3", "hit_at_1", "precision_at_10", "coverage", "never")

MakeManifest = Callable[..., Manifest]
Judge = Callable[[Sequence[float]], dict[str, Any]]


def test_a_baseline_holds_figures_and_nothing_else() -> None:
    video = {
        "keyart": {**dict.fromkeys(NAMES, 1.0), "images": [{"time_s": 1.23456}], "precision_curve": [1.0]},
        "labels": {"picks_s": [1.0], "never_s": []},
        "random": {},
    }
    report = {
        "schema": REPORT_SCHEMA, "made_by": {"machine": {"cores": 2}}, "throughput": {"films": []},
        "recall": {"matcher": {"fingerprint": "f", "recipe": "r"}, "videos": {"A": video}},
        "shots": {"videos": {"A": {"f1": 1.0, "missed": []}}, "pooled": {"f1": 1.0, "recall_by_kind": {}}},
    }  # fmt: skip
    kept = figures_only(report)
    assert set(kept) == {"schema", "recall", "shots"}
    assert set(kept["recall"]["videos"]["A"]) == {"keyart", "chosen_s", "labels"}
    assert kept["recall"]["videos"]["A"]["chosen_s"] == [1.235]
    assert kept["shots"] == {"videos": {"A": {"f1": 1.0}}, "pooled": {"f1": 1.0}}
    assert not [change for change in changes(kept, report) if change.fell]
    with pytest.raises(ReportError, match="no figures"):
        figures_only({"schema": REPORT_SCHEMA, "made_by": {}})


def test_what_the_report_lacks_does_not_pass() -> None:
    baseline = {"schema": REPORT_SCHEMA, "recall": {"videos": {"A": {}, "B": {}}}, "bars": {"pooled": {}}}
    assert missing(baseline, {"recall": {"videos": {"B": {}, "C": {}}}}) == [
        "recall of A is missing from the report",
        "bars is missing from the report",
    ]
    assert missing(baseline, baseline) == []


@pytest.fixture
def judge(demo_film: tuple[Evaluation, LabelledVideo], make_manifest: MakeManifest) -> Judge:
    """`judge(times_s)`: the report on a choice of these frames."""
    evaluation, video = demo_film

    def run(times_s: Sequence[float]) -> dict[str, Any]:
        return {"schema": REPORT_SCHEMA, "recall": evaluation.run([video], {video.name: make_manifest(times_s)})}

    return run


def fallen(baseline: dict[str, Any], report: dict[str, Any]) -> set[str]:
    return {change.name.removeprefix("recall ") for change in changes(baseline, report) if change.fell}


@pytest.mark.models
@pytest.mark.slow
def test_the_demo_film_is_held_to_its_baseline(judge: Judge) -> None:
    """The choice at the time of the baseline still has its figures, and every way of getting worse is noticed."""
    baseline = read_report(BASELINE)
    (held,) = baseline["recall"]["videos"].values()
    same = judge(held["chosen_s"])
    (found,) = same["recall"]["videos"].values()
    assert {name: found["keyart"][name] for name in NAMES} == {name: held["keyart"][name] for name in NAMES}
    assert not fallen(baseline, same)
    assert not fallen(baseline, judge([t + 0.04 for t in held["chosen_s"]]))  # a frame later is as good

    hits = [i for i, image in enumerate(found["keyart"]["images"]) if image["matches"]]
    without = [t for i, t in enumerate(held["chosen_s"]) if i != hits[0]]
    assert "precision_at_10" in fallen(baseline, judge(without))
    refused = held["labels"]["never_s"][0]
    assert "never" in fallen(baseline, judge([*held["chosen_s"][:-1], refused]))
    others = [t for i, t in enumerate(held["chosen_s"]) if i not in hits]
    assert fallen(baseline, judge(others)) >= {"hit_at_10", "precision_at_10", "coverage"}
