"""CUDA_PATH is set when packages contain a toolkit, and not changed when it was set before."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernels.cuda.toolkit import set_cuda_path


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder as `pip install --target` leaves it."""
    headers = tmp_path / "packages" / "nvidia" / "cu13" / "include"
    headers.mkdir(parents=True)
    (headers / "cuda_runtime.h").touch()
    return tmp_path / "packages"


def cuda_path_after(environment: dict[str, str], *places: Path | str) -> str | None:
    set_cuda_path(environment, list(map(str, places)))
    return environment.get("CUDA_PATH")


def test_cuda_path_is_the_first_folder_with_headers(packages: Path, tmp_path: Path) -> None:
    (tmp_path / "nvidia" / "cu13" / "lib").mkdir(parents=True)
    assert cuda_path_after({}, "", tmp_path, tmp_path / "gone", packages) == str(packages / "nvidia" / "cu13")


def test_without_headers_cuda_path_is_not_set(tmp_path: Path) -> None:
    assert cuda_path_after({}, tmp_path) is None


def test_a_path_that_is_set_already_stays(packages: Path) -> None:
    assert cuda_path_after({"CUDA_PATH": "/opt/cuda"}, packages) == "/opt/cuda"
    assert cuda_path_after({"CUDA_HOME": "/opt/cuda"}, packages) is None
