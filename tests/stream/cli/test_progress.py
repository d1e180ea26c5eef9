from __future__ import annotations

import io
import json
from pathlib import Path

from rich.console import Console

from stream.cli.progress import JsonReporter, PlainReporter, QuietReporter, RichReporter, failure_line
from stream.pipeline.reporter import Reporter

from ..samples import sample_manifest

FILM = Path("films/film.mp4")


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def tell_everything(reporter: Reporter) -> None:
    reporter.stage(FILM, "watching", 10, 100)
    reporter.warning(FILM, "odd", "is odd")
    reporter.finished(FILM, sample_manifest(), Path("out/film.mp4"))
    reporter.skipped(Path("b.mp4"), Path("out/b.mp4"))
    reporter.failed(Path("c.mp4"), "is empty,\ncopy it again")


def test_quiet_says_only_what_failed() -> None:
    errors = io.StringIO()
    tell_everything(QuietReporter(errors))
    assert errors.getvalue() == "keyart: c.mp4: is empty, copy it again\n"


def test_plain_lines() -> None:
    errors = io.StringIO()
    tell_everything(PlainReporter(errors, clock=Clock()))
    assert errors.getvalue().splitlines() == [
        "film.mp4: watching, 10 of 100 frames",
        "film.mp4: warning: is odd [odd]",
        "film.mp4: 1 image in out/film.mp4 (2.0 s, 24 fps)",
        "b.mp4: already in out/b.mp4, skipped (--overwrite replaces it)",
        "keyart: c.mp4: is empty, copy it again",
    ]


def test_a_name_of_two_lines_begins_no_line_of_its_own() -> None:
    errors = io.StringIO()
    screen = io.StringIO()
    bars = RichReporter(Console(file=screen, force_terminal=True, width=120, color_system=None))
    film = Path("films/a\nkeyart: b.mp4")
    with bars.live():
        for reporter in (PlainReporter(errors, clock=Clock()), bars):
            reporter.stage(film, "watching", 10, 100)
            reporter.warning(film, "odd", "is odd")
    assert errors.getvalue().splitlines() == [
        "a keyart: b.mp4: watching, 10 of 100 frames",
        "a keyart: b.mp4: warning: is odd [odd]",
    ]
    assert "\nkeyart" not in screen.getvalue().replace("\r", "")


def test_plain_lines_are_rare_but_each_stage_is_named() -> None:
    errors, clock = io.StringIO(), Clock()
    reporter = PlainReporter(errors, every_s=5, clock=clock)
    reporter.stage(FILM, "pulling eyes (0 of 2 MiB)", 0, None)
    reporter.stage(FILM, "pulling eyes (1 of 2 MiB)", 0, None)
    for second in range(12):
        clock.now_s = float(second)
        reporter.stage(FILM, "watching", second * 100, None)
    reporter.stage(FILM, "choosing", 1200, 1200)
    assert errors.getvalue().splitlines() == [
        "film.mp4: pulling eyes (0 of 2 MiB), 0 frames",
        "film.mp4: watching, 0 frames",
        "film.mp4: watching, 500 frames, 100 fps",
        "film.mp4: watching, 1,000 frames, 100 fps",
        "film.mp4: choosing, 1,200 of 1,200 frames, 109 fps",
    ]


def test_bars_show_stage_frames_and_leave_lines() -> None:
    screen = io.StringIO()
    reporter = RichReporter(Console(file=screen, force_terminal=True, width=120, color_system=None))
    with reporter.live():
        tell_everything(reporter)
        reporter.stage(Path("[red]d.mp4"), "watching", 3, None)
    shown = screen.getvalue()
    assert "watching" in shown
    assert "[red]d.mp4" in shown
    assert "film.mp4: 1 image in out/film.mp4" in shown
    assert "keyart: c.mp4: is empty, copy it again" in shown


def test_manifests_one_a_line(tmp_path: Path) -> None:
    errors, out = io.StringIO(), io.StringIO()
    older = tmp_path / "b.mp4"
    older.mkdir()
    (older / "manifest.json").write_text(sample_manifest(Path("b.mp4")).dump_json())
    reporter = JsonReporter(QuietReporter(errors), out)
    reporter.finished(FILM, sample_manifest(FILM), tmp_path)
    reporter.skipped(Path("b.mp4"), older)
    reporter.failed(Path("c.mp4"), "is empty")
    printed = [json.loads(line)["video"]["path"] for line in out.getvalue().splitlines()]
    assert printed == ["films/film.mp4", "b.mp4"]
    assert errors.getvalue() == "keyart: c.mp4: is empty\n"


def test_an_older_manifest_that_is_none_is_a_warning(tmp_path: Path) -> None:
    errors, out = io.StringIO(), io.StringIO()
    (tmp_path / "manifest.json").write_text("{}")
    JsonReporter(PlainReporter(errors), out).skipped(FILM, tmp_path)
    assert out.getvalue() == ""
    assert "unreadable_result" in errors.getvalue()


def test_a_reason_is_one_line_whatever_the_name() -> None:
    assert failure_line(Path("a\nb\udce9.mp4"), "is\x1b[31m bad") == "keyart: a b .mp4: is [31m bad"
