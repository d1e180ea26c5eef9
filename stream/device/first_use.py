"""Compiles what is compiled at first use, so that no film waits for it: the host's loops (Numba), the device's kernels
and CuPy's own, also for the arithmetic between the models (CuPy). What `keyart models build` does before it builds
engines.

Each library keeps it in a folder that a variable names and that may be shipped to machines of the same kind:
NUMBA_CACHE_DIR (otherwise beside the modules or in the user's cache folder) and CUPY_CACHE_DIR (otherwise
`~/.cupy/kernel_cache`).
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING

import numpy as np

from ..errors import KeyartError
from .clustering import clustering_device

if TYPE_CHECKING:
    from engines.tools import EngineTools
    from kernels.cuda.runtime import Runtime

_WITH_LOOPS = (
    "kernels.combing", "kernels.cpu_borders", "kernels.cpu_tone_mapping", "kernels.filtered", "kernels.fused",
)  # fmt: skip
_POINTS, _DIMENSIONS = 64, 128
_PICTURE_PX, _FRAMES = (320, 180), 120


def compile_loops() -> str:
    """Compiles the host's loops, some ten seconds where none is kept; a line that says where they are."""
    for module in _WITH_LOOPS:
        importlib.import_module(module)
    return f"loops of the host: compiled, kept {_kept('NUMBA_CACHE_DIR', 'beside the modules or in the user cache')}"


def compile_on_device() -> str:
    """Compiles and runs once what the device does beside the models; a line that says where it is kept. Groups some
    points where cuML is installed. Raises KeyartError when CuPy or the device fails."""
    from engines.clustering import cluster
    from engines.tools_cuda import CudaTools
    from kernels.cuda.first_use import run_kernels_once
    from kernels.cuda.runtime import CupyRuntime

    try:
        runtime = CupyRuntime()
        runtime.prepare()
        run_kernels_once(runtime)
        run_models_once(runtime, CudaTools(runtime))
        grouped_by = clustering_device()
        points = np.random.default_rng(1).standard_normal((_POINTS, _DIMENSIONS)).astype(np.float32)
        cluster(points, 4, 4, grouped_by)
    except (ImportError, RuntimeError) as error:
        raise KeyartError(f"the GPU cannot be used: {error}") from error
    beside = ", cuML has run once" if grouped_by == "cuda" else ""
    kept = _kept("CUPY_CACHE_DIR", "in ~/.cupy/kernel_cache")
    return f"kernels of the device: compiled, kept {kept}{beside}"


def run_models_once(runtime: Runtime, tools: EngineTools) -> int:
    """Runs the arithmetic between the models on a device (`engines.first_use`); how much was read there. Synchronises.
    Raises what the device raises."""
    from engines.first_use import run_engines_once
    from engines.shots import HEIGHT_PX, WIDTH_PX
    from kernels.cuda.first_use import made_picture
    from kernels.cuda.ops import CudaOps

    picture = made_picture(runtime, np.dtype(np.uint8), *_PICTURE_PX)
    frames = runtime.zeros((_FRAMES, HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    return run_engines_once(CudaOps(runtime), tools, picture, frames)


def _kept(variable: str, otherwise: str) -> str:
    chosen = os.environ.get(variable)
    return f"in {chosen}" if chosen else otherwise
