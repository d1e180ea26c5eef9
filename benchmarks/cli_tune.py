"""`keyart bench tune`: weights of the score from what editors approved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import options

if TYPE_CHECKING:
    from stream.backfill.decisions import Decision

    from .tune import Tuned


def tune(
    to: Annotated[Path, typer.Option("--to", metavar="FILE.toml", help="Settings file with the new weights.")],
    records: Annotated[
        Path | None, typer.Option("--records", metavar="FILE.jsonl", help="From `keyart ledger picks --records`.")
    ] = None,
    library: Annotated[
        Path | None, typer.Option("--library", metavar="DIR", help="Or: the folder of results with its ledger.")
    ] = None,
    ledger: Annotated[
        str | None, typer.Option("--ledger", metavar="URL", help="Or: a ledger in PostgreSQL (postgresql://…).")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write weights that are no better than today's, too.")] = False,
    out: options.OutOption = options.DEFAULT_OUT,
    config: options.ConfigOption = None,
    assignments: options.SetOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Fit rank.weights to what editors approved, and write them if they are better on titles held out.

    Today's weights are those of --config and --set. Exit code 1, and no file, with too little data or no gain.
    """
    with options.tidy_bench():
        from .preferences import pairs_of, unknown_components
        from .tune import tune as tune_weights

        settings = options.settings(config, assignments)
        today = settings.rank.weights.model_dump()
        decisions, problems = _decisions(records, library, ledger)
        tuned = tune_weights(pairs_of(decisions, tuple(today)), today, unknown_components(decisions, tuple(today)))
        options.save_and_print(out, settings, {"tune": tuned.section}, as_json)
        problems += _write(tuned, to, force)
    options.exit_with_problems(problems)


def register(app: typer.Typer) -> None:
    """Adds this module's command."""
    app.command()(tune)


def _decisions(records: Path | None, library: Path | None, ledger: str | None) -> tuple[list[Decision], list[str]]:
    """Decisions from the one source that was named, and a line for each record that is none. Raises LabelError."""
    from stream.cli.options import refuse_without_library_extra

    from .labels import LabelError

    if sum(source is not None for source in (records, library, ledger)) != 1:
        raise LabelError("give one of --records FILE.jsonl, --library DIR, --ledger URL")
    refuse_without_library_extra()
    from stream.backfill.decisions import read_records, stored_records
    from stream.backfill.home import existing_ledger

    if records is not None:
        return read_records(_lines(records))
    opened = existing_ledger(library, ledger)
    try:
        return read_records(stored_records(opened))
    finally:
        opened.database.close()


def _lines(records: Path) -> list[tuple[str, str]]:
    from .labels import LabelError

    try:
        lines = records.read_text("utf-8").splitlines()
    except OSError as error:
        raise LabelError(f"--records {records}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise LabelError(f"--records {records}: is no text, give what `ledger picks --records` wrote") from None
    return [(f"{records.name}:{number}", line) for number, line in enumerate(lines, 1) if line.strip()]


def _write(tuned: Tuned, to: Path, force: bool) -> list[str]:
    """Writes the settings file where it is to be written; a line why not, where it is not."""
    from stream.errors import KeyartError

    from .report import write_text
    from .tune import NOTHING, TOO_LITTLE, settings_text

    if tuned.verdict == TOO_LITTLE:
        return [f"{tuned.why}; {to} was not written"]
    if tuned.verdict == NOTHING and not force:
        return [f"{tuned.why}; {to} was not written (--force writes it)"]
    try:
        write_text(to, settings_text(tuned))
    except OSError as error:
        raise KeyartError(f"--to {to}: cannot be written ({error.strerror}), choose another") from None
    return []
