"""HTTP servers that run in our event loop and leave signals alone."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from .. import log
from ..errors import UsageError
from .problems import MEDIA_TYPE, Problem

_BACKLOG = 2048
_KEPT_S = 60
"""How long a connection stays open without a request."""
_CLOSE_WITHIN_S = 3
"""What open connections get when a server ends."""


class Protocol(H11Protocol):
    """HTTP/1.1; what is no HTTP is refused with problem details as well."""

    def send_400_response(self, msg: str) -> None:
        """Answer and close."""
        body = bytes(Problem(400, "Not HTTP", msg).response().body)
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", b"%d" % len(body)),
                   (b"connection", b"close")]  # fmt: skip
        response = h11.Response(status_code=400, headers=headers, reason=b"Bad Request")
        for event in (response, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


class _ToLog(logging.Handler):
    """What uvicorn has to say, as lines of the service's own log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write it."""
        error = record.exc_info[1] if record.exc_info else None
        if record.levelno >= logging.ERROR:
            log.error("server", error, said=record.getMessage())
        else:
            log.warning("server", error, said=record.getMessage())


@contextmanager
def own_words() -> Iterator[None]:
    """Within the block uvicorn's warnings and errors go to the log, not to stderr."""
    logger, handler = logging.getLogger("uvicorn.error"), _ToLog(logging.WARNING)
    propagates = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagates


class Server(uvicorn.Server):
    """A server whose process handles signals by itself."""

    _over = False

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle none."""
        yield

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self._over

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer until `end` is called."""
        try:
            await super().serve(sockets)
        finally:
            self._over = True

    def end(self) -> None:
        """Take no new requests, and end when those that run are answered, or have had a few seconds."""
        self.should_exit = True


def server(app: Any) -> Server:
    """A server for an app. It trusts no proxy's word of who is there."""
    config = uvicorn.Config(
        app, http=Protocol, log_config=None, access_log=False, lifespan="off", server_header=False, proxy_headers=False,
        timeout_graceful_shutdown=_CLOSE_WITHIN_S, timeout_keep_alive=_KEPT_S, ws="none",
    )  # fmt: skip
    return Server(config)


def bound(address: str, port: int, option: str) -> socket.socket:
    """A socket that listens; port 0 takes a free one. Raises UsageError, which names the option, where it cannot."""
    try:
        family, *_, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        found = socket.socket(family, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{option} {port} on {address}: {_said(error)}; choose another") from error
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(place)
        found.listen(_BACKLOG)
        found.setblocking(False)
    except OSError as error:
        found.close()
        raise UsageError(f"{option} {port} on {address}: {_said(error)}; choose another") from error
    return found


def _said(error: Exception) -> str:
    return getattr(error, "strerror", None) or "is no address"
