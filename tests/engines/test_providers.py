from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import onnxruntime as ort
import pytest

from engines.providers import (
    CPU_PROVIDER,
    CUDA,
    TENSORRT,
    library_folders,
    load_cuda,
    provider_problem,
    provider_verdict,
)


def test_a_provider_that_is_tried_and_opens_has_no_problem() -> None:
    assert provider_problem(CPU_PROVIDER) is None


def test_a_provider_that_leaves_its_work_to_the_cpu_is_no_answer() -> None:
    """Azure's provider, in the builds for the CPU, opens and comes first but has no convolution."""
    if "AzureExecutionProvider" not in ort.get_available_providers():
        pytest.skip("this build of ONNX Runtime has no such provider")
    assert "fallback to CPU" in str(provider_problem("AzureExecutionProvider"))


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
    assert provider_verdict(CUDA, exit_code, stdout, stderr) == problem


def libraries(place: Path, package: str, *names: str) -> Path:
    """A folder of packages as NVIDIA's packages leave it."""
    folder = place / "nvidia" / package / "lib"
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()
    return folder


def test_libraries_are_looked_for_in_every_folder_of_packages(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "target", tmp_path / "site-packages"
    nvrtc = libraries(ours, "cu13", "libnvrtc.so.13")
    cudnn = libraries(ours, "cudnn", "libcudnn.so.9")
    cublas = libraries(theirs, "cu13", "libcublas.so.13", "libnvrtc.so.13")
    libraries(theirs, "cudnn", "libcudnn.so.9")
    places = ["", str(tmp_path / "gone"), str(ours), str(ours), str(theirs)]
    assert library_folders(places) == [nvrtc, cublas, cudnn]


def test_folders_without_libraries_are_left_out(tmp_path: Path) -> None:
    (libraries(tmp_path, "cu13") / "cmake").mkdir()
    assert library_folders([str(tmp_path)]) == []


def test_loading_them_is_silent_where_there_are_none(capfd: pytest.CaptureFixture[str]) -> None:
    if CUDA not in ort.get_available_providers():
        load_cuda()
        assert capfd.readouterr().out == ""
