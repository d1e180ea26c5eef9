from __future__ import annotations

import errno
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from stream.backfill.ledger import Ledger
from stream.errors import KeyartError, OutputError
from stream.serve.problems import Problem
from stream.serve.review.publish import refusals_of_target

from ..reviewing import WHOLE, Shelf, choice


@pytest.mark.parametrize(
    ("code", "status"), [(errno.ENOSPC, 507), (errno.EDQUOT, 507), (errno.EROFS, 503), (errno.EACCES, 503)]
)
def test_what_the_disk_refuses_has_a_status(code: int, status: int) -> None:
    with pytest.raises(Problem, match="choose another") as found, refusals_of_target():
        raise OutputError("choose another --publish") from OSError(code, "no")
    assert found.value.status == status


def test_a_target_that_is_taken_is_a_conflict() -> None:
    with pytest.raises(Problem) as found, refusals_of_target():
        raise KeyartError("it holds something else")
    assert found.value.status == 409


def test_of_two_editors_at_once_one_publishes_and_the_record_is_of_its_files(tmp_path: Path, ledger: Ledger) -> None:
    shelf = Shelf(tmp_path, ledger)
    job, together = shelf.add("film.mkv", 100.0), Barrier(2)

    with shelf.client() as client:

        def approve(rank: int) -> Any:
            body = {"version": 0, "choices": {"landscape": choice(rank, rank - 0.5, WHOLE)}}
            together.wait()
            return client.post(f"/api/videos/{job}/approve", json=body)

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(approve, (1, 2)))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        record = client.get(f"/api/videos/{job}").json()["review"]["record"]
    folder = shelf.published("film.mkv")
    rank = record["images"][0]["rank"]
    assert json.loads((folder / "approval.json").read_text()) == record
    assert (folder / "landscape.jpg").read_bytes() == f"film.mkv landscape/{rank:02d}.jpg".encode()
    assert [path.name for path in folder.parent.iterdir()] == ["film.mkv"]


def test_the_result_stays_as_it_is(tmp_path: Path, file_ledger: Ledger) -> None:
    shelf = Shelf(tmp_path, file_ledger)
    job = shelf.add("film.mkv", 100.0)
    before = {path: path.read_bytes() for path in shelf.result("film.mkv").rglob("*") if path.is_file()}
    body = {"version": 0, "choices": {"landscape": choice(None, 1.0, WHOLE), "portrait": choice(1, 0.5, WHOLE)}}
    with shelf.client() as client:
        assert client.post(f"/api/videos/{job}/approve", json=body).status_code == 200
    assert {path: path.read_bytes() for path in shelf.result("film.mkv").rglob("*") if path.is_file()} == before


def test_results_are_no_place_for_approved_pictures(tmp_path: Path, file_ledger: Ledger) -> None:
    shelf = Shelf(tmp_path, file_ledger)
    job = shelf.add("film.mkv", 100.0)
    (tmp_path / "publish").rmdir()
    (tmp_path / "publish").symlink_to(tmp_path / "out")
    body = {"version": 0, "choices": {"landscape": choice(1, 0.5, WHOLE)}}
    with shelf.client() as client:
        assert client.post(f"/api/videos/{job}/approve", json=body).status_code == 409
    assert (shelf.result("film.mkv") / "manifest.json").is_file()
