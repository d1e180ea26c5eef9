"""Does a run over a library bear being killed? `python -m benchmarks.kill_run [--ledger URL --processes 2 | --ray]`
prints one line of JSON; exit 0 only if all holds.

Short clips, some broken, are worked through while supervisors and workers are killed (SIGKILL) at random, and one
supervisor is stopped (SIGSTOP) until its leases have passed to others. Then the run is let go to its end. Every good
clip must have one result that was made once, every bad one a reason; nothing half written, nothing quarantined. With
--ray the workers are two on a Ray of this machine, and their actors are killed too.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import psutil

from stream.backfill.links import WORKER

from .demo import FILM, film_pictures
from .ray_cluster import TOKEN, RayCluster, ray_of

LEASE_S = 4.0
BROKEN_SHARE = 0.05
_FPS = 25
_SIZE = (320, 180)
_NIGHT = ("rocket.jpg", "hubble_deep_field.jpg")
_TAKES = tuple(take for take in FILM if take.photo and take.photo not in _NIGHT and not take.degradation)
"""Of the others (a title, a night sky, what is too dark or blurred) a second alone is a film without an image."""


def make_clips(folder: Path, count: int, rng: random.Random, most_s: int = 3) -> set[str]:
    """Clips of one second to `most_s` of those takes of the demo film that give images, some of them broken; the names
    of the broken."""
    folder.mkdir(parents=True)
    pictures = [cv2.resize(one, _SIZE, interpolation=cv2.INTER_AREA).astype(np.uint8) for one in film_pictures(_TAKES)]
    broken = set()
    for number in range(count):
        path = folder / f"{number % 7}" / f"{number:04}.mp4"
        path.parent.mkdir(exist_ok=True)
        length = rng.randint(_FPS, most_s * _FPS)
        first = rng.randrange(len(pictures) - length)
        write_clip(path, pictures[first : first + length])
        if rng.random() < BROKEN_SHARE or number == 0:
            path.write_bytes(path.read_bytes()[:1000])
            broken.add(path.relative_to(folder).as_posix())
    return broken


def write_clip(path: Path, pictures: Sequence[np.ndarray]) -> None:
    """A film of these pictures: (180, 320, 3) uint8, RGB."""
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
    ray: RayCluster | None = None
    runs: list[subprocess.Popen[bytes]] = field(default_factory=list)
    killed: dict[str, int] = field(default_factory=lambda: {"supervisor": 0, "worker": 0, "actor": 0, "stopped": 0})
    made: dict[str, int] = field(default_factory=dict)
    made_again: set[str] = field(default_factory=set)

    def command(self) -> list[str]:
        """One run, with short leases."""
        where = [] if self.ledger is None else ["--ledger", self.ledger]
        options = ["--device", "cpu", "--quiet", "--set", f"backfill.lease_s={LEASE_S}"]
        options += ["--set", "backfill.budget_percent=100"]
        if self.ray is not None:
            options += ["--ray", self.ray.address, "--set", "backfill.cores_per_worker=1"]
        run = [sys.executable, "-m", "stream.cli", "backfill", str(self.library), "--out", str(self.out)]
        return [*run, *where, *options]

    def keep_running(self) -> None:
        """As many runs as there should be."""
        self.runs = [run for run in self.runs if run.poll() is None]
        while len(self.runs) < self.processes:
            self.runs.append(self.started())

    def started(self) -> subprocess.Popen[bytes]:
        """One more run."""
        token = {} if self.ray is None else {"RAY_AUTH_TOKEN": TOKEN}
        return subprocess.Popen(self.command(), stderr=subprocess.DEVNULL, env={**os.environ, **token})

    def kill_one(self, results: int) -> None:
        """A supervisor, a worker or its actor, some time after there is a worker, and before there are many more than
        so many results: on a quick machine the runs must not be over before the last kill."""
        self.keep_running()
        run = self.rng.choice(self.runs)
        worker = self.worker_of(run)
        until_s = time.monotonic() + self.rng.uniform(0.2, 6.0)
        while time.monotonic() < until_s and len(self.made) < results:
            time.sleep(0.2)
            self.look()
        if worker is not None and self.rng.random() < 0.5 and worker.is_running():
            actor = worker.parent() if self.ray is not None and self.rng.random() < 0.5 else None
            (actor or worker).kill()
            self.killed["worker" if actor is None else "actor"] += 1
        elif run.poll() is None:
            run.kill()
            run.wait()
            self.killed["supervisor"] += 1

    def stop_one(self) -> None:
        """A supervisor stands still until its leases have ended, while another run works; then it goes on."""
        self.keep_running()
        stopped = self.runs[0]
        self.worker_of(stopped)
        time.sleep(2.0)
        if stopped.poll() is not None:
            return
        stopped.send_signal(signal.SIGSTOP)
        self.killed["stopped"] += 1
        self.runs.append(self.started())
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
        last = self.started().wait()
        self.look()
        return last

    def worker_of(self, run: subprocess.Popen[bytes]) -> psutil.Process | None:
        """Its worker, with Ray any worker, once there is one; None when the run ends before."""
        while run.poll() is None:
            above = [run.pid] if self.ray is None else self.ray.pids()
            if workers := [worker for pid in above for worker in _workers_below(pid)]:
                return self.rng.choice(workers)
            time.sleep(0.05)
        return None


def _workers_below(pid: int) -> list[psutil.Process]:
    try:
        below = psutil.Process(pid).children(recursive=True)
        return [process for process in below if WORKER[-1] in process.cmdline()]
    except psutil.NoSuchProcess:
        return []


def exported(out: Path, ledger: str | None, to: Path) -> list[dict[str, Any]]:
    """What the ledger says at the end."""
    where = ["--out", str(out)] if ledger is None else ["--ledger", ledger]
    command = [sys.executable, "-m", "stream.cli", "ledger", "export", "--to", str(to), *where]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return [json.loads(line) for line in to.read_text().splitlines()]


def measured(
    folder: Path,
    ledger: str | None,
    clips: int,
    kills: int,
    processes: int,
    seed: int,
    ray: RayCluster | None = None,
) -> dict[str, Any]:
    """The whole test, in `folder`."""
    rng = random.Random(seed)
    broken = make_clips(folder / "library", clips, rng)
    killer = Killer(folder / "library", folder / "out", ledger, processes, rng, ray)
    began_s = time.perf_counter()
    for number in range(kills):
        killer.kill_one(clips * (number + 1) // (kills + 2))
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
        "database": "sqlite" if ledger is None else "postgresql", "ray": ray is not None, "processes": processes,
        "clips": len(rows), "broken": len(broken), "killed": killer.killed, "done": len(done),
        "explained": len(explained), "results": len(killer.made), "made_again": sorted(killer.made_again),
        "half_written": half,
        "unexpected": unexpected, "quarantined": sum(row["state"] == "quarantined" for row in rows), "exit_code": code,
        "wall_s": round(time.perf_counter() - began_s, 1), "seed": seed,
    }  # fmt: skip
    whole = len(rows) == clips and done == good == set(killer.made) and explained == broken
    tried = killer.killed["stopped"] == 1 and sum(killer.killed.values()) == kills + 1
    return found | {"holds": tried and whole and not (killer.made_again or half or found["quarantined"])}


def main() -> int:
    """Print the line; 0 if all holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ledger", metavar="URL", help="an empty database; default: SQLite beside the results")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ray", action="store_true", help="workers on a Ray of this machine, two of them")
    given = parser.parse_args()
    asked = (given.ledger, given.clips, given.kills, given.processes, given.seed)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        ray = stack.enter_context(ray_of(2)) if given.ray else None
        found = measured(Path(folder), *asked, ray)
    print(json.dumps(found))
    return 0 if found["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
