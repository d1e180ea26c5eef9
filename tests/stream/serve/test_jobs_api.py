"""Jobs over HTTP: what is queued, found again, listed, cancelled; what is refused, each time as a problem."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from stream.backfill.leases import Leases
from stream.backfill.ledger import Ledger
from stream.serve.service import Service

from .whole_service import asking, service_on


@pytest.fixture
def service(file_ledger: Ledger, tmp_path: Path) -> Service:
    return service_on(file_ledger, tmp_path)


@pytest.fixture
def client(service: Service, tmp_path: Path) -> Iterator[TestClient]:
    for name in ("a.mkv", "b.mkv"):
        (tmp_path / "library" / name).write_bytes(b"film")
    (tmp_path / "outside.mkv").write_bytes(b"secret")
    with asking(service) as found:
        yield found


def take_one(service: Service) -> None:
    """Somebody begins to work on the next job."""
    ledger = service.ledger
    assert Leases(ledger.database, ledger.library, service.fingerprint, "me", 60.0).claim(1)


def test_a_title_is_asked_for(client: TestClient, tmp_path: Path) -> None:
    first = client.post("/api/jobs", json={"path": str(tmp_path / "library/a.mkv")})
    again = client.post("/api/jobs", json={"path": "a.mkv"})
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json() == again.json() == {"id": first.json()["id"], "state": "queued"}
    found = client.get(f"/api/jobs/{first.json()['id']}").json()
    assert (found["key"], found["priority"], found["formats"], found["reason"]) == ("a.mkv", 100, None, None)


def test_priority_and_formats(client: TestClient) -> None:
    wanted = {"path": "a.mkv", "priority": -3, "formats": ["square", "portrait"]}
    job = client.post("/api/jobs", json=wanted).json()["id"]
    found = client.get(f"/api/jobs/{job}").json()
    assert (found["priority"], found["formats"]) == (-3, ["square", "portrait"])


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"path": "none.mkv"}, 404, "check the path"),
        ({"path": "../outside.mkv"}, 403, "below a --root"),
        ({"path": "/etc/passwd"}, 403, "below a --root"),
        ({"path": "a\u0000.mkv"}, 422, "characters"),
        ({"path": "\ud800.mkv"}, 422, "unicode"),
        ({"path": ""}, 422, "path"),
        ({"path": "x" * 5000}, 422, "path"),
        ({"path": "x" * 4000}, 404, "check the path"),
        ({"path": "."}, 422, "no file"),
        ({"path": 7}, 422, "path"),
        ({}, 422, "path"),
        ([], 422, "body"),
        ({"path": "a.mkv", "colour": "red"}, 422, "colour"),
        ({"path": "a.mkv", "\ud800": 1}, 422, "body"),
        ({"path": "a.mkv", "priority": 10**9}, 422, "priority"),
        ({"path": "a.mkv", "formats": ["banner"]}, 422, "banner"),
        ({"path": "a.mkv", "formats": ["square", "square"]}, 422, "once"),
        ({"path": "a.mkv", "formats": []}, 422, "formats"),
        ({"path": "new\nline.mkv"}, 404, "check the path"),
    ],
)
def test_what_is_refused(client: TestClient, body: Any, status: int, said: str) -> None:
    answer = client.post("/api/jobs", content=as_json(body), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status
    assert said in answer.text
    assert client.get("/api/jobs").json()["jobs"] == []


def as_json(body: Any) -> bytes:
    import json

    return json.dumps(body).encode()


def test_what_is_no_json_is_refused(client: TestClient) -> None:
    answer = client.post("/api/jobs", content=b"{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


@pytest.mark.parametrize("in_header", [True, False])
def test_the_same_request_twice_is_one(client: TestClient, service: Service, in_header: bool) -> None:
    def ask(path: str, key: str = "k") -> Any:
        body = {"path": path} if in_header else {"path": path, "idempotency_key": key}
        return client.post("/api/jobs", json=body, headers={"Idempotency-Key": key} if in_header else {})

    first, again, other_key = ask("a.mkv"), ask("a.mkv"), ask("b.mkv", "another")
    assert (first.status_code, again.status_code, other_key.status_code) == (202, 200, 202)
    assert first.json()["id"] == again.json()["id"] != other_key.json()["id"]
    assert ask("b.mkv").status_code == 422, "another request under the same key"


def test_two_keys_for_one_request_are_refused(client: TestClient) -> None:
    asked = {"path": "a.mkv", "idempotency_key": "one"}
    assert client.post("/api/jobs", json=asked, headers={"Idempotency-Key": "two"}).status_code == 422


def test_pages_of_jobs(client: TestClient, service: Service) -> None:
    ids = [client.post("/api/jobs", json={"path": name}).json()["id"] for name in ("a.mkv", "b.mkv")]
    first = client.get("/api/jobs?limit=1").json()
    assert ([job["id"] for job in first["jobs"]], first["next"]) == ([ids[0]], ids[0])
    rest = client.get(f"/api/jobs?limit=5&after={first['next']}").json()
    assert ([job["id"] for job in rest["jobs"]], rest["next"]) == ([ids[1]], None)
    take_one(service)
    running = client.get("/api/jobs?state=running&state=done").json()["jobs"]
    assert [job["id"] for job in running] == [ids[0]]
    assert client.get("/api/jobs?state=asleep").status_code == 422


def test_cancelling_a_job_in_work_drops_it_at_once(client: TestClient, service: Service) -> None:
    dropped: list[int] = []
    service.drop = dropped.append
    job = client.post("/api/jobs", json={"path": "a.mkv"}).json()["id"]
    take_one(service)
    assert client.delete(f"/api/jobs/{job}").json() == {"id": job, "state": "cancelled"}
    assert dropped == [job]
    assert client.delete("/api/jobs/999").status_code == 404
    assert client.delete("/api/jobs/0").status_code == client.get(f"/api/jobs/{10**30}").status_code == 422


def test_a_name_of_several_lines_is_a_name(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "library" / "new\nline.mkv").write_bytes(b"film")
    assert client.post("/api/jobs", json={"path": "new\nline.mkv"}).status_code == 202


def test_a_library_that_is_away_is_no_fault_of_the_path(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "library").rename(tmp_path / "away")
    answer = client.post("/api/jobs", json={"path": "a.mkv"})
    assert (answer.status_code, answer.json()["title"]) == (503, "The library is not there")


def test_a_service_that_ends_takes_no_jobs(client: TestClient, service: Service) -> None:
    service.draining = True
    answer = client.post("/api/jobs", json={"path": "a.mkv"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert client.get("/api/jobs").status_code == 200


def test_a_ledger_out_of_reach_is_a_503(client: TestClient, service: Service, tmp_path: Path) -> None:
    client.post("/api/jobs", json={"path": "a.mkv"})
    (tmp_path / "ledger.sqlite").rename(tmp_path / "away")
    answers = [client.post("/api/jobs", json={"path": "b.mkv"}), client.get("/api/jobs"), client.delete("/api/jobs/1")]
    for answer in answers:
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        assert "log says why" in answer.json()["detail"]
        assert answer.headers["retry-after"]
    (tmp_path / "away").rename(tmp_path / "ledger.sqlite")
    assert client.post("/api/jobs", json={"path": "b.mkv"}).status_code == 202


def test_requests_are_counted_by_their_routes(client: TestClient, service: Service) -> None:
    for path in ("/api/jobs", "/api/jobs/77", "/api/jobs/78", "/nothing/of/the/kind", "/api/videos/5/frames?time_s=1"):
        client.get(path)
    client.request("BREW", "/api/jobs")
    counted = service.metrics.requests
    assert counted.labels("GET", "/api/jobs/{number}", "404")._value.get() == 2
    assert counted.labels("GET", "other", "404")._value.get() == 1
    assert counted.labels("other", "/api/jobs", "405")._value.get() == 1
    assert counted.labels("GET", "/api/videos/{job}/frames", "404")._value.get() == 1
    assert counted.labels("GET", "/api/jobs", "200")._value.get() == 1


def test_every_answer_is_in_the_document(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths["/api/jobs"]["post"]["responses"]) >= {"200", "202", "403", "404", "409", "413", "422", "503"}
    problem = paths["/api/jobs"]["post"]["responses"]["404"]["content"]
    assert list(problem) == ["application/problem+json"]


def test_answers_to_faults_are_guarded_too(service: Service) -> None:
    service.writer = None  # type: ignore[assignment]
    with asking(service) as client:
        answer = client.get("/api/jobs")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert service.metrics.requests.labels("GET", "/api/jobs", "500")._value.get() == 1
