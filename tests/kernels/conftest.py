"""Each device is a test parameter with its own mark. The emulated device runs the CUDA sources where there is no GPU.

Emulation is slow, so the quick tests leave it out.
"""

from __future__ import annotations

import pytest

from kernels.open_ops import open_ops
from kernels.ops import Ops

from . import emulated


@pytest.fixture(
    params=[
        "cpu",
        pytest.param("emulated", marks=pytest.mark.slow),
        pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.slow]),
    ]
)
def device(request: pytest.FixtureRequest) -> str:
    """Each device in turn."""
    name: str = request.param
    if name == "emulated" and not emulated.available():
        pytest.skip("needs g++, which compiles the CUDA sources for the host")
    return name


@pytest.fixture
def ops(device: str) -> Ops:
    """The pixel operations of the device under test."""
    if device == "emulated":
        from kernels.cuda.ops import CudaOps

        return CudaOps(emulated.EmulatedRuntime())
    return open_ops("cuda" if device == "cuda" else "cpu")
