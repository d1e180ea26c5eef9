"""Hostile requests in short; and that what must not be in an answer is noticed when it is."""

from __future__ import annotations

import io
import random
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from benchmarks.hostile import METHODS, SAFE, Hostile, Target
from benchmarks.openapi_cases import Operations, drawn_cases
from benchmarks.raw_http import Answer, Attempt
from benchmarks.serve_fuzz import Findings, measured
from benchmarks.serve_process import CANARY, COLOUR

HOST = "keyart.test"
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Keyart", "version": "1"},
    "paths": {
        "/api/jobs": {
            "post": {
                "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
                "responses": {"202": {"description": ""}, "422": {"description": ""}, "503": {"description": ""}},
            }
        },
        "/api/videos/{job}/images/{name}": {
            "get": {
                "parameters": [
                    {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                    for name in ("job", "name")
                ],
                "responses": {"200": {"description": ""}, "404": {"description": ""}},
            }
        },
    },
}
PROBLEM = {"content-type": "application/problem+json"}


def faults(answer: Answer, method: str = "POST", target: str = "/api/jobs", **more: Any) -> list[str]:
    """What is found wrong with an answer."""
    found = Findings(Operations(DOCUMENT))
    found.look(Attempt(method, target, (), **more), answer)
    return list(found.wrong)


def picture(*colour: int) -> Answer:
    data = io.BytesIO()
    Image.new("RGB", (64, 36), colour).save(data, "JPEG")
    return Answer(200, {"content-type": "image/jpeg"}, data.getvalue())


def test_what_is_documented_is_no_fault() -> None:
    assert faults(Answer(202)) == faults(Answer(422, PROBLEM)) == faults(Answer(503, PROBLEM)) == []
    assert faults(Answer(404, PROBLEM), "GET", "/api/videos/1/images/a/b%2fc") == []
    assert faults(Answer(404, {"content-type": "text/html; charset=utf-8"}), "GET", "/review/%25") == []
    assert faults(Answer(404, PROBLEM), "GET", "/nowhere") == faults(Answer(400), "BREW", "*") == []


@pytest.mark.parametrize(
    ("answer", "method", "target", "fault"),
    [
        (Answer(500, PROBLEM), "POST", "/api/jobs", "5xx"),
        (Answer(503, PROBLEM), "GET", "/nowhere", "5xx"),
        (Answer(200), "POST", "/api/jobs", "undocumented"),
        (Answer(202), "GET", "/nowhere", "undocumented"),
        (Answer(422), "POST", "/api/jobs", "no problem details"),
        (Answer(422, {"content-type": "text/html"}), "POST", "/api/jobs", "no problem details"),
        (Answer(0), "POST", "/api/jobs", "no answer"),
        (Answer(202, {}, b"{" + CANARY), "POST", "/api/jobs", "from outside"),
        (Answer(202, {"location": CANARY.decode()}), "POST", "/api/jobs", "from outside"),
    ],
)
def test_faults_are_noticed(answer: Answer, method: str, target: str, fault: str) -> None:
    assert fault in faults(answer, method, target)


def test_a_success_without_rights_is_noticed() -> None:
    assert faults(Answer(202), refused=True) == ["not refused"]
    assert faults(Answer(200), "GET", "/static/page.css", refused=True) == []


def test_only_a_request_that_may_be_cut_off_needs_no_answer() -> None:
    assert faults(Answer(0), cut_off=True) == []
    assert faults(Answer(0, late=True), cut_off=True) == ["no answer"]


def test_a_picture_of_a_film_outside_is_noticed_by_its_colour() -> None:
    image = ("GET", "/api/videos/1/images/a.jpg")
    assert faults(picture(*map(int, COLOUR)), *image) == ["from outside"]
    assert faults(picture(90, 120, 60), *image) == []


def hostile(seed: int) -> Hostile:
    tokens = {name: f"keyart_{name}" for name in ("editor", "viewer", "revoked")}
    paths = Operations(DOCUMENT).methods
    outside = (Path("/outside/secret.txt"),)
    target = Target(paths, HOST, tokens, "cookie", "csrf", ("0/0.mp4",), ("1.jpg",), outside, 1024)
    return Hostile(target, random.Random(seed))


def test_every_kind_of_harm_is_drawn_and_the_same_for_a_seed() -> None:
    drawer, again = hostile(1), hostile(1)
    found = [drawer.attempt() for _ in range(2000)]
    assert found == [again.attempt() for _ in range(2000)]
    assert {one.method for one in found} == set(METHODS)
    assert any("secret.txt" in one.target for one in found)
    assert any(b"secret.txt" in one.body for one in found)
    assert any(one.target.endswith("/images/1.jpg") and one.as_who == "editor" and not one.body for one in found)
    assert any(len(one.body) > 20_000 for one in found)
    named = {name for one in found for name, _ in one.headers}
    assert {"Origin", "Transfer-Encoding", "Cookie", "Authorization", "X-CSRF-Token"} <= named
    assert all(one.refused for one in found if one.as_who in ("nobody", "wrong", "revoked"))
    assert all(one.refused for one in found if one.as_who == "viewer" and one.method not in SAFE)
    assert any(not one.refused for one in found if one.as_who == "editor")


@pytest.mark.slow  # Hypothesis draws up its tables of characters on first use
def test_requests_from_the_document_are_as_many_as_asked_for() -> None:
    found = drawn_cases(DOCUMENT, HOST, 40, seed=3)
    assert len(found) == 40
    assert {one.method for one in found} >= {"GET", "POST"}
    assert all(one.headers[0] == ("Host", HOST) for one in found)


@pytest.mark.slow
@pytest.mark.models
@pytest.mark.usefixtures("models_dir")
def test_hostile_requests_find_nothing(tmp_path: Path) -> None:
    found = measured(tmp_path, count=400, seed=5)
    assert found["holds"], found
