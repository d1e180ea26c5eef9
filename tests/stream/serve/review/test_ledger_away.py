"""What was looked at before can be looked at while the ledger is out of reach."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from stream import log
from stream.backfill.errors import LedgerUnavailableError
from stream.serve.review.last_answers import LastAnswers

from ..reviewing import WHOLE, Shelf, choice

PICTURES = ("images/landscape/01.jpg", "images/portrait/02.jpg?width=64", "frames/1.25.jpg", "frames?time_s=1.0",
            "shots/1/frames?count=4")  # fmt: skip
CHOICES = {"landscape": choice(1, 0.5, WHOLE)}


@contextmanager
def away(shelf: Shelf) -> Iterator[None]:
    """The ledger's file is somewhere else within the block."""
    file = Path(shelf.ledger.database.shown)
    hidden = file.with_name("hidden")
    file.rename(hidden)
    yield
    hidden.rename(file)


@pytest.mark.parametrize("looked_at", ["", "/3", "/3/images/landscape/01.jpg"])
def test_pictures_of_titles_that_were_looked_at_go_on(shelf: Shelf, client: TestClient, looked_at: str) -> None:
    client.get(f"/api/videos{looked_at}")
    with away(shelf):
        answers = [client.get(f"/api/videos/3/{path}") for path in PICTURES]
        others = client.get("/api/videos/2/images/landscape/01.jpg")
        assert client.get("/api/videos").status_code == 503
    assert [answer.status_code for answer in answers] == [200] * len(PICTURES)
    assert answers[0].content == b"b/three.mkv landscape/01.jpg"
    assert answers[2].content == b"frame three.mkv 1.25 1280"
    assert others.status_code == (503 if looked_at else 200)


def test_a_title_is_shown_as_it_was_last_known(shelf: Shelf, client: TestClient) -> None:
    before = client.get("/api/videos/3").json()
    assert (before["ledger_away"], before["problem"]) == (False, None)
    kept = client.put("/api/videos/3/draft", json={"version": 0, "draft": {"choices": CHOICES}}).json()
    with away(shelf):
        found = client.get("/api/videos/3").json()
        assert (found["ledger_away"], "decisions wait" in found["problem"]) == (True, True)
        assert found["review"] == kept
        assert (found["manifest"], found["next"], found["formats"]) == (before["manifest"], 2, before["formats"])
        assert client.get("/api/videos/2").status_code == 503
        (shelf.folder / "library/b/three.mkv").write_bytes(b"another film")
        assert "changed since" in client.get("/api/videos/3").json()["problem"]
    assert client.get("/api/videos/3").json()["ledger_away"] is False


def test_nothing_is_changed_by_what_is_remembered(shelf: Shelf, client: TestClient) -> None:
    client.get("/api/videos/3")
    changes: dict[str, dict[str, Any]] = {
        "open": {}, "approve": {"version": 0, "choices": CHOICES}, "reject": {"version": 0}, "reopen": {"version": 0},
    }  # fmt: skip
    with away(shelf):
        for name, body in changes.items():
            answer = client.post(f"/api/videos/3/{name}", json=body)
            assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (503, True)
        assert client.put("/api/videos/3/draft", json={"version": 0, "draft": {}}).status_code == 503
    assert not shelf.published("b/three.mkv").exists()
    assert client.get("/api/videos/3").json()["review"]["version"] == 0


def test_where_the_ledger_is_stands_in_the_log_and_not_in_answers(shelf: Shelf, tmp_path: Path) -> None:
    file, complaints = tmp_path / "log.jsonl", list[str]()
    with log.opened(file, complaints.append), shelf.client() as client, away(shelf):
        answer = client.get("/api/videos")
    where = shelf.ledger.database.shown
    assert (answer.status_code, where in answer.text) == (503, False)
    assert (where in file.read_text(), complaints) == (True, [])


def test_the_last_used_answers_are_remembered() -> None:
    answers = LastAnswers[str](2)

    def unavailable() -> str:
        raise LedgerUnavailableError("away")

    assert answers.ask(1, lambda: "title 1") == ("title 1", False)
    assert answers.ask(2, lambda: "title 2") == ("title 2", False)
    assert answers.ask(1, unavailable) == ("title 1", True)
    answers.keep(3, "title 3")
    answers.change(3, str.upper)
    answers.change(2, str.upper)
    assert answers.ask(3, unavailable) == ("TITLE 3", True)
    assert answers.ask(1, unavailable) == ("title 1", True)
    with pytest.raises(LedgerUnavailableError):
        answers.ask(2, unavailable)
