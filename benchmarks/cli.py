"""`keyart bench …`: how good Keyart is, how fast, and compared with what."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import cli_episode, cli_looks, cli_runs, cli_stages, cli_tune, options

if TYPE_CHECKING:
    from stream.settings.model import Settings

    from .labels import Labelled
    from .report import Report

HELP = "How good Keyart is, how fast, and compared with what."
app = typer.Typer(name="bench", help=HELP, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback(help=HELP)
def _root() -> None:
    """Makes `recall` and the others subcommands, however many there are."""


@app.command()
def recall(
    data: options.DataOption = None,
    labels: options.LabelsOption = None,
    leave_one_out: Annotated[
        bool, typer.Option("--leave-one-out", help="Refit rank.weights without each film, and choose its images anew.")
    ] = False,
    results: options.ResultsOption = None,
    out: options.OutOption = options.DEFAULT_OUT,
    cache: options.CacheOption = None,
    threads: options.ThreadsOption = 0,
    device: options.DeviceOption = None,
    models: options.ModelsOption = None,
    model_set: options.ModelSetOption = None,
    config: options.ConfigOption = None,
    assignments: options.SetOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """TOP-10 recall against an expert's choices, beside random, uniform, FFmpeg's filter and the sharpest frames.

    --leave-one-out decodes each film twice more; what was decided is kept in --cache.
    """
    with options.tidy_bench():
        from .stills import write_stills

        flags = {"threads": threads, "device": device, "models": models, "model_set": model_set}
        settings = options.settings(config, assignments, **flags)
        labelled = _labelled(data, labels)
        report, problems = _recall(labelled, settings, results or out / "results", options.cache_folder(cache))
        write_stills(out, labelled.videos, report, settings.thread_count)
        sections = {"recall": report}
        if leave_one_out:
            sections["leave_one_out"], more = _refits(labelled, report, settings, options.cache_folder(cache))
            problems += more
        options.save_and_print(out, settings, sections, as_json)
    options.exit_with_problems([*labelled.problems, *problems])


def _recall(labelled: Labelled, settings: Settings, results: Path, cache: Path) -> tuple[Report, list[str]]:
    from .evaluate import open_evaluation
    from .results import results_of

    manifests, problems = results_of(labelled.with_picks, results, settings)
    evaluation = open_evaluation(settings, cache)
    section = evaluation.run(labelled.judged, manifests)
    return section, [*problems, *evaluation.problems]


def _refits(labelled: Labelled, recall: Report, settings: Settings, cache: Path) -> tuple[Report, list[str]]:
    from .judged import Judgements
    from .refits import refits_section

    judgements = Judgements(settings, cache, lambda line: print(line, file=sys.stderr, flush=True))
    return refits_section(labelled.judged, recall, judgements, settings.rank.weights.model_dump())


def _labelled(data: list[Path] | None, labels: Path | None) -> Labelled:
    from .labels import LabelError, read_folders, read_labels

    if bool(data) == (labels is not None):
        raise LabelError("give either --data DIR or --labels FILE.json")
    return read_folders(data) if data else read_labels(labels or Path())


cli_stages.register(app)
cli_runs.register(app)
cli_tune.register(app)
cli_looks.register(app)
cli_episode.register(app)

if __name__ == "__main__":
    app()
