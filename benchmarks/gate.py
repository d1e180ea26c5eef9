"""Baselines of the gate: the figures that a report must not fall behind, without everything else that a report has.

A baseline contains only what a comparison needs: no pictures, no machine, no speeds (those depend on the machine that
measured them). It is small enough to be kept in the repository.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .recall import FIGURE_NAMES
from .report import REPORT_SCHEMA, Report, ReportError

_BY_FILM = {"shots": ("f1",), "characters": ("bcubed_f1",)}
_POOLED = ("shots", "bars", "characters", "faces", "text")


def figures_only(report: Report) -> Report:
    """The part of a report that the gate needs. Raises ReportError when there is no such part."""
    kept: Report = {"schema": REPORT_SCHEMA}
    if report.get("recall", {}).get("videos"):
        kept["recall"] = _recall(report["recall"])
    for section in _POOLED:
        if section in report:
            kept[section] = _section(report[section], _BY_FILM.get(section, ()))
    if len(kept) == 1:
        raise ReportError("the report has no figures for a baseline (run `keyart bench recall` or a stage first)")
    return kept


def missing(baseline: Report, report: Report) -> list[str]:
    """A line for each section and each film of the baseline that the report does not have; it may have failed there."""
    lines: list[str] = []
    for section, held in baseline.items():
        if not isinstance(held, Mapping) or section == "made_by":
            continue
        if section not in report:
            lines.append(f"{section} is missing from the report")
            continue
        gone = sorted(set(held.get("videos", {})) - set(report[section].get("videos", {})))
        lines += [f"{section} of {film} is missing from the report" for film in gone]
    return lines


def _recall(section: Mapping[str, Any]) -> dict[str, Any]:
    """Figures of each film, the labels they were judged by, and the times of the chosen images."""
    return {
        "matcher": {"fingerprint": section["matcher"]["fingerprint"]},
        "videos": {
            name: {
                "keyart": {key: video["keyart"][key] for key in FIGURE_NAMES if key in video["keyart"]},
                "chosen_s": [round(image["time_s"], 3) for image in video["keyart"]["images"]],
                "labels": video["labels"],
            }
            for name, video in section["videos"].items()
        },
    }


def _section(section: Mapping[str, Any], by_film: tuple[str, ...]) -> dict[str, Any]:
    """Figures over all films, and those that are compared film by film."""
    pooled = {key: value for key, value in section["pooled"].items() if isinstance(value, int | float)}
    films = {name: {key: video[key] for key in by_film} for name, video in section["videos"].items()}
    return {"pooled": pooled, **({"videos": films} if by_film else {})}
