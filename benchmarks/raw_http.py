"""HTTP as it is written: requests that no proper client would send, and what comes back."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

_PATIENCE_S = 20.0
_FIRST_BYTES = 4096
"""Of an answer that has no end."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request. target: as it stands in the first line; headers: all of them, with Host; body: as it is sent, behind
    the headers. as_who: whose credentials the headers carry. refused: it must not succeed, whatever it asks for.
    cut_off: the connection may be closed before it is answered, as its body is wrong or never read. unfinished: the
    body goes on, but its sender does not."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    as_who: str = ""
    refused: bool = False
    cut_off: bool = False
    unfinished: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.target[:200]} as {self.as_who} {dict(self.headers)!s:.300} {self.body[:200]!r}"


@dataclass(frozen=True, slots=True)
class Answer:
    """status: 0 for a connection that was closed without an answer. late: nothing came for a long time."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    late: bool = False

    @property
    def media_type(self) -> str:
        """Without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def answer_to(port: int, attempt: Attempt) -> Answer:
    """What a service on this machine answers."""
    lines = [f"{attempt.method} {attempt.target} HTTP/1.1", *(f"{name}: {text}" for name, text in attempt.headers)]
    head = "\r\n".join([*lines, "Connection: close", "", ""]).encode("utf-8", "surrogateescape")
    with socket.create_connection(("127.0.0.1", port), _PATIENCE_S) as connection:
        with suppress(ConnectionError):  # refused before all of it was sent; the answer may be there
            connection.sendall(head + attempt.body)
            if attempt.unfinished:
                connection.shutdown(socket.SHUT_WR)
        response = http.client.HTTPResponse(connection, method=attempt.method)
        try:
            response.begin()
            headers = {name.lower(): text for name, text in response.getheaders()}
            endless = headers.get("content-type", "").startswith("text/event-stream")
            body = response.read1(_FIRST_BYTES) if endless else response.read()
        except TimeoutError:
            return Answer(0, late=True)
        except (ConnectionError, http.client.HTTPException):
            return Answer(0)
        finally:
            response.close()
    return Answer(response.status, headers, body)
