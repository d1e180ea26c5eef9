"""Records what made a report: versions, machine and settings, so that figures can be traced and compared."""

from __future__ import annotations

import hashlib
import os
import platform
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from kernels.cuda.toolkit import set_cuda_path
from stream.cores import usable_cores
from stream.settings.model import Settings

_CODE = (".py", ".cu", ".h", ".toml")
_PACKAGES = ("av", "numpy", "onnxruntime", "onnxruntime-gpu", "opencv-python-headless", "scikit-learn", "scipy")


def provenance(settings: Settings) -> dict[str, Any]:
    """Versions, machine (no host name, no paths) and the settings that affect results."""
    return {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: found for name in ("keyart", *_PACKAGES) if (found := version_of(name))},
        "python": platform.python_version(),
        "code": code_fingerprint(),
        "machine": {
            "system": platform.system(), "processor": platform.machine(), "cores": os.cpu_count(),
            "usable_cores": usable_cores(),
            "gpu": _gpu_name(),
        },
        "device": settings.device,
        "model_set": settings.model_set,
        "settings_fingerprint": settings.settings_fingerprint,
        "settings": settings.non_default(),
    }  # fmt: skip


@cache
def code_fingerprint(rooms: tuple[str, ...] = ("kernels", "engines", "stream")) -> str:
    """16 hex digits over the code of some rooms, by default of all that make a result: their current files."""
    digest = hashlib.sha256()
    for room in map(import_module, rooms):
        folder = Path(str(room.__path__[0]))
        for path in sorted(p for p in folder.rglob("*") if p.suffix in _CODE):
            digest.update(f"{room.__name__}/{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def version_of(package: str) -> str | None:
    """The installed version of a package; None when it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _gpu_name() -> str | None:
    set_cuda_path()
    try:
        from cupy.cuda import runtime
    except ImportError:
        return None
    try:
        return str(runtime.getDeviceProperties(0)["name"].decode())
    except runtime.CUDARuntimeError:
        return None
