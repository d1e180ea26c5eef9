from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from stream.backfill.schema import reviews
from stream.serve.review import detail
from stream.serve.review.record import Draft
from stream.serve.review.store import Reviews

from ..reviewing import WHOLE, Shelf, choice, portrait_of


def keys(answer: Any) -> list[str]:
    return [line["key"] for line in answer.json()["videos"]]


def approve(client: TestClient, job: int = 3, version: int = 0, **choices: Any) -> Any:
    chosen = choices or {"landscape": choice(1, 0.5, WHOLE)}
    return client.post(f"/api/videos/{job}/approve", json={"version": version, "choices": chosen, "rejected": [3]})


def test_titles_wait_the_newest_result_first(client: TestClient) -> None:
    answer = client.get("/api/videos").json()
    assert (answer["total"], answer["page"], answer["pages"]) == (3, 1, 1)
    assert answer["videos"][0] == {
        "id": 3, "key": "b/three.mkv", "name": "three.mkv", "state": "done", "review": "waiting", "version": 0,
        "images": 3, "opened_by": None, "opened_s": None, "decided_by": None, "decided_s": None, "film_s": 4.0,
        "thumbnail": "/api/videos/3/images/landscape/01.jpg?width=320", "problem": None,
    }  # fmt: skip
    assert [line["id"] for line in answer["videos"]] == [3, 2, 1]


def test_titles_are_searched_and_paged(client: TestClient) -> None:
    assert keys(client.get("/api/videos?q=ONE")) == ["a/one.mkv"]
    assert keys(client.get("/api/videos?q=%25")) == []
    second = client.get("/api/videos?per_page=2&page=2")
    assert keys(second) == ["a/one.mkv"]
    assert second.json()["pages"] == 2


@pytest.mark.parametrize("bad", ["review=nothing", "page=0", "per_page=1000", "q=%00", "page=99999999999999999999"])
def test_a_list_that_makes_no_sense_is_refused(client: TestClient, bad: str) -> None:
    assert client.get(f"/api/videos?{bad}").status_code == 422


def test_one_title_comes_with_its_manifest_formats_and_neighbours(client: TestClient) -> None:
    found = client.get("/api/videos/2").json()
    assert (found["next"], found["previous"], found["problem"]) == (1, 3, None)
    assert [image["rank"] for image in found["manifest"]["images"]] == [1, 2, 3]
    assert found["manifest"]["schema"] == "keyart/manifest/1"
    assert [form["name"] for form in found["formats"]] == ["landscape", "portrait"]
    assert found["formats"][1]["aspect"] == [2, 3]
    assert found["review"] == {
        "state": "waiting", "version": 0, "draft": None, "opened_by": None, "opened_s": None, "changed_by": None,
        "record": None,
    }  # fmt: skip


@pytest.mark.parametrize("path", ["9", "9/images/landscape/01.jpg", "9/frames/1.0.jpg", "9/shots/0/frames"])
def test_what_is_not_there_is_not_found(client: TestClient, path: str) -> None:
    answer = client.get(f"/api/videos/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_the_second_editor_is_told_of_the_first(shelf: Shelf, client: TestClient) -> None:
    assert client.post("/api/videos/3/open").json()["opened_by"] is None
    assert client.post("/api/videos/3/open").json()["opened_by"] is None
    assert client.get("/api/videos").json()["videos"][0]["opened_by"] == "ann"
    shelf.who = "bob"
    assert client.get("/api/videos/3").json()["review"]["opened_by"] == "ann"
    assert client.post("/api/videos/3/open").json()["opened_by"] == "ann"


def test_a_draft_on_an_older_version_is_refused_with_who_changed_it(shelf: Shelf, client: TestClient) -> None:
    draft = {"choices": {"portrait": choice(2, 1.5, portrait_of(2))}, "rejected": [1]}
    kept = client.put("/api/videos/3/draft", json={"version": 0, "draft": draft})
    assert (kept.status_code, kept.json()["version"], kept.json()["draft"]) == (200, 1, draft)
    shelf.who = "bob"
    refused = client.put("/api/videos/3/draft", json={"version": 0, "draft": {}})
    assert refused.status_code == 409
    assert (refused.json()["changed_by"], refused.json()["version"]) == ("ann", 1)
    assert refused.json()["changed_s"] > 0
    assert client.get("/api/videos/3").json()["review"]["draft"] == draft


def test_untouched_pictures_are_published_as_they_are(shelf: Shelf, client: TestClient) -> None:
    client.post("/api/videos/3/open")
    answer = approve(client, landscape=choice(2, 1.5, WHOLE), portrait=choice(1, 0.5, portrait_of(1)))
    assert answer.status_code == 200, answer.text
    folder = shelf.published("b/three.mkv")
    assert sorted(path.name for path in folder.iterdir()) == ["approval.json", "landscape.jpg", "portrait.jpg"]
    assert (folder / "landscape.jpg").read_bytes() == b"b/three.mkv landscape/02.jpg"
    assert (folder / "portrait.jpg").read_bytes() == b"b/three.mkv portrait/01.jpg"
    record = json.loads((folder / "approval.json").read_text())
    assert record == answer.json()["record"]
    assert (record["schema"], record["state"], record["who"], record["job"]) == (
        "keyart/approval/1", "approved", "ann", 3,
    )  # fmt: skip
    assert record["images"][0] == {
        "format": "landscape", "rank": 2, "time_s": 1.5, "shot": 0, "source_rect": list(WHOLE), "width": 1920,
        "height": 1080, "path": "landscape.jpg", "moved": False,
    }  # fmt: skip
    assert (record["rejected"], [one["rank"] for one in record["offered"]]) == ([3], [1, 2, 3])
    assert record["opened"] <= record["decided"]
    assert shelf.pictures.cut == []


def test_a_moved_crop_and_another_frame_are_cut_from_the_film(shelf: Shelf, client: TestClient) -> None:
    moved, other = choice(1, 0.5, (300.0, 0.0, 480.0, 720.0)), choice(None, 2.04, WHOLE)
    record = approve(client, landscape=other, portrait=moved).json()["record"]
    assert [(one.time_s, one.source, one.size) for one in shelf.pictures.cut] == [
        (2.04, WHOLE, (1920, 1080)),
        (0.5, (300.0, 0.0, 480.0, 720.0), (720, 1080)),
    ]
    assert [(one["rank"], one["shot"], one["moved"]) for one in record["images"]] == [(None, 1, False), (1, 0, True)]
    assert (shelf.published("b/three.mkv") / "portrait.jpg").read_bytes().startswith(b"crop 0.5 ")


def test_decided_titles_wait_no_more_and_are_counted(shelf: Shelf, client: TestClient) -> None:
    client.post("/api/videos/3/open")
    assert approve(client, landscape=choice(None, 3.9, WHOLE), portrait=choice(2, 1.5, portrait_of(2))).is_success
    assert client.post("/api/videos/1/reject", json={"version": 0}).json()["record"]["rejected"] == [1, 2, 3]
    assert keys(client.get("/api/videos")) == ["a/two.mkv"]
    (line,) = client.get("/api/videos?review=approved").json()["videos"]
    assert (line["id"], line["decided_by"], line["version"], line["opened_by"]) == (3, "ann", 1, None)
    assert keys(client.get("/api/videos?review=rejected")) == ["a/one.mkv"]
    assert client.get("/api/videos?review=all").json()["total"] == 3
    assert client.get("/api/videos/2").json()["next"] is None
    assert shelf.value("keyart_approved_images_total", rank="none") == 1
    assert shelf.value("keyart_approved_images_total", rank="2") == 1
    assert shelf.value("keyart_reviews_total", decision="rejected") == 1
    assert shelf.value("keyart_review_seconds_count") == 1


def test_an_approved_title_can_be_reopened_and_approved_anew(shelf: Shelf, client: TestClient) -> None:
    both = {"landscape": choice(1, 0.5, WHOLE), "portrait": choice(1, 0.5, portrait_of(1))}
    assert approve(client, **both).json()["version"] == 1
    opened = client.post("/api/videos/3/reopen", json={"version": 1}).json()
    assert (opened["state"], opened["version"], opened["draft"]["choices"]) == ("waiting", 2, both)
    again = approve(client, version=2, landscape=choice(3, 2.5, WHOLE))
    assert again.json()["state"] == "approved"
    assert sorted(path.name for path in shelf.published("b/three.mkv").iterdir()) == ["approval.json", "landscape.jpg"]
    assert again.json()["record"]["rejected"] == []
    assert sorted(path.name for path in (shelf.folder / "publish/b").iterdir()) == ["three.mkv"]


def test_an_approval_on_an_older_version_publishes_nothing(shelf: Shelf, client: TestClient) -> None:
    client.put("/api/videos/3/draft", json={"version": 0, "draft": {}})
    assert approve(client, landscape=choice(None, 1.0, WHOLE)).status_code == 409
    assert not shelf.published("b/three.mkv").exists()
    assert shelf.pictures.cut == []


@pytest.mark.parametrize("how", ["another result", "a draft"])
def test_what_changes_while_pictures_are_cut_is_noticed(shelf: Shelf, client: TestClient, how: str) -> None:
    def change() -> None:
        if how == "another result":
            (shelf.result("b/three.mkv") / "manifest.json").touch()
        else:
            row = detail.title_row(shelf.service, 3)
            Reviews(shelf.ledger.database).draft(row, 0, Draft(), "bob")

    shelf.pictures.meanwhile = change
    assert approve(client, landscape=choice(None, 1.0, WHOLE)).status_code == 409
    assert list((shelf.folder / "publish").rglob("*.jpg")) == []


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"poster": choice(1, 0.5, WHOLE)}, "poster: is no format that is known"),
        ({"landscape": choice(9, 0.5, WHOLE)}, "no rank 9, offered are 1 to 3"),
        ({"landscape": choice(None, 4.0, WHOLE)}, "4 s is not within the film, 0 to 4 s"),
        ({"landscape": choice(1, 0.5, (0, 0, 0, 9))}, "width and a height above 0"),
        ({}, "choices"),
    ],
)
def test_choices_that_cannot_be_made_are_refused(client: TestClient, chosen: dict[str, Any], said: str) -> None:
    answer = client.post("/api/videos/3/approve", json={"version": 0, "choices": chosen})
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_without_a_target_it_says_how_to_get_one(shelf: Shelf) -> None:
    shelf.publish = False
    with shelf.client() as client:
        answer = approve(client)
    assert (answer.status_code, "--publish" in answer.json()["detail"]) == (409, True)


def test_a_target_that_holds_something_else_is_left_alone(shelf: Shelf, client: TestClient) -> None:
    theirs = shelf.published("b/three.mkv") / "theirs.txt"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("mine")
    answer = approve(client)
    assert (answer.status_code, theirs.read_text()) == (409, "mine")
    assert "something else than approved pictures, move it away" in answer.json()["detail"]
    assert client.get("/api/videos/3").json()["review"]["state"] == "waiting"
    theirs.unlink()
    assert approve(client).status_code == 200


def test_a_target_that_cannot_be_written_is_told_and_tried_again(shelf: Shelf, client: TestClient) -> None:
    (shelf.folder / "publish").rmdir()
    (shelf.folder / "publish").symlink_to("/proc/1/nowhere")
    answer = approve(client)
    assert answer.status_code in (409, 503)
    assert "--publish" in answer.json()["detail"]
    (shelf.folder / "publish").unlink()
    assert approve(client).status_code == 200


def test_a_changed_video_gives_no_new_pictures_but_the_offered_ones(shelf: Shelf, client: TestClient) -> None:
    (shelf.folder / "library/b/three.mkv").write_bytes(b"another film")
    assert "changed since its result was made" in client.get("/api/videos/3").json()["problem"]
    refused = approve(client, landscape=choice(None, 1.0, WHOLE))
    assert (refused.status_code, refused.json()["title"]) == (409, "The video changed")
    assert client.get("/api/videos/3/frames/1.0.jpg").status_code == 409
    assert approve(client).status_code == 200


def test_a_film_whose_times_were_corrected_gives_the_offered_pictures_alone(shelf: Shelf, client: TestClient) -> None:
    file = shelf.result("b/three.mkv") / "manifest.json"
    mended = {"code": "times_mended", "message": "1 time was corrected"}
    file.write_text(json.dumps({**json.loads(file.read_text()), "warnings": [mended]}))
    assert client.get("/api/videos/3").json()["problem"] is None
    assert client.get("/api/videos/3/frames?time_s=1").json()["title"] == "Single frames cannot be had"
    assert client.get("/api/videos/3/frames/1.0.jpg").status_code == 409
    assert client.get("/api/videos/3/shots/0/frames").status_code == 409
    assert approve(client, landscape=choice(None, 1.0, WHOLE)).status_code == 409
    assert approve(client).status_code == 200


def test_a_video_that_is_gone_is_a_line_and_its_pictures_stay(shelf: Shelf, client: TestClient) -> None:
    (shelf.folder / "library/b/three.mkv").unlink()
    found = client.get("/api/videos/3").json()
    assert "is not there, put it back" in found["problem"]
    assert found["manifest"] is not None
    assert client.get("/api/videos/3/frames?time_s=1").status_code == 404
    assert approve(client).status_code == 200


@pytest.mark.parametrize("damage", ["no JSON", "gone", "another schema", "another content"])
def test_a_result_that_cannot_be_used_is_a_line_and_others_go_on(shelf: Shelf, client: TestClient, damage: str) -> None:
    file = shelf.result("b/three.mkv") / "manifest.json"
    if damage == "gone":
        file.unlink()
    else:
        tree = json.loads(file.read_text())
        tree["video"]["content_fingerprint"] = "of another file"
        text = {
            "no JSON": "{",
            "another schema": '{"schema": "keyart/manifest/9"}',
            "another content": json.dumps(tree),
        }
        file.write_text(text[damage])
    lines = {line["id"]: line["problem"] for line in client.get("/api/videos").json()["videos"]}
    assert (lines[1], lines[2]) == (None, None)
    if damage != "another content":
        assert lines[3].endswith(", ask for it again")
    found = client.get("/api/videos/3").json()
    assert (found["manifest"], "ask for it again" in found["problem"]) == (None, True)
    assert approve(client).status_code == 409
    assert client.put("/api/videos/3/draft", json={"version": 0, "draft": {}}).status_code == 409
    assert client.post("/api/videos/3/reject", json={"version": 0}).json()["record"]["offered"] == []
    assert approve(client, job=2).status_code == 200


def test_a_changed_file_makes_its_title_wait_again(shelf: Shelf, client: TestClient) -> None:
    assert approve(client).json()["version"] == 1
    shelf.write_result("b/three.mkv", "new content")
    shelf.change(3, content="new content")
    assert keys(client.get("/api/videos"))[0] == "b/three.mkv"
    review = client.get("/api/videos/3").json()["review"]
    assert (review["state"], review["version"], review["draft"]) == ("waiting", 2, None)
    assert approve(client, version=1).status_code == 409
    assert client.post("/api/videos/3/open").json()["version"] == 2
    assert approve(client, version=2).json()["state"] == "approved"


@pytest.mark.parametrize("state", ["queued", "running", "failed", "quarantined", "gone", "cancelled"])
def test_a_title_without_a_result_is_shown_and_not_decided(shelf: Shelf, client: TestClient, state: str) -> None:
    shelf.change(3, state=state, reason="no video stream")
    assert client.get("/api/videos/3").json()["problem"]
    assert approve(client).status_code == 409
    assert client.get("/api/videos?review=all").json()["total"] == 2


def test_only_the_newest_result_of_a_title_is_reviewed(shelf: Shelf, client: TestClient) -> None:
    newer = shelf.add("b/three.mkv", 200.0, fingerprint="e" * 32)
    assert [line["id"] for line in client.get("/api/videos").json()["videos"]] == [newer, 2, 1]
    assert f"open title {newer}" in client.get("/api/videos/3").json()["problem"]
    assert approve(client).status_code == 409
    assert approve(client, job=newer).status_code == 200


def test_pictures_of_a_result_are_served_with_a_tag(shelf: Shelf, client: TestClient) -> None:
    plain = client.get("/api/videos/3/images/landscape/01.jpg")
    assert (plain.content, plain.headers["content-type"]) == (b"b/three.mkv landscape/01.jpg", "image/jpeg")
    assert plain.headers["cache-control"].startswith("private")
    same = client.get("/api/videos/3/images/landscape/01.jpg", headers={"If-None-Match": plain.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert client.get("/api/videos/3/images/characters/p1.jpg?width=64").content == b"small portrait of p1"
    assert client.get("/api/videos/3/images/contact_sheet.jpg").content == b"sheet"
    assert shelf.value("keyart_picture_seconds_count", kind="thumbnail") == 1


@pytest.mark.parametrize(
    "name", ["manifest.json", "../two.mkv/landscape/01.jpg", "..%2f..%2fsecret.jpg", "landscape", "%00", "nothing.jpg"]
)
def test_nothing_else_of_a_result_is_served(shelf: Shelf, client: TestClient, name: str) -> None:
    (shelf.folder / "secret.jpg").write_bytes(b"secret")
    answer = client.get(f"/api/videos/3/images/{name}")
    assert answer.status_code == 404


def test_a_link_out_of_the_result_is_not_followed(shelf: Shelf, client: TestClient) -> None:
    secret, file = shelf.folder / "secret.jpg", shelf.result("b/three.mkv") / "landscape/01.jpg"
    secret.write_bytes(b"secret")
    file.unlink()
    os.symlink(secret, file)
    assert client.get("/api/videos/3/images/landscape/01.jpg").status_code == 404
    assert approve(client).status_code == 404
    assert not shelf.published("b/three.mkv").exists()


def test_frames_come_from_the_film(shelf: Shelf, client: TestClient) -> None:
    assert client.get("/api/videos/3/frames/1.25.jpg?width=640").content == b"frame three.mkv 1.25 640"
    assert client.get("/api/videos/3/frames?time_s=1.0").json() == {"previous": 0.96, "next": 1.04}
    assert client.get("/api/videos/3/shots/1/frames?count=4").json() == {"times": [2.0, 2.5, 3.0, 3.5]}
    assert client.get("/api/videos/3/shots/7/frames").status_code == 404
    assert client.get("/api/videos/3/frames/nan.jpg").status_code == 422
    shelf.pictures.broken = "three.mkv does not decode there, choose another frame"
    answer = client.get("/api/videos/3/frames/1.25.jpg")
    assert (answer.status_code, answer.json()["detail"]) == (422, shelf.pictures.broken)
    assert approve(client, landscape=choice(None, 1.0, WHOLE)).status_code == 422
    assert not shelf.published("b/three.mkv").exists()


def test_where_the_ledger_fails_after_the_files_approving_again_mends_it(shelf: Shelf, client: TestClient) -> None:
    with shelf.ledger.database.writing() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER fails BEFORE UPDATE ON keyart_reviews WHEN NEW.state = 'approved' "
            "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )
    assert approve(client).status_code == 503
    assert (shelf.published("b/three.mkv") / "approval.json").is_file()
    assert client.get("/api/videos/3").json()["review"]["state"] == "waiting"
    with shelf.ledger.database.writing() as connection:
        connection.exec_driver_sql("DROP TRIGGER fails")
    assert approve(client).json()["state"] == "approved"


def test_a_name_that_is_no_text_is_shown_and_published(shelf: Shelf, client: TestClient) -> None:
    name = "caf\\xe9.mkv"
    job = shelf.add(name, 300.0)
    (shelf.folder / "library" / os.fsdecode(b"caf\xe9.mkv")).unlink()
    line = client.get("/api/videos").json()["videos"][0]
    assert (line["name"], line["images"]) == ("caf\N{REPLACEMENT CHARACTER}.mkv", 3)
    assert "caf?.mkv is not there" in client.get(f"/api/videos/{job}").json()["problem"]
    assert "caf?.mkv" in client.get(f"/api/videos/{job}/frames/1.0.jpg").json()["detail"]
    assert approve(client, job).status_code == 200
    assert (shelf.published(name) / "approval.json").is_file()
    (shelf.result(name) / "manifest.json").write_text("{")
    assert "caf?.mkv" in client.get("/api/videos?review=all").json()["videos"][0]["problem"]


def test_changes_are_told_to_whoever_listens(shelf: Shelf) -> None:
    with shelf.client() as client, shelf.service.events.listening() as heard:
        client.post("/api/videos/3/open")
        client.put("/api/videos/3/draft", json={"version": 0, "draft": {}})
        approve(client, version=1)
        events = [heard.receive_nowait() for _ in range(3)]
    assert {event.kind for event in events} == {"review"}
    assert [(event.data["id"], event.data["state"], event.data["version"]) for event in events] == [
        (3, "waiting", 0), (3, "waiting", 1), (3, "approved", 2),
    ]  # fmt: skip
    assert events[0].data["who"] == "ann"


def test_an_editor_who_left_counts_as_gone_after_ten_minutes(shelf: Shelf, client: TestClient) -> None:
    client.post("/api/videos/3/open")
    with shelf.ledger.database.writing() as connection:
        connection.execute(update(reviews).values(opened_s=reviews.c.opened_s - 601))
    shelf.who = "bob"
    assert client.post("/api/videos/3/open").json()["opened_by"] is None


def test_every_answer_is_in_the_document(shelf: Shelf, client: TestClient, tmp_path: Path) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {"409", "507", "503", "404", "401", "403"} <= set(paths["/api/videos/{job}/approve"]["post"]["responses"])
    assert "304" in paths["/api/videos/{job}/images/{name}"]["get"]["responses"]
