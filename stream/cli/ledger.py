"""`keyart ledger`: where a library's films stand, and what a person may change about it."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from . import options
from .exits import FAILED, say
from .ledger_opening import OutOption, opened
from .ledger_picks import picks
from .tables import films, print_table

app = typer.Typer(help="Where the films of a library stand.", no_args_is_help=True)
_EXPORTED = (
    "key", "path", "state", "kind", "reason", "attempts", "priority", "size_bytes", "fingerprint", "version", "wall_s",
    "film_s", "frames", "owner", "started_s", "ended_s",
)  # fmt: skip


@app.callback()
def ledger_group() -> None:
    """Where the films of a library stand."""


@app.command("status")
def status(out: OutOption = None, url: options.LedgerOption = None, as_json: options.JsonOption = False) -> None:
    """How many films are in each state, for the settings of the last run."""
    with opened(out, url) as ledger:
        last = ledger.last_fingerprint()
        done, wall_s = ledger.took(last)
        paused, age_s = ledger.is_paused(), ledger.queue_age_s(last)
        counts = ledger.counts(last)
        others = sum(ledger.counts().values()) - sum(counts.values())
    if as_json:
        told = {"films": counts, "paused": paused, "oldest_queued_s": age_s, "done_s": wall_s}
        print(json.dumps(told | {"of_other_settings": others}))
        return
    print_table(("state", "films"), [(state, str(count)) for state, count in counts.items() if count])
    if done:
        print(f"{wall_s / done:.1f} s a film")
    if others:
        print(f"beside them {others} results of other settings or models; `keyart ledger export` lists all")
    if paused:
        print("paused: runs take nothing new until `keyart ledger resume`")


@app.command("failed")
def failed(out: OutOption = None, url: options.LedgerOption = None, as_json: options.JsonOption = False) -> None:
    """The films that failed or are quarantined, with the reason; --json has the logs, too."""
    with opened(out, url) as ledger:
        rows = list(ledger.rows(("failed", "quarantined"), ledger.last_fingerprint()))
    if as_json:
        print(json.dumps([_exported(row) | {"log": row["log"]} for row in rows], indent=2, ensure_ascii=False))
        return
    cells = [(row["key"], row["state"], row["kind"], str(row["attempts"]), row["reason"] or "") for row in rows]
    print_table(("film", "state", "kind", "attempts", "reason"), cells)


@app.command("retry")
def retry(
    keys: Annotated[list[str] | None, typer.Argument(metavar="[FILM…]", help="As `failed` names them; all.")] = None,
    out: OutOption = None,
    url: options.LedgerOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Queue failed and quarantined films again, as if they were new; cancelled ones where they are named."""
    with opened(out, url) as ledger:
        queued = ledger.retry(keys or (), ledger.last_fingerprint())
    _said_of(keys or (), queued, as_json, "queued")


@app.command("cancel")
def cancel(
    keys: Annotated[list[str], typer.Argument(metavar="FILM…", help="As `export` names them.")],
    out: OutOption = None,
    url: options.LedgerOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Leave films out, also those in work, until `retry` names them."""
    with opened(out, url) as ledger:
        cancelled = ledger.cancel(keys, ledger.last_fingerprint())
    _said_of(keys, cancelled, as_json, "cancelled")


@app.command("pause")
def pause(out: OutOption = None, url: options.LedgerOption = None, as_json: options.JsonOption = False) -> None:
    """Let runs take nothing new; films in work go on."""
    with opened(out, url) as ledger:
        ledger.pause()
    _say(as_json, {"paused": True}, "paused")


@app.command("resume")
def resume(out: OutOption = None, url: options.LedgerOption = None, as_json: options.JsonOption = False) -> None:
    """Let runs go on."""
    with opened(out, url) as ledger:
        ledger.pause(False)
    _say(as_json, {"paused": False}, "resumed")


@app.command("export")
def export(
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="JSON lines, CSV for a name so ended; -: stdout.")],
    out: OutOption = None,
    url: options.LedgerOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Write one row for each film and settings."""
    from ..errors import KeyartError

    with opened(out, url) as ledger:
        rows = map(_exported, ledger.rows())
        if str(to) == "-":
            _write(sys.stdout.write, rows, as_csv=False)
            return
        fresh = to.with_name(f".{to.name}-{os.getpid()}")
        try:
            with fresh.open("w", encoding="utf-8", newline="") as file:
                written = _write(file.write, rows, as_csv=to.suffix.lower() == ".csv")
            fresh.replace(to)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise KeyartError(f"--to {to}: cannot be written ({error.strerror}), choose another") from None
    _say(as_json, {"films": written}, f"{films(written)} written")


def _write(write: Callable[[str], object], rows: Iterator[dict[str, Any]], *, as_csv: bool) -> int:
    count = 0
    if as_csv:
        write(",".join(_EXPORTED) + "\r\n")
    for row in rows:
        count += 1
        write(_csv_line(row) if as_csv else json.dumps(row, ensure_ascii=False) + "\n")
    return count


def _csv_line(row: dict[str, Any]) -> str:
    from io import StringIO

    line = StringIO()
    csv.writer(line).writerow(["" if row[name] is None else row[name] for name in _EXPORTED])
    return line.getvalue()


def _exported(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in _EXPORTED}


def _said_of(keys: Sequence[str], count: int, as_json: bool, what: str) -> None:
    """Exit code 1 where films that were named are not among them."""
    _say(as_json, {what: count}, f"{films(count)} {what}")
    if count < len(set(keys)):
        say("keyart: not all of the films that were named; `keyart ledger export --to -` has their names and states")
        raise typer.Exit(FAILED)


def _say(as_json: bool, facts: dict[str, Any], line: str) -> None:
    print(json.dumps(facts) if as_json else line)


app.command("picks")(picks)
