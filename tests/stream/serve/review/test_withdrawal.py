from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import PosixPath
from typing import Any

import pytest
from starlette.testclient import TestClient

from ..reviewing import WHOLE, Shelf, choice

KEY = "b/three.mkv"
KILLED = """
import os, sys
from pathlib import Path
from types import SimpleNamespace
from stream.serve.review.store import Standing
from stream.serve.review.withdrawal import Withdrawal
service, row = SimpleNamespace(publish=Path(sys.argv[1])), SimpleNamespace(key=sys.argv[2])
Withdrawal(service, row).begin(Standing("approved", 1, 0.0))
os._exit(9)
"""


class StuckFolder(PosixPath):
    """A folder below which nothing can be moved away."""

    def rename(self, target: object) -> Any:
        raise PermissionError(13, "Permission denied", os.fspath(self))


def approve(client: TestClient, version: int = 0) -> Any:
    body = {"version": version, "choices": {"landscape": choice(1, 0.5, WHOLE)}}
    return client.post("/api/videos/3/approve", json=body)


def undo(client: TestClient, how: str, version: int = 1) -> Any:
    return client.post(f"/api/videos/3/{how}", json={"version": version})


def review(client: TestClient) -> Any:
    return client.get("/api/videos/3").json()["review"]


def published(shelf: Shelf) -> list[str]:
    """Everything there is where the title's pictures go."""
    folder = shelf.folder / "publish"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


PICTURES = [f"{KEY}/approval.json", f"{KEY}/landscape.jpg"]


@pytest.fixture(params=["reject", "reopen"])
def how(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_what_was_published_is_withdrawn_and_the_record_stays(shelf: Shelf, client: TestClient, how: str) -> None:
    record = approve(client).json()["record"]
    assert published(shelf) == PICTURES
    told = undo(client, how).json()
    assert told["state"] == ("rejected" if how == "reject" else "waiting")
    assert list((shelf.folder / "publish/b").iterdir()) == []
    assert told["record"]["state"] == ("rejected" if how == "reject" else "approved")
    assert how == "reject" or told["record"] == record
    assert approve(client, version=2).is_success
    assert published(shelf) == PICTURES


def test_a_title_that_was_reopened_and_rejected_has_nothing_published(shelf: Shelf, client: TestClient) -> None:
    approve(client)
    undo(client, "reopen")
    assert undo(client, "reject", version=2).json()["state"] == "rejected"
    assert published(shelf) == []


def test_a_change_on_an_older_version_withdraws_nothing(shelf: Shelf, client: TestClient, how: str) -> None:
    approve(client)
    assert undo(client, how, version=0).status_code == 409
    assert published(shelf) == PICTURES


def test_a_folder_that_cannot_be_moved_leaves_all_as_it_was(shelf: Shelf, client: TestClient, how: str) -> None:
    approve(client)
    before = review(client)
    shelf.service.publish = StuckFolder(shelf.folder / "publish")
    refused = undo(client, how)
    assert (refused.status_code, refused.json()["title"]) == (503, "The published pictures cannot be withdrawn")
    assert "three.mkv cannot be moved away (Permission denied), so nothing was changed" in refused.json()["detail"]
    assert (review(client), published(shelf)) == (before, PICTURES)
    assert [path.name for path in (shelf.folder / "publish/b").iterdir()] == ["three.mkv"]
    shelf.service.publish = shelf.folder / "publish"
    assert undo(client, how).is_success


def test_where_the_ledger_fails_the_folder_comes_back(shelf: Shelf, client: TestClient, how: str) -> None:
    approve(client)
    on_update(shelf, "CREATE TRIGGER fails BEFORE UPDATE ON keyart_reviews BEGIN SELECT RAISE(ABORT, 'full'); END")
    assert undo(client, how).status_code == 503
    assert published(shelf) == PICTURES
    on_update(shelf, "DROP TRIGGER fails")
    assert undo(client, how).is_success
    assert published(shelf) == []


@pytest.mark.parametrize("theirs", ["no approval", "of another title"])
def test_a_folder_that_is_no_approval_of_the_title_stays(
    shelf: Shelf, client: TestClient, how: str, theirs: str
) -> None:
    approve(client)
    file = shelf.published(KEY) / "approval.json"
    if theirs == "no approval":
        file.unlink()
    else:
        file.write_text(json.dumps({**json.loads(file.read_text()), "key": "other.mkv"}))
    there = published(shelf)
    assert undo(client, how).is_success
    assert published(shelf) == there


def test_an_approval_that_cannot_be_read_is_told(shelf: Shelf, client: TestClient, how: str) -> None:
    approve(client)
    (shelf.published(KEY) / "approval.json").write_text("{")
    refused = undo(client, how)
    assert (refused.status_code, "move " in refused.json()["detail"]) == (409, True)
    assert (review(client)["state"], published(shelf)) == ("approved", PICTURES)


def test_without_the_target_an_approved_title_stays_approved(shelf: Shelf, client: TestClient, how: str) -> None:
    approve(client)
    shelf.service.publish = None
    assert "--publish" in undo(client, how).json()["detail"]
    assert review(client)["state"] == "approved"


def test_what_a_killed_process_had_taken_away_is_removed_by_the_next_decision(
    shelf: Shelf, client: TestClient, how: str
) -> None:
    approve(client)
    code = subprocess.run([sys.executable, "-c", KILLED, str(shelf.folder / "publish"), KEY], check=False).returncode
    assert code == 9
    assert not shelf.published(KEY).exists()
    assert (review(client)["state"], len(published(shelf))) == ("approved", 2)
    assert undo(client, how).is_success
    assert list((shelf.folder / "publish/b").iterdir()) == []


def on_update(shelf: Shelf, statement: str) -> None:
    with shelf.ledger.database.writing() as connection:
        connection.exec_driver_sql(statement)
