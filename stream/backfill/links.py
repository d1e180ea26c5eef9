"""The supervisor's end of a worker: messages there and back, and how the process ended."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE
from typing import Protocol

import anyio
from anyio import BrokenResourceError, CancelScope, ClosedResourceError, EndOfStream, IncompleteRead, move_on_after
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from ..device.memory import resident_bytes
from .messages import FROM_WORKER, Message, Said

DEVICE_LOST = 70
"""Exit code of a worker whose GPU is lost to it; no film is charged."""
DECIDERS_LOST = 71
"""Exit code of a worker that lost a process which decides at the ends of films; a death like others."""
WORKER = (sys.executable, "-m", "stream.backfill.worker")
_LONGEST_LINE_BYTES = 1 << 24
_LOG_TAIL_BYTES = 16 << 10
_LAST_WORDS_S = 2.0
"""What a hung worker gets to write where each of its threads is."""


class WorkerEndedError(Exception):
    """The worker is gone. exit_code: negative for a signal's number. log: the end of what it wrote to stderr. hung_s:
    it was ended because nothing had come from it for so long."""

    def __init__(self, exit_code: int, log: str, hung_s: float | None = None) -> None:
        super().__init__(f"worker ended with {exit_code}")
        self.exit_code, self.log, self.hung_s = exit_code, log, hung_s

    def how(self) -> str:
        """How it ended, in words that follow `a worker`."""
        if self.hung_s is not None:
            return f"made no progress for {self.hung_s:g} s"
        if self.exit_code == DEVICE_LOST:
            return "lost the GPU"
        if self.exit_code == DECIDERS_LOST:
            return "lost its process that decides at the ends of films"
        if self.exit_code == -signal.SIGKILL:
            return "was killed (signal 9, perhaps for want of memory)"
        return f"died of signal {-self.exit_code}" if self.exit_code < 0 else f"ended with exit code {self.exit_code}"

    def last_words(self) -> str:
        """The last line of its log that says something."""
        lines = [line.strip() for line in self.log.splitlines() if line.strip()]
        return lines[-1] if lines else "nothing in its log"


class WorkerLostError(WorkerEndedError):
    """Nothing more can be heard from the worker, whose machine is gone or out of reach: nobody's fault. why: in words
    that follow `a worker`."""

    def __init__(self, why: str) -> None:
        super().__init__(0, "")
        self._why = why

    def how(self) -> str:
        """Why it is lost."""
        return self._why


class WorkerLink(Protocol):
    """One worker process, on this machine or another."""

    async def send(self, message: Message) -> None:
        """Raises WorkerEndedError, WorkerLostError."""
        ...

    async def receive(self) -> Said:
        """The next message. Raises WorkerEndedError when the worker is gone, WorkerLostError when nothing can be heard
        from it any more. A cancelled call loses nothing."""
        ...

    async def stop(self, within_s: float) -> None:
        """Let it end by itself, then end it. It must have no film in work that matters."""
        ...

    async def abort(self) -> WorkerEndedError:
        """End it, which does not answer; how it ended, with what its threads were doing in the log where it could still
        say so. It is a WorkerLostError where the worker cannot be reached."""
        ...

    def memory_mib(self) -> float:
        """What it holds now; 0 where that is not known."""
        ...


StartWorker = Callable[[str], Awaitable[WorkerLink]]
"""Starts a worker of a name (for its log) in one place. Raises OSError or WorkerEndedError when it cannot."""
Places = Mapping[str, StartWorker]
"""Name of a place, where one worker at a time may run → what starts it there."""
AskPlaces = Callable[[], Awaitable[Places]]
"""The places that there are now. A place that is not named any more is given nothing new. Raises NowhereError where
there is none, or none is known of."""


class LocalWorker:
    """`WorkerLink` to a process of this machine; its stderr goes to a file of its own."""

    def __init__(self, process: Process, log: Path) -> None:
        self._process, self._log = process, log
        assert process.stdout is not None
        self._out = BufferedByteReceiveStream(process.stdout)

    async def send(self, message: Message) -> None:
        """See `WorkerLink`."""
        await self.send_line(message.line())

    async def send_line(self, line: bytes) -> None:
        """Send one line, with its end. Raises WorkerEndedError."""
        assert self._process.stdin is not None
        try:
            await self._process.stdin.send(line)
        except (BrokenResourceError, ClosedResourceError, OSError):
            raise await self._ended() from None

    async def receive(self) -> Said:
        """See `WorkerLink`."""
        return FROM_WORKER.validate_json(await self.receive_line())

    async def receive_line(self) -> bytes:
        """The next line, without its end. Raises WorkerEndedError."""
        try:
            return await self._out.receive_until(b"\n", _LONGEST_LINE_BYTES)
        except (EndOfStream, IncompleteRead, BrokenResourceError, ClosedResourceError):
            raise await self._ended() from None

    async def stop(self, within_s: float) -> None:
        """See `WorkerLink`."""
        assert self._process.stdin is not None
        with CancelScope(shield=True):
            with suppress(BrokenResourceError, ClosedResourceError, OSError):
                await self._process.stdin.aclose()
            with move_on_after(within_s):
                await self._process.wait()
            self._signal(signal.SIGKILL)
            await self._process.aclose()

    async def abort(self) -> WorkerEndedError:
        """See `WorkerLink`. `faulthandler` writes the stack of each thread at SIGABRT."""
        self._signal(signal.SIGABRT)
        return await self._ended(_LAST_WORDS_S)

    def memory_mib(self) -> float:
        """See `WorkerLink`."""
        return (resident_bytes(self._process.pid) or 0) / (1 << 20)

    def step_back(self, nice: int) -> None:
        """Run at a lower priority: threads that it starts from now on, too."""
        with suppress(ProcessLookupError):
            now = os.getpriority(os.PRIO_PROCESS, self._process.pid)
            os.setpriority(os.PRIO_PROCESS, self._process.pid, min(19, now + nice))

    def _signal(self, number: int) -> None:
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    async def _ended(self, within_s: float = 5.0) -> WorkerEndedError:
        """How it ended; a process that does not end by itself is ended."""
        with CancelScope(shield=True):
            with move_on_after(within_s):
                await self._process.wait()
            self._signal(signal.SIGKILL)
            exit_code = await self._process.wait()
            await self._process.aclose()
        return WorkerEndedError(exit_code, tail_of(self._log))


def without_secrets() -> dict[str, str]:
    """Our environment without the ledger's password: what opens files of strangers needs none."""
    return {name: value for name, value in os.environ.items() if name != "PGPASSWORD"}


def local_starter(
    logs: Path, environment: Mapping[str, str], nice: int = 0
) -> Callable[[str], Awaitable[LocalWorker]]:
    """Starts workers on this machine, with these environment variables beside the supervisor's own, each with a log in
    the folder `logs`. nice: added to the supervisor's own niceness."""

    async def start(name: str) -> LocalWorker:
        worker = await open_worker(logs / f"{name}.log", {**without_secrets(), **environment})
        if nice:
            worker.step_back(nice)
        return worker

    return start


async def open_worker(log: Path, environment: Mapping[str, str]) -> LocalWorker:
    """A worker process of this machine, with this environment and no other. Raises OSError."""
    log.parent.mkdir(parents=True, exist_ok=True)
    return LocalWorker(await open_piped(WORKER, log, environment), log)


async def open_piped(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> Process:
    """A process with pipes to its stdin and from its stdout, whose stderr goes to a file. It has a session of its own:
    Ctrl-C is the supervisor's to hear, who then tells the others. Raises OSError."""
    with log.open("wb") as errors:
        return await anyio.open_process(
            command, stdin=PIPE, stdout=PIPE, stderr=errors, env=environment, start_new_session=True
        )


def tail_of(log: Path) -> str:
    """The last of a log, as text."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _LOG_TAIL_BYTES))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
