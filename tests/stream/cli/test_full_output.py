"""Output that cannot be written, as behind `> FILE` on a full disk: one line and exit code 1."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SAID = "keyart: the output cannot be written (No space left on device), make room or write it elsewhere"
OWN_STDOUT = """
from stream.cli.exits import full_output_to_exit_code
from stream.cli.stdout import own_stdout
with full_output_to_exit_code(), own_stdout():
    print("a verdict", flush=True)
"""
NAMED_FILE = """
from stream.cli.exits import full_output_to_exit_code
with full_output_to_exit_code():
    raise OSError(28, "No space left on device", "other.txt")
"""


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with open("/dev/full", "w", encoding="utf-8") as full:
        return subprocess.run(
            [sys.executable, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False
        )


@pytest.mark.parametrize(
    "arguments", [("-m", "stream.cli", "config", "show"), ("-m", "stream.cli", "--version"), ("-c", OWN_STDOUT)]
)
def test_output_on_a_full_disk_gives_one_line(arguments: tuple[str, ...]) -> None:
    done = _run(*arguments)
    assert (done.returncode, done.stderr.splitlines()) == (1, [SAID])


def test_a_full_disk_behind_another_file_is_not_taken_for_the_output() -> None:
    assert "OSError: [Errno 28] No space left on device: 'other.txt'" in _run("-c", NAMED_FILE).stderr
