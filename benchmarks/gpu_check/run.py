"""Measures everything that needs a GPU, in one command and one report.

    python -m benchmarks.gpu_check --testdata DIR [--clips DIR] [--out report.json] [--parts rates_h264,kernels]

Each part runs in a child process. When a part fails, hangs or crashes the driver, the reason is recorded and the next
part starts. The report is written again after each part. Several calls with `--parts` fill one report, as long as
versions, device and commit stay the same. `--testdata` is the folder of the composed episodes, `--clips` that of the
files that `python -m benchmarks.gpu_clips` made of them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from ..report import Row
from .about import difference
from .figures import figures
from .job import child, part_record, run_part, write_json
from .parts import ABOUT, FIRST, PARTS, PartTable, total_limit_s

GPU_CHECK_SCHEMA = "keyart/gpu-check/2"
RESULTS = Path("benchmarks") / "results"

_LEAST_S = 10.0
"""With less time left no further part is started."""
_NO_TIME = "skipped", "no time left"


def run_check(
    parts: Sequence[str],
    testdata: Path,
    clips: Path | None,
    out: Path,
    seconds: float,
    *,
    known: PartTable = PARTS,
    about: tuple[str, float] = ABOUT,
    anew: bool = False,
    say: Callable[[str], None] = print,
) -> Row:
    """Runs the parts one after another within `seconds`, writes the report to `out` after each, and returns it. `FIRST`
    runs before all else.

    about: what every report begins with. anew: replaces a report that is there. say: called with a line about progress.
    Raises ValueError, before any other part is run, when `out` has a report that these parts must not be added to.
    """
    deadline_s = time.monotonic() + seconds

    def run(name: str) -> Row:
        say(f"{name} …")
        left_s, (where, limit_s) = deadline_s - time.monotonic(), known[name]
        enough = left_s >= _LEAST_S
        return run_part(where, testdata, clips, min(limit_s, left_s)) if enough else part_record(*_NO_TIME)

    first = {name: run(name) for name in parts if name == FIRST}
    report = begin_report(out, run_part(about[0], testdata, clips, min(about[1], seconds)), anew)
    if report["parts"]:
        say(f"kept from earlier calls: {', '.join(report['parts'])}")
    for name in parts:
        part = first.get(name) or run(name)
        if part["state"] != _NO_TIME[0] or name not in report["parts"]:
            report["parts"][name] = part
        report["figures"] = figures({key: one["result"] for key, one in report["parts"].items()})
        write_json(out, report)
        say(f"{name}: {part['state']} after {part['wall_s']} s" + (f", {why}" if (why := part["reason"]) else ""))
    return report


def begin_report(out: Path, about: Row, anew: bool) -> Row:
    """A report with what is known of this machine, and with the parts of the report that is there already.

    Raises ValueError when that one was made on another machine, with other versions or at another commit.
    """
    machine = about["result"] if about["state"] == "ok" else {**about["result"], "about": about["reason"]}
    begin: Row = {"schema": GPU_CHECK_SCHEMA, "made_at": datetime.now(UTC).isoformat(timespec="seconds"), **machine}
    if anew or not out.is_file():
        return {**begin, "parts": {}, "figures": figures({})}
    earlier = read_json_object(out)
    if earlier.get("schema") != GPU_CHECK_SCHEMA:
        raise ValueError(f"{out} is no report of this version; choose another --out, or --anew to replace it")
    if other := difference(earlier, begin):
        raise ValueError(f"{out} was made elsewhere ({other}); choose another --out, or --anew to replace it")
    return {**begin, "parts": earlier["parts"], "figures": earlier["figures"]}


def read_json_object(path: Path) -> Row:
    """The JSON object in a file; empty when the file has none."""
    try:
        tree = json.loads(path.read_text("utf-8"))
    except ValueError:
        return {}
    return tree if isinstance(tree, dict) else {}


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns exit code 0 when every part in the report is done and no figure misses its target."""
    parser = argument_parser()
    chosen = parser.parse_args(arguments)
    if chosen.child:
        child(chosen.child)
        return 0
    parts = [name.strip() for name in chosen.parts.split(",") if name.strip()]
    if strangers := [name for name in parts if name not in PARTS]:
        parser.error(f"no part is called {', '.join(strangers)}; there are {', '.join(PARTS)}")
    known = {name: (where, limit_s * chosen.patience) for name, (where, limit_s) in PARTS.items()}
    seconds = total_limit_s(parts, known) if chosen.minutes is None else chosen.minutes * 60
    clips = chosen.clips.resolve() if chosen.clips else None
    try:
        report = run_check(parts, chosen.testdata.resolve(), clips, chosen.out, seconds, known=known, anew=chosen.anew)
    except ValueError as error:
        print(f"gpu_check: {error}", file=sys.stderr)
        return 2
    for figure in report["figures"]:
        said = {True: "met", False: "NOT MET", None: "unknown"}[figure["met"]]
        note = f"; {figure['note']}" if figure.get("note") else ""
        print(f"{said:8} {figure['name']}: {figure['value']} (target {figure['target']}{note})")
    done = all(part["state"] == "ok" for part in report["parts"].values())
    return 0 if done and not any(figure["met"] is False for figure in report["figures"]) else 1


def argument_parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.gpu_check", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--testdata", type=Path, default=Path(os.environ.get("KEYART_TESTDATA", "testdata")))
    parser.add_argument("--clips", type=Path)
    parser.add_argument("--out", type=Path, default=RESULTS / f"gpu_check-{date.today()}.json")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"of {','.join(PARTS)}")
    parser.add_argument("--minutes", type=float, help="limit of the whole call; default: the sum of the parts' limits")
    parser.add_argument("--patience", type=float, default=1.0, help="factor on the parts' limits, for a slower machine")
    parser.add_argument("--anew", action="store_true", help="replace a report that is there")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser
