"""Comparing reports, the gate, and the page."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks.compare import changes, changes_table
from benchmarks.page import plots
from benchmarks.page.cells import table
from benchmarks.page.html import page
from benchmarks.page.markdown import tables_of
from benchmarks.report import REPORT_SCHEMA, ReportError, merged, read_report, write_report
from benchmarks.stills import still_name

METHODS = ("keyart", "random")


def figures(precision: float, never: float = 0.0) -> dict[str, Any]:
    """Figures of one video and method."""
    return {
        "hit_at_10": 1.0, "hit_at_3": 1.0, "hit_at_1": 0.0, "precision_at_10": precision, "coverage": 0.5,
        "never": never, "distinct": 8.0, "different_matches": 4.0, "chosen": 10.0, "precision_curve": [precision] * 10,
        "images": [{"time_s": 1.0, "matches": [0], "never": False}, {"time_s": 2.0, "matches": [], "never": True}],
    }  # fmt: skip


def report(*precisions: float, never: float = 0.0, fingerprint: str = "f") -> dict[str, Any]:
    """A report with one film for each precision."""
    videos = {
        f"film {i}": {
            **{method: figures(p, never) for method in METHODS},
            "labels": {"picks_s": [1.5], "never_s": [2.0]},
            "ceiling": {"precision_at_10": 0.6, "proven": True},
            "film": {"first_pts_s": 0.0, "end_s": 9.0, "shots_s": [[0, 4], [4, 9]], "scores": [0.8, 0.4]},
        }
        for i, p in enumerate(precisions)
    }
    interval = {"mean": 0.5, "low": 0.4, "high": 0.6}
    keys = [key for key, value in figures(0.5).items() if isinstance(value, float)]
    recall = {
        "matcher": {"fingerprint": fingerprint}, "ceiling": 0.6, "excluded": {"few": "3 expert images"},
        "summary": {method: dict.fromkeys(keys, interval) for method in METHODS}, "videos": videos,
    }  # fmt: skip
    return {"schema": REPORT_SCHEMA, "made_by": {"versions": {"keyart": "0.1.0"}, "machine": {}}, "recall": recall}


def fallen(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [change.name for change in changes(before, after) if change.fell]


def test_the_same_report_has_not_changed() -> None:
    assert fallen(report(0.4, 0.5), report(0.4, 0.5)) == []
    assert changes_table(changes(report(0.4), report(0.4))).startswith("6 figures stayed")


def test_a_fall_everywhere_is_no_noise_and_one_that_varies_is() -> None:
    before = report(0.5, 0.5, 0.5, 0.5)
    assert fallen(before, report(0.4, 0.4, 0.4, 0.4)) == ["recall precision_at_10"]
    assert fallen(before, report(0.1, 0.8, 0.6, 0.4)) == []
    assert fallen(report(0.4), report(0.6)) == []


def test_more_never_frames_are_worse() -> None:
    assert fallen(report(0.5), report(0.5, never=1.0)) == ["recall never"]
    assert fallen(report(0.5, never=1.0), report(0.5)) == []


def test_reports_with_other_matchers_or_labels_are_refused() -> None:
    with pytest.raises(ReportError, match="different matchers"):
        changes(report(0.5), report(0.5, fingerprint="g"))
    other = copy.deepcopy(report(0.5))
    other["recall"]["videos"]["film 0"]["labels"]["picks_s"] = [3.0]
    with pytest.raises(ReportError, match="labels differ"):
        changes(report(0.5), other)


def test_throughput_is_compared_by_ratio_with_the_spread_of_its_rounds() -> None:
    def speed(ratio: float, *ratios: float) -> dict[str, Any]:
        return {"throughput": {"films": [{"file": "a", "ratio": ratio, "ratios": list(ratios)}]}}

    assert fallen(speed(0.7, 0.7, 0.71), speed(0.6, 0.6, 0.61)) == ["throughput a ratio"]
    assert fallen(speed(0.7, 0.5, 0.9), speed(0.6, 0.6, 0.61)) == []


def test_a_report_is_read_back_and_sections_are_replaced(tmp_path: Path) -> None:
    write_report(tmp_path, merged(tmp_path, {"recall": {"a": 1}, "bars": {}}))
    whole = merged(tmp_path, {"recall": {"b": 2}})
    assert whole == {"schema": REPORT_SCHEMA, "recall": {"b": 2}, "bars": {}}
    assert read_report(tmp_path)["recall"] == {"a": 1}


@pytest.mark.parametrize(("text", "words"), [("{", "is not JSON"), ("{}", "is no report"), (None, "cannot be read")])
def test_what_is_no_report_says_so(tmp_path: Path, text: str | None, words: str) -> None:
    if text is not None:
        (tmp_path / "report.json").write_text(text)
    with pytest.raises(ReportError, match=words):
        read_report(tmp_path / "report.json")


def test_tables_are_aligned_markdown() -> None:
    assert table(["a", "long"], [["word", "1"]]).splitlines() == [
        "| a    | long |",
        "|------|-----:|",
        "| word |    1 |",
    ]


def test_the_page_holds_tables_plots_and_frames(tmp_path: Path) -> None:
    content = report(0.4, 0.6)
    shown = tmp_path / still_name("film 0", 1.0)
    shown.parent.mkdir(parents=True)
    shown.write_bytes(b"jpeg")
    text = page(content, tmp_path)
    headings = ("TOP-10 recall", "Precision at k", "Scores of the chosen", "film 1")
    for words in (*headings, "few: 3 expert images", 'class="hit"'):
        assert words in text
    assert "frames/film%200/1.000.jpg" in text
    assert "2.000.jpg" not in text  # not written, so not linked
    assert "| keyart" in tables_of(content)
    assert "http" not in text


def test_ablations_show_figures_and_what_came_through() -> None:
    row = {key: value for key, value in figures(0.5).items() if isinstance(value, float)}
    faults = {"degraded": 1, "with text": 2, "nobody": 0, "not main": 3, "with bars": 4}
    section = {"without": {"nothing": {**row, "faults": faults}, "text": {**row, "faults": None}}, "switches": {}}
    text = tables_of({"ablation": section})
    assert "| nothing |        1 |         2 |      0 |        3 |         4 |" in text
    assert "| text    |        – |" in text


@pytest.mark.parametrize("films", [1, 2])
def test_peers_state_the_factor(films: int) -> None:
    row = {"script_fps": 20.0, "keyart_fps": 60.0, "factor": 3.0, "cpu_factor": 2.0}
    job = {"videos": {f"film {i}": row for i in range(films)}, "factor": 3.0, "cpu_factor": 2.0, "total_factor": 3.1}
    section = {"cost": {}, "unavailable": {"katna": "gone"}, "every": 1, "threads": 2, "whole_job": job}
    text = tables_of({"peers": section})
    assert f"3.00× as fast as the plain script that looks at every frame (median of {films} film" in text
    assert "- katna: unavailable, gone" in text


@pytest.mark.parametrize(
    "svg",
    [
        plots.line_chart({"a<b": [0.1, 0.5], "c": [1.0, 0.0]}, "k", "share"),
        plots.line_chart({}, "k", "share"),
        plots.timeline([(0, 2), (2, 5)], 5.0, {"picks": (plots.GOOD, [1.0]), "never": (plots.BAD, [])}),
        plots.histogram({"match": [0.0, 1.0, 0.5], "no match": []}, "score"),
        plots.bar_chart({"decode": 2.0, "faces & eyes": 0.0}, "s"),
        plots.bar_chart({}, "s"),
    ],
)
def test_plots_are_well_formed(svg: str) -> None:
    root = ElementTree.fromstring(svg)
    assert root.tag == "svg"
    json.dumps(root.attrib)
    for element in root.iter():
        assert "nan" not in " ".join(element.attrib.values())
