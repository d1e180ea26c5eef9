"""CUDA_PATH is set where packages bring a toolkit, and left alone where it was set."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernels.cuda.toolkit import name_toolkit


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """As `pip install --target` leaves them."""
    headers = tmp_path / "packages" / "nvidia" / "cu13" / "include"
    headers.mkdir(parents=True)
    (headers / "cuda_runtime.h").touch()
    return tmp_path / "packages"


def named(environment: dict[str, str], *places: Path | str) -> str | None:
    name_toolkit(environment, list(map(str, places)))
    return environment.get("CUDA_PATH")


def test_the_first_folder_with_headers_is_named(packages: Path, tmp_path: Path) -> None:
    (tmp_path / "nvidia" / "cu13" / "lib").mkdir(parents=True)
    assert named({}, "", tmp_path, tmp_path / "gone", packages) == str(packages / "nvidia" / "cu13")


def test_without_headers_nothing_is_named(tmp_path: Path) -> None:
    assert named({}, tmp_path) is None


def test_what_a_person_set_stays(packages: Path) -> None:
    assert named({"CUDA_PATH": "/opt/cuda"}, packages) == "/opt/cuda"
    assert named({"CUDA_HOME": "/opt/cuda"}, packages) is None
