"""What a supervisor and the process that speaks to Ray say to each other: one JSON object a line, over its stdin and
stdout. Lines to and from workers are passed on as they are.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ..messages import Message


class Connect(Message):
    """Where Ray is, and what its nodes are to do. library: the id in the result folder, by which a node is known to see
    the same folder. root, out, logs: folders, as `path_out` writes them. own_cores: of a Ray of this run's own."""

    type: Literal["connect"] = "connect"
    address: str
    device: str
    workers_per_gpu: int
    cores_per_worker: int
    library: str
    root: str
    out: str
    logs: str
    own_cores: int


class StartWorker(Message):
    """Start a worker in a place. worker: a number that no other has. name: for its log."""

    type: Literal["start_worker"] = "start_worker"
    worker: int
    place: str
    name: str


class ToWorker(Message):
    """A line for a worker."""

    type: Literal["to_worker"] = "to_worker"
    worker: int
    text: str


class StopWorker(Message):
    """Let a worker end by itself, then end it."""

    type: Literal["stop_worker"] = "stop_worker"
    worker: int
    within_s: float


class AbortWorker(Message):
    """End a worker that does not answer; its threads' stacks go to its log where that can still be."""

    type: Literal["abort_worker"] = "abort_worker"
    worker: int


class Connected(Message):
    """Ray lets us in."""

    type: Literal["connected"] = "connected"


class NotConnected(Message):
    """It does not; the process ends. reason: one line with what to do."""

    type: Literal["not_connected"] = "not_connected"
    reason: str


class PlacesNow(Message):
    """Where workers may be started from now on. refused: node → why it is given no work."""

    type: Literal["places_now"] = "places_now"
    names: tuple[str, ...]
    refused: dict[str, str] = Field(default_factory=dict)


class FromWorker(Message):
    """A line of a worker. memory_mib: what it holds."""

    type: Literal["from_worker"] = "from_worker"
    worker: int
    text: str
    memory_mib: float


class WorkerEnded(Message):
    """A worker's process ended while its node was well: as `stream.backfill.links.WorkerEndedError`."""

    type: Literal["worker_ended"] = "worker_ended"
    worker: int
    exit_code: int
    log: str


class WorkerLost(Message):
    """Nothing can be heard of a worker any more. why: in words that follow `a worker`."""

    type: Literal["worker_lost"] = "worker_lost"
    worker: int
    why: str


ToDriver = Connect | StartWorker | ToWorker | StopWorker | AbortWorker
FromDriver = Connected | NotConnected | PlacesNow | FromWorker | WorkerEnded | WorkerLost
TO_DRIVER: TypeAdapter[ToDriver] = TypeAdapter(Annotated[ToDriver, Field(discriminator="type")])
FROM_DRIVER: TypeAdapter[FromDriver] = TypeAdapter(Annotated[FromDriver, Field(discriminator="type")])
