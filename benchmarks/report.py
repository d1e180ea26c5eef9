"""The report: one dictionary with a section for each question, written completely or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

REPORT_SCHEMA = "keyart/bench/1"
REPORT = "report.json"

Report = dict[str, Any]
"""A whole report: section name → section."""
Section = dict[str, Any]
"""One section of a report."""
Row = dict[str, Any]
"""One measurement: figure name → value."""


class ReportError(ValueError):
    """A file is not a report, or two reports cannot be compared; the message is one line."""


def read_report(path: Path) -> Report:
    """Reads a report from its folder or its file. Raises ReportError."""
    file = path / REPORT if path.is_dir() else path
    try:
        report = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ReportError(f"{file}: cannot be read ({error.strerror})") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ReportError(f"{file}: is not JSON ({error})") from None
    if not isinstance(report, dict) or report.get("schema") != REPORT_SCHEMA:
        raise ReportError(f"{file}: is no report of this schema, expected {REPORT_SCHEMA}")
    return report


def merged(folder: Path, sections: Report) -> Report:
    """The folder's report with these sections replaced; a new report when there is none. Raises ReportError."""
    before: Report = read_report(folder) if (folder / REPORT).is_file() else {}
    return {"schema": REPORT_SCHEMA, **{k: v for k, v in before.items() if k != "schema"}, **sections}


def write_text(path: Path, text: str) -> None:
    """Writes a file completely or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    unfinished.write_text(text, "utf-8")
    unfinished.replace(path)


def write_report(folder: Path, report: Report) -> None:
    """Writes `report.json` into the folder."""
    write_text(folder / REPORT, json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
