"""Sessions on a GPU: ONNX Runtime's TensorRT or CUDA provider, on the caller's stream, with inputs and outputs in
device memory.

Imported only when a GPU is used. CuPy arrays are bound by pointer; outputs are CuPy views of ONNX Runtime's memory,
which the views keep alive. Nothing here synchronises with the device except `CudaSession.close`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from kernels.cuda.external_stream import external_stream
from kernels.cuda.toolkit import set_cuda_path

from .convolutions import AS_USUAL, Convolutions
from .errors import ModelError
from .fetch import sha256_of
from .providers import CPU_PROVIDER, CUDA, TENSORRT, load_cuda
from .session import NamedArrays, NamedSession, as_model_error, as_session_error, require_open, session_options

InputShape = tuple[int, ...]
ProviderOptions = dict[str, str]


@dataclass(frozen=True, slots=True)
class Profile:
    """The smallest, usual and largest shape of a model's input. A TensorRT engine is built for exactly this range."""

    input_name: str
    smallest: InputShape
    usual: InputShape
    largest: InputShape

    def options(self) -> ProviderOptions:
        """The profile as provider options, in the form `name:1x3x64x64`."""
        shapes = {"min": self.smallest, "opt": self.usual, "max": self.largest}
        return {f"trt_profile_{key}_shapes": f"{self.input_name}:{'x'.join(map(str, s))}" for key, s in shapes.items()}


PROFILES = {
    "detector": Profile("image", (1, 3, 32, 32), (8, 3, 192, 320), (32, 3, 640, 640)),
    "embedding": Profile("image", (1, 3, 150, 150), (16, 3, 150, 150), (64, 3, 150, 150)),
    "eyes": Profile("image", (1, 3, 64, 64), (32, 3, 64, 64), (128, 3, 64, 64)),
    "mesh": Profile("image", (1, 3, 192, 192), (16, 3, 192, 192), (64, 3, 192, 192)),
    "emotion": Profile("image", (1, 1, 64, 64), (16, 1, 64, 64), (64, 1, 64, 64)),
    "text_detection": Profile("x", (1, 3, 32, 32), (1, 3, 384, 384), (16, 3, 960, 960)),
    "text_recognition": Profile("x", (1, 3, 48, 32), (1, 3, 48, 320), (8, 3, 48, 2304)),
    "hangul_recognition": Profile("x", (1, 3, 48, 32), (1, 3, 48, 320), (8, 3, 48, 2304)),
    "text_direction": Profile("x", (1, 3, 48, 192), (4, 3, 48, 192), (16, 3, 48, 192)),
    "maturity": Profile("image", (1, 3, 224, 224), (1, 3, 224, 224), (16, 3, 224, 224)),
    "shots": Profile("frames", (1, 100, 3, 27, 48), (1, 100, 3, 27, 48), (4, 100, 3, 27, 48)),
}
"""Profile of each role. A model of another name runs on the CUDA provider."""


def provider_list(
    available: list[str],
    name: str,
    stream: int,
    device_id: int = 0,
    engine_folder: Path | None = None,
    convolutions: Convolutions = AS_USUAL,
) -> list[tuple[str, ProviderOptions]]:
    """Providers with their options, in the order in which ONNX Runtime tries them: TensorRT, CUDA, CPU.

    available: the result of `onnxruntime.get_available_providers()`. engine_folder: folder of the model's TensorRT
    engines; None does not use TensorRT. convolutions: of the CUDA provider. Raises ValueError when `stream` is 0: ONNX
    Runtime takes 0 for "none given" and would use a stream of its own, which is not ordered with the caller's kernels.
    """
    if not stream:
        raise ValueError("a CUDA session needs the caller's own stream; the default stream (0) cannot be passed")
    common = {"device_id": str(device_id), "user_compute_stream": str(stream)}
    plan: list[tuple[str, ProviderOptions]] = []
    if TENSORRT in available and engine_folder is not None and name in PROFILES:
        plan.append((TENSORRT, common | _tensorrt_options(engine_folder) | PROFILES[name].options()))
    plan.append((CUDA, common | {"arena_extend_strategy": "kSameAsRequested"} | convolutions.options()))
    return [*plan, (CPU_PROVIDER, {})]


def _tensorrt_options(folder: Path) -> ProviderOptions:
    return {
        "trt_fp16_enable": "1",
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": str(folder),
        "trt_timing_cache_enable": "1",
        "trt_timing_cache_path": str(folder.parent),
    }


def check_provider(providers: list[str], name: str) -> str:
    """The first of a session's providers. Raises ModelError when the session would run completely on the CPU.

    providers: those of the opened session. ONNX Runtime drops providers whose libraries it cannot load.
    """
    if providers and providers[0] in (TENSORRT, CUDA):
        return providers[0]
    hint = "install the GPU build of ONNX Runtime with its CUDA and cuDNN libraries, or use --device cpu"
    raise ModelError(f"{name}: --device cuda, but ONNX Runtime would run it on the CPU; {hint}")


class CudaSession(NamedSession):
    """A model on ONNX Runtime's TensorRT or CUDA provider. Runs one call at a time, in the order of the stream.

    stream: the caller's `cudaStream_t` as an integer, which must outlive the session. engine_cache: folder of TensorRT
    engines; None does not use TensorRT. convolutions: how the CUDA provider computes. Opening builds an engine that is
    not in the cache, which can take minutes. Raises ModelError, and ValueError when `stream` is 0.
    """

    def __init__(
        self,
        path: Path,
        name: str | None,
        *,
        stream: int,
        device_id: int = 0,
        engine_cache: Path | None = None,
        convolutions: Convolutions = AS_USUAL,
    ) -> None:
        role = name or path.stem
        check_provider([p for p in (TENSORRT, CUDA) if p in ort.get_available_providers()], role)
        cupy = _cupy(role)
        folder = _engine_folder(engine_cache, role, path)
        plan = provider_list(ort.get_available_providers(), role, stream, device_id, folder, convolutions)
        load_cuda()
        with as_model_error(path):
            self._session: Any = ort.InferenceSession(str(path), session_options(1), providers=plan, enable_fallback=0)
        self._provider = check_provider(self._session.get_providers(), role)
        super().__init__(role)
        self._cupy = cupy
        self._stream, self._device_id = external_stream(cupy, stream), device_id
        self._lock = threading.Lock()
        self._options = ort.RunOptions()
        self._options.add_run_config_entry("disable_synchronize_execution_providers", "1")
        self.output_names = tuple(value.name for value in self._session.get_outputs())
        self._metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)

    @property
    def provider(self) -> str:
        """The TensorRT or the CUDA provider."""
        return self._provider

    @property
    def metadata(self) -> Mapping[str, str]:
        """See `Session`."""
        return self._metadata

    def run(self, inputs: NamedArrays) -> NamedArrays:
        """Outputs by name, float32 CuPy arrays on the caller's stream. Returns before they are computed. Raises
        SessionError."""
        with self._lock, as_session_error(self.name), self._cupy.cuda.Device(self._device_id), self._stream:
            session = require_open(self._session, self.name)
            binding = session.io_binding()
            # Kept until the run is queued, because a contiguous copy made here must not be freed before.
            held = [self._bind(binding, name, array) for name, array in inputs.items()]
            for name in self.output_names:
                binding.bind_output(name, "cuda", self._device_id)
            session.run_with_iobinding(binding, self._options)
            del held
            return dict(zip(self.output_names, map(self._view, binding.get_outputs()), strict=True))

    def _bind(self, binding: Any, name: str, array: Any) -> Any:
        array = self._cupy.ascontiguousarray(array, dtype=np.float32)
        binding.bind_input(name, "cuda", self._device_id, np.float32, array.shape, array.data.ptr)
        return array

    def _view(self, value: Any) -> Any:
        """A CuPy array over an OrtValue's memory, which it keeps alive."""
        shape = tuple(value.shape())
        size_bytes = int(np.prod(shape)) * np.dtype(np.float32).itemsize
        memory = self._cupy.cuda.UnownedMemory(value.data_ptr(), size_bytes, value, self._device_id)
        return self._cupy.ndarray(shape, np.float32, self._cupy.cuda.MemoryPointer(memory, 0))

    def close(self) -> None:
        """Waits until the stream has finished all queued work, then frees the model. Synchronises."""
        super().close()
        with self._lock:
            if self._session is not None:
                self._stream.synchronize()
                self._session = None


def cpu_nodes(path: Path) -> int | None:
    """Number of nodes of a model that ONNX Runtime places on the CPU provider when it uses CUDA's; each costs a round
    trip in every run. None when this ONNX Runtime does not report it.

    Loads the model. Raises ModelError as `CudaSession` does.
    """
    check_provider([p for p in (CUDA,) if p in ort.get_available_providers()], path.stem)
    load_cuda()
    placed = nodes_by_provider(path, [(CUDA, {"device_id": "0"}), (CPU_PROVIDER, {})])
    if placed is None:
        return None
    check_provider([p for p in (CUDA,) if p in placed], path.stem)
    return placed.get(CPU_PROVIDER, 0)


def nodes_by_provider(path: Path, providers: list[tuple[str, ProviderOptions]]) -> dict[str, int] | None:
    """Provider → number of nodes that ONNX Runtime places on it, after its basic optimisations. None when it does not
    report it.

    Raises ModelError when the file is not a model that can be run.
    """
    options = session_options(1)
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    with as_model_error(path):
        session = ort.InferenceSession(str(path), options, providers=providers, enable_fallback=0)
    if not hasattr(session, "get_provider_graph_assignment_info"):
        return None
    placed: dict[str, int] = {}
    for part in session.get_provider_graph_assignment_info():
        placed[part.ep_name] = placed.get(part.ep_name, 0) + len(part.get_nodes())
    return placed


def _cupy(role: str) -> Any:
    set_cuda_path()
    try:
        import cupy
    except ImportError as error:
        raise ModelError(f"{role}: --device cuda needs CuPy ({error}); install keyart[cuda]") from error
    return cupy


def _engine_folder(cache: Path | None, role: str, path: Path) -> Path | None:
    """One folder for each model file, because ONNX Runtime names engines after graph and GPU, not after the weights."""
    if cache is None or not path.is_file():
        return None
    folder = cache / f"{role}-{sha256_of(path)[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
