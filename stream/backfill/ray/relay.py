"""What runs on a node, inside a Ray actor: starts the ordinary worker process there and passes lines to and fro. No
frame goes through Ray. When the actor ends, the worker's stdin ends, and so the worker.
"""

from __future__ import annotations

import os
from asyncio import Event
from dataclasses import dataclass
from pathlib import Path

from anyio import Lock

from ...version import own_version
from ..home import seen_library_id
from ..links import LocalWorker, WorkerEndedError, open_worker
from ..messages import path_in
from .access import MODE

_NOT_FOR_WORKERS = ("OMP_NUM_THREADS",)
"""Ray sets it to the actor's cores; how many threads a worker has is the setting `threads`."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came from a worker: a line, or, with line None, how it ended."""

    line: bytes | None = None
    memory_mib: float = 0.0
    exit_code: int = 0
    log: str = ""


class Relay:
    """One worker at a time. Its methods are called by `stream.backfill.ray.driver`, through Ray."""

    def __init__(self) -> None:
        self._worker: LocalWorker | None = None
        self._number = 0
        self._not_started = ""
        self._sending = Lock()

    async def version(self) -> str:
        """Of Keyart on this node."""
        return own_version()

    async def problem(self, library: str, out: str, root: str) -> str | None:
        """Why this node cannot be given work: the result folder here is not the supervisor's, the library is not there,
        or its Ray lets anyone in."""
        if os.environ.get(MODE, "").lower() != "token":
            return f"its Ray lets in whoever asks; start it anew with {MODE}=token"
        if seen_library_id(path_in(out)) != library:
            return f"{path_in(out)} is another folder there or none; mount the disk of --out on every node"
        if not path_in(root).exists():
            return f"{path_in(root)} is not there; mount the library on every node"
        return None

    async def alive(self) -> None:
        """Never returns."""
        await Event().wait()

    async def start(self, number: int, log: str) -> None:
        """Start a worker, in place of the one before, whose stderr goes to this file; when that cannot be, `receive`
        says so. number: a worker's, which the other methods name."""
        kept = {name: value for name, value in os.environ.items() if not _is_rays(name)}
        before, self._worker, self._number = self._worker, None, number
        if before is not None:
            await before.stop(0.0)
        try:
            self._worker = await open_worker(path_in(log), kept)
        except OSError as error:
            self._not_started = f"a worker cannot be started ({error.strerror or error})"

    async def send(self, number: int, line: bytes) -> None:
        """Pass a line on. A worker that is gone says so in `receive`."""
        try:
            async with self._sending:
                if (worker := self._of(number)) is not None:
                    await worker.send_line(line)
        except WorkerEndedError:
            return  # `receive` says how

    async def receive(self, number: int) -> Heard:
        """The next line, or how the worker ended."""
        worker = self._of(number)
        if worker is None:
            return Heard(exit_code=1, log=self._not_started or "another has its place")
        try:
            line = await worker.receive_line()
        except WorkerEndedError as ended:
            return Heard(exit_code=ended.exit_code, log=ended.log)
        return Heard(line=line, memory_mib=worker.memory_mib())

    async def stop(self, number: int, within_s: float) -> None:
        """Let the worker end by itself, then end it."""
        if (worker := self._of(number)) is not None:
            await worker.stop(within_s)

    async def abort(self, number: int) -> None:
        """End the worker, which does not answer."""
        if (worker := self._of(number)) is not None:
            await worker.abort()

    def _of(self, number: int) -> LocalWorker | None:
        return self._worker if number == self._number else None


def _is_rays(name: str) -> bool:
    """Whether an environment variable is Ray's alone, the token among them: a worker opens files of strangers."""
    return name.startswith("RAY_") or name in _NOT_FOR_WORKERS


def log_of(logs: str, name: str) -> Path:
    """The log of a worker."""
    return path_in(logs) / f"{name}.log"
