"""How the check of CuPy's compiler interprets each way in which its child process may end."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from collections.abc import Sequence

import pytest

from kernels.cuda.trial import compiler_problem, compiler_verdict, run_compiler_trial
from kernels.trial import run_trial


@pytest.mark.parametrize(
    ("answer", "stderr", "exit_code", "problem"),
    [
        ({"answer": 42}, "noise", 0, None),
        ({"answer": 0}, "", 0, "CuPy did not say why"),
        ({"error": "Failed to find CUDA headers."}, "", 0, "Failed to find CUDA headers."),
        (None, "a line\nno libnvrtc\n", 1, "no libnvrtc"),
        ({"answer": 42}, "", -11, "the process that tried it was ended by signal 11"),
        (None, "", 0, "CuPy did not say why"),
    ],
)
def test_the_reason_is_one_line(answer: object, stderr: str, exit_code: int, problem: str | None) -> None:
    def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        stdout = "" if answer is None else f"a library talks\n{json.dumps(answer)}\n"
        return subprocess.CompletedProcess(command, exit_code, stdout, stderr)

    assert run_compiler_trial(run) == problem


@pytest.mark.parametrize("stdout", ["17", "[]", "words"])
def test_what_is_no_answer_is_none(stdout: str) -> None:
    assert compiler_verdict(0, stdout, "") == "CuPy did not say why"


@pytest.mark.skipif(importlib.util.find_spec("cupy") is not None, reason="CuPy is installed")
def test_the_process_says_what_is_missing() -> None:
    assert "CuPy cannot be imported" in str(run_compiler_trial(run_trial))


@pytest.mark.gpu
@pytest.mark.slow
def test_a_gpu_compiles_and_runs_a_kernel() -> None:
    assert compiler_problem() is None
