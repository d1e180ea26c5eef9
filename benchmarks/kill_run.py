"""Does a run over a library bear being killed? `python -m benchmarks.kill_run [--ledger URL --processes 2]` prints one
line of JSON; exit 0 only if all holds.

Short clips, some broken, are worked through while supervisors and workers are killed (SIGKILL) at random, and one
supervisor is stopped (SIGSTOP) until its leases have passed to others. Then the run is let go to its end. Every good
clip must have one result that was made once, every bad one a reason; nothing half written, nothing quarantined.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil

from stream.decode.container import open_container

from .demo import make_demo_film

LEASE_S = 4.0
BROKEN_SHARE = 0.05
_FPS = 25
_SIZE = (320, 180)


def make_clips(folder: Path, count: int, rng: random.Random) -> set[str]:
    """Clips of one to three seconds of the demo film, some of them broken; the names of the broken."""
    folder.mkdir(parents=True)
    make_demo_film(folder.parent / "demo.mp4")
    with open_container(folder.parent / "demo.mp4") as container:
        pictures = [frame.reformat(*_SIZE, format="rgb24").to_ndarray() for frame in container.decode(video=0)]
    broken = set()
    for number in range(count):
        path = folder / f"{number % 7}" / f"{number:04}.mp4"
        path.parent.mkdir(exist_ok=True)
        length = rng.randint(_FPS, 3 * _FPS)
        first = rng.randrange(len(pictures) - length)
        _write(path, pictures[first : first + length])
        if rng.random() < BROKEN_SHARE or number == 0:
            path.write_bytes(path.read_bytes()[:1000])
            broken.add(path.relative_to(folder).as_posix())
    return broken


def _write(path: Path, pictures: Sequence[np.ndarray]) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=_FPS, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = *_SIZE, "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


@dataclass(slots=True)
class Killer:
    """Runs of `keyart backfill` on one ledger, and what was done to them."""

    library: Path
    out: Path
    ledger: str | None
    processes: int
    rng: random.Random
    runs: list[subprocess.Popen[bytes]] = field(default_factory=list)
    killed: dict[str, int] = field(default_factory=lambda: {"supervisor": 0, "worker": 0, "stopped": 0})
    made: dict[str, int] = field(default_factory=dict)
    made_again: set[str] = field(default_factory=set)

    def command(self) -> list[str]:
        """One run, with short leases."""
        where = [] if self.ledger is None else ["--ledger", self.ledger]
        options = ["--device", "cpu", "--quiet", "--set", f"backfill.lease_s={LEASE_S}"]
        options += ["--set", "backfill.budget_percent=100"]
        run = [sys.executable, "-m", "stream.cli", "backfill", str(self.library), "--out", str(self.out)]
        return [*run, *where, *options]

    def keep_running(self) -> None:
        """As many runs as there should be."""
        self.runs = [run for run in self.runs if run.poll() is None]
        while len(self.runs) < self.processes:
            self.runs.append(subprocess.Popen(self.command(), stderr=subprocess.DEVNULL))

    def kill_one(self) -> None:
        """A supervisor or a worker, some time after there is a worker."""
        self.keep_running()
        run = self.rng.choice(self.runs)
        worker = _worker_of(run)
        time.sleep(self.rng.uniform(0.2, 6.0))
        self.look()
        if worker is not None and self.rng.random() < 0.5 and worker.is_running():
            worker.kill()
            self.killed["worker"] += 1
        elif run.poll() is None:
            run.kill()
            run.wait()
            self.killed["supervisor"] += 1

    def stop_one(self) -> None:
        """A supervisor stands still until its leases have ended, while another run works; then it goes on."""
        self.keep_running()
        stopped = self.runs[0]
        _worker_of(stopped)
        time.sleep(2.0)
        if stopped.poll() is not None:
            return
        stopped.send_signal(signal.SIGSTOP)
        self.killed["stopped"] += 1
        other = subprocess.Popen(self.command(), stderr=subprocess.DEVNULL)
        self.runs.append(other)
        time.sleep(3 * LEASE_S)
        self.look()
        stopped.send_signal(signal.SIGCONT)

    def look(self) -> None:
        """Note results that were made anew although they were there; what is being written is hidden, and none."""
        for manifest in self.out.glob("*/[!.]*/manifest.json"):
            name, written = manifest.parent.relative_to(self.out).as_posix(), manifest.stat().st_mtime_ns
            if self.made.setdefault(name, written) != written:
                self.made_again.add(name)

    def finish(self) -> int:
        """Let the runs come to their end; the exit code of the last."""
        for run in self.runs:
            run.wait()
        last = subprocess.run(self.command(), stderr=subprocess.DEVNULL, check=False).returncode
        self.look()
        return last


def _worker_of(run: subprocess.Popen[bytes]) -> psutil.Process | None:
    """Its worker, once there is one; None when the run ends before."""
    while run.poll() is None:
        try:
            children = psutil.Process(run.pid).children()
        except psutil.NoSuchProcess:
            return None
        if children:
            return children[0]
        time.sleep(0.05)
    return None


def exported(out: Path, ledger: str | None, to: Path) -> list[dict[str, Any]]:
    """What the ledger says at the end."""
    where = ["--out", str(out)] if ledger is None else ["--ledger", ledger]
    command = [sys.executable, "-m", "stream.cli", "ledger", "export", "--to", str(to), *where]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return [json.loads(line) for line in to.read_text().splitlines()]


def measured(folder: Path, ledger: str | None, clips: int, kills: int, processes: int, seed: int) -> dict[str, Any]:
    """The whole test, in `folder`."""
    rng = random.Random(seed)
    broken = make_clips(folder / "library", clips, rng)
    killer = Killer(folder / "library", folder / "out", ledger, processes, rng)
    began_s = time.perf_counter()
    for number in range(kills):
        killer.kill_one()
        if number == kills // 2:
            killer.stop_one()
    code = killer.finish()
    rows = exported(folder / "out", ledger, folder / "ledger.jsonl")
    good = {row["key"] for row in rows} - broken
    done = {row["key"] for row in rows if row["state"] == "done"}
    explained = {row["key"] for row in rows if row["state"] == "failed" and row["kind"] == "refused" and row["reason"]}
    hidden = [path.name for path in (folder / "out").rglob(".*")]
    half = sorted(name for name in hidden if ".partial-" in name or ".old-" in name)
    unexpected = {
        row["key"]: f"{row['state']}: {row['reason']}" for row in rows if row["key"] not in (done & good) | explained
    }
    found = {
        "database": "sqlite" if ledger is None else "postgresql", "processes": processes, "clips": len(rows),
        "broken": len(broken), "killed": killer.killed, "done": len(done), "explained": len(explained),
        "results": len(killer.made), "made_again": sorted(killer.made_again), "half_written": half,
        "unexpected": unexpected, "quarantined": sum(row["state"] == "quarantined" for row in rows), "exit_code": code,
        "wall_s": round(time.perf_counter() - began_s, 1), "seed": seed,
    }  # fmt: skip
    whole = len(rows) == clips and done == good == set(killer.made) and explained == broken
    return found | {"holds": whole and not killer.made_again and not half and not found["quarantined"]}


def main() -> int:
    """Print the line; 0 if all holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ledger", metavar="URL", help="an empty database; default: SQLite beside the results")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder), given.ledger, given.clips, given.kills, given.processes, given.seed)
    print(json.dumps(found))
    return 0 if found["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
