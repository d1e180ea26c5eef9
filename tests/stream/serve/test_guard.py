"""The guard: names, other sites, sizes, rates, headers, and paths that are none."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio import connect_tcp, create_task_group
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from stream.backfill.ledger import Ledger
from stream.serve.addresses import authority, client_of, is_own_name
from stream.serve.guard import SECURITY_HEADERS, Guard
from stream.serve.servers import bound, server
from stream.settings.serving import ServeSettings

from .small_service import small_service

ORIGIN = "http://127.0.0.1:8000"
EVIL = "evil.test"


@pytest.fixture
def client(file_ledger: Ledger, tmp_path: Path) -> Iterator[TestClient]:
    """Of a service on this machine."""
    with small_service(file_ledger, tmp_path, body_kib=1) as found:
        yield found


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "127.0.0.1", "localhost:8000", "LOCALHOST", "[::1]:9"])
def test_own_names_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/things", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.test", "evil.test:8000", "127.0.0.1.evil.test", "localhost@evil.test", "127.0.0.1:8000, evil.test", "",
     "192.0.2.1", "[::1", "localhost.", "127.0.0.1:80:80", "0x7f.1", "\xff"],
)  # fmt: skip
def test_other_names_are_misdirected(client: TestClient, host: str) -> None:
    answer = client.get("/things", headers={"Host": host.encode("latin-1")})
    assert (answer.status_code, answer.headers["Content-Type"]) == (421, "application/problem+json")


@pytest.mark.parametrize(
    ("settings", "name", "own"),
    [
        ({}, "192.0.2.1", False),
        ({"address": "::1"}, "::1", True),
        ({"address": "localhost"}, "127.0.0.1", True),
        ({"address": "127.0.0.5"}, "127.0.0.5", True),
        ({"hosts": ("Keyart.Test",)}, "keyart.test", True),
        ({"address": "192.0.2.7"}, "192.0.2.7", True),
        ({"address": "192.0.2.7"}, "localhost", False),
        ({"address": "192.0.2.7"}, "192.0.2.8", False),
        ({"address": "0.0.0.0"}, "192.0.2.8", True),
        ({"address": "::"}, "2001:db8::1", True),
        ({"address": "0.0.0.0"}, "localhost", True),
        ({"address": "0.0.0.0"}, "evil.test", False),
        ({"address": "0.0.0.0", "hosts": ("keyart.test",)}, "192.0.2.8", False),
        ({"address": "0.0.0.0", "hosts": ("keyart.test",)}, "127.0.0.1", True),
    ],
)
def test_which_names_are_own(settings: dict[str, Any], name: str, own: bool) -> None:
    assert is_own_name(name, ServeSettings(**settings)) is own


def test_two_hosts_are_refused() -> None:
    assert status([(b"host", b"localhost"), (b"host", b"evil.test")]) == 421
    assert status([(b"host", b"localhost")]) == 200


@pytest.mark.parametrize(
    "origin",
    [f"http://{EVIL}", "http://127.0.0.1:9000", "https://127.0.0.1", "null", "http://localhost:8000", ""],
)
def test_changes_from_other_origins_are_refused(client: TestClient, origin: str) -> None:
    csrf = client.get("/things").json()["csrf"]
    assert client.post("/things", json={}, headers={"Origin": origin, "X-CSRF-Token": csrf}).status_code == 403


def test_changes_from_its_own_pages_pass(client: TestClient) -> None:
    csrf = client.get("/things").json()["csrf"]
    headers = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin", "X-CSRF-Token": csrf}
    assert client.post("/things", json={}, headers=headers).status_code == 200
    for origin, host in (("http://localhost", "localhost:80"), ("https://localhost", "localhost:443")):
        without_port = headers | {"Origin": origin, "Host": host}
        assert client.post("/things", json={}, headers=without_port).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_other_sites_may_link_and_nothing_else(client: TestClient, site: str) -> None:
    link = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    csrf = client.get("/things").json()["csrf"]
    assert client.get("/things", headers=link).status_code == 200
    assert client.get("/things", headers=link | {"Sec-Fetch-Dest": "iframe"}).status_code == 403
    assert client.get("/things", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}).status_code == 403
    assert client.post("/things", json={}, headers=link | {"X-CSRF-Token": csrf}).status_code == 403


def test_a_large_body_is_refused_by_its_length(client: TestClient) -> None:
    assert client.post("/things", json={"a": "x" * 1000}).status_code == 200
    answer = client.post("/things", json={"a": "x" * 1024})
    assert (answer.status_code, answer.headers["Content-Type"]) == (413, "application/problem+json")


@pytest.mark.parametrize(("size", "expected"), [(200, 200), (400, 413)])
def test_a_body_in_pieces_is_counted(client: TestClient, size: int, expected: int) -> None:
    pieces = [b'{"a": "', b"x" * size, b"x" * size, b"x" * size, b'"}']
    answer = client.post("/things", content=iter(pieces), headers={"Content-Type": "application/json"})
    assert answer.request.headers["Transfer-Encoding"] == "chunked"
    assert answer.status_code == expected


@pytest.mark.parametrize(
    ("length", "expected"), [(b"9" * 5000, 413), (b"-1", 400), (b"\xb2", 400), (b"", 400), (b"2048", 413)]
)
def test_lengths_that_are_none(length: bytes, expected: int) -> None:
    assert status([(b"host", b"localhost"), (b"content-length", length)]) == expected


def test_more_than_so_many_requests_a_second_are_refused(file_ledger: Ledger, tmp_path: Path) -> None:
    with small_service(file_ledger, tmp_path, rate_per_s=0.02) as client:
        first, second = client.get("/things"), client.get("/things")
    assert (first.status_code, second.status_code) == (200, 429)
    assert 1 <= int(second.headers["Retry-After"]) <= 50


def test_no_rate_is_no_limit(file_ledger: Ledger, tmp_path: Path) -> None:
    with small_service(file_ledger, tmp_path, rate_per_s=0) as client:
        assert {client.get("/things").status_code for _ in range(20)} == {200}


@pytest.mark.parametrize(
    ("path", "host"), [("/things", "localhost"), ("/nowhere", "localhost"), ("/things", "evil.test")]
)
def test_every_answer_carries_the_headers(client: TestClient, path: str, host: str) -> None:
    answer = client.get(path, headers={"Host": host})
    assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_route_may_say_what_is_stored(client: TestClient) -> None:
    assert client.get("/page").headers["Cache-Control"] == "private, max-age=60"


@pytest.mark.parametrize("path", ["/things%00", "/things?q=%00", "/%00"])
def test_nul_is_refused(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 400


@pytest.mark.parametrize("path", ["/%", "/%zz", "/%ff%fe", "/..%2f..%2fetc/passwd", "/%ed%a0%80", "//", "/things/../x"])
def test_broken_paths_are_no_paths(client: TestClient, path: str) -> None:
    assert client.get(path).status_code in (404, 405)


def test_websockets_are_closed() -> None:
    sent = list[Message]()

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    anyio.run(Guard(echo, ServeSettings()), {"type": "websocket", "path": "/", "headers": []}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_a_body_that_is_no_http_is_answered_by_the_server_alone() -> None:
    """Its answer and the guard's must not meet: the connection ends with the first."""
    raised = list[Exception]()

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await Guard(echo, ServeSettings())(scope, receive, send)
        except Exception as error:
            raised.append(error)

    async def ask(listening: socket.socket) -> bytes:
        request = b"POST / HTTP/1.1\r\nHost: evil.test\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n\r\n"
        one = server(watched)
        async with create_task_group() as tasks:
            tasks.start_soon(one.serve, [listening])
            async with await connect_tcp(*listening.getsockname()) as client:
                await client.send(request)
                answer = await client.receive()
            one.end()
        return answer

    with bound("127.0.0.1", 0, "--port") as listening:
        assert anyio.run(ask, listening).startswith(b"HTTP/1.1 400")
    assert not raised


def test_a_client_that_leaves_while_it_sends_reaches_no_route() -> None:
    incoming: list[Message] = [
        {"type": "http.request", "body": b"x", "more_body": True},
        {"type": "http.disconnect"},
    ]
    assert status([(b"host", b"localhost"), (b"content-length", b"5")], incoming) == 400


def test_an_ipv6_client_is_counted_with_its_network() -> None:
    assert client_of("2001:db8::1") == client_of("2001:db8::ffff") != client_of("2001:db8:0:1::1")
    assert client_of("192.0.2.1") != client_of("192.0.2.2")


def test_authorities() -> None:
    assert authority("[2001:DB8::1]:80") == ("2001:db8::1", "80")
    assert authority("a:") is authority("") is authority("a b") is authority("a/b") is authority("u@h") is None


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers 200 to a request that is whole."""
    message = await receive()
    assert message["type"] == "http.request"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def status(headers: list[tuple[bytes, bytes]], incoming: list[Message] | None = None) -> int:
    """Of the guard's answer to a request with exactly these headers."""
    sent = list[Message]()
    waiting = incoming if incoming is not None else [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    asked = {"method": "POST", "path": "/", "query_string": b"", "headers": headers}
    scope = {"type": "http", "client": ("::1", 1), **asked}
    anyio.run(Guard(echo, ServeSettings(body_kib=1)), scope, receive, send)
    return int(sent[0]["status"])
