"""Finds the CUDA libraries and headers that were installed as Python packages, for CuPy."""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping, Sequence
from pathlib import Path

_PACKAGES = Path("nvidia") / "cu13"
"""Folder into which NVIDIA's packages for CUDA 13 install their parts."""


def set_cuda_path(environment: MutableMapping[str, str] = os.environ, places: Sequence[str] | None = None) -> None:
    """Sets CUDA_PATH to the CUDA toolkit among the installed packages. Does nothing when CUDA_PATH or CUDA_HOME is set
    or no toolkit is found. Call it before CuPy is imported.

    CuPy finds libraries and headers through cuda-pathfinder, which looks for packages only in the interpreter's own
    folders, not in the rest of `sys.path` (`places`). Packages that `pip install --target` put into another folder are
    found through CUDA_PATH alone; without it every compilation fails because headers are missing.
    """
    # cuda-pathfinder warns when the two differ.
    if environment.get("CUDA_PATH") or environment.get("CUDA_HOME"):
        return
    for place in sys.path if places is None else places:
        toolkit = Path(place) / _PACKAGES
        if (toolkit / "include" / "cuda_runtime.h").is_file():
            environment["CUDA_PATH"] = str(toolkit.resolve())
            return
