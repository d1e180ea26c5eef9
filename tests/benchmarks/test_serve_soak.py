"""The soak of the service, in short; and that it notices what grows."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from benchmarks.serve_soak import Look, Looks, judged, soak
from benchmarks.serving import Service

MIB = 1 << 20


def looks(more_memory: float = 0.0, more_descriptors: float = 0.0, more_series: float = 0.0) -> list[Look]:
    """One look a job; what grows does so from job to job."""
    return [
        Look(
            done,
            {"service": round(200 * MIB + more_memory * done * MIB), "worker": 500 * MIB},
            {"service": round(30 + more_descriptors * done), "worker": 20},
            round(400 + more_series * done),
        )
        for done in range(101)
    ]


def test_a_service_that_stays_as_it_is() -> None:
    found = judged(looks(), 1, 0, {"done": 100}, 60.0)
    assert found["holds"]
    assert (found["memory_ratio"], found["more_series"]) == ({"service": 1.0, "worker": 1.0}, 0)


@pytest.mark.parametrize("grows", [{"more_memory": 0.6}, {"more_descriptors": 0.1}, {"more_series": 0.05}])
def test_what_grows_is_noticed(grows: dict[str, float]) -> None:
    assert not judged(looks(**grows), 1, 0, {"done": 100}, 60.0)["holds"]


@pytest.mark.parametrize(("workers", "states"), [(2, {"done": 100}), (1, {"done": 99, "failed": 1})])
def test_a_worker_that_was_replaced_or_a_film_that_failed_is_noticed(workers: int, states: dict[str, Any]) -> None:
    assert not judged(looks(), workers, 0, states, 60.0)["holds"]


class Ending(psutil.Process):
    """A process that ends between being listed and being looked at."""

    def memory_info(self) -> Any:
        raise psutil.NoSuchProcess(self.pid)


@dataclass
class Listing(Service):
    """A service of some processes, whose numbers nobody asks for."""

    listed: Sequence[psutil.Process] = ()

    def processes(self) -> list[psutil.Process]:
        return list(self.listed)


class Looking(Looks):
    """Looks at processes only."""

    def _series(self) -> int:
        return 400


def test_a_process_that_ended_is_counted() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True) as running:
        service = Listing(running, 0, 0, listed=[Ending(), psutil.Process(running.pid)])
        seen = Looking(service)
        seen.look(1)
        running.communicate("\n")
    assert (seen.ended, list(seen.found[0].memory)) == (1, ["service"])
    assert not judged(looks(), 1, seen.ended, {"done": 100}, 60.0)["holds"]


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.usefixtures("models_dir")
def test_a_short_soak(tmp_path: Path) -> None:
    found = soak(tmp_path, 12)
    assert (found["states"], found["workers"], found["ended"], found["jobs"]) == ({"done": 12}, 1, 0, 12)
    assert set(found["memory_ratio"]) == {"service", "worker", "pictures"}
