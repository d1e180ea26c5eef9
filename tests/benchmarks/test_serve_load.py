"""The load of the service, in short: nothing lost, nothing refused. Its times are for quiet machines."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from benchmarks.serve_load import Load, Timed, holds, measure, shown
from benchmarks.serving import Answer


def requests(method: str, times_s: list[float], status: int = 200) -> list[Timed]:
    return [Timed(method, took_s, Answer(status, b"{}")) for took_s in times_s]


def told(**changes: Any) -> dict[str, Any]:
    """What a good run says."""
    quick = shown([*requests("GET", [0.01] * 10), *requests("POST", [0.02] * 10)])
    burst = {**shown(requests("POST", [0.1] * 10)), "lost": 0, "doubled": 0}
    good = {"burst": burst, "idle": quick, "busy": quick, "beside_ms": {"near": 400.0}, "list_ms": {"page": 80.0}}
    return {**good, **changes}


def test_times_are_shown_by_method() -> None:
    found = shown([*requests("GET", [0.01, 0.03]), *requests("POST", [0.5], status=503)])
    assert (found["GET"]["p50_ms"], found["GET"]["p100_ms"], found["GET"]["refused"]) == (20.0, 30.0, 0)
    assert (found["POST"]["requests"], found["POST"]["refused"]) == (1, 1)


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        ("busy", shown([*requests("GET", [0.06] * 10), *requests("POST", [0.02])])),
        ("busy", shown([*requests("GET", [0.01]), *requests("POST", [0.11] * 10)])),
        ("busy", shown([*requests("GET", [0.01], 503), *requests("POST", [0.02])])),
        ("burst", {**shown(requests("POST", [0.1])), "lost": 1, "doubled": 0}),
        ("burst", {**shown(requests("POST", [0.1])), "lost": 0, "doubled": 1}),
        ("burst", {**shown(requests("POST", [0.3])), "lost": 0, "doubled": 0}),
        ("beside_ms", {"far": 2001.0}),
        ("list_ms", {"page": 1001.0}),
    ],
)
def test_each_figure_can_fail(part: str, wrong: dict[str, Any]) -> None:
    assert holds(told())
    assert not holds(told(**{part: wrong}))


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.usefixtures("models_dir")
def test_nothing_is_lost_or_refused(tmp_path: Path, demo_video: Path) -> None:
    film = shutil.copy(demo_video, tmp_path / "film.mp4")
    found = measure(tmp_path / "run", Path(film), Load(jobs=60, per_s=10.0, for_s=3.0, titles=300))
    assert (found["burst"]["lost"], found["burst"]["doubled"]) == (0, 0)
    assert [found[part][method]["refused"] for part in ("idle", "busy") for method in ("GET", "POST")] == [0] * 4
    assert found["burst"]["POST"]["requests"] == 60
    assert set(found["list_ms"]) == {"page", "api", "search", "last"}
