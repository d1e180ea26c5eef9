"""Trying what may take the process with it: in one of its own, whose last line on stdout is its answer, in JSON."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

TIMEOUT_S = 120.0
RunCommand = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


def run_trial(command: Sequence[str], settings: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the command, with `settings` in its environment; one that hangs ends with that for an answer."""
    environment = os.environ | dict(settings or {})
    try:
        return subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, json.dumps({"error": f"no answer within {TIMEOUT_S:.0f} s"}), "")


def answer_in(stdout: str) -> dict[str, Any]:
    """The answer; empty when there is none."""
    with suppress(json.JSONDecodeError):
        answer = json.loads((stdout.strip().splitlines() or ["{}"])[-1])
        return answer if isinstance(answer, dict) else {}
    return {}


def failure_reason(exit_code: int, answer: Mapping[str, Any], stderr: str, unknown: str) -> str:
    """Why a trial failed, in one line; `unknown` when nothing says so."""
    if exit_code < 0:
        return f"the process that tried it was ended by signal {-exit_code}"
    return str(answer.get("error") or (stderr.strip().splitlines() or [""])[-1].strip() or unknown)
