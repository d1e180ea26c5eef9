"""`keyart episode`: is each film the episode that its metadata say?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from . import options
from .exits import FAILED, errors_to_exit_codes, say
from .stdout import own_stdout

if TYPE_CHECKING:
    from engines.zoo import Progress

    from ..episode.verify import Verdict
    from ..settings.model import Settings
    from .episode_memory import Memory
    from .episode_run import Films, Knowledge, Read


class FailOn(StrEnum):
    """Which verdicts give exit code 1."""

    mismatch = "mismatch"
    unverified = "unverified"


class OpenReader(Protocol):
    """Opens what reads pictures, with its models, for as long as the context lasts."""

    def __call__(self, settings: Settings, progress: Progress | None = None) -> AbstractContextManager[Read]:
        """`progress`: told of models that are pulled. Raises KeyartError when it cannot be opened."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command was asked, as typed. `named`: films and folders."""

    named: list[Path]
    expect: str | None
    sheet: Path | None
    labels: Path | None
    out: Path | None
    ledger_url: str | None
    fail_on: FailOn | None
    quiet: bool
    as_json: bool


def episode(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…|FOLDER", help="Films, or folders of films.", parser=options.named_path),
    ],
    expect: Annotated[
        str | None, typer.Option("--expect", metavar="7|S02E05", help="The number that one film should have.")
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", metavar="FILE", readable=False, help="CSV or JSON: file, season, episode, absolute."),
    ] = None,
    template: Annotated[
        str | None,
        typer.Option("--template", metavar="T", help="Number in the path: {series}/Season {season}/{episode}.mkv."),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels", metavar="FILE", readable=False, help="A sheet of what operators decided: file, episode."
        ),
    ] = None,
    fail_on: Annotated[
        FailOn | None,
        typer.Option("--fail-on", help="Exit code 1 for a mismatch; `unverified`: for whatever is not confirmed."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Results of a library; its ledger keeps verdicts.")
    ] = None,
    url: Annotated[
        str | None, typer.Option("--ledger", metavar="URL", help="The same for a ledger in PostgreSQL.")
    ] = None,
    looks: Annotated[
        int | None, typer.Option("--looks", metavar="N", help="Most looks for text in a film.", show_default=False)
    ] = None,
    threads: options.ThreadsOption = None,
    device: options.DeviceOption = None,
    models: options.ModelsOption = None,
    model_set: options.ModelSetOption = None,
    config: options.ConfigOption = None,
    assignments: options.SetOption = None,
    log: options.LogOption = None,
    quiet: options.QuietOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON for each film.")] = False,
) -> None:
    """Compare the episode number in the picture with the one that the metadata say.

    The verdict on a film is confirmed, mismatch or unverified. The number it should have comes from --expect, else
    --sheet, else --template, else the container's tags. Of folders duplicates and gaps are listed, too. No verdict is a
    failure, unless --fail-on says so.
    """
    asked = Asked(files, expect, sheet, labels, out, url, fail_on, quiet, as_json)
    flags = {
        "episode.looks": looks, "episode.template": template, "threads": threads, "device": device, "models": models,
        "model_set": model_set, "log": log,
    }  # fmt: skip
    with errors_to_exit_codes():
        from .. import log as log_file

        settings = options.settings_from(config, flags, assignments)
        with log_file.opened(settings.log, lambda line: say(f"keyart: {line}")):
            failed = _run(asked, settings, context.obj)
    if failed:
        raise typer.Exit(FAILED)


def _run(asked: Asked, settings: Settings, substitute: OpenReader | None) -> bool:
    """Judge the films and report. True for exit code 1. `substitute`: opens the reader, unless None."""
    from ..episode.patterns import Patterns
    from ..episode.tags import in_titles
    from .episode_run import films_of, knowledge_of

    films = films_of(asked.named)
    patterns = Patterns.shipped()
    known = knowledge_of(
        films.paths, patterns.of_file_name, in_titles(patterns), expect=asked.expect, sheet=asked.sheet,
        labels=asked.labels, template=settings.episode.template, in_folders=bool(films.below),
    )  # fmt: skip
    problems = (*films.problems, *known.problems)
    for line in problems if asked.quiet else (*problems, *known.notes):
        say(f"keyart: {line}")
    with _memory(asked) as memory, own_stdout() if settings.device != "cpu" else nullcontext():
        found = _judge(asked, films, replace(known, memory=memory), settings, substitute or _open_reader())
    _report(asked, films, known, found, settings.episode.threshold)
    return bool(problems) or None in found.values() or _fails(asked.fail_on, found.values())


def _judge(
    asked: Asked, films: Films, known: Knowledge, settings: Settings, open_reader: OpenReader
) -> dict[Path, Verdict | None]:
    """The verdicts by film, None for those that cannot be read; with --json each is printed at once."""
    from ..episode.report import film_line
    from .episode_output import progress, pulling
    from .episode_run import judged

    found: dict[Path, Verdict | None] = {}
    if not films.paths:
        return found
    pulled = None if asked.quiet else pulling()
    with open_reader(settings, pulled) as read, progress(len(films.paths), asked.quiet) as (tell, complain):
        for film, verdict in judged(films.paths, known, read, settings.episode.threshold, tell, complain):
            found[film] = verdict
            if asked.as_json and verdict is not None:
                print(film_line(film, verdict), flush=True)
    return found


def _report(
    asked: Asked, films: Films, known: Knowledge, found: Mapping[Path, Verdict | None], threshold: float
) -> None:
    """Print the table, and what concerns all films together."""
    from ..episode.report import LabelsLine, json_line, season_line
    from .episode_output import print_labels, print_seasons, print_verdicts
    from .episode_run import compared_with_labels, seasons_of

    seasons = seasons_of(films, known, found, threshold)
    labels = compared_with_labels(known, found, threshold) if asked.labels is not None else None
    if asked.as_json:
        for season in seasons:
            print(season_line(season))
        if labels is not None:
            print(json_line(LabelsLine(labels=labels)))
    elif not asked.quiet:
        print_verdicts([(film, verdict) for film, verdict in found.items() if verdict is not None])
        print_seasons(seasons)
        if labels is not None:
            print_labels(labels)


def _fails(fail_on: FailOn | None, verdicts: Iterable[Verdict | None]) -> bool:
    words = {verdict.verdict for verdict in verdicts if verdict is not None}
    return fail_on is not None and ("mismatch" in words or (fail_on is FailOn.unverified and "unverified" in words))


def _memory(asked: Asked) -> AbstractContextManager[Memory | None]:
    """The memory in the ledger that was named; raises UsageError when it is not there."""
    if asked.out is None and asked.ledger_url is None:
        return nullcontext()
    options.refuse_without_library_extra()
    from .episode_memory import opened_memory

    return opened_memory(asked.out, asked.ledger_url)


def _open_reader() -> OpenReader:
    """What reads pictures, imported only now because its imports take a second."""
    from ..pipeline.episode import open_reader

    return open_reader
