"""What C code writes to stdout while films are worked on: never between the lines of `--json`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from stream.cli.stdout import own_stdout

ROOT = Path(__file__).resolve().parents[3]

TALKING = """
    import ctypes, os, subprocess, sys
    from stream.cli.stdout import own_stdout
    libc = ctypes.CDLL(None)
    print("before")
    with own_stdout():
        print("ours: ü")
        libc.puts(b"by C")
        os.write(1, b"by descriptor\\n")
        subprocess.run([sys.executable, "-c", "print('by a child')"], check=True)
    print("after")
    sys.stdout.flush()
    libc.puts(b"C again")
"""

EXTRACTING = """
    import ctypes, sys
    from pathlib import Path
    from stream.cli import build_app
    from stream.pipeline.reporter import Outcome
    from tests.stream.samples import sample_manifest

    async def library(files, out, settings, report):
        for video in files:
            ctypes.CDLL(None).puts(b"Decode Error occurred for picture 7")
            report.finished(video, sample_manifest(video), out)
        return [Outcome(video, "done", out) for video in files]

    options = ["--out", "o", "--json", "--quiet", "--device", sys.argv[1]]
    build_app(())(["extract", "a.mp4", "b.mp4", *options], obj=library)
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=True)


def test_only_what_python_prints_reaches_stdout() -> None:
    done = run(TALKING)
    assert done.stdout == "before\nours: ü\nafter\nC again\n"
    assert sorted(done.stderr.splitlines()) == ["by C", "by a child", "by descriptor"]


@pytest.mark.parametrize("device", ["cuda", "auto"])
def test_every_line_of_json_is_a_manifest_whatever_a_decoder_says(device: str) -> None:
    done = run(EXTRACTING, device)
    assert [json.loads(line)["video"]["path"] for line in done.stdout.splitlines()] == ["a.mp4", "b.mp4"]
    assert done.stderr.splitlines() == ["Decode Error occurred for picture 7"] * 2


def test_an_error_goes_through_and_stdout_is_itself_again() -> None:
    before = sys.stdout
    with pytest.raises(ZeroDivisionError), own_stdout():
        raise ZeroDivisionError
    assert sys.stdout is before
