"""TensorRT on this machine: its Python package, library and provider, and the folders of its engines.

An engine is valid for one model, one version of TensorRT, one version of ONNX Runtime, and GPUs of one compute
capability.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import onnxruntime as ort

from kernels.cuda.toolkit import set_cuda_path

from .fetch import sha256_of
from .providers import TENSORRT, load_libraries, provider_problem

LIBRARY = "libnvinfer.so.10"
"""The library that ONNX Runtime's provider is linked against; TensorRT 11 has another."""
BUILT_FILE = "built.json"
"""Written last into a folder of engines. Engines in a folder without it are not used."""


@dataclass(frozen=True, slots=True)
class TensorRt:
    """What was found of TensorRT. version: of the Python package, None without it. problem: why sessions cannot use
    TensorRT, one line, None when they can. capability: of the GPU, such as "90"; empty without a GPU."""

    version: str | None
    problem: str | None
    capability: str = ""

    @property
    def usable(self) -> bool:
        """Whether sessions can be opened on TensorRT."""
        return self.problem is None

    def summary(self) -> str:
        """One line for people."""
        name = f"TensorRT {self.version}" if self.version else "TensorRT is not installed as a Python package"
        return f"{name}; its provider loads" if self.usable else f"{name}; not used: {self.problem}"


def inspect_tensorrt(try_provider: Callable[[str], str | None] = provider_problem) -> TensorRt:
    """Looks for TensorRT. The provider is checked last, in a child process, and only when everything else was found."""
    version, problem = _package()
    if TENSORRT not in ort.get_available_providers():
        problem = f"ONNX Runtime {ort.__version__} is built without it; install keyart[cuda] in place of keyart[cpu]"
    else:
        missing = library_problem()
        problem = (problem or missing) if missing else try_provider(TENSORRT)
    return TensorRt(version, problem, _capability())


def library_problem(name: str = LIBRARY) -> str | None:
    """Why the library cannot be loaded; None when it can be, from a Python package or from the system."""
    load_libraries()
    try:
        ctypes.CDLL(name)
    except OSError as error:
        return str(error).strip()
    return None


def _package() -> tuple[str | None, str | None]:
    try:
        import tensorrt
    except (ImportError, OSError, RuntimeError) as error:
        return None, f"the package cannot be imported ({error}); install keyart[tensorrt]"
    return str(tensorrt.__version__), None


def _capability() -> str:
    set_cuda_path()
    try:
        from cupy.cuda import runtime

        properties = runtime.getDeviceProperties(0)
    except (ImportError, OSError, RuntimeError):
        return ""
    return f"{properties['major']}{properties['minor']}"


def engine_key(found: TensorRt) -> str:
    """Name of the folder of engines for this TensorRT and ONNX Runtime on GPUs of this capability."""
    gpu = f"-sm{found.capability}" if found.capability else ""
    return f"tensorrt-{found.version or 'system'}-ort-{ort.__version__}{gpu}"


def model_folder(engines: Path, role: str, model: Path) -> Path:
    """Folder of the engines of one model file, where sessions look for them."""
    return engines / f"{role}-{sha256_of(model)[:12]}"


def built(engines: Path, role: str, model: Path) -> bool:
    """Whether the engines of a model are complete."""
    return (model_folder(engines, role, model) / BUILT_FILE).is_file()


def all_built(engines: Path, models: Mapping[str, Path]) -> bool:
    """Whether the engines of all models (role → file) are complete; False when there are no models."""
    return bool(models) and all(built(engines, role, model) for role, model in models.items())


def mark_built(folder: Path, found: TensorRt, seconds: float) -> None:
    """Marks a folder of engines as complete, and records what made it."""
    note = {**asdict(found), "onnxruntime": ort.__version__, "seconds": round(seconds, 1)}
    (folder / BUILT_FILE).write_text(json.dumps(note, indent=1) + "\n")
