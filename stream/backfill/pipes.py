"""Lines over a process's own pipes."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from threading import Lock

import anyio

from .messages import Message

Send = Callable[[Message], None]


async def lines(descriptor: int) -> AsyncIterator[bytes]:
    """Lines of a pipe, without their ends."""
    held = b""
    while True:
        await anyio.wait_readable(descriptor)
        chunk = os.read(descriptor, 1 << 16)
        if not chunk:
            return
        *whole, held = (held + chunk).split(b"\n")
        for line in whole:
            yield line


def sender(descriptor: int) -> Send:
    """Writes messages to a pipe, one at a time, from any thread."""
    lock = Lock()

    def send(message: Message) -> None:
        data = message.line()
        with lock:
            while data:
                data = data[os.write(descriptor, data) :]

    return send
