"""`--log`: what is left of a run when it is over, however it ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from stream.cli.app import build_app
from stream.cli.exits import DEVICE_LOST
from stream.errors import DeviceLostError, KeyartError
from stream.pipeline.reporter import Outcome
from stream.settings.model import Settings
from stream.version import own_version

ROOT = Path(__file__).resolve().parents[3]


def extract(library: Any, *arguments: str | Path) -> Result:
    return CliRunner().invoke(build_app([]), ["extract", *(str(one) for one in arguments)], obj=library)


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def events(file: Path) -> list[str]:
    return [line["event"] for line in lines(file)]


async def one_of_two(files: list[Path], *rest: Any) -> list[Outcome]:
    return [Outcome(files[0], "done"), Outcome(files[1], "failed", reason="is empty")]


def failing(error: BaseException) -> Any:
    async def work(*arguments: Any) -> list[Outcome]:
        raise error

    return work


@pytest.mark.parametrize("given_by", ["flag", "environment", "file"])
def test_a_run_begins_and_ends_in_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given_by: str) -> None:
    log, out, config = tmp_path / "keyart.jsonl", tmp_path / "out", tmp_path / "my.toml"
    config.write_text('log = "keyart.jsonl"\n' if given_by == "file" else "")
    if given_by == "environment":
        monkeypatch.setenv("KEYART_LOG", str(log))
    flags = ["--log", log] if given_by == "flag" else []
    for _ in range(2):
        result = extract(one_of_two, "a.mp4", "b.mp4", "--out", out, "--config", config, "--top", "3", *flags)
        assert result.exit_code == 1
    assert events(log) == ["run begun", "run finished"] * 2
    begun, finished = lines(log)[:2]
    settings = Settings(top=3)
    assert (begun["version"], begun["device"], begun["files"]) == (own_version(), "auto", 2)
    assert (begun["settings_fingerprint"], begun["settings"]) == (settings.settings_fingerprint, {"top": 3})
    assert (finished["done"], finished["skipped"], finished["failed"]) == (1, 0, 1)


def test_a_log_that_cannot_be_written_is_found_before_work(tmp_path: Path) -> None:
    def work(*arguments: Any) -> None:
        raise AssertionError("work began")

    result = extract(work, "a.mp4", "--out", tmp_path / "out", "--log", tmp_path / "gone" / "log")
    assert result.exit_code == 2
    expected = f"keyart: log {tmp_path / 'gone' / 'log'} cannot be opened (No such file or directory)"
    assert result.stderr == f"{expected}, choose another --log\n"
    assert not (tmp_path / "out").exists()


def test_a_run_that_cannot_begin_says_why_of_each_film(tmp_path: Path) -> None:
    reason = KeyartError("model eyes is missing, run `keyart models pull`")
    work = failing(ExceptionGroup("run", [reason]))
    result = extract(work, "gone.mp4", "--out", tmp_path / "out", "--log", tmp_path / "log", "--quiet")
    own_reason = "does not exist, check the path"
    assert result.stderr == f"keyart: gone.mp4: {own_reason}\n"
    run, film = lines(tmp_path / "log")[1:3]
    assert run["event"] == "run failed"
    assert run["exception"][0]["exceptions"][0][0]["exc_value"] == str(reason)
    assert (film["event"], film["film"], film["reason"]) == ("film failed", "gone.mp4", own_reason)
    assert events(tmp_path / "log")[3:] == ["run finished"]


def test_a_lost_device_leaves_its_traceback(tmp_path: Path) -> None:
    lost = DeviceLostError("the GPU failed (IllegalAddress)")
    lost.__cause__ = RuntimeError("cudaErrorIllegalAddress: an illegal memory access was encountered")
    result = extract(failing(lost), "a.mp4", "--out", tmp_path / "out", "--log", tmp_path / "log")
    assert result.exit_code == DEVICE_LOST
    line = lines(tmp_path / "log")[-1]
    assert (line["event"], line["level"]) == ("device lost", "error")
    assert line["exception"][0]["frames"][-1]["name"] == "work"


def test_what_nobody_expected_is_in_the_log_and_still_on_stderr(tmp_path: Path) -> None:
    result = extract(failing(KeyError("bug")), "a.mp4", "--out", tmp_path / "out", "--log", tmp_path / "log")
    assert isinstance(result.exception, KeyError), "Python prints it with its traceback"
    line = lines(tmp_path / "log")[-1]
    assert (line["event"], line["exception"][0]["exc_type"]) == ("run failed", "KeyError")


INTERRUPTED = """
    import sys, threading
    import anyio
    from stream.cli import build_app

    async def lets_go(*arguments):
        print("ready", flush=True)
        await anyio.sleep_forever()

    async def does_not_let_go(*arguments):
        print("ready", flush=True)
        threading.Event().wait()

    build_app(())(["extract", "a.mp4", "--out", sys.argv[2], "--log", sys.argv[3]], obj=globals()[sys.argv[1]])
"""


@pytest.mark.parametrize(
    ("work", "how"), [("lets_go", "work was cancelled"), ("does_not_let_go", "ended, for work did not let go")]
)
def test_an_interrupted_run_says_so(tmp_path: Path, work: str, how: str) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-c", textwrap.dedent(INTERRUPTED), work, str(tmp_path / "out"), str(log)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 143
        finally:
            process.kill()
    begun, ended = lines(log)
    assert (begun["event"], ended["event"], ended["level"]) == ("run begun", "run interrupted", "warning")
    assert (ended["signal"], ended["how"]) == (signal.SIGTERM, how)
