"""The first part of `gpu_check`: asks the machine what it has. It imports no package of the CUDA path and touches no
device, so it answers in a second also where nothing else works."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from stream.cores import usable_cores

from ..report import Row
from .job import Job

LIBRARIES = {
    "libcuda": "the driver",
    "libnvcuvid": "NVDEC",
    "libnvidia-encode": "NVENC, which decoding does not need",
    "libnvidia-ml": "NVML",
    "libnvjpeg": "nvJPEG",
    "libnvrtc": "the compiler of kernels",
    "libnvinfer": "TensorRT",
}
"""What the loader is asked for → what for. The last three also come with packages, beside the loader's own folders."""
PACKAGES = (
    "pynvvideocodec", "cupy-cuda13x", "cupy-cuda12x", "torch", "torchvision", "torchcodec", "tensorrt-cu13",
    "cuml-cu13", "numpy", "prometheus-client", "onnxruntime", "onnxruntime-gpu", "av", "opencv-python-headless",
    "scikit-learn", "nvidia-ml-py", "numba",
)  # fmt: skip
VARIABLES = (
    "CUDA_VISIBLE_DEVICES", "CUDA_PATH", "CUPY_CACHE_DIR", "NUMBA_CACHE_DIR", "NVIDIA_DRIVER_CAPABILITIES",
)  # fmt: skip
_ASK_S = 10
_ASKED = "name,driver_version,memory.total,memory.free,clocks.sm,clocks.max.sm,clocks.max.mem,mig.mode.current"
_LINE = re.compile(r"\s*(lib[\w+-]+)\.so[.\w]* \(.*\) => (\S+)")


def machine(job: Job) -> None:
    """Records the libraries that the loader finds, the versions of packages, the devices as nvidia-smi lists them, and
    what else the machine has."""
    job.note("python", f"{platform.python_version()} in {Path(sys.prefix).name}")
    job.note("libraries", libraries(_said(["ldconfig", "-p"])))
    job.note("packages", {name: _version(name) for name in PACKAGES})
    job.note("nvidia_smi", devices(_said(["nvidia-smi", f"--query-gpu={_ASKED}", "--format=csv,noheader,nounits"])))
    job.note("host", host())


def libraries(listed: str | None) -> Row | str:
    """Name of each library of `LIBRARIES` → its file's name; None where it is not found. `listed`: what `ldconfig -p`
    says; None where it says nothing, and then so is the answer."""
    if listed is None:
        return "ldconfig cannot be asked"
    found = {match[1]: Path(match[2]).name for line in listed.splitlines() if (match := _LINE.match(line))}
    return {f"{name} ({what})": found.get(name) for name, what in LIBRARIES.items()}


def devices(listed: str | None) -> list[Row] | str:
    """One row for each device that nvidia-smi lists: memory in MiB, clocks in MHz. `listed`: its answer to `_ASKED`."""
    if listed is None:
        return "nvidia-smi cannot be asked"
    rows = [[value.strip() for value in line.split(",")] for line in listed.splitlines() if line.strip()]
    return [dict(zip(_ASKED.split(","), row, strict=False)) for row in rows]


def host() -> Row:
    """Cores, memory and free room of the machine, GiB, and the limits of its environment that bind Keyart."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": usable_cores(),
        "memory_gib": round(memory, 1),
        "free_disk_gib": round(shutil.disk_usage(Path.cwd()).free / 2**30, 1),
        "kernel": platform.release(),
        "libc": " ".join(platform.libc_ver()),
        "tools": {name: shutil.which(name) is not None for name in ("git", "g++", "nvcc", "ffmpeg")},
        "set": sorted(name for name in VARIABLES if os.environ.get(name)),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _said(command: list[str]) -> str | None:
    """What a command prints; None where it is missing, fails or hangs."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/sbin", "/usr/sbin"))
    if (found := shutil.which(command[0], path=path)) is None:
        return None
    try:
        done = subprocess.run([found, *command[1:]], capture_output=True, text=True, check=False, timeout=_ASK_S)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
