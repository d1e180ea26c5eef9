"""Films with damaged bytes: `python -m benchmarks.fuzz --count 2000 --seed 1 [--results]`, one line of JSON at the end.

Small films of fourteen kinds are made, their bytes changed by lot (header fields, truncation, splices, bit flips), and
given to a worker process. Every one must end as done or with a reason of one line: no crash, no hang, no more memory
than is allowed and, with --results, where whole results are made, nothing half written. Exit 0 only if all do. What did
not is kept (`--keep DIR`), so that it can become a test.
"""

from __future__ import annotations

import argparse
import json
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .fuzz_sources import make_sources, mutated
from .limited import memory_mib

_FIRST_S = 300.0
"""How much longer the first film may take: kernels are compiled, models loaded."""
_GOOD = ("done", "refused")


class Worker:
    """A worker process, begun anew where it ended. results: where it makes whole results, None: it makes none."""

    def __init__(self, most_s: float, most_mib: float, results: Path | None) -> None:
        self._most_s, self._most_mib = most_s, most_mib
        self._command = [sys.executable, "-X", "faulthandler", "-m", "benchmarks.fuzz_worker"]
        self._command += [str(results)] if results is not None else []
        self._process: subprocess.Popen[bytes] | None = None
        self._fresh, self._first_s = True, _FIRST_S
        self.peak_mib = 0.0

    def ask(self, film: Path) -> dict[str, Any]:
        """How the film ended; a crash, a hang or too much memory ends the worker too."""
        if self._process is None:
            with tempfile.TemporaryFile() as errors:
                self._process = subprocess.Popen(
                    self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
                )
            self._fresh = True
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write((json.dumps(str(film)) + "\n").encode())
        process.stdin.flush()
        begun_s, most_s = time.monotonic(), self._most_s + (self._first_s if self._fresh else 0.0)
        while not select.select([process.stdout], [], [], 0.1)[0]:
            waited_s, now_mib = time.monotonic() - begun_s, memory_mib(process.pid)
            self.peak_mib = max(self.peak_mib, now_mib)
            if waited_s > most_s or now_mib > self._most_mib:
                self.close()
                over = "too large" if now_mib > self._most_mib else "hang"
                return {"ended": over, "reason": f"{waited_s:.0f} s, {now_mib:.0f} MiB"}
        self._fresh = False
        line = process.stdout.readline()
        if not line:
            code = process.wait()
            self.close()
            how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            return {"ended": "crash", "reason": how}
        said: dict[str, Any] = json.loads(line)
        return said

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


@contextmanager
def open_worker(most_s: float, most_mib: float, results: Path | None = None) -> Iterator[Worker]:
    """A worker for the block."""
    worker = Worker(most_s, most_mib, results)
    try:
        yield worker
    finally:
        worker.close()


@dataclass(slots=True)
class Found:
    """counts: how films ended. bad: (file name, what was done to it, how it ended) of those that ended badly."""

    counts: Counter[str] = field(default_factory=Counter)
    bad: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)


def fuzz(count: int, seed: int, folder: Path, worker: Worker, keep: Path | None, results: Path | None) -> Found:
    """Damage `count` films by lot, one after the other, and see how each ends."""
    sources = [(path, path.read_bytes()) for path in make_sources(folder / "sources")]
    found = Found()
    for number in range(count):
        rng = random.Random(seed * 1_000_003 + number)
        (source, content), (_, other) = rng.choice(sources), rng.choice(sources)
        data, done = mutated(content, other, rng)
        film = folder / f"{number:05}_{source.name}"
        film.write_bytes(data)
        said = worker.ask(film)
        if results is not None and (half := half_written(results, film.name, said["ended"])):
            said = {"ended": "half output", "reason": half}
        found.counts[said["ended"]] += 1
        if said["ended"] not in _GOOD:
            found.bad.append((film.name, done, said))
            if keep is not None:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / film.name).write_bytes(data)
        film.unlink()
    return found


def half_written(results: Path, name: str, ended: str) -> str:
    """What lies in the folder of results that should not; empty where all is well. Takes the result away."""
    there = sorted(path.name for path in results.iterdir()) if results.is_dir() else []
    expected = [name] if ended == "done" else []
    whole = ended != "done" or (results / name / "manifest.json").is_file()
    for path in results.rglob("*") if results.is_dir() else ():
        if path.is_file():
            path.unlink()
    for path in sorted(results.rglob("*"), reverse=True) if results.is_dir() else ():
        path.rmdir()
    return "" if there == expected and whole else f"there is {', '.join(there) or 'nothing'}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was found; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--results", action="store_true", help="make whole results, with all engines")
    parser.add_argument("--most-s", type=float, default=30.0, help="seconds a film may take")
    parser.add_argument("--most-mib", type=float, default=2500.0, help="memory that the worker may take, MiB")
    parser.add_argument("--keep", type=Path, help="where films that ended badly are kept")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="keyart-fuzz-") as folder:
        results = Path(folder) / "results" if asked.results else None
        with open_worker(asked.most_s, asked.most_mib, results) as worker:
            found = fuzz(asked.count, asked.seed, Path(folder), worker, asked.keep, results)
    for name, done, said in found.bad:
        print(f"{name} ({done}): {said['ended']}: {said.get('reason', '')}\n{said.get('trace', '')}", file=sys.stderr)
    holds = not found.bad and asked.count > 0
    figures = {"holds": holds, "seed": asked.seed, "films": asked.count, **found.counts}
    print(json.dumps(figures | {"peak_mib": round(worker.peak_mib)}))
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
