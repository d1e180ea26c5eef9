"""What a person sees of a run over a library."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from stream.backfill.leases import Lease
from stream.backfill.messages import FilmDone, Progress, Ready, Report
from stream.backfill.run_metrics import RunMetrics
from stream.backfill.tally import Tally
from stream.cli.backfill_bars import RichDisplay, open_display
from stream.cli.backfill_progress import Display, QuietDisplay, shown_duration
from stream.metrics.flow import Levels

LONG = Path("lib/The Adventure of the Very Long Title That Nobody Can Remember, Episode 12 (Remastered).mkv")


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def lease_of(job: int) -> Lease:
    return Lease(job, 1, f"{job}.mkv", None, 1000, 1, 60.0, 60.0, False, 0, None, 0)


def tell(display: Display, clock: Clock, films: int = 2) -> None:
    """A run of a hundred films of an hour, a minute after it began: two done, one failed, some in work."""
    tally = display.tally
    tally.queued, tally.queued_bytes = 100, 100_000
    display.starting("cpu-1", "first")
    display.ready("cpu-1", Ready(device="cpu", in_flight=films, settings_fingerprint="f"))
    tally.look()
    clock.now_s = 60.0
    for job in (1, 2):
        display.began(lease_of(job), LONG)
        facts = FilmDone(job=job, content="c", size_bytes=1000, mtime_ns=1, version="1", wall_s=1.0, film_s=3600.0)
        display.done("cpu-1", lease_of(job), LONG, facts)
    display.failed(lease_of(3), Path("lib/no\nfilm.mkv"), "refused", "is a text", True)
    display.worker_ended("cpu-1", "was killed", "")
    display.reported("cpu-1", Report(counts=[(("frames", "ffmpeg", "h264"), 6000)], levels=Levels()))
    tally.look()
    for number in range(films):
        display.began(lease_of(10 + number), LONG)
    display.went_on(lease_of(10), Progress(job=10, stage="watching", frames=1500, total=3000))
    display.went_on(lease_of(11), Progress(job=11, stage="choosing", frames=3000, total=3000))


@pytest.fixture
def clock() -> Clock:
    return Clock()


def drawn(clock: Clock, width: int, height: int, films: int = 2) -> list[str]:
    """What stands on a terminal of this size."""
    console = Console(file=io.StringIO(), force_terminal=True, width=width, height=height, color_system=None)
    display = RichDisplay(io.StringIO(), RunMetrics(), Tally(clock=clock), console)
    tell(display, clock, films)
    with console.capture() as captured:
        console.print(display.picture())
    return captured.get().splitlines()


def test_lines(clock: Clock) -> None:
    display = Display(said := io.StringIO(), RunMetrics(), Tally(clock=clock))
    assert display.line() == "0 of 0 films, 0 failed"
    tell(display, clock)
    assert said.getvalue().splitlines() == [
        "keyart: lib/no film.mkv: is a text", "keyart: a worker (cpu-1) was killed",
    ]  # fmt: skip
    # 3 of 100 files in a minute, then half of one and a whole one more in no time.
    assert display.line() == ("3 of 100 films, 1 failed, 120.0 h of film per hour, 100 frames/s, about 31 min left")
    assert display.last_line() == "3 of 100 films in 1 min, 1 failed, 120.0 h of film per hour"


def test_quiet_says_only_what_failed(clock: Clock) -> None:
    display = QuietDisplay(said := io.StringIO(), RunMetrics(), Tally(clock=clock))
    tell(display, clock)
    assert "is a text" in said.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_a_terminal_shows_each_film_on_one_line(clock: Clock, width: int) -> None:
    lines = drawn(clock, width, 30)
    assert lines[0].startswith("━")
    assert lines[1].startswith("3 of 100 films, 1 failed, ")
    places = [line for line in lines if "cpu-1" in line]
    assert places == ["cpu-1  cpu  2 done, 120.0 h of film per hour  1 died"]
    first, second = lines[-2:]
    assert ("1,500 of 3,000" in first, "choosing" in second) == (True, True)
    assert first.index("The Adventure") == second.index("The Adventure")
    assert max(map(len, lines)) <= width


def test_more_films_than_lines(clock: Clock) -> None:
    lines = drawn(clock, 80, 12, films=20)
    assert 8 <= len(lines) < 12, "something is left to what was said before"
    assert lines[-1].strip() == "and 16 more"


def test_which_display(clock: Clock) -> None:
    with open_display(True, RunMetrics(), io.StringIO()) as display:
        assert isinstance(display, QuietDisplay)
    with open_display(False, RunMetrics(), io.StringIO()) as display:
        assert type(display) is Display


def test_durations() -> None:
    assert [shown_duration(s) for s in (4, 90, 3700, 200_000)] == ["4 s", "1 min", "1 h 01 min", "2 d 7 h"]
