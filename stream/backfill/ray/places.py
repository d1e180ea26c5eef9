"""The places on the nodes of a Ray cluster, as they come and go."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from pathlib import Path

from anyio import create_task_group, move_on_after
from anyio.abc import TaskGroup

from ...cores import usable_cores
from ...settings.model import Settings
from ..errors import NowhereError
from ..links import Places, WorkerLink, open_piped
from ..messages import path_in, path_out
from ..places import WORKERS_PER_GPU
from ..stopping import RunStoppedError
from .access import LOCAL, Access
from .driver_link import DriverLink
from .link import RayWorker
from .messages import Connect, StartWorker

DRIVER = (sys.executable, "-m", "stream.backfill.ray.driver")
CORES_PER_WORKER = 4
"""What a worker on the CPU keeps busy: a film's two decoders, the models' threads, the interpreter."""
_CONNECTED_WITHIN_S, _STARTED_WITHIN_S, _FIRST_PLACE_WITHIN_S = 20.0, 60.0, 20.0
Complain = Callable[[str], None]


def for_nodes(settings: Settings) -> Settings:
    """The settings of workers on nodes: as many threads as each has cores of its node, where none are asked for, and
    absolute paths, for a node has another folder to begin from."""
    named = {name: getattr(settings, name) for name in ("models", "engines", "log")}
    paths = {name: path.absolute() for name, path in named.items() if path is not None}
    return settings.model_copy(update={"threads": settings.threads or cores_per_worker(settings), **paths})


def cores_per_worker(settings: Settings) -> int:
    """Cores of a node that a worker without a GPU takes."""
    return settings.backfill.cores_per_worker or settings.threads or CORES_PER_WORKER


def connect_to(access: Access, settings: Settings, root: Path, out: Path, logs: Path, library: str) -> Connect:
    """What the process that speaks to Ray has to know, with absolute paths."""
    return Connect(
        address=access.address,
        device=settings.device,
        workers_per_gpu=settings.backfill.workers_per_device or WORKERS_PER_GPU,
        cores_per_worker=cores_per_worker(settings),
        library=library,
        root=path_out(root.absolute()),
        out=path_out(out.absolute()),
        logs=path_out(logs.absolute()),
        own_cores=usable_cores(),
    )


class RayPlaces:
    """`AskPlaces` for the nodes of a cluster. The process that speaks to Ray is started at the first question, and anew
    when it has ended. complain: told, once each, of nodes that are given no work."""

    def __init__(self, access: Access, connect: Connect, complain: Complain, tasks: TaskGroup) -> None:
        self._access, self._connect, self._complain, self._tasks = access, connect, complain, tasks
        self._driver: DriverLink | None = None
        self._drivers, self._numbers = count(1), count(1)
        self._was_in = False
        self._told: set[str] = set()

    async def __call__(self) -> Places:
        """See `AskPlaces`. Raises RunStoppedError when Ray does not even let us in at first."""
        driver = self._driver
        if driver is None or driver.ended:
            driver = self._driver = await self._let_in()
        now = driver.places
        refused = [f"node {host} {reason}" for host, reason in now.refused.items()]
        for line in refused:
            if line not in self._told:
                self._told.add(line)
                self._complain(line)
        if not now.names:
            raise NowhereError("; ".join(["no node of Ray's has room for a worker", *refused]))
        return {name: partial(self._start, driver, name) for name in now.names}

    async def close(self) -> None:
        """End the process, and with it the actors."""
        if self._driver is not None:
            await self._driver.close()

    async def _let_in(self) -> DriverLink:
        within_s = _STARTED_WITHIN_S if self._access.address == LOCAL else _CONNECTED_WITHIN_S
        log = path_in(self._connect.logs) / f"ray-{next(self._drivers)}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        driver = DriverLink(await open_piped(DRIVER, log, {**os.environ, **self._access.environment}), log)
        self._tasks.start_soon(driver.read)
        try:
            await driver.send(self._connect)
            with move_on_after(within_s):
                await driver.answered.wait()
            if driver.connected:
                self._was_in = True
                with move_on_after(_FIRST_PLACE_WITHIN_S):
                    await driver.looked.wait()
                return driver
            reason = driver.why_not() if driver.ended else f"does not answer as Ray does within {within_s:g} s"
        finally:
            if not driver.connected:
                await driver.close()
        raise NowhereError(reason) if self._was_in else RunStoppedError(reason)

    async def _start(self, driver: DriverLink, place: str, name: str) -> WorkerLink:
        worker = RayWorker(next(self._numbers), driver.send)
        driver.workers[worker.number] = worker
        await driver.send(StartWorker(worker=worker.number, place=place, name=name))
        return worker


@asynccontextmanager
async def open_ray_places(access: Access, connect: Connect, complain: Complain) -> AsyncIterator[RayPlaces]:
    """Within the block there are places on Ray's nodes; after it nothing of this run is left there."""
    async with create_task_group() as tasks:
        places = RayPlaces(access, connect, complain, tasks)
        try:
            yield places
        finally:
            await places.close()
