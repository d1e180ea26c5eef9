"""Where the CUDA libraries and headers are that came as Python packages, for CuPy."""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping, Sequence
from pathlib import Path

_PACKAGES = Path("nvidia") / "cu13"
"""In which NVIDIA's packages for CUDA 13 put their parts, all of them together."""


def set_cuda_path(environment: MutableMapping[str, str] = os.environ, places: Sequence[str] | None = None) -> None:
    """Sets CUDA_PATH to the toolkit among the installed packages, unless CUDA_PATH or CUDA_HOME is there. To be called
    before CuPy is imported.

    CuPy finds its libraries and headers through cuda-pathfinder, which looks into the interpreter's own folders for
    packages and nowhere else on `sys.path` (`places`): what `pip install --target` put into another one is found by
    CUDA_PATH alone, and without it every compilation fails for want of headers.
    """
    # cuda-pathfinder warns when the two differ.
    if environment.get("CUDA_PATH") or environment.get("CUDA_HOME"):
        return
    for place in sys.path if places is None else places:
        toolkit = Path(place) / _PACKAGES
        if (toolkit / "include" / "cuda_runtime.h").is_file():
            environment["CUDA_PATH"] = str(toolkit.resolve())
            return
