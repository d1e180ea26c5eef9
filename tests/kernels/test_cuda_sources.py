"""The CUDA sources compile for every supported GPU, and the host's structures and constants match theirs."""

from __future__ import annotations

import importlib.util
import os

import numpy as np
import pytest

from kernels.cuda.compile import ARCHITECTURES, CompileError, compile_kernels, nvrtc
from kernels.cuda.ops import CudaOps
from kernels.cuda.sources import KERNELS, SOURCE_FOLDER, file_of, source
from kernels.open_ops import open_ops
from kernels.ops import Ops
from kernels.surface import Colour, Geometry, Surface, split_semi_planar

from .emulated import EmulatedRuntime
from .samples import Kind, placed, surface_of
from .tolerances import assert_close

EVERY_FILE = sorted(KERNELS)


@pytest.fixture
def compiler() -> None:
    """NVRTC. Without it the test is skipped, or fails where all tests must run."""
    try:
        nvrtc()
    except FileNotFoundError as error:
        if os.environ.get("KEYART_CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.mark.slow
@pytest.mark.usefixtures("compiler")
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("file", EVERY_FILE)
def test_every_kernel_compiles_for_every_gpu(file: str, architecture: str) -> None:
    cubin = compile_kernels(file, architecture)
    assert cubin.startswith(b"\x7fELF")
    for kernel in KERNELS[file]:
        assert f".text.{kernel}".encode() in cubin


@pytest.mark.usefixtures("compiler")
def test_a_mistake_is_reported_in_the_compilers_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernels.cuda.compile.source", lambda file: "__global__ void k() { nonsense; }")
    with pytest.raises(CompileError, match="nonsense"):
        compile_kernels("convert", "sm_90")


def test_every_source_and_every_kernel_is_listed() -> None:
    assert sorted(path.stem for path in SOURCE_FOLDER.glob("*.cu")) == EVERY_FILE
    for file, kernels in KERNELS.items():
        text = source(file)
        assert "#include" not in text
        assert text.count("__global__") == len(kernels)
        assert all(f" {kernel}(" in text and file_of(kernel) == file for kernel in kernels)
    with pytest.raises(KeyError):
        file_of("none")


@pytest.mark.skipif(importlib.util.find_spec("cupy") is not None, reason="CuPy is installed")
def test_without_cupy_the_reason_is_given() -> None:
    with pytest.raises(RuntimeError, match=r"CuPy.*keyart\[cuda\]"):
        open_ops("cuda")


def test_planes_the_device_cannot_read_are_refused() -> None:
    samples = np.zeros((8, 8), np.float32)
    surface = Surface(samples, None, None, 8, Colour(), Geometry(8, 8))
    with pytest.raises(ValueError, match="cannot be read"):
        CudaOps(EmulatedRuntime()).rgb(surface)


def test_semi_planar_pictures_are_views_of_one_buffer() -> None:
    buffer = np.arange(6 * 8, dtype=np.uint8).reshape(6, 8)
    y, u, v = split_semi_planar(buffer, 4)
    assert (y.shape, u.shape, v.shape) == ((4, 8), (2, 4), (2, 4))
    assert (u[0, 0], v[0, 0], u[1, 3], v[1, 3]) == (32, 33, 46, 47)
    assert all(np.shares_memory(plane, buffer) for plane in (y, u, v))


@pytest.mark.parametrize("size", [(96, 54), (300, 200), (33, 70)])
@pytest.mark.parametrize("fine", [False, True])
def test_devices_agree_on_scaled_parts(size: tuple[int, int], fine: bool, ops: Ops, device: str) -> None:
    """The host's OpenCV and the device's kernels implement the same filter."""
    surface, rect = surface_of(Kind((200, 120), subsampling=(1, 1))), (10.25, 5.5, 150.0, 100.0)
    host = open_ops("cpu").rgb(surface, rect, size, fine=fine).astype(np.float64)
    assert_close("rgb_devices", ops.to_host(ops.rgb(placed(surface, device), rect, size, fine=fine)), host)
