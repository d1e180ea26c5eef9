"""Pictures for the service's requests, made by processes of their own: a film that crashes or stalls a decoder costs
one request, and the service answers on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, TypeVar

from anyio import create_task_group
from anyio.abc import TaskGroup
from pydantic import ValidationError

from ...backfill.messages import path_out
from ...settings.model import Settings
from .lane import Lane, Order
from .link import PROCESS, PictureProcess, open_process
from .messages import Begin, Crops, Frame, Neighbours, Pictures, Request, Spread, Thumbnail, Times
from .source import CropOrder, PictureError

LIMIT_S = 20.0
_FILMS = 2
_IDLE_S = 60.0
_CACHE_BYTES = 32 << 20
R = TypeVar("R", Frame, Neighbours, Spread, Crops, Thumbnail)


class PicturePool:
    """`PictureSource` by `settings.serve.picture_processes` processes, which start when they are needed (one by
    `warm`). Use it as an async context manager: within the block it answers, after it no process is left.

    A request that is cancelled is not begun; one that is begun runs to its end, and its result is dropped. Where the
    process dies, the request is tried once more by another; a process that takes longer than `limit_s` is ended and
    replaced. Where none made it, the request gets a PictureUnavailableError, and those that wait go on. command: what
    is run as a process, for tests. logs: folder for what the processes say, by default one that is gone at the end.
    """

    def __init__(
        self,
        settings: Settings,
        limit_s: float = LIMIT_S,
        command: Sequence[str] = PROCESS,
        logs: Path | None = None,
    ) -> None:
        self._begin = Begin(threads=settings.thread_count, films=_FILMS, idle_s=_IDLE_S, cache_bytes=_CACHE_BYTES)
        self._command, self._limit_s = tuple(command), limit_s
        self._count = settings.serve.picture_processes
        self._lanes: list[Lane] = []
        self._logs = logs
        self._tasks: TaskGroup | None = None
        self._leaving = AsyncExitStack()

    async def __aenter__(self) -> PicturePool:
        if self._logs is None:
            self._logs = Path(self._leaving.enter_context(TemporaryDirectory(prefix="keyart-pictures-")))
        self._logs.mkdir(parents=True, exist_ok=True)
        self._tasks = await self._leaving.enter_async_context(create_task_group())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._tasks is not None
        self._tasks.cancel_scope.cancel()
        self._tasks = None
        await self._leaving.aclose()

    @property
    def waiting(self) -> int:
        """How many requests are in work or wait."""
        return sum(lane.waiting for lane in self._lanes)

    async def frame(self, video: Path, time_s: float, width: int) -> bytes:
        """See `PictureSource`."""
        (jpeg,) = await self._pictures(_message(Frame, video, video=path_out(video), time_s=time_s, width=width), video)
        return jpeg

    async def neighbours(self, video: Path, time_s: float) -> tuple[float | None, float | None]:
        """See `PictureSource`."""
        before, after = await self._times(_message(Neighbours, video, video=path_out(video), time_s=time_s), video)
        return before, after

    async def spread(self, video: Path, start_s: float, end_s: float, count: int) -> list[float]:
        """See `PictureSource`."""
        wanted = _message(Spread, video, video=path_out(video), start_s=start_s, end_s=end_s, count=count)
        return [time_s for time_s in await self._times(wanted, video) if time_s is not None]

    async def crops(self, video: Path, wanted: Sequence[CropOrder]) -> list[bytes]:
        """See `PictureSource`."""
        crops = [asdict(order) for order in wanted]
        return await self._pictures(_message(Crops, video, video=path_out(video), wanted=crops), video)

    async def thumbnail(self, file: Path, width: int) -> bytes:
        """See `PictureSource`."""
        (jpeg,) = await self._pictures(_message(Thumbnail, file, file=path_out(file), width=width), file)
        return jpeg

    async def _pictures(self, request: Request, file: Path) -> list[bytes]:
        answer, pictures = await self._asked(request, file)
        if not isinstance(answer, Pictures):
            raise PictureError(f"{_printable(file)}: failed inside Keyart (times instead of pictures), report this")
        return pictures

    async def _times(self, request: Request, file: Path) -> tuple[float | None, ...]:
        answer, _ = await self._asked(request, file)
        if not isinstance(answer, Times):
            raise PictureError(f"{_printable(file)}: failed inside Keyart (pictures instead of times), report this")
        return answer.times_s

    async def _asked(self, request: Request, file: Path) -> tuple[Pictures | Times, list[bytes]]:
        order = Order(request, path_out(file), _printable(file))
        self._lane_for(order.subject).take(order)
        try:
            await order.done.wait()
        finally:
            order.given_up = True
        assert order.made is not None
        if isinstance(order.made, PictureError):
            raise order.made
        return order.made

    def _lane_for(self, subject: str) -> Lane:
        """The lane that will come to it first; a new one while all are busy with other files and one may be added."""
        if len(self._lanes) < self._count and all(lane.waiting and not lane.knows(subject) for lane in self._lanes):
            return self._new_lane()
        return min(self._lanes, key=lambda lane: lane.load_for(subject))

    def warm(self) -> None:
        """Start one process before the first request, which then need not wait for its libraries."""
        if not self._lanes:
            self._new_lane(warm=True)

    def _new_lane(self, *, warm: bool = False) -> Lane:
        if self._tasks is None or self._logs is None:
            raise RuntimeError("a PicturePool answers only within its block")
        log = self._logs / f"pictures-{len(self._lanes) + 1}.log"

        async def start() -> PictureProcess:
            return await open_process(self._command, log, self._begin)

        lane = Lane(start, self._limit_s, warm=warm)
        self._lanes.append(lane)
        self._tasks.start_soon(lane.run)
        return lane


def _message(kind: type[R], about: Path, /, **wanted: Any) -> R:
    """The request. Raises PictureError for what is beyond all sense."""
    try:
        return kind(**wanted)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise PictureError(f"{_printable(about)}: {where} is wrong ({first['msg']}), ask for something else") from error


def _printable(file: Path) -> str:
    """The file's name, in which bytes that are no text are replacement characters."""
    return os.fsencode(file.name).decode("utf-8", "replace")
