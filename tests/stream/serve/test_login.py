"""Login and logout: what the cookie is like, where they lead, how often a wrong token may come."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from stream.backfill.ledger import Ledger
from stream.serve.access import COOKIE
from stream.serve.login import local_path
from stream.serve.tokens import Tokens

from .small_service import NETWORK, small_service

EVIL = "evil.test"
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def network(ledger: Ledger, tmp_path: Path) -> Iterator[TestClient]:
    with small_service(ledger, tmp_path, **NETWORK) as client:
        yield client


@pytest.fixture
def token(ledger: Ledger) -> str:
    return Tokens(ledger.database).add("ann", "editor")


def test_a_token_becomes_a_cookie(network: TestClient, token: str) -> None:
    answer = network.post("/login", data={"token": f" {token}\n", "next": "/page?q=1"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/page?q=1")
    cookie, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert cookie.startswith(f"{COOKIE}=") and token not in cookie
    assert {text.lower() for text in attributes} == {"httponly", "samesite=strict", "path=/", "max-age=43200"}
    assert network.get("/page").json() == "ann"


def test_behind_https_the_cookie_is_secure(ledger: Ledger, tmp_path: Path, token: str) -> None:
    with small_service(ledger, tmp_path, **NETWORK, secure=True, session_hours=0.5) as client:
        attributes = client.post("/login", data={"token": token}).headers["Set-Cookie"].split("; ")
    assert {"Secure", "Max-Age=1800"} <= set(attributes)


def test_a_wrong_token_leads_back_to_the_form(network: TestClient) -> None:
    answer = network.post("/login", data={"token": "keyart_wrong", "next": "/page"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=%2Fpage&wrong=1")
    assert "Set-Cookie" not in answer.headers


def test_too_many_wrong_tokens_close_the_login_for_an_address(ledger: Ledger, tmp_path: Path, token: str) -> None:
    with small_service(ledger, tmp_path, **NETWORK, logins_per_minute=2) as client:
        wrong = [client.post("/login", data={"token": "x"}).status_code for _ in range(3)]
        right = client.post("/login", data={"token": token})
    assert (wrong, right.status_code) == ([303, 303, 429], 429)
    assert 1 <= int(right.headers["Retry-After"]) <= 60


@pytest.mark.parametrize(("language", "said"), [("en", "Try again in"), ("ko", "다시 시도하세요")])
def test_a_browser_is_shown_the_form_with_when_to_try_again(
    ledger: Ledger, tmp_path: Path, language: str, said: str
) -> None:
    headers = HTML | {"Accept-Language": language}
    with small_service(ledger, tmp_path, **NETWORK, logins_per_minute=1) as client:
        form = {"token": "x", "next": "/review/2"}
        client.post("/login", data=form, headers=headers)
        answer = client.post("/login", data=form, headers=headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (429, "text/html; charset=utf-8")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert said in answer.text and 'name="token"' in answer.text and 'value="/review/2"' in answer.text


def test_right_tokens_are_not_counted(ledger: Ledger, tmp_path: Path, token: str) -> None:
    with small_service(ledger, tmp_path, **NETWORK, logins_per_minute=1) as client:
        assert [client.post("/login", data={"token": token}).headers["Location"] for _ in range(3)] == ["/"] * 3


def test_logout_ends_the_session(network: TestClient, token: str) -> None:
    cookie = network.post("/login", data={"token": token}).cookies[COOKIE]
    csrf = network.get("/things").json()["csrf"]
    assert network.post("/logout", data={"csrf": "x"}).status_code == 403
    answer = network.post("/logout", data={"csrf": csrf})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert COOKIE not in network.cookies
    assert network.get("/things", headers={"Cookie": f"{COOKIE}={cookie}"}).status_code == 401


def test_logout_without_a_session_is_no_error(network: TestClient) -> None:
    assert network.post("/logout").status_code == 303


def test_a_browser_without_rights_is_sent_to_the_login(network: TestClient) -> None:
    answer = network.get("/page?q=a b", headers=HTML)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=%2Fpage%3Fq%3Da%2520b")
    assert network.get("/page", headers={"Accept": "application/json"}).status_code == 401
    assert network.get("/things", headers=HTML).status_code == 401


@pytest.mark.parametrize(
    "text",
    ["", "page", "//evil.test", "/\\evil.test", "/\t/evil.test", "/\n/evil.test", f"http://{EVIL}", "\\/x", "/a\\b"],
)
def test_only_a_path_of_this_service_is_gone_on_to(text: str) -> None:
    assert local_path(text) == "/"


@pytest.mark.parametrize("text", ["/", "/review/12?lang=ko", "/review?q=한국"])
def test_a_path_of_this_service_is_kept(text: str) -> None:
    assert local_path(text) == text


def test_a_form_that_is_none_is_a_problem(network: TestClient) -> None:
    for answer in (network.post("/login"), network.post("/login", data={"token": "x" * 3000})):
        assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
