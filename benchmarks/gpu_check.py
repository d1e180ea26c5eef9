"""Everything that only a GPU can show, in one command and one report.

    python -m benchmarks.gpu_check --testdata DIR --out report.json [--clips DIR] [--parts rates,kernels] [--minutes 9]

Each part runs in a process of its own. One that fails, hangs or takes the driver along is recorded with its reason and
the next one starts; the report is written anew after each. `--testdata` holds the composed episodes, `--clips` what
`python -m benchmarks.gpu_clips` made of them.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .gpu_check_figures import figures

SCHEMA = "keyart/gpu-check/1"
Row = dict[str, Any]

PARTS = {
    "device": ("gpu_check_device:device", 60),
    "kernels": ("gpu_check_kernels:kernels", 60),
    "measuring": ("gpu_check_measuring:measuring", 90),
    "rates_h264": ("gpu_check_rates:rates_h264", 200),
    "memory": ("gpu_check_memory:memory", 90),
    "parity": ("gpu_check_parity:parity", 150),
    "engines": ("gpu_check_engines:engines", 60),
    "rates_hevc": ("gpu_check_rates:rates_hevc", 120),
    "tests": ("gpu_check_device:tests", 120),
    "clustering": ("gpu_check_engines:clustering", 150),
    "python": ("gpu_check_python:python_settings", 90),
}
"""Name → where its function is, and the most seconds it may take; in the order of their worth, for time may run out."""

_LEAST_S = 10.0
"""With less time left no further part is started."""


@dataclass(slots=True)
class Job:
    """What a part is given. It tells its results as they come, so that a part that is cut short still has some."""

    testdata: Path
    clips: Path | None
    into: Path
    found: Row

    def note(self, key: str, value: Any) -> None:
        """Add one result, at once on disk."""
        self.found[key] = value
        write_json(self.into, self.found)

    def episode(self, name: str) -> Path:
        """The film of an episode. Raises FileNotFoundError."""
        folder = self.testdata / "episodes" / name
        for film in sorted(folder.glob(f"{name}.*")):
            return film
        raise FileNotFoundError(f"no film of {name} in {folder}")

    def clip(self, name: str) -> Path:
        """A file that `gpu_clips` made. Raises FileNotFoundError."""
        path = (self.clips or self.testdata / "clips") / name
        if not path.is_file():
            raise FileNotFoundError(f"{path.name} is not there: make it with `python -m benchmarks.gpu_clips DIR`")
        return path


def check(
    parts: Sequence[str],
    testdata: Path,
    clips: Path | None,
    out: Path,
    seconds: float,
    known: Mapping[str, tuple[str, int]] = PARTS,
    say: Callable[[str], None] = print,
) -> Row:
    """Run the parts one after another within `seconds` and write the report after each; returns it."""
    deadline_s = time.monotonic() + seconds
    report: Row = {"schema": SCHEMA, "made_at": datetime.now(UTC).isoformat(timespec="seconds"), "parts": {}}
    for name in parts:
        say(f"{name} …")
        left_s = deadline_s - time.monotonic()
        where, limit_s = known[name]
        result = (
            run_part(name, where, testdata, clips, min(limit_s, left_s))
            if left_s >= _LEAST_S
            else {"state": "skipped", "reason": "no time left", "wall_s": 0.0, "result": {}}
        )
        report["parts"][name] = result
        report["figures"] = figures({key: part["result"] for key, part in report["parts"].items()})
        write_json(out, report)
        say(f"{name}: {result['state']} after {result['wall_s']} s" + (f", {why}" if (why := result["reason"]) else ""))
    return report


def run_part(name: str, where: str, testdata: Path, clips: Path | None, limit_s: float) -> Row:
    """One part in a process of its own: its state (ok, failed, stopped), the reason, and whatever results it told."""
    with tempfile.TemporaryDirectory(prefix="keyart-gpu-") as folder:
        into, heard = Path(folder) / "result.json", Path(folder) / "heard.txt"
        job = {"where": where, "testdata": str(testdata), "clips": str(clips) if clips else None, "into": str(into)}
        command = [sys.executable, "-m", "benchmarks.gpu_check", "--child", json.dumps(job)]
        started_s = time.monotonic()
        with heard.open("wb") as errors:
            exit_code = _run(command, errors, limit_s)
        state, reason = _verdict(exit_code, limit_s, heard.read_text(errors="replace"))
        result = json.loads(into.read_text()) if into.is_file() else {}
        return {"state": state, "reason": reason, "wall_s": round(time.monotonic() - started_s, 1), "result": result}


def _run(command: Sequence[str], errors: Any, limit_s: float) -> int | None:
    """The exit code; None when the time ran out. Nothing that the part started is left."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=errors, start_new_session=True)
    try:
        return child.wait(limit_s)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _verdict(exit_code: int | None, limit_s: float, heard: str) -> tuple[str, str]:
    """State and reason; the reason of a failure is the last line of its traceback."""
    if exit_code is None:
        return "stopped", f"took longer than {limit_s:.0f} s"
    if exit_code == 0:
        return "ok", ""
    last = last_line(heard)
    return "failed", f"ended by signal {-exit_code}, last said: {last}" if exit_code < 0 else last


def last_line(heard: str) -> str:
    """The last line with words in it, without the frame that Python draws around groups of errors."""
    lines = (line.strip().lstrip("|+- ") for line in reversed(heard.splitlines()))
    return next((line for line in lines if line), "")


def child(text: str) -> None:
    """Run one part here; whatever it raises ends the process with its traceback."""
    job = json.loads(text)
    module, function = job["where"].split(":")
    work = getattr(importlib.import_module(module if "." in module else f"benchmarks.{module}"), function)
    work(Job(Path(job["testdata"]), Path(job["clips"]) if job["clips"] else None, Path(job["into"]), {}))


def write_json(path: Path, tree: Row) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_text(json.dumps(tree, indent=1, ensure_ascii=False) + "\n", "utf-8")
    unfinished.replace(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when every part was done and every figure that could be computed is met."""
    parser = argparse.ArgumentParser(prog="benchmarks.gpu_check", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--testdata", type=Path, default=Path(os.environ.get("KEYART_TESTDATA", "testdata")))
    parser.add_argument("--clips", type=Path)
    parser.add_argument("--out", type=Path, default=Path("gpu_check.json"))
    parser.add_argument("--parts", default=",".join(PARTS), help=f"of {','.join(PARTS)}")
    parser.add_argument("--minutes", type=float, default=9.0)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.child:
        child(chosen.child)
        return 0
    parts = [name.strip() for name in chosen.parts.split(",") if name.strip()]
    if strangers := [name for name in parts if name not in PARTS]:
        parser.error(f"no part is called {', '.join(strangers)}; there are {', '.join(PARTS)}")
    report = check(parts, chosen.testdata.resolve(), chosen.clips, chosen.out, chosen.minutes * 60)
    for figure in report["figures"]:
        said = {True: "met", False: "NOT MET", None: "unknown"}[figure["met"]]
        print(f"{said:8} {figure['name']}: {figure['value']} (target {figure['target']})")
    done = all(part["state"] == "ok" for part in report["parts"].values())
    return 0 if done and not any(figure["met"] is False for figure in report["figures"]) else 1


if __name__ == "__main__":
    sys.exit(main())
