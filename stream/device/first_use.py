"""Compiles what is compiled at first use, so that no film waits for it: the host's loops (Numba), the device's kernels
and CuPy's own (CuPy). What `keyart models build` does before it builds engines.

Each library keeps it in a folder that a variable names and that may be shipped to machines of the same kind:
NUMBA_CACHE_DIR (otherwise beside the modules or in the user's cache folder) and CUPY_CACHE_DIR (otherwise
`~/.cupy/kernel_cache`).
"""

from __future__ import annotations

import importlib
import os

import numpy as np

from ..errors import KeyartError
from .clustering import clustering_device

_WITH_LOOPS = (
    "kernels.combing", "kernels.cpu_borders", "kernels.cpu_tone_mapping", "kernels.filtered", "kernels.fused",
)  # fmt: skip
_POINTS, _DIMENSIONS = 64, 128


def compile_loops() -> str:
    """Compiles the host's loops, some ten seconds where none is kept; a line that says where they are."""
    for module in _WITH_LOOPS:
        importlib.import_module(module)
    return f"loops of the host: compiled, kept {_kept('NUMBA_CACHE_DIR', 'beside the modules or in the user cache')}"


def compile_on_device() -> str:
    """Compiles and runs once what the device does beside the models; a line that says where it is kept. Groups some
    points where cuML is installed. Raises KeyartError when CuPy or the device fails."""
    from engines.clustering import cluster
    from kernels.cuda.first_use import run_everything_once
    from kernels.cuda.runtime import CupyRuntime

    try:
        runtime = CupyRuntime()
        runtime.prepare()
        run_everything_once(runtime)
        grouped_by = clustering_device()
        points = np.random.default_rng(1).standard_normal((_POINTS, _DIMENSIONS)).astype(np.float32)
        cluster(points, 4, 4, grouped_by)
    except RuntimeError as error:
        raise KeyartError(f"the GPU cannot be used: {error}") from error
    beside = ", cuML has run once" if grouped_by == "cuda" else ""
    kept = _kept("CUPY_CACHE_DIR", "in ~/.cupy/kernel_cache")
    return f"kernels of the device: compiled, kept {kept}{beside}"


def _kept(variable: str, otherwise: str) -> str:
    chosen = os.environ.get(variable)
    return f"in {chosen}" if chosen else otherwise
