"""Signals: real processes that are told to end, while they wait, while native code is busy, and afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
MESSAGE = "keyart: interrupted, nothing was left half-written\n"

WORKS = """
    import hashlib, os, signal, sys, threading
    from pathlib import Path
    import anyio, av
    from stream.cli import build_app
    from stream.output.result_folder import ResultFolder

    def written(target, then):
        with ResultFolder(target) as folder:
            folder.write("manifest.json", "{}")
            print("ready", flush=True)
            then()

    def busy_for_minutes():
        # As ONNX Runtime is: computing, without the interpreter's lock.
        hashlib.pbkdf2_hmac("sha256", b"", b"", (1 << 31) - 1)

    def ffmpeg_reads_what_never_comes():
        fifo = Path(sys.argv[2]).with_name("film")
        os.mkfifo(fifo)
        av.open(str(fifo))

    async def waits_in_the_loop(files, out, settings, report):
        with ResultFolder(out / files[0].name) as folder:
            folder.write("manifest.json", "{}")
            print("ready", flush=True)
            await anyio.sleep_forever()

    async def waits_in_a_thread(files, out, settings, report):
        await anyio.to_thread.run_sync(written, out / files[0].name, threading.Event().wait)

    async def native_code_in_a_thread(files, out, settings, report):
        await anyio.to_thread.run_sync(written, out / files[0].name, busy_for_minutes)

    async def ffmpeg_in_a_thread(files, out, settings, report):
        await anyio.to_thread.run_sync(written, out / files[0].name, ffmpeg_reads_what_never_comes)

    async def native_code_in_the_main_thread(files, out, settings, report):
        written(out / files[0].name, busy_for_minutes)

    async def tells_itself_to_end(files, out, settings, report):
        with ResultFolder(out / files[0].name) as folder:
            folder.write("manifest.json", "{}")
            os.kill(os.getpid(), signal.SIGINT)
            await anyio.sleep_forever()

    async def cleans_up_for_ever(files, out, settings, report):
        try:
            await waits_in_the_loop(files, out, settings, report)
        finally:
            print("cleaning up", flush=True)
            threading.Event().wait()

    async def ends_well(files, out, settings, report):
        return []

    def arguments(work):
        return {"args": ["extract", "film.mp4", "--out", sys.argv[2], "--quiet"], "obj": work}
"""
COMMAND = """
    build_app(())(**arguments(globals()[sys.argv[1]]))
"""
HOST = """
    import socket

    def handler(number, frame):
        print("the host hears", number, flush=True)

    def ours():
        descriptor = signal.set_wakeup_fd(-1)
        signal.set_wakeup_fd(descriptor)
        return [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] + [descriptor]

    reader, writer = socket.socketpair()
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.fileno())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)
    before = ours()
    code = build_app(())(**arguments(globals()[sys.argv[1]]), standalone_mode=False)
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join()  # a timer of the command's would end the process here
    print("as before:", ours() == before, "code:", code, flush=True)
    os.kill(os.getpid(), signal.SIGINT)
"""


def start(program: str, work: str, out: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WORKS + program), work, str(out)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("work", "number", "code"),
    [
        ("waits_in_the_loop", signal.SIGINT, 130),
        ("waits_in_the_loop", signal.SIGTERM, 143),
        ("waits_in_a_thread", signal.SIGINT, 130),
        ("waits_in_a_thread", signal.SIGTERM, 143),
        ("native_code_in_a_thread", signal.SIGINT, 130),
        ("ffmpeg_in_a_thread", signal.SIGINT, 130),
        ("native_code_in_the_main_thread", signal.SIGINT, 130),
    ],
)
def test_a_signal_ends_within_a_second_and_leaves_nothing(
    tmp_path: Path, work: str, number: signal.Signals, code: int
) -> None:
    with start(COMMAND, work, tmp_path / "out") as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            sent_s = time.monotonic()
            process.send_signal(number)
            _, errors = process.communicate(timeout=10)
        finally:
            process.kill()
    assert time.monotonic() - sent_s < 1.5  # a second, and what a busy machine takes to notice the end
    assert process.returncode == code
    assert errors == MESSAGE
    assert list((tmp_path / "out").iterdir()) == []


def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    with start(COMMAND, "cleans_up_for_ever", tmp_path / "out") as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline() == "cleaning up\n"
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=10)
        finally:
            process.kill()
    assert (process.returncode, errors) == (130, MESSAGE)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(("work", "code", "errors"), [("tells_itself_to_end", 130, MESSAGE), ("ends_well", None, "")])
def test_a_program_that_calls_the_command_gets_its_signals_back_and_goes_on(
    tmp_path: Path, work: str, code: int | None, errors: str
) -> None:
    with start(HOST, work, tmp_path / "out") as process:
        said = process.communicate(timeout=15)
    assert said == (f"as before: True code: {code}\nthe host hears 2\n", errors)
    assert process.returncode == 0


ASKED = """
    import sys
    import anyio, typer
    from stream.cli.exits import errors_to_exit_codes

    stop = anyio.Event()

    def asked():
        print("asked", flush=True)
        if sys.argv[1] == "heeds":
            stop.set()

    async def work():
        print("at work", flush=True)
        await stop.wait()
        print("ended by itself", flush=True)

    try:
        with errors_to_exit_codes() as interrupts:
            interrupts.run(work, when_asked=asked)
    except typer.Exit as end:
        sys.exit(end.exit_code)
"""


@pytest.mark.parametrize(("manner", "said"), [("heeds", "ended by itself\n"), ("deaf", "")])
def test_work_that_is_asked_has_its_time(manner: str, said: str) -> None:
    """The first signal asks, only a second one cancels."""
    command = [sys.executable, "-c", textwrap.dedent(ASKED), manner]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "at work\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "asked\n"
        if manner == "deaf":
            process.send_signal(signal.SIGTERM)
        rest, errors = process.stdout.read(), process.stderr.read()
    assert (process.returncode, rest, errors) == (143, said, MESSAGE)
