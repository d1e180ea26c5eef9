"""What `keyart models build` runs on a device, so that nothing is compiled while films wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from kernels.cuda.first_use import run_kernels_once
from kernels.cuda.runtime import Grid
from kernels.cuda.sources import KERNELS

from . import emulated


class NotedRuntime(emulated.EmulatedRuntime):
    """Notes which kernels were launched."""

    def __init__(self) -> None:
        super().__init__()
        self.launched: set[str] = set()

    def launch(self, kernel: str, grid: Grid, block: Grid, arguments: Sequence[Any]) -> None:
        self.launched.add(kernel)
        super().launch(kernel, grid, block, arguments)


@pytest.mark.slow
@pytest.mark.skipif(not emulated.available(), reason="needs g++, which compiles the CUDA sources for the host")
def test_every_kernel_is_run() -> None:
    runtime = NotedRuntime()
    run_kernels_once(runtime)
    assert runtime.launched == {kernel for kernels in KERNELS.values() for kernel in kernels}
