"""What `keyart models build` compiles before films need it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stream.device import first_use
from stream.device.machine import Machine
from stream.errors import KeyartError

ROOT = Path(__file__).resolve().parents[3]
LOOPS = "from stream.device.first_use import compile_loops; print(compile_loops())"


@pytest.mark.slow
def test_loops_are_kept_where_numbas_variable_says(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "loops"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", LOOPS], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"loops of the host: compiled, kept in {tmp_path / 'loops'}\n"
    kept = {file.name.split(".")[0] for file in (tmp_path / "loops").rglob("*.nbi")}
    modules = {name.rpartition(".")[2] for name in first_use._WITH_LOOPS}
    assert {name for name in modules if any(one.startswith(f"{name}") for one in kept)} == modules


def test_every_module_with_compiled_loops_is_imported() -> None:
    found = {f"kernels.{file.stem}" for file in (ROOT / "kernels").glob("*.py") if "@compiled(" in file.read_text()}
    assert found == set(first_use._WITH_LOOPS)


def test_without_a_device_the_reason_is_one_line() -> None:
    if not isinstance(Machine().gpu(), str):
        pytest.skip("there is a device")
    with pytest.raises(KeyartError, match="the GPU cannot be used: "):
        first_use.compile_on_device()


@pytest.mark.gpu
def test_kernels_are_compiled_and_run() -> None:
    assert first_use.compile_on_device().startswith("kernels of the device: compiled, kept in ")
