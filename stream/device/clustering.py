"""Where faces are grouped into people."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from kernels.ops import Device

from .. import log

_KEPT_FOR_CUML = 256 << 20
"""Bytes that the driver's pool keeps for the next film; chosen by eye: faces of a film take a few megabytes."""


def clustering_device(load: Callable[[str], Any] = importlib.import_module) -> Device:
    """The device on which faces are grouped: the GPU if cuML can be imported. The import takes seconds, so it is done
    before the first film.

    cuML then takes its memory from the driver's pool (`cudaMallocAsync`). By default it frees each array by itself, and
    the whole device waits for that.
    """
    try:
        load("cuml.cluster")
    except (ImportError, OSError, RuntimeError) as error:
        log.warning("cuML not used", error)
        return "cpu"
    try:
        memory = load("rmm.mr")
        memory.set_current_device_resource(memory.CudaAsyncMemoryResource(release_threshold=_KEPT_FOR_CUML))
    except (ImportError, RuntimeError) as error:
        log.warning("cuML's memory is not pooled, the device waits whenever it is freed", error)
    return "cuda"
