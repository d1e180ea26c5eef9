"""The service's end of one picture process."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from anyio import BrokenResourceError, CancelScope, ClosedResourceError, EndOfStream, IncompleteRead, move_on_after
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream
from pydantic import ValidationError

from ...backfill.links import WorkerEndedError, open_piped, tail_of, without_secrets
from ...backfill.messages import Message
from .messages import FROM_PROCESS, Answer, Begin, Pictures, Ready, Request

PROCESS = (sys.executable, "-m", "stream.serve.pictures.process")
_LONGEST_LINE_BYTES = 1 << 20
_ENDS_WITHIN_S = 2.0
_GONE = (EndOfStream, IncompleteRead, BrokenResourceError, ClosedResourceError, OSError)


class PictureProcess:
    """One process. After an error or a cancelled call it must be closed: what it says next would be the answer to
    another request."""

    def __init__(self, process: Process, log: Path) -> None:
        self._process, self._log = process, log
        assert process.stdout is not None
        self._out = BufferedByteReceiveStream(process.stdout)

    @property
    def ended(self) -> bool:
        """Whether it has ended; asks the system, because the event loop hears of it a little later."""
        try:
            return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:  # its exit code was fetched
            return True

    async def exchange(self, request: Request) -> tuple[Answer, list[bytes]]:
        """The answer to a request, with the pictures. Raises WorkerEndedError when the process is gone or says what
        cannot be understood."""
        await self._send(request)
        said, pictures = await self._receive()
        if isinstance(said, Ready):
            raise await self._ended()
        return said, pictures

    async def begin(self, begin: Begin) -> None:
        """Wait until the process is ready. Raises WorkerEndedError."""
        await self._send(begin)
        said, _ = await self._receive()
        if not isinstance(said, Ready):
            raise await self._ended()

    async def close(self) -> None:
        """End it at once; it has nothing to lose."""
        with CancelScope(shield=True):
            self._kill()
            await self._process.wait()
            await self._process.aclose()

    async def _send(self, message: Message) -> None:
        assert self._process.stdin is not None
        try:
            await self._process.stdin.send(message.line())
        except _GONE:
            raise await self._ended() from None

    async def _receive(self) -> tuple[Ready | Answer, list[bytes]]:
        try:
            said = FROM_PROCESS.validate_json(await self._out.receive_until(b"\n", _LONGEST_LINE_BYTES))
            sizes = said.sizes if isinstance(said, Pictures) else ()
            return said, [await self._out.receive_exactly(size) for size in sizes]
        except (*_GONE, ValidationError):
            raise await self._ended() from None

    async def _ended(self) -> WorkerEndedError:
        with CancelScope(shield=True):
            with move_on_after(_ENDS_WITHIN_S):
                await self._process.wait()
            self._kill()
            exit_code = await self._process.wait()
        return WorkerEndedError(exit_code, tail_of(self._log))

    def _kill(self) -> None:
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)


async def open_process(command: Sequence[str], log: Path, begin: Begin) -> PictureProcess:
    """A process that is ready. Raises OSError, WorkerEndedError."""
    with CancelScope(shield=True):  # a start that is cut short would leave pipes open
        opened = PictureProcess(await open_piped(command, log, without_secrets()), log)
    try:
        await opened.begin(begin)
    except BaseException:
        await opened.close()
        raise
    return opened
