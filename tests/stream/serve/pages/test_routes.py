"""The pages in front of a service: titles of its ledger, what is wrong with them, logins, languages, files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from stream.backfill.errors import LedgerUnavailableError
from stream.serve.access import Who
from stream.serve.login import page_viewer
from stream.serve.pages.assets import assets
from stream.serve.pages.routes import router
from stream.serve.pages.source import page_source
from stream.serve.problems import Problem
from stream.serve.texts import catalogue

from ..review.conftest import client, shelf
from ..reviewing import WHOLE, Shelf, choice

__all__ = ["client", "shelf"]


@pytest.fixture
def pages(client: TestClient) -> Iterator[TestClient]:
    """A client that an editor's browser is."""
    app = client.app
    assert isinstance(app, FastAPI)
    app.include_router(router)
    app.dependency_overrides[page_viewer] = lambda: Who("ann", "editor", "session", "0f" * 32)
    client.follow_redirects = False
    yield client


def data_of(html: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    parsed: dict[str, object] = json.loads(found[1])
    return parsed


def test_the_list_shows_the_titles_of_the_ledger(pages: TestClient) -> None:
    assert pages.get("/").headers["Location"] == "/review"
    html = pages.get("/review").text
    assert re.findall(r'class="name">([^<]+)', html) == ["b/three.mkv", "a/two.mkv", "a/one.mkv"]
    assert 'src="/api/videos/3/images/landscape/01.jpg?width=320"' in html
    assert pages.get("/api/videos/3/images/landscape/01.jpg?width=320").status_code == 200
    assert re.findall(r'class="name">([^<]+)', pages.get("/review?q=two").text) == ["a/two.mkv"]


def test_the_list_says_how_many_titles_failed_and_where_to_look(pages: TestClient, shelf: Shelf) -> None:
    assert 'class="failed"' not in pages.get("/review").text
    shelf.change(1, state="failed")
    assert "1 title failed and is not listed here; `keyart ledger failed`" in pages.get("/review").text
    shelf.change(2, state="quarantined")
    assert "2 titles failed" in pages.get("/review").text
    assert "작품 2개가 실패해" in pages.get("/review?lang=ko").text


def test_a_title_carries_what_its_scripts_need(pages: TestClient) -> None:
    html = pages.get("/review/2").text
    data = data_of(html)
    assert (data["id"], data["key"], data["next"], data["me"], data["role"]) == (2, "a/two.mkv", 1, "ann", "editor")
    assert data["display"] == [1280, 720]
    assert [form["label"] for form in data["formats"]] == ["Landscape", "Portrait"]  # type: ignore[attr-defined]
    assert f'<meta name="csrf" content="{"0f" * 32}">' in html
    for path in set(re.findall(r'src="(/api/videos/2/images/[^"]+)"', html)):
        assert pages.get(path).status_code == 200, path


def test_a_draft_of_the_api_is_on_the_page_and_the_next_title_is_found(pages: TestClient) -> None:
    draft = {"choices": {}, "rejected": [2]}
    assert pages.put("/api/videos/2/draft", json={"version": 0, "draft": draft}).status_code == 200
    review = data_of(pages.get("/review/2").text)["review"]
    assert (review["version"], review["draft"]) == (1, draft)  # type: ignore[index]
    assert pages.get("/review/2/next").headers["Location"] == "/review/1"
    assert pages.get("/review/1/next").headers["Location"] == "/review/2"
    for job in (1, 2, 3):
        version = 1 if job == 2 else 0
        assert pages.post(f"/api/videos/{job}/reject", json={"version": version}).status_code == 200
    assert pages.get("/review/1/next").headers["Location"] == "/review?finished=1"
    assert "Rejected by ann" in pages.get("/review/1").text


def test_a_film_that_was_replaced_waits_with_a_notice_and_no_choice(pages: TestClient, shelf: Shelf) -> None:
    choices = {"landscape": choice(2, 1.5, WHOLE)}
    assert pages.post("/api/videos/2/approve", json={"version": 0, "choices": choices}).status_code == 200
    shelf.write_result("a/two.mkv", "another film")
    shelf.change(2, content="another film")
    html = pages.get("/review/2").text
    assert "The film changed since ann approved it." in html
    review = data_of(html)["review"]
    assert (review["state"], review["draft"]) == ("waiting", None)  # type: ignore[index]


def test_a_picture_that_may_be_explicit_says_so_and_no_other(pages: TestClient, shelf: Shelf) -> None:
    """Picture 2 is at 1.5 s; a warning without a time, of a former version, belongs to none."""
    file = shelf.result("a/one.mkv") / "manifest.json"
    tree = json.loads(file.read_text())
    for image, explicit in zip(tree["images"], (0.49, 0.62, 0.3), strict=True):
        image["explicit"] = explicit
    said = "image 2 at 0:01.50 may be explicit (0.62), look at it before it is shown"
    tree["warnings"] = [{"code": "maturity", "message": said, "time_s": 1.5}, {"code": "maturity", "message": "old"}]
    file.write_text(json.dumps(tree))
    html = pages.get("/review/1").text
    assert re.findall(r'class="explicit">([^<]+)', html) == ["May be explicit (0.62)"]
    assert said in html
    assert re.findall(r'class="explicit">([^<]+)', pages.get("/review/1?lang=ko").text) == ["선정적일 수 있음 (0.62)"]
    assert 'class="explicit"' not in pages.get("/review/2").text


def test_the_verdict_on_the_episode_number_stands_with_its_pictures(pages: TestClient, shelf: Shelf) -> None:
    """Each text once, with its surest picture; what is said of the next episode is no evidence."""
    file = shelf.result("a/one.mkv") / "manifest.json"
    tree = json.loads(file.read_text())
    seen = [
        {"time_s": time_s, "box": [0, 0, 9, 9], "text": text, "confidence": sure, "number": "8", "kind": kind}
        for time_s, text, sure, kind in (
            (2.5, "EPISODE 8", 0.9, "this"), (1.5, "EPISODE 8", 0.99, "this"), (0.5, "8", 0.7, "bare"),
            (3.5, "NEXT: 9", 1.0, "next"),
        )
    ]  # fmt: skip
    why = "The picture says 8, S01E07 is expected by the tags."
    tree["episode"] = {
        "verdict": "mismatch", "confidence": 0.9996, "read": "8", "expected": "S01E07", "evidence": seen, "why": why
    }  # fmt: skip
    file.write_text(json.dumps(tree))
    html = pages.get("/review/1").text
    section = html[html.index('<section class="episode">') :]
    section = section[: section.index("</section>")]
    assert "Does not match" in section
    assert "The picture says 8 (0.99)" in section
    assert why in section
    assert re.findall(r"frames/([\d.]+)\.jpg", section) == ["0.5", "1.5"]
    assert "일치하지 않음" in pages.get("/review/1?lang=ko").text
    assert '<section class="episode">' not in pages.get("/review/2").text


def test_what_is_wrong_with_a_title_is_said_and_others_go_on(pages: TestClient, shelf: Shelf) -> None:
    (shelf.result("a/one.mkv") / "manifest.json").write_text("{")
    (shelf.folder / "library/a/two.mkv").unlink()
    broken = pages.get("/review/1").text
    assert "manifest.json" in broken and "ask for it again" in broken and 'id="data"' not in broken
    gone = pages.get("/review/2").text
    assert "two.mkv" in gone and "put it back" in gone and 'id="data"' in gone
    assert pages.get("/review/3").status_code == 200
    assert len(re.findall(r'class="problem"', pages.get("/review").text)) == 1


@pytest.mark.parametrize("path", ["/review/99", "/review/x", "/review?page=0", "/review?review=none"])
def test_errors_are_pages_with_a_way_out(pages: TestClient, path: str) -> None:
    answer = pages.get(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert 'href="/review"' in answer.text


@pytest.mark.parametrize(("language", "said"), [("en", "cannot reach its ledger"), ("ko", "원장에 연결할 수 없습니다")])
def test_a_ledger_out_of_reach_is_a_page_that_loads_itself_again(pages: TestClient, language: str, said: str) -> None:
    def unreachable() -> None:
        raise LedgerUnavailableError("the ledger postgresql://keyart@db:5432/keyart cannot be used: start PostgreSQL")

    assert isinstance(pages.app, FastAPI)
    pages.app.dependency_overrides[page_source] = unreachable
    answer = pages.get(f"/review?lang={language}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert said in answer.text and "postgresql://" not in answer.text
    assert '<meta name="again" content="5">' in answer.text and "away.js" in answer.text
    assert catalogue()[language]["error.reloads"] in answer.text


def test_who_must_log_in_first_is_led_there(pages: TestClient) -> None:
    def stranger() -> None:
        raise Problem(303, "Log in first", headers={"Location": "/login?next=%2Freview"})

    assert isinstance(pages.app, FastAPI)
    pages.app.dependency_overrides[page_viewer] = stranger
    answer = pages.get("/review")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=%2Freview")
    form = pages.get("/login?next=/review/2&wrong=1").text
    assert 'name="next" value="/review/2"' in form
    assert "not known or was revoked" in form
    assert "not known or was revoked" not in pages.get("/login").text


def test_the_language_is_the_browsers_until_another_is_asked_for(pages: TestClient) -> None:
    korean = {"Accept-Language": "ko-KR,ko;q=0.9,en;q=0.5"}
    assert '<html lang="ko">' in pages.get("/review", headers=korean).text
    answer = pages.get("/review?lang=ko&q=a")
    assert '<html lang="ko">' in answer.text
    assert 'href="/review?q=a&amp;lang=en"' in answer.text
    assert '<html lang="ko">' in pages.get("/review/1").text
    assert '<html lang="en">' in pages.get("/review/1?lang=en", headers=korean).text
    assert '<html lang="en">' in pages.get("/review", headers=korean).text


def test_files_are_kept_by_browsers_while_they_are_the_same(pages: TestClient) -> None:
    for name in assets().files:
        answer = pages.get(assets().path(name))
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.content == assets().files[name]
    assert pages.get(assets().path("keys.js")).headers["Content-Type"].startswith("text/javascript")
    assert pages.get("/static/of-before/keys.js").headers["Cache-Control"] == "no-cache"
    assert pages.get(f"/static/{assets().digest}/routes.py").status_code == 404


def test_nothing_on_a_page_would_be_stopped_by_the_policy(pages: TestClient) -> None:
    for path in ("/review", "/review/1", "/login", "/review/99"):
        html = pages.get(path).text
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", html), path
        scripts = re.findall(r"<script(?![^>]*(?:src=|application/json))", html)
        assert scripts == [], path


@pytest.mark.parametrize("job", ["0", "-1", "9" * 30, "x", "1e3", "%FF"])
def test_what_is_no_number_of_a_title_is_a_page_that_says_so(pages: TestClient, job: str) -> None:
    for path in (f"/review/{job}", f"/review/{job}/next"):
        answer = pages.get(path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
