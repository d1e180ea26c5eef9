"""Does the service stay as it is? `python -m benchmarks.serve_soak [--jobs 2000]` prints one line of JSON; exit 0 only
if all of it holds.

So many jobs of one-second clips go through one service and one worker, which is never replaced. Meanwhile somebody
listens to events and looks at lists, pages and frames. Looked at every second: what the service, the worker and the
picture processes hold (RSS), their open descriptors, and how many series Prometheus would be told. In the last quarter
memory must not be above 1.1 times that of the second, and the rest not above it. No process may end, and whoever
listens or looks must get answers.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from stream.cores import usable_cores

from .kill_run import make_clips
from .serving import Service, serving

CLIPS = 20
"""Different ones; the jobs are links to them."""
MEMORY_RATIO = 1.1
SPARE_DESCRIPTORS, SPARE_SERIES = 3, 0
"""A connection or a log more is no leak."""
_LOOK_EVERY_S = 1.0
_WITHIN_S = 7200.0


@dataclass(slots=True)
class Look:
    """At one moment. memory: kind of process → bytes; descriptors: the same → open ones."""

    done: int
    memory: dict[str, int]
    descriptors: dict[str, int]
    series: int


@dataclass(slots=True)
class Looks:
    """All of them, and the processes that were there. ended: how many went away while they were looked at, so that a
    look is without them."""

    service: Service
    found: list[Look] = field(default_factory=list)
    workers: set[int] = field(default_factory=set)
    ended: int = 0

    def look(self, done: int) -> None:
        """Look now."""
        memory, descriptors = dict[str, int](), dict[str, int]()
        for process in self.service.processes():
            try:
                kind = _kind(process, self.service.process.pid)
                held, opened = process.memory_info().rss, process.num_fds()
            except psutil.NoSuchProcess:
                self.ended += 1
                continue
            memory[kind] = memory.get(kind, 0) + held
            descriptors[kind] = descriptors.get(kind, 0) + opened
            if kind == "worker":
                self.workers.add(process.pid)
        self.found.append(Look(done, memory, descriptors, self._series()))

    def _series(self) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.service.metrics_port, timeout=30)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        return sum(1 for line in text.splitlines() if line and not line.startswith("#"))


def _kind(process: psutil.Process, service: int) -> str:
    command = " ".join(process.cmdline())
    if process.pid == service:
        return "service"
    return "worker" if "stream.backfill.worker" in command else "pictures"


def soak(folder: Path, count: int, say: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Work through so many clips, and say how the service changed."""
    library, out = folder / "library", folder / "out"
    names = _library(folder, library, count)
    options = ["--set", "backfill.recycle_films=0", "--set", "serve.rate_per_s=0"]
    with serving(library, out, options) as service:
        service.wait(service.is_ready, 120)
        looks, stop = Looks(service), threading.Event()
        with ThreadPoolExecutor() as pool:
            others = [pool.submit(use, service, stop) for use in (_listen, _browse)]
            began_s = time.monotonic()
            try:
                for name in names:
                    assert service.post(name).status == 202
                _look_until_done(looks, count, began_s, say)
            finally:
                stop.set()
        for other in others:
            other.result()
        counts = service.counts()
    return judged(looks.found, len(looks.workers), looks.ended, counts, time.monotonic() - began_s)


def _look_until_done(looks: Looks, count: int, began_s: float, say: Callable[[str], None]) -> None:
    while time.monotonic() < began_s + _WITHIN_S:
        counts = looks.service.counts()
        done = counts.get("done", 0) + counts.get("failed", 0)
        looks.look(done)
        if len(looks.found) % 60 == 0:
            say(f"{done} of {count}")
        if done >= count:
            return
        time.sleep(_LOOK_EVERY_S)
    raise TimeoutError(f"not done within {_WITHIN_S:g} s")


def judged(
    looks: Sequence[Look], workers: int, ended: int, counts: dict[str, int], took_s: float
) -> dict[str, Any]:
    """The second quarter of the jobs against the last. workers, ended: how many there were, and how many processes of
    any kind ended while they were looked at."""
    most = looks[-1].done
    second = [look for look in looks if most * 0.25 <= look.done < most * 0.5]
    last = [look for look in looks if look.done >= most * 0.75]
    kinds = [kind for kind in ("service", "worker", "pictures") if any(kind in look.memory for look in last)]
    ratios = {kind: _ratio([_of(look.memory, kind) for look in second], [_of(look.memory, kind) for look in last])
              for kind in kinds}  # fmt: skip
    more_open = {kind: median(_of(look.descriptors, kind) for look in last)
                 - median(_of(look.descriptors, kind) for look in second) for kind in kinds}  # fmt: skip
    more_series = max(look.series for look in last) - max(look.series for look in second)
    told: dict[str, Any] = {
        "jobs": most, "seconds": round(took_s, 1), "states": counts, "workers": workers, "ended": ended,
        "looks": len(looks),
        "memory_ratio": {kind: round(ratio, 3) for kind, ratio in ratios.items()},
        "memory_mib": {kind: round(median(_of(look.memory, kind) for look in last) / 2**20) for kind in kinds},
        "more_descriptors": more_open, "series": last[-1].series, "more_series": more_series, "cores": usable_cores(),
    }  # fmt: skip
    holds = (
        max(ratios.values()) <= MEMORY_RATIO and max(more_open.values()) <= SPARE_DESCRIPTORS
        and more_series <= SPARE_SERIES and workers == 1 and ended == 0 and set(counts) == {"done"}
    )  # fmt: skip
    return {**told, "holds": holds}


def _of(values: dict[str, int], kind: str) -> int:
    return values.get(kind, 0)


def _ratio(before: Sequence[int], after: Sequence[int]) -> float:
    return median(after) / max(1.0, median(before))


def _library(folder: Path, library: Path, count: int) -> list[Path]:
    """Links to a few clips of a second, which must all be sound."""
    broken = make_clips(folder / "clips", CLIPS + CLIPS // 2, random.Random(1), most_s=1)
    clips = [path for path in sorted((folder / "clips").glob("*/*.mp4"))
             if path.relative_to(folder / "clips").as_posix() not in broken]  # fmt: skip
    library.mkdir(parents=True)
    names = [library / f"{number:05}.mp4" for number in range(count)]
    for number, name in enumerate(names):
        name.hardlink_to(clips[number % len(clips)])
    return names


def _listen(service: Service, stop: threading.Event) -> None:
    """Clients of events that come and go."""
    while not stop.is_set():
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
        connection.request("GET", "/api/events")
        answer = connection.getresponse()
        until_s = time.monotonic() + 10
        while not stop.is_set() and time.monotonic() < until_s:
            answer.fp.readline()
        connection.close()


def _browse(service: Service, stop: threading.Event) -> None:
    """An editor who looks at titles."""
    while not stop.is_set():
        listed = service.ask("GET", "/api/videos?review=waiting").json()["videos"]
        service.ask("GET", "/review")
        for video in listed[:3]:
            service.ask("GET", f"/api/videos/{video['id']}")
            service.ask("GET", f"/review/{video['id']}")
            if video["thumbnail"]:
                service.ask("GET", video["thumbnail"])
            service.ask("GET", f"/api/videos/{video['id']}/frames/0.4.jpg?width=320")
        stop.wait(2.0)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="keyart-soak-") as folder:
        told = soak(Path(folder), asked.jobs, lambda line: print(line, file=sys.stderr, flush=True))
    print(json.dumps(told))
    sys.exit(0 if told["holds"] else 1)


if __name__ == "__main__":
    main()
