"""Runs a check in a child process, because what it tries may crash the process. The last line of its stdout is its
answer in JSON."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

TIMEOUT_S = 120.0
"""A check that takes longer counts as failed."""
RunCommand = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]
"""Runs a command line and returns the finished process with its output as text."""


def run_trial(command: Sequence[str], settings: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a command with `settings` added to its environment and returns the finished process.

    A command that takes longer than `TIMEOUT_S` returns exit code 1 and an answer with the key `error`.
    """
    environment = os.environ | dict(settings or {})
    try:
        return subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, json.dumps({"error": f"no answer within {TIMEOUT_S:.0f} s"}), "")


def answer_in(stdout: str) -> dict[str, Any]:
    """The JSON object in the last line of `stdout`; empty when there is none."""
    with suppress(json.JSONDecodeError):
        answer = json.loads((stdout.strip().splitlines() or ["{}"])[-1])
        return answer if isinstance(answer, dict) else {}
    return {}


def failure_reason(exit_code: int, answer: Mapping[str, Any], stderr: str, unknown: str) -> str:
    """Why a check failed, in one line: the signal that ended it, the `error` of its answer, or the last line of stderr;
    `unknown` when none of these says anything."""
    if exit_code < 0:
        return f"the process that tried it was ended by signal {-exit_code}"
    return str(answer.get("error") or (stderr.strip().splitlines() or [""])[-1].strip() or unknown)
