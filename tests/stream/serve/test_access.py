"""Who may do what: on this machine, with a token, with a session, and with none of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from stream.backfill.ledger import Ledger
from stream.serve.access import COOKIE, CSRF_HEADER
from stream.serve.tokens import Tokens

from .small_service import NETWORK, small_service

BROWSER = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def network(ledger: Ledger, tmp_path: Path) -> Iterator[TestClient]:
    """A service that others reach."""
    with small_service(ledger, tmp_path, **NETWORK) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def change(client: TestClient, **headers: str) -> int:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return client.post("/things", json={}, headers=named).status_code


def test_others_need_a_token(network: TestClient) -> None:
    for answer in (network.get("/things"), network.post("/things", json={})):
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer keyart_wrong", "Basic YTpi", "bearer  x y", "\xff"])
def test_what_is_no_token_is_refused(network: TestClient, header: str) -> None:
    assert network.get("/things", headers={"Authorization": header.encode("latin-1")}).status_code == 401


def test_a_viewer_looks_and_an_editor_changes(network: TestClient, ledger: Ledger) -> None:
    tokens = Tokens(ledger.database)
    viewer, editor = bearer(tokens.add("vi", "viewer")), bearer(tokens.add("ed", "editor"))
    seen = network.get("/things", headers=viewer).json()
    assert seen == {"name": "vi", "role": "viewer", "via": "token", "csrf": None}
    assert (change(network, **viewer), change(network, **editor)) == (403, 200)


def test_a_revoked_token_and_its_session_are_refused_at_once(network: TestClient, ledger: Ledger) -> None:
    tokens = Tokens(ledger.database)
    token = tokens.add("ed", "editor")
    network.post("/login", data={"token": token})
    assert network.get("/things").json()["via"] == "session"
    tokens.revoke("ed")
    assert network.get("/things").status_code == 401
    assert network.get("/things", headers=bearer(token)).status_code == 401


def test_changes_by_a_session_carry_its_csrf_token(network: TestClient, ledger: Ledger) -> None:
    network.post("/login", data={"token": Tokens(ledger.database).add("ed", "editor")})
    csrf = network.get("/things").json()["csrf"]
    assert change(network) == 403  # a session is a browser's, whatever else is missing
    assert change(network, X_CSRF_Token="") == change(network, X_CSRF_Token=csrf[:-1] + "x") == 403
    assert change(network, X_CSRF_Token=csrf) == 200


def test_the_csrf_token_of_another_session_is_refused(network: TestClient, ledger: Ledger) -> None:
    tokens = Tokens(ledger.database)
    network.post("/login", data={"token": tokens.add("ann", "editor")})
    of_ann = network.get("/things").json()["csrf"]
    network.post("/login", data={"token": tokens.add("bob", "editor")})
    assert network.get("/things").json()["name"] == "bob"
    assert change(network, X_CSRF_Token=of_ann) == 403


def test_wrong_tokens_are_counted_by_address_and_right_ones_go_on(ledger: Ledger, tmp_path: Path) -> None:
    right = bearer(Tokens(ledger.database).add("ed", "editor"))
    with small_service(ledger, tmp_path, **NETWORK, logins_per_minute=3) as client:
        found = [client.get("/things", headers=bearer("keyart_x")) for _ in range(4)]
        assert [answer.status_code for answer in found] == [401, 401, 401, 429]
        assert 1 <= int(found[3].headers["Retry-After"]) <= 60
        assert client.get("/things", headers=right).status_code == 200


def test_this_machine_needs_no_token(file_ledger: Ledger, tmp_path: Path) -> None:
    with small_service(file_ledger, tmp_path) as client:
        who = client.get("/things").json()
        assert (who["role"], who["via"], change(client)) == ("editor", "local", 200)


def test_a_browser_on_this_machine_carries_the_csrf_token_of_the_process(file_ledger: Ledger, tmp_path: Path) -> None:
    with small_service(file_ledger, tmp_path) as client:
        csrf = client.get("/things").json()["csrf"]
        origin = {"Origin": "http://127.0.0.1:8000"}
        assert client.post("/things", json={}, headers=BROWSER).status_code == 403
        assert client.post("/things", json={}, headers=origin).status_code == 403
        assert client.post("/things", json={}, headers=BROWSER | origin | {CSRF_HEADER: csrf}).status_code == 200


def test_a_token_that_is_given_counts_on_this_machine_too(file_ledger: Ledger, tmp_path: Path) -> None:
    viewer = bearer(Tokens(file_ledger.database).add("vi", "viewer"))
    with small_service(file_ledger, tmp_path) as client:
        assert client.get("/things", headers=viewer).json()["name"] == "vi"
        assert change(client, **viewer) == 403
        assert client.get("/things", headers=bearer("keyart_wrong")).status_code == 401
        assert client.get("/things", headers={"Cookie": f"{COOKIE}=old"}).json()["via"] == "local"


@pytest.mark.parametrize("settings", [{"hosts": ("keyart.test",)}, {"secure": True}])
def test_behind_a_proxy_this_machine_needs_a_token(file_ledger: Ledger, tmp_path: Path, settings: Any) -> None:
    with small_service(file_ledger, tmp_path, **settings) as client:
        assert client.get("/things").status_code == 401


@pytest.mark.parametrize("header", ["Forwarded", "X-Forwarded-For", "X-Real-IP"])
def test_what_a_proxy_passes_on_is_not_from_this_machine(file_ledger: Ledger, tmp_path: Path, header: str) -> None:
    with small_service(file_ledger, tmp_path) as client:
        assert client.get("/things", headers={header: "203.0.113.9"}).status_code == 401


def test_a_ledger_out_of_reach_lets_nobody_in(file_ledger: Ledger, tmp_path: Path) -> None:
    token = bearer(Tokens(file_ledger.database).add("ed", "editor"))
    with small_service(file_ledger, tmp_path, **NETWORK) as client:
        (tmp_path / "ledger.sqlite").rename(tmp_path / "away.sqlite")
        assert client.get("/things", headers=token).status_code == 503
        assert client.get("/things", headers={"Cookie": f"{COOKIE}=x"}).status_code == 503
