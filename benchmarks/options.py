"""Options that several commands of `keyart bench` share, and how its commands end."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stream.cli.exits import FAILED, WRONG_USAGE, errors_to_exit_codes
from stream.cli.options import ConfigOption, DeviceOption, JsonOption, ModelSetOption, ModelsOption, SetOption

if TYPE_CHECKING:
    from stream.settings.model import Settings

    from .report import Report

DataOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--data", metavar="DIR", help="Folder of videos, each with picks.json, never.json or truth.json. Repeatable."
    ),
]
LabelsOption = Annotated[
    Path | None, typer.Option("--labels", metavar="FILE.json", help="Videos with an expert's times or images.")
]
ResultsOption = Annotated[
    Path | None,
    typer.Option("--results", metavar="DIR", help="Results; missing ones are made. Default: OUT/results."),
]
OutOption = Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for the report.")]
CacheOption = Annotated[
    Path | None, typer.Option("--cache", metavar="DIR", help="Folder of data about films that is kept between runs.")
]
ThreadsOption = Annotated[int, typer.Option(metavar="N", help="Threads; 0 is one for each core.")]
DEFAULT_OUT = Path("out/bench")

__all__ = [
    "DEFAULT_OUT", "FAILED", "CacheOption", "ConfigOption", "DataOption", "DeviceOption", "JsonOption", "LabelsOption",
    "ModelSetOption", "ModelsOption", "OutOption", "ResultsOption", "SetOption", "ThreadsOption", "cache_folder",
    "exit_with_problems", "save_and_print", "settings", "tidy_bench",
]  # fmt: skip


@contextmanager
def tidy_bench() -> Iterator[None]:
    """Like `errors_to_exit_codes`; labels or reports that cannot be used at all end the command as wrong usage."""
    from .labels import LabelError
    from .report import ReportError

    with errors_to_exit_codes():
        try:
            yield
        except (LabelError, ReportError) as error:
            print(f"keyart: {error}", file=sys.stderr)
            raise typer.Exit(WRONG_USAGE) from None


def settings(config: Path | None, assignments: list[str] | None, **flags: Any) -> Settings:
    """Settings from flags, `--set`, the environment and `--config`. Raises SettingsError."""
    from stream.cli.options import settings_from

    return settings_from(config, flags, assignments)


def save_and_print(out: Path, settings: Settings, sections: Report, as_json: bool) -> None:
    """Writes these sections into the report in the folder `out` (JSON, Markdown, HTML) and prints them.

    Warnings of a section are printed to stderr; they are not failures.
    """
    from . import report
    from .page.html import page
    from .page.markdown import tables_of
    from .provenance import provenance

    whole = report.merged(out, {"made_by": provenance(settings), **sections})
    report.write_report(out, whole)
    report.write_text(out / "report.md", f"# Keyart bench\n\n{tables_of(whole)}\n")
    report.write_text(out / "report.html", page(whole, out))
    print(json.dumps(sections, ensure_ascii=False) if as_json else tables_of(sections))
    for section in sections.values():
        for line in section.get("warnings", ()):
            print(f"keyart: warning: {line}", file=sys.stderr)


def exit_with_problems(problems: Sequence[str]) -> None:
    """Prints each problem once, on a line on stderr. Exits with code 1 when there are any."""
    for problem in dict.fromkeys(problems):
        print(f"keyart: {' '.join(problem.split())}", file=sys.stderr)
    if problems:
        raise typer.Exit(FAILED)


def cache_folder(chosen: Path | None) -> Path:
    """The folder of data about films that is kept between runs."""
    import platformdirs

    return chosen or Path(platformdirs.user_cache_dir("keyart")) / "bench"
