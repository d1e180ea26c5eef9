"""`keyart ledger picks`: what editors approved, as labels for `keyart bench recall` and records for `bench tune`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options
from .exits import FAILED, say
from .ledger_opening import OutOption, opened
from .tables import films

if TYPE_CHECKING:
    from ..backfill.decisions import Decision

_SAME_TIME_S = 1e-6
"""Times in results are rounded to this."""
ToOption = Annotated[
    Path | None, typer.Option("--to", metavar="FILE.json", help="Labels for `keyart bench recall --labels`; -: stdout.")
]
RecordsOption = Annotated[
    Path | None,
    typer.Option("--records", metavar="FILE.jsonl", help="Whole records for `keyart bench tune`; -: stdout."),
]


def picks(
    to: ToOption = None,
    records: RecordsOption = None,
    out: OutOption = None,
    url: options.LedgerOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Write what editors decided in the review page: approved frames as labels, whole records, or both."""
    with opened(out, url) as ledger:
        from ..backfill.decisions import read_records, record_line, stored_records
        from ..errors import UsageError

        targets = [target for target in (to, records) if target is not None]
        if not targets or [str(target) for target in targets] == ["-", "-"]:
            raise UsageError("name a file: --to FILE.json, --records FILE.jsonl, or both; only one of them may be -")
        decisions: list[Decision] = []
        lines: list[str] = []
        problems: list[str] = []
        for name, text in stored_records(ledger):
            found, trouble = read_records([(name, text)])
            decisions += found
            lines += [record_line(text) for _ in found]
            problems += trouble
        labels = labels_of(decisions, None if out is None else out.absolute())
        if to is not None:
            _write("--to", to, [json.dumps(labels, indent=1, ensure_ascii=False) + "\n"])
        if records is not None:
            _write("--records", records, lines)
        if "-" not in map(str, targets):
            _say(decisions, labels, problems, as_json)
        for problem in problems:
            say(f"keyart: {problem}")
        if problems:
            raise typer.Exit(FAILED)


def labels_of(decisions: Iterable[Decision], out: Path | None) -> dict[str, Any]:
    """A labels file as `keyart bench recall --labels` reads it: one entry for each video with an approved frame.

    out: the folder of the results; each entry then names its result, so that it is judged as it is. A frame that was
    approved for several formats, or for the results of several settings, is one pick. What editors turned down is kept
    under `rejected`, which recall ignores, and not under `never`: an editor who prefers another image says nothing
    against this one, a neighbour 0.1 s away may be the very frame that was approved, and as all of these come from
    Keyart's own choice, each would count against that choice and none against others.
    """
    from ..backfill.titles import result_below

    videos: dict[str, dict[str, Any]] = {}
    for decision in decisions:
        if decision.state != "approved" or not decision.images:
            continue
        place = {} if out is None else {"result": str(result_below(out, decision.key))}
        fresh = {"video": decision.video, "name": decision.key, **place, "picks": [], "never": [], "rejected": []}
        entry = videos.setdefault(decision.key, fresh)
        for image in decision.images:
            _add_pick(entry["picks"], image.time_s, image.rank, image.shot, image.format)
        for offered in decision.offered:
            if offered.rank in decision.rejected:
                entry["rejected"].append({"time_s": offered.time_s, "rank": offered.rank, "shot": offered.shot})
    for entry in videos.values():
        entry["picks"].sort(key=lambda pick: pick["time_s"])
    return {"videos": list(videos.values())}


def _add_pick(picks: list[dict[str, Any]], time_s: float, rank: int | None, shot: int | None, form: str) -> None:
    for pick in picks:
        if abs(pick["time_s"] - time_s) <= _SAME_TIME_S:
            pick["formats"] = sorted({*pick["formats"], form})
            return
    picks.append({"time_s": time_s, "rank": rank, "shot": shot, "formats": [form]})


def _say(decisions: list[Decision], labels: dict[str, Any], problems: list[str], as_json: bool) -> None:
    count = sum(len(video["picks"]) for video in labels["videos"])
    facts = {
        "decisions": len(decisions), "videos": len(labels["videos"]), "picks": count, "left_out": len(problems),
    }  # fmt: skip
    counted = f"approved frames: {count:,} of {films(len(labels['videos']))}; decisions: {len(decisions):,}"
    print(json.dumps(facts) if as_json else counted)


def _write(option: str, to: Path, parts: Iterable[str]) -> None:
    """Write a file whole or not at all; `-` is stdout."""
    from ..errors import KeyartError

    if str(to) == "-":
        sys.stdout.writelines(parts)
        return
    fresh = to.with_name(f".{to.name}-{os.getpid()}")
    try:
        fresh.write_text("".join(parts), "utf-8")
        fresh.replace(to)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise KeyartError(f"{option} {to}: cannot be written ({error.strerror}), choose another") from None
