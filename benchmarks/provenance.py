"""What made a report: versions, machine and settings, so that figures can be traced and compared."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from stream.settings import Settings

_PACKAGES = ("av", "numpy", "onnxruntime", "onnxruntime-gpu", "opencv-python-headless", "scikit-learn", "scipy")


def provenance(settings: Settings) -> dict[str, Any]:
    """Versions, machine (no host name, no paths) and the settings that bear on results."""
    return {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: found for name in ("keyart", *_PACKAGES) if (found := version_of(name))},
        "python": platform.python_version(),
        "machine": {
            "system": platform.system(), "processor": platform.machine(), "cores": os.cpu_count(),
            "usable_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "gpu": _gpu_name(),
        },
        "device": settings.device,
        "model_set": settings.model_set,
        "settings_fingerprint": settings.settings_fingerprint,
        "settings": settings.non_default(),
    }  # fmt: skip


def version_of(package: str) -> str | None:
    """The installed version of a package; None when it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _gpu_name() -> str | None:
    try:
        from cupy.cuda import runtime
    except ImportError:
        return None
    try:
        return str(runtime.getDeviceProperties(0)["name"].decode())
    except runtime.CUDARuntimeError:
        return None
