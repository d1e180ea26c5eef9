from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
import structlog
from anyio import to_thread

from stream import log
from stream.errors import KeyartError, UsageError
from stream.origin import in_stage

ROOT = Path(__file__).resolve().parents[2]


def unheard(line: str) -> None:
    raise AssertionError(line)


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def failure() -> Exception:
    """A reason with what it came from: a group of two, one of which came from a third."""

    def decode() -> None:
        try:
            int("no number")
        except ValueError as error:
            raise KeyError("no key") from error

    errors = []
    try:
        with in_stage("decode"):
            decode()
    except KeyError as error:
        errors.append(error)
    try:
        try:
            raise ExceptionGroup("tasks", [*errors, OSError("disk")])
        except ExceptionGroup as group:
            raise KeyartError("is damaged, copy it again") from group
    except KeyartError as error:
        return error


def test_a_line_says_when_what_and_about_what(tmp_path: Path) -> None:
    file = tmp_path / "keyart.jsonl"
    with log.opened(file, unheard):
        log.info("run begun", out=tmp_path, files=2)
        with log.about(film=Path("a\udce9.mp4")):
            log.warning("film warning", code="odd", message="is odd\nvery %s")
        log.info("run finished")
    first, second, third = lines(file)
    assert list(first)[:3] == ["time", "level", "event"]
    assert (first["level"], first["event"], first["out"], first["files"]) == ("info", "run begun", str(tmp_path), 2)
    written = datetime.fromisoformat(first["time"])
    assert written.utcoffset() == timedelta(0) and abs(datetime.now(UTC) - written) < timedelta(minutes=1)
    assert first["pid"] == os.getpid() and first["host"]
    assert (second["film"], second["message"]) == ("a\udce9.mp4", "is odd\nvery %s")
    assert "film" not in third


def test_an_error_leaves_its_stage_and_its_whole_traceback(tmp_path: Path) -> None:
    file = tmp_path / "keyart.jsonl"
    with log.opened(file, unheard):
        log.error("film failed", failure(), reason="is damaged")
    (line,) = lines(file)
    assert (line["level"], line["stage"], line["reason"]) == ("error", "decode", "is damaged")
    reason, group = line["exception"]
    assert (reason["exc_type"], reason["exc_value"]) == ("KeyartError", "is damaged, copy it again")
    assert (group["exc_type"], group["is_cause"], group["is_group"]) == ("ExceptionGroup", True, True)
    (key, number), (disk,) = group["exceptions"]
    assert [one["exc_type"] for one in (key, number, disk)] == ["KeyError", "ValueError", "OSError"]
    assert key["exc_notes"] == ["stage: decode"]
    assert [(Path(frame["filename"]).name, frame["name"]) for frame in key["frames"]] == [
        ("test_log.py", "failure"),
        ("test_log.py", "decode"),
    ]
    assert all(not frame.get("locals") for frame in key["frames"]), "pictures are not for the log"


def test_no_frame_is_left_out(tmp_path: Path) -> None:
    def deep(levels: int) -> None:
        if levels:
            deep(levels - 1)
        raise ValueError("deep down")

    with log.opened(tmp_path / "log", unheard):
        try:
            deep(200)
        except ValueError as error:
            log.error("film failed", error)
    (line,) = lines(tmp_path / "log")
    assert len(line["exception"][0]["frames"]) == 202


def test_without_a_log_nothing_is_written(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with log.opened(None, unheard), log.about(film="a.mp4"):
        log.info("run begun")
        log.error("film failed", ValueError("bug"))
    log.warning("outside")
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_the_log_reaches_tasks_and_their_threads_and_no_others(tmp_path: Path) -> None:
    async def film(name: str) -> None:
        with log.about(film=name):
            await anyio.lowlevel.checkpoint()
            await to_thread.run_sync(log.warning, "from a thread")

    async def films() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(film, "a.mp4")
            tasks.start_soon(film, "b.mp4")

    with log.opened(tmp_path / "log", unheard):
        anyio.run(films)
        plain = threading.Thread(target=log.warning, args=("from elsewhere",))
        plain.start()
        plain.join()
    assert sorted(line["film"] for line in lines(tmp_path / "log")) == ["a.mp4", "b.mp4"]


def test_several_processes_share_a_file(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from stream import log\n"
        "with log.opened(Path(sys.argv[1]), print):\n"
        "    print('ready', flush=True); sys.stdin.readline()\n"
        "    for i in range(200): log.info(sys.argv[2], number=i, text='x' * 20_000)\n"
    )
    file = tmp_path / "log"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(file), name], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for name in "abc"
    ]  # fmt: skip
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.communicate("go\n")
    found = lines(file)
    for name in "abc":
        assert [line["number"] for line in found if line["event"] == name] == list(range(200))
    assert len({line["pid"] for line in found}) == 3


@pytest.mark.parametrize(("file", "reason"), [("", "Is a directory"), ("gone/log", "No such file or directory")])
def test_a_file_that_cannot_be_opened_is_one_line(tmp_path: Path, file: str, reason: str) -> None:
    place = tmp_path / file
    with pytest.raises(UsageError) as found, log.opened(place, unheard):
        pytest.fail("work began")
    assert str(found.value) == f"log {place} cannot be opened ({reason}), choose another --log"


def test_a_full_disk_is_complained_of_once_and_work_goes_on() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    heard: list[str] = []
    with log.opened(Path("/dev/full"), heard.append):
        log.info("run begun")
        log.error("film failed", ValueError("bug"))
    expected = "log /dev/full does not take all lines (No space left on device), make room; work goes on"
    assert heard == [expected]


def test_the_logging_of_a_program_we_work_in_is_not_touched(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = structlog.get_config()
    with log.opened(tmp_path / "log", unheard):
        structlog.get_logger().warning("of the program")
        log.info("ours")
        assert structlog.get_config() == before
    assert [line["event"] for line in lines(tmp_path / "log")] == ["ours"]
    assert "of the program" in capfd.readouterr().out
