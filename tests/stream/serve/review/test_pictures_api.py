from __future__ import annotations

from starlette.testclient import TestClient

from ..reviewing import Shelf


def test_pictures_that_no_process_makes_may_be_asked_for_again(shelf: Shelf, client: TestClient) -> None:
    shelf.pictures.unavailable = "three.mkv: the process that makes pictures was killed there"
    for path in ("frames/1.25.jpg", "frames?time_s=1.0", "shots/1/frames", "images/landscape/01.jpg?width=64"):
        answer = client.get(f"/api/videos/3/{path}")
        assert (answer.status_code, answer.json()["detail"]) == (503, shelf.pictures.unavailable)
        assert int(answer.headers["retry-after"]) > 0
