from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence

import onnxruntime as ort
import pytest

from engines.providers import CUDA, TENSORRT, provider_problem, verdict
from engines.session import CPU_PROVIDER


def test_a_provider_that_is_tried_and_opens_has_no_problem() -> None:
    assert provider_problem(CPU_PROVIDER) is None


def test_a_provider_that_is_not_compiled_in_is_not_tried() -> None:
    def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        raise AssertionError(command)

    if TENSORRT not in ort.get_available_providers():
        assert f"({ort.__version__}) has no Tensorrt provider" in str(provider_problem(TENSORRT, run))


@pytest.mark.parametrize(
    ("answer", "stderr", "exit_code", "problem"),
    [
        ({"providers": [CUDA, CPU_PROVIDER]}, "noise", 0, None),
        (
            {"providers": [CPU_PROVIDER]},
            "[E] Failed to load library x.so with error: libcudnn.so.9: cannot open shared object file\nmore",
            0,
            "libcudnn.so.9: cannot open shared object file",
        ),
        (
            {"error": "long words"},
            "CUDA failure 35: CUDA driver version is insufficient ; GPU=-1 ; expr=y",
            0,
            "CUDA failure 35: CUDA driver version is insufficient",
        ),
        ({"providers": [CPU_PROVIDER]}, "", 0, "ONNX Runtime left it out and did not say why"),
        ({"error": "it refuses"}, "", 0, "it refuses"),
        (None, "a line\nNo module named onnx\n", 1, "No module named onnx"),
        (None, "", -11, "the process that tried it was ended by signal 11"),
    ],
)
def test_the_reason_is_one_line(answer: object, stderr: str, exit_code: int, problem: str | None) -> None:
    stdout = "" if answer is None else f"a library talks\n{json.dumps(answer)}\n"
    assert verdict(CUDA, exit_code, stdout, stderr) == problem
