"""TensorRT as this machine has it: the Python package, the library, the provider; and where its engines are kept.

Engines fit one model, one version of TensorRT, one of ONNX Runtime, and GPUs of one compute capability.
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
"""What ONNX Runtime's provider is linked against; TensorRT 11 brings another."""
BUILT_FILE = "built.json"
"""Written last into a folder of engines: without it they are not used."""


@dataclass(frozen=True, slots=True)
class TensorRt:
    """version: of the Python package, None without it. problem: why sessions cannot use TensorRT, one line.
    capability: of the GPU, "90"; empty without one."""

    version: str | None
    problem: str | None
    capability: str = ""

    @property
    def usable(self) -> bool:
        """Whether sessions can be opened on it."""
        return self.problem is None

    def summary(self) -> str:
        """For people."""
        name = f"TensorRT {self.version}" if self.version else "TensorRT is not installed as a Python package"
        return f"{name}; its provider loads" if self.usable else f"{name}; not used: {self.problem}"


def inspect_tensorrt(try_provider: Callable[[str], str | None] = provider_problem) -> TensorRt:
    """Look for TensorRT. The provider is tried last, in a process of its own, and only when all else is there."""
    version, problem = _package()
    if TENSORRT not in ort.get_available_providers():
        problem = f"ONNX Runtime {ort.__version__} is built without it; install keyart[cuda] in place of keyart[cpu]"
    else:
        missing = library_problem()
        problem = (problem or missing) if missing else try_provider(TENSORRT)
    return TensorRt(version, problem, _capability())


def library_problem(name: str = LIBRARY) -> str | None:
    """Why the library cannot be loaded; None when it can, from a Python package or from the system."""
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
    """Name of the folder for engines of this TensorRT under this ONNX Runtime on GPUs like this."""
    gpu = f"-sm{found.capability}" if found.capability else ""
    return f"tensorrt-{found.version or 'system'}-ort-{ort.__version__}{gpu}"


def model_folder(engines: Path, role: str, model: Path) -> Path:
    """Where the engines of one model file lie; the same as sessions look for them."""
    return engines / f"{role}-{sha256_of(model)[:12]}"


def built(engines: Path, role: str, model: Path) -> bool:
    """Whether the engines of a model are there, whole."""
    return (model_folder(engines, role, model) / BUILT_FILE).is_file()


def all_built(engines: Path, models: Mapping[str, Path]) -> bool:
    """Whether those of every model (role → file) are. Of none: no."""
    return bool(models) and all(built(engines, role, model) for role, model in models.items())


def mark_built(folder: Path, found: TensorRt, seconds: float) -> None:
    """Notes that a folder of engines is whole, and what made it."""
    note = {**asdict(found), "onnxruntime": ort.__version__, "seconds": round(seconds, 1)}
    (folder / BUILT_FILE).write_text(json.dumps(note, indent=1) + "\n")
