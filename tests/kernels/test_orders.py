"""Results do not depend on the order in which blocks and threads run, which a device does not define."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from benchmarks.gpu_check.kernels import PictureKind, noise_surface, workloads
from kernels.cuda.ops import CudaOps
from kernels.cuda.runtime import Grid
from kernels.cuda.sources import KERNELS

from .emulated import EmulatedRuntime, available

EVERY_KERNEL = {kernel for kernels in KERNELS.values() for kernel in kernels}


class Kept(EmulatedRuntime):
    """Keeps what every launch wrote, by the position of the argument. Inputs are not kept, because they contain
    addresses."""

    def __init__(self, backwards: bool) -> None:
        super().__init__(backwards)
        self.left: list[tuple[str, dict[int, bytes]]] = []

    def launch(self, kernel: str, grid: Grid, block: Grid, arguments: Sequence[Any]) -> None:
        arrays = {i: argument for i, argument in enumerate(arguments) if isinstance(argument, np.ndarray)}
        before = {i: array.tobytes() for i, array in arrays.items()}
        super().launch(kernel, grid, block, arguments)
        after = {i: array.tobytes() for i, array in arrays.items()}
        self.left.append((kernel, {i: written for i, written in after.items() if written != before[i]}))


def left_by(kind: PictureKind, backwards: bool) -> list[tuple[str, dict[int, bytes]]]:
    runtime, random = Kept(backwards), np.random.default_rng(3)
    surfaces = [noise_surface(runtime, seed, kind) for seed in range(32)]
    for name, _, call in workloads(CudaOps(runtime), runtime, surfaces, kind):
        if name in ("statistics", "rgb", "chips", "poster", "fields"):
            call(0)
    ops = CudaOps(runtime)
    pictures = random.integers(0, 256, (2, 54, 96, 3), np.uint8)
    ops.engine_input(pictures, (96, 64), (1.0,) * 3, (0.0,) * 3)
    ops.balance(pictures[0], (30, 10, 60, 54))
    ops.detail(pictures[0], (64, 36))
    ops.chip_quality(random.integers(0, 256, (2, 40, 40, 3), np.uint8), 30)
    ops.picture_numbers(random.normal(size=(2, 96, 12, 20)).astype(np.float32), pictures)
    return runtime.left


@pytest.mark.slow
@pytest.mark.skipif(not available(), reason="needs a C++ compiler")
@pytest.mark.parametrize("kind", [PictureKind(480, 54, 8), PictureKind(320, 90, 10), PictureKind(638, 46, 8)], ids=str)
def test_every_kernel_leaves_the_same_in_either_order(kind: PictureKind) -> None:
    forwards, backwards = (left_by(kind, order) for order in (False, True))
    assert [name for name, _ in forwards] == [name for name, _ in backwards]
    assert {name for name, _ in forwards} == EVERY_KERNEL
    for (name, first), (_, second) in zip(forwards, backwards, strict=True):
        assert first == second, name
        assert first, f"{name} wrote nothing"
