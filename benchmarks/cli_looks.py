"""`keyart bench looks`: does the look score set an expert's picks above frames refused for a reason of the face?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import options
from .report import Section

if TYPE_CHECKING:
    from stream.settings.model import Settings


def looks(
    data: options.DataOption = None,
    leave_one_out: Annotated[
        bool, typer.Option("--leave-one-out", help="Refit what can be fitted without each film in turn.")
    ] = False,
    out: options.OutOption = options.DEFAULT_OUT,
    cache: options.CacheOption = None,
    threads: options.ThreadsOption = 0,
    models: options.ModelsOption = None,
    model_set: options.ModelSetOption = None,
    config: options.ConfigOption = None,
    assignments: options.SetOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """How often an expert's pick has a higher look score than a frame refused for its eyes, mouth or expression (AUC).

    Over whole sets, and inside films. Readings are kept in --cache; another look score needs no reading.
    """
    with options.tidy_bench():
        settings = options.settings(config, assignments, threads=threads, models=models, model_set=model_set)
        section, problems = _looks(data or [], leave_one_out, settings, options.cache_folder(cache))
        options.save_and_print(out, settings, {"looks": section}, as_json)
    options.exit_with_problems(problems)


def register(app: typer.Typer) -> None:
    """Adds this module's command."""
    app.command()(looks)


def _looks(data: list[Path], refit: bool, settings: Settings, cache: Path) -> tuple[Section, list[str]]:
    from . import look_fits
    from .labels import LabelError, read_folders
    from .look_auc import scores_section
    from .look_frames import read_looks

    if not data:
        raise LabelError("give --data DIR, once or several times")
    labelled = read_folders(data)
    read = read_looks(labelled.judged, settings, cache, lambda line: print(line, file=sys.stderr, flush=True))
    section: Section = {"without_face": read.without_face, "scores": scores_section(read.frames)}
    if refit:
        section["leave_one_out"] = look_fits.leave_one_out(read.frames)
    return section, [*labelled.problems, *read.problems]
