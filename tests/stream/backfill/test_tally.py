"""What a run has done, how fast, and how long the rest takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stream.backfill.leases import Lease
from stream.backfill.messages import FilmDone, Progress, Ready, Report
from stream.backfill.pace import WINDOW, Look, Pace
from stream.backfill.tally import SLOWEST, Tally, write_summary
from stream.errors import OutputError
from stream.metrics.flow import Levels

FILM = Path("film.mkv")


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def lease_of(job: int, size_bytes: int = 100) -> Lease:
    return Lease(job, 1, f"{job}.mkv", None, size_bytes, 1, 60.0, 60.0, False, 0, None, 0)


def done(job: int, wall_s: float = 2.0, film_s: float = 3600.0, *, unchanged: bool = False) -> FilmDone:
    return FilmDone(
        job=job, content="c", size_bytes=100, mtime_ns=1, version="1", unchanged=unchanged, wall_s=wall_s,
        film_s=film_s, frames=50,
    )  # fmt: skip


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_what_is_left_goes_by_the_size_of_files(clock: Clock) -> None:
    """The largest come first: a hundred small ones would seem to take as long each."""
    tally = Tally(queued=101, queued_bytes=1000 + 100, clock=clock)
    tally.began(lease_of(1, 1000), FILM)
    tally.look()
    assert tally.left_s() is None
    clock.now_s = 100.0
    tally.done("cpu-1", lease_of(1, 1000), FILM, done(1))
    tally.look()
    assert tally.left_s() == pytest.approx(10.0)


def test_films_in_work_count_by_the_share_that_was_watched(clock: Clock) -> None:
    tally = Tally(queued=1, queued_bytes=1000, clock=clock)
    tally.look()
    tally.began(lease_of(1, 1000), FILM)
    tally.went_on(lease_of(1), Progress(job=1, stage="watching", frames=25, total=100))
    clock.now_s = 10.0
    tally.look()
    assert tally.done_bytes == 250
    assert tally.left_s() == pytest.approx(30.0)
    tally.went_on(lease_of(1), Progress(job=1, stage="watching", frames=130, total=100))
    assert tally.left_s() == 0, "more frames than the file said"
    tally.given_back(lease_of(1), "its worker died")
    assert (tally.done_bytes, tally.in_work) == (0, {})


def test_the_time_before_anything_was_done_does_not_count() -> None:
    pace = Pace()
    for at_s in (0.0, 50.0, 100.0):
        pace.note(Look(at_s, 0.0, 0))
    pace.note(Look(110.0, 10.0, 300))
    assert pace.left_s(50.0) == pytest.approx(50.0)
    assert pace.frames_per_s() == pytest.approx(30.0)


def test_the_pace_forgets_what_is_long_ago() -> None:
    pace = Pace()
    pace.note(Look(0.0, 1.0, 0))
    for number in range(WINDOW):
        pace.note(Look(1e6 + number, 1.0 + number, 25 * number))
    assert pace.left_s(100.0) == pytest.approx(100.0)
    assert pace.frames_per_s() == pytest.approx(25.0)


def test_frames_are_those_of_the_reports() -> None:
    tally = Tally()
    tally.reported(
        "cpu-1", Report(counts=[(("frames", "ffmpeg", "vp9"), 32), (("stage_items", "decode"), 9)], levels=Levels())
    )
    tally.reported("cpu-2", Report(counts=[(("frames", "ffmpeg", "h264"), 64)], levels=Levels()))
    assert tally.frames == 96


def test_the_summary(clock: Clock) -> None:
    tally = Tally(queued=20, clock=clock)
    for number in range(2):
        tally.starting("cpu-1", "first")
        tally.ready("cpu-1", Ready(device="cpu", in_flight=1, settings_fingerprint="f"))
        tally.failed(lease_of(100 + number), FILM, "refused", "is a text", True)
    for job in range(12):
        tally.done("cpu-1", lease_of(job), FILM, done(job, wall_s=float(job)))
    tally.done("cpu-1", lease_of(50), FILM, done(50, wall_s=1e6, unchanged=True))
    tally.failed(lease_of(60), FILM, "inside", "failed inside", False)
    tally.failed(lease_of(60), FILM, "inside", "failed inside", True)
    tally.gone(lease_of(61), FILM)
    tally.worker_ended("cpu-1", "died", "")
    clock.now_s = 3600.0
    found = tally.summary()
    assert found["films"] == {
        "done": 12, "unchanged": 1, "failed": 3, "gone": 1, "tried_again": 1, "given_back": 0,
    }  # fmt: skip
    assert (found["films_per_hour"], found["film_hours_per_hour"], found["film_hours"]) == (12, 12, 12)
    assert found["frames_per_s"] == round(12 * 50 / 3600, 1)
    assert found["failed_by_kind"] == {"refused": 2, "inside": 1}
    assert found["failures"][0] == {"kind": "refused", "reason": "is a text", "films": 2}
    assert [entry["wall_s"] for entry in found["slowest"]] == [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]
    assert (len(found["slowest"]), found["slowest"][0]["film"]) == (SLOWEST, "11.mkv")
    assert found["places"]["cpu-1"] == {
        "device": "cpu", "films": 12, "frames": 600, "film_hours_per_hour": 12, "workers_started": 2,
        "workers_ended": 1,
    }  # fmt: skip


def test_a_summary_is_written_whole(tmp_path: Path) -> None:
    write_summary(tmp_path / "summary.json", {"films": {"done": 1}})
    assert json.loads((tmp_path / "summary.json").read_text()) == {"films": {"done": 1}}
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(OutputError, match="cannot be written"):
        write_summary(tmp_path / "none" / "summary.json", {})
