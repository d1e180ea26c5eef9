"""How quick is the service, idle and while a film is worked on? `python -m benchmarks.serve_load [--film FILE]` prints
one line of JSON; exit 0 only if all of it holds.

1,000 jobs as fast as 16 clients can: none may be lost or doubled. Then so many requests a second for a minute, once
with nothing to do and once while a film is worked on, on the same service: their times count from when each was due,
so that a service that stalls is not asked less. Then what the review page asks for: the list of 10,000 titles, and the
frames beside one.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from stream.backfill.home import existing_ledger
from stream.backfill.schema import jobs
from stream.cores import usable_cores

from .demo import make_demo_film
from .serving import Answer, Service, serving

CLIENTS = 16
GET_P99_S, POST_P99_S, BURST_P99_S, BESIDE_S, LIST_S = 0.05, 0.1, 0.25, 2.0, 1.0
POST_EVERY = 5
"""Of so many requests one is a POST."""


@dataclass(frozen=True)
class Load:
    """How much is asked for. jobs: at once; per_s, for_s: then; titles: in the list."""

    jobs: int = 1000
    per_s: float = 20.0
    for_s: float = 60.0
    titles: int = 10_000


@dataclass(frozen=True, slots=True)
class Timed:
    """One request: seconds from when it was due, and what came."""

    method: str
    took_s: float
    answer: Answer


def burst(service: Service, paths: Iterable[Path]) -> tuple[list[Timed], float]:
    """Ask for all of these as fast as the clients can; seconds that all of it took."""

    def one(path: Path) -> Timed:
        began_s = time.perf_counter()
        answer = service.post(path, priority=-5)
        return Timed("POST", time.perf_counter() - began_s, answer)

    began_s = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as clients:
        found = list(clients.map(one, paths))
    return found, time.perf_counter() - began_s


def steady(service: Service, load: Load, gets: Iterator[str], paths: Iterator[Path]) -> list[Timed]:
    """So many requests a second, each at its time."""

    def one(due_s: float, method: str, path: str) -> Timed:
        time.sleep(max(0.0, due_s - time.perf_counter()))
        answer = service.post(path, priority=-5) if method == "POST" else service.ask("GET", path)
        return Timed(method, time.perf_counter() - due_s, answer)

    began_s = time.perf_counter() + 0.2
    with ThreadPoolExecutor(CLIENTS) as clients:
        running = []
        for number in range(round(load.per_s * load.for_s)):
            due_s = began_s + number / load.per_s
            time.sleep(max(0.0, due_s - 0.2 - time.perf_counter()))  # no client waits long before it is needed
            method = "POST" if number % POST_EVERY == 0 else "GET"
            running.append(clients.submit(one, due_s, method, str(next(paths)) if method == "POST" else next(gets)))
        return [request.result() for request in running]


def shown(requests: list[Timed]) -> dict[str, Any]:
    """How the requests went, by method."""
    told: dict[str, Any] = {}
    for method in sorted({request.method for request in requests}):
        mine = [request for request in requests if request.method == method]
        times_ms = np.array([request.took_s for request in mine]) * 1000
        told[method] = {
            "requests": len(mine),
            "refused": sum(request.answer.status >= 400 for request in mine),
            **{f"p{q}_ms": round(float(np.percentile(times_ms, q)), 1) for q in (50, 99, 100)},
        }
    return told


def repeated(*paths: str) -> Iterator[str]:
    """These, again and again."""
    while True:
        yield from paths


def measure(folder: Path, film: Path, load: Load, say: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """All of it, in a fresh folder."""
    library, out = folder / "library", folder / "out"
    names = _library(folder, library, film, load)
    limits = ["--set", "serve.rate_per_s=0"]
    with serving(library, out, limits) as service:
        service.wait(service.is_ready, 120)
        first = service.post("first.mp4").json()["id"]
        service.wait(lambda: service.ask("GET", f"/api/jobs/{first}").json()["state"] == "done", 300)
        say("idle")
        asked = f"/api/jobs/{first}", "/api/jobs?limit=50", "/api/videos?review=waiting", f"/api/videos/{first}"
        for path in (*asked, "/review"):  # what the first request of each kind loads is no matter of load
            service.ask("GET", path)
        gets = repeated(*asked, "/review")
        spare = iter(names[load.jobs :])
        paused = ["ledger", "pause", "--out", str(out)], ["ledger", "resume", "--out", str(out)]
        _keyart(*paused[0])  # what is asked for waits: nothing is worked on
        idle = steady(service, load, gets, spare)
        say("burst")
        posted, took_s = burst(service, names[: load.jobs])
        lost = _lost(out, [path.name for path in names[: load.jobs]], posted)
        say("busy")
        _keyart(*paused[1])
        busy_job = service.post("film.mp4").json()["id"]
        service.wait(lambda: service.ask("GET", f"/api/jobs/{busy_job}").json()["state"] == "running", 60)
        busy = steady(service, load, gets, spare)
        worked_on = service.ask("GET", f"/api/jobs/{busy_job}").json()["state"]
        _keyart(*paused[0])
        beside = _beside(service, first)
        say("list")
        listed = _listed(service, out, first, load.titles)
    told = {"jobs": len(names), "burst": {**shown(posted), "seconds": round(took_s, 2), **lost}, "idle": shown(idle)}
    told |= {"busy": {**shown(busy), "film_at_the_end": worked_on}, "beside_ms": beside, "list_ms": listed}
    return {**told, "cores": usable_cores(), "holds": holds(told)}


def holds(told: dict[str, Any]) -> bool:
    """Whether every figure keeps to its limit."""
    busy, burst = told["busy"], told["burst"]
    refused = sum(part[method]["refused"] for part in (told["idle"], busy) for method in ("GET", "POST"))
    return bool(
        not refused and not burst["POST"]["refused"] and not burst["lost"] and not burst["doubled"]
        and busy["GET"]["p99_ms"] <= GET_P99_S * 1000 and busy["POST"]["p99_ms"] <= POST_P99_S * 1000
        and burst["POST"]["p99_ms"] <= BURST_P99_S * 1000 and max(told["beside_ms"].values()) <= BESIDE_S * 1000
        and max(told["list_ms"].values()) <= LIST_S * 1000
    )  # fmt: skip


def _library(folder: Path, library: Path, film: Path, load: Load) -> list[Path]:
    """A clip under as many names as are asked for, beside the film."""
    library.mkdir(parents=True)
    clip = folder / "clip.mp4"
    make_demo_film(clip)
    shutil.copy(clip, library / "first.mp4")
    shutil.copy(film, library / "film.mp4")
    count = load.jobs + 2 * round(load.per_s * load.for_s / POST_EVERY) + 2
    names = [library / f"{number:05}.mp4" for number in range(count)]
    for name in names:
        name.hardlink_to(clip)
    return names


def _lost(out: Path, keys: list[str], posted: list[Timed]) -> dict[str, int]:
    """Jobs that the ledger does not have, or more than once; and answers with the id of another."""
    ledger = existing_ledger(out, None)
    with ledger.database.reading() as connection:
        rows = connection.execute(select(jobs.c.id, jobs.c.key).where(jobs.c.key.in_(keys))).all()
    ledger.database.close()
    ids = {row.key: row.id for row in rows}
    told = {key: request.answer.json().get("id") for key, request in zip(keys, posted, strict=True)}
    return {"lost": sum(ids.get(key) != told[key] for key in keys), "doubled": len(rows) - len(ids)}


def _beside(service: Service, job: int) -> dict[str, float]:
    """Milliseconds to the frames beside one, and to the picture of the next: the first time, and after that."""
    found = {}
    for name, time_s in (("first", 12.0), ("near", 12.5), ("far", 25.0)):
        began_s = time.perf_counter()
        beside = service.ask("GET", f"/api/videos/{job}/frames?time_s={time_s}").json()
        picture = service.ask("GET", f"/api/videos/{job}/frames/{beside['next']}.jpg?width=1280")
        assert picture.status == 200, picture.body
        found[name] = round((time.perf_counter() - began_s) * 1000, 1)
    return found


def _listed(service: Service, out: Path, like: int, titles: int) -> dict[str, float]:
    """Milliseconds to pages of a list of many titles, which are made like one that is done."""
    ledger = existing_ledger(out, None)
    with ledger.database.writing() as connection:
        row = dict(connection.execute(select(jobs).where(jobs.c.id == like)).one()._mapping)
        connection.execute(
            jobs.insert(), [{**row, "id": None, "key": f"list/{number:06}.mkv"} for number in range(titles)]
        )
    ledger.database.close()
    found = {}
    for name, path in (
        ("page", "/review"), ("api", "/api/videos?review=waiting"), ("search", "/api/videos?review=waiting&q=0099"),
        ("last", f"/api/videos?review=waiting&page={titles // 50}"),
    ):  # fmt: skip
        began_s = time.perf_counter()
        answer = service.ask("GET", path)
        assert answer.status == 200, answer.body
        found[name] = round((time.perf_counter() - began_s) * 1000, 1)
    return found


def _keyart(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "stream.cli", *arguments], check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--film", type=Path, help="worked on meanwhile; default: the demo film, many times over")
    parser.add_argument("--jobs", type=int, default=Load.jobs)
    parser.add_argument("--seconds", type=float, default=Load.for_s)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="keyart-load-") as folder:
        film = asked.film
        if film is None:
            film = Path(folder) / "long.mp4"
            make_demo_film(film)
        load = Load(jobs=asked.jobs, for_s=asked.seconds)
        told = measure(Path(folder), film, load, lambda line: print(line, file=sys.stderr))
    print(json.dumps(told))
    sys.exit(0 if told["holds"] else 1)


if __name__ == "__main__":
    main()
