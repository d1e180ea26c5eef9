"""Small files that claim much are refused in one line, in bounded time and memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from benchmarks.fuzz import Worker, open_worker

from . import header_bombs as bombs

pytestmark = pytest.mark.slow
_MOST_S, _MOST_MIB = 60.0, 700.0
"""Of the worker, which takes 300 MiB before it has opened a film; a picture of 16,383 × 16,383 takes 400."""


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with open_worker(_MOST_S, _MOST_MIB) as opened:
        yield opened


def ended(worker: Worker, film: Path) -> tuple[str, str]:
    begun_s = monotonic()
    said = worker.ask(film)
    assert said["ended"] in ("done", "refused")
    assert monotonic() - begun_s < _MOST_S
    assert said["peak_mib"] < _MOST_MIB
    return said["ended"], said.get("reason", "")


def test_pictures_of_16k_in_a_small_file(worker: Worker, tmp_path: Path) -> None:
    film = bombs.huge_picture(tmp_path / "huge.webm")
    assert film.stat().st_size < 100_000
    assert ended(worker, film) == (
        "refused", "has a video stream of which no picture can be decoded, copy it again or repair it",
    )  # fmt: skip


def test_pictures_beyond_the_limit_that_could_be_decoded(worker: Worker, tmp_path: Path) -> None:
    film = bombs.huge_picture(tmp_path / "large.webm", side=8192)
    assert ended(worker, film) == ("refused", "is 8192x8192, more than limits.pixels allows (35651584), raise it")


def test_a_million_pictures_a_second(worker: Worker, tmp_path: Path) -> None:
    film = bombs.pictures_at(tmp_path / "fast.mp4", list(range(1500)), 1_000_000)
    said = "has more frames a second than limits.fps allows (1000), raise it"
    assert ended(worker, film) == ("refused", said)
    assert ended(worker, bombs.pictures_at(tmp_path / "few.mp4", list(range(200)), 1_000_000))[0] == "done"


def test_hours_of_one_picture(worker: Worker, tmp_path: Path) -> None:
    hour = 3_600_000
    days = bombs.pictures_at(tmp_path / "days.mp4", [0, 10 * hour, 25 * hour, 25 * hour + 40], 1000)
    assert ended(worker, days) == (
        "refused", "lasts 90000 s, more than limits.duration_s allows (86400), raise it",
    )  # fmt: skip
    assert ended(worker, bombs.pictures_at(tmp_path / "day.mp4", [0, 10 * hour, 20 * hour], 1000))[0] == "done"


@pytest.mark.parametrize(
    ("count", "words"), [(201, "has 201 streams, more than limits.streams allows (200)"), (50_000, "")]
)
def test_very_many_streams(worker: Worker, tmp_path: Path, count: int, words: str) -> None:
    """Beyond a thousand FFmpeg itself gives up."""
    kind, reason = ended(worker, bombs.many_streams(tmp_path / "many.mkv", count))
    assert kind == "refused"
    assert words in reason and len(reason.splitlines()) == 1


def test_as_many_streams_as_are_allowed(worker: Worker, tmp_path: Path) -> None:
    assert ended(worker, bombs.many_streams(tmp_path / "some.mkv", 200))[0] == "done"
