"""What is said of a title whose result cannot be used leads to its being made again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from stream.serve.jobs import Wish, submit, title_of
from stream.serve.jobs_api import holds_result

from ..reviewing import Shelf


def ask_again(shelf: Shelf, shown: Any) -> str:
    """The state of a title after it was asked for by the path that it is shown with."""
    service = shelf.service
    wish = Wish(title_of(service.roots, Path(shown["video"]), 100))

    def has_result(key: str, fingerprint: str) -> bool:
        return holds_result(shelf.result(key), fingerprint)

    found = submit(shelf.ledger, service.roots.first, "f" * 32, wish, has_result)
    assert found.job == shown["id"]
    return found.state


def damage(shelf: Shelf, how: str) -> None:
    folder = shelf.result("b/three.mkv")
    match how:
        case "broken manifest":
            (folder / "manifest.json").write_text("{")
        case "no manifest":
            (folder / "manifest.json").unlink()
        case "no picture":
            (folder / "landscape/01.jpg").unlink()
        case "another film":
            (shelf.folder / "library/b/three.mkv").write_bytes(b"another film")
        case state:
            shelf.change(3, state=state, reason="no video stream")


@pytest.mark.parametrize(
    "how", ["broken manifest", "no manifest", "no picture", "another film", "failed", "quarantined", "cancelled"]
)
def test_a_title_that_is_asked_for_again_by_the_path_shown_is_queued(
    shelf: Shelf, client: TestClient, how: str
) -> None:
    damage(shelf, how)
    shown = client.get("/api/videos/3").json()
    picture = client.get("/api/videos/3/images/landscape/01.jpg")
    said = picture.json()["detail"] if how == "no picture" else shown["problem"]
    assert "ask for it again" in said
    assert "`" not in said
    assert shown["video"] == str(shelf.folder / "library/b/three.mkv")
    assert ask_again(shelf, shown) == "queued"


def test_a_whole_result_of_another_content_is_made_again_when_it_is_gone(shelf: Shelf, client: TestClient) -> None:
    shelf.change(3, content="another")
    shown = client.get("/api/videos/3").json()
    assert shown["problem"].endswith(f", remove {shelf.result('b/three.mkv')} and ask for it again")
    assert ask_again(shelf, shown) == "done"
    (shelf.result("b/three.mkv") / "manifest.json").unlink()
    assert ask_again(shelf, shown) == "queued"


def test_a_path_that_cannot_be_asked_for_is_not_shown(shelf: Shelf, client: TestClient, tmp_path: Path) -> None:
    no_text = shelf.add("caf\\xe9.mkv", 300.0)
    assert client.get(f"/api/videos/{no_text}").json()["video"] is None
    outside, file = tmp_path / "outside.mkv", shelf.folder / "library/b/three.mkv"
    outside.write_bytes(b"film")
    file.unlink()
    os.symlink(outside, file)
    assert client.get("/api/videos/3").json()["video"] is None
