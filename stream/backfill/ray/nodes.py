"""The nodes of a cluster and the relays on them: as many as a node has room for, as long as the run lasts."""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import ray
from anyio import sleep, to_thread
from anyio.abc import TaskGroup
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ...version import own_version
from ..pipes import Send
from .messages import Connect, PlacesNow
from .relay import Relay

LOOK_EVERY_S = 2.0
_ASK_AGAIN_S = 60.0
"""A node that was refused is asked anew after so long."""


@dataclass(frozen=True, slots=True)
class Room:
    """What one relay on a node takes of it, and how many there is room for. kind: `cpu` or `gpu`."""

    kind: str
    count: int
    cpus: int = 0
    gpus: float = 0.0


def room_on(resources: dict[str, float], device: str, workers_per_gpu: int, cores_per_worker: int) -> Room:
    """One relay for each share of a GPU, where there is one and it may be used; else for each few cores. A node with
    fewer cores than that has one relay, with all of them."""
    gpus, cores = int(resources.get("GPU", 0)), int(resources.get("CPU", 0))
    if device != "cpu" and gpus:
        return Room("gpu", gpus * workers_per_gpu, gpus=int(10_000 / workers_per_gpu) / 10_000)
    if device == "cuda" or not cores:
        return Room("cpu", 0)
    cpus = min(cores, cores_per_worker)
    return Room("cpu", cores // cpus, cpus=cpus)


@dataclass(slots=True)
class Seat:
    """A relay on a node, or one that waits there for room. relay: the handle of its actor."""

    name: str
    node: str
    host: str
    relay: Any
    ready: bool = False


class Nodes:
    """Keeps relays on all nodes and tells where workers may be started. A relay that waits for room, because others use
    the node, is no place yet."""

    def __init__(self, connect: Connect, send: Send, tasks: TaskGroup) -> None:
        self._connect, self._send, self._tasks = connect, send, tasks
        self._seats: dict[str, Seat] = {}
        self._numbers: Counter[str] = Counter()
        self._refused: dict[str, tuple[str, str, float]] = {}
        """Node → host, why, since when."""
        self._actor = ray.remote(Relay)

    def seat(self, name: str) -> Seat | None:
        """The relay of a place that is there now."""
        found = self._seats.get(name)
        return found if found is not None and found.ready else None

    async def run(self) -> None:
        """Look again and again, until it is cancelled."""
        while True:
            now_s = time.monotonic()
            self._refused = {node: one for node, one in self._refused.items() if now_s - one[2] < _ASK_AGAIN_S}
            for node in await to_thread.run_sync(ray.nodes):
                if node["Alive"] and node["NodeID"] not in self._refused:
                    self._fill(node)
            self._tell()
            await sleep(LOOK_EVERY_S)

    def _fill(self, node: dict[str, Any]) -> None:
        connect = self._connect
        room = room_on(node["Resources"], connect.device, connect.workers_per_gpu, connect.cores_per_worker)
        here = sum(seat.node == node["NodeID"] for seat in self._seats.values())
        for _ in range(room.count - here):
            kind = f"{re.sub(r'[^A-Za-z0-9.-]', '_', node['NodeManagerHostname'])}-{room.kind}"
            self._numbers[kind] += 1
            pinned = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            relay = self._actor.options(num_cpus=room.cpus, num_gpus=room.gpus, scheduling_strategy=pinned).remote()
            seat = Seat(f"{kind}{self._numbers[kind]}", node["NodeID"], node["NodeManagerHostname"], relay)
            self._seats[seat.name] = seat
            self._tasks.start_soon(self._keep, seat)

    async def _keep(self, seat: Seat) -> None:
        """A relay from its beginning to its end."""
        try:
            problem = await self._problem(seat)
            if problem is None:
                seat.ready = True
                self._tell()
                await seat.relay.alive.remote()
        except RayError as error:
            problem = None if seat.ready else why(error)
        finally:
            del self._seats[seat.name]
        if problem is not None:
            self._refused[seat.node] = (seat.host, problem, time.monotonic())
        await to_thread.run_sync(ray.kill, seat.relay)
        self._tell()

    async def _problem(self, seat: Seat) -> str | None:
        """Why a node is not to be used."""
        version = await seat.relay.version.remote()
        if version != own_version():
            return f"has Keyart {version} and not {own_version()}; install the same on every node"
        connect = self._connect
        found: str | None = await seat.relay.problem.remote(connect.library, connect.out, connect.root)
        return found

    def _tell(self) -> None:
        names = tuple(seat.name for seat in self._seats.values() if seat.ready)
        self._send(PlacesNow(names=names, refused={host: reason for host, reason, _ in self._refused.values()}))


def why(error: BaseException) -> str:
    """The part of an error of Ray's that says something, as one line."""
    said = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in said if re.match(r"\w*(Error|Exception)\b", line)]
    return (telling or said or [type(error).__name__])[-1 if telling else 0][:300]
