"""What there is of a GPU and of what serves it, asked of the libraries themselves. Nothing here raises for what is
missing: that is the answer."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Protocol

from engines import trt
from engines.providers import provider_problem
from kernels.cuda.toolkit import set_cuda_path
from kernels.cuda.trial import compiler_problem

PACKAGES = {
    "cupy": "cupy-cuda13x", "torch": "torch", "torchvision": "torchvision", "PyNvVideoCodec": "PyNvVideoCodec",
    "cuml": "cuml-cu13", "pynvml": "nvidia-ml-py",
}  # fmt: skip
"""Modules of the CUDA path and the distributions that bring them."""
NOT_INSTALLED = "is not installed"
_TWO_BUILDS = ("torch", "torchvision")

ASKED_CODECS = ("H264", "HEVC", "AV1", "VP9", "VP8", "MPEG2", "MPEG4", "VC1")
"""As PyNvVideoCodec's enumeration names them; 8 bits 4:2:0 each, and 10 bits where films use them."""
TEN_BITS = ("H264", "HEVC", "AV1", "VP9")


@dataclass(frozen=True, slots=True)
class Gpu:
    """One device. `capability` is "9.0", memory in bytes; driver "" when NVML does not say."""

    name: str
    capability: str
    memory: int
    free: int
    driver: str


@dataclass(frozen=True, slots=True)
class Package:
    """What brings a module. `version` is None when it cannot be used; `problem` says why, as the end of a sentence."""

    version: str | None
    problem: str = NOT_INSTALLED


@dataclass(frozen=True, slots=True)
class VideoChip:
    """What the decoder of the chip says of itself. `codecs`: "H264", "HEVC 10 bit", …"""

    engines: int
    codecs: tuple[str, ...]
    refused: tuple[str, ...]


class View(Protocol):
    """A machine as `doctor` and the benchmarks ask about it; tests put a peer here."""

    def gpu(self) -> Gpu | str:
        """The device, or why there is none, in part of a line."""
        ...

    def video(self) -> VideoChip | str:
        """The chip's decoder, or why it cannot be asked."""
        ...

    def package(self, module: str) -> Package:
        """What brings a module, once it has been imported."""
        ...

    def compiler(self) -> str | None:
        """Why CuPy cannot compile a kernel; None when it can."""
        ...

    def provider(self, name: str) -> str | None:
        """Why ONNX Runtime cannot use a provider; None when it can."""
        ...

    def tensorrt(self) -> trt.TensorRt: ...


class Machine:
    """This machine."""

    def gpu(self) -> Gpu | str:
        """Asks CuPy; the driver's version comes from NVML."""
        set_cuda_path()
        try:
            from cupy.cuda import runtime
        except (ImportError, OSError, RuntimeError) as error:
            return f"CuPy cannot be imported ({first_line(error)})"
        try:
            if not runtime.getDeviceCount():
                return "no CUDA device found"
            seen = runtime.getDeviceProperties(0)
            free, memory = runtime.memGetInfo()
        except RuntimeError as error:  # CuPy's own, or that it does not find the runtime's library
            return f"no CUDA device can be used ({first_line(error)})"
        return Gpu(seen["name"].decode(), f"{seen['major']}.{seen['minor']}", int(memory), int(free), driver_version())

    def video(self) -> VideoChip | str:
        """Asks PyNvVideoCodec, codec by codec."""
        try:
            import PyNvVideoCodec
        except (ImportError, OSError, RuntimeError) as error:
            return f"PyNvVideoCodec cannot be imported ({error})"
        return ask_chip(PyNvVideoCodec)

    def package(self, module: str) -> Package:
        """Its distribution's version, once it has been imported."""
        set_cuda_path()
        try:
            found = version(PACKAGES[module])
        except PackageNotFoundError:
            return Package(None)
        try:
            problem = build_problem(module, importlib.import_module(module))
        except (ImportError, OSError, RuntimeError) as error:
            problem = f"cannot be imported ({first_line(error)}), see that its libraries and the driver's can be found"
        return Package(None, problem) if problem else Package(found, "")

    def compiler(self) -> str | None:
        """Tries it in a process of its own."""
        return compiler_problem()

    def provider(self, name: str) -> str | None:
        """Tries it in a process of its own."""
        return provider_problem(name)

    def tensorrt(self) -> trt.TensorRt:
        """Package, library and provider."""
        return trt.inspect_tensorrt()


def build_problem(name: str, module: Any) -> str:
    """What speaks against a module that was imported: two of them come with and without CUDA, and say so alike."""
    without = name in _TWO_BUILDS and getattr(module.version, "cuda", None) is None
    return "is built without CUDA, install its build for CUDA 13" if without else ""


def ask_chip(codec_library: Any) -> VideoChip | str:
    """The answers of `GetDecoderCaps` for every codec in 4:2:0. `codec_library`: the module, or a peer of it."""
    wanted = [(codec, 8) for codec in ASKED_CODECS] + [(codec, 10) for codec in TEN_BITS]
    decoded: list[str] = []
    refused: list[str] = []
    engines = 0
    for codec, bits in wanted:
        name = codec if bits == 8 else f"{codec} {bits} bit"
        number = getattr(codec_library.cudaVideoCodec, codec, None)
        if number is None:
            continue
        try:
            chroma = getattr(codec_library.cudaVideoChromaFormat, "420")
            caps = codec_library.GetDecoderCaps(gpuid=0, codec=number, chromaformat=chroma, bitdepth=bits)
        except Exception as error:  # the library's own exceptions have no public base; one answer settles all
            return f"the video decoder cannot be asked ({first_line(error)})"
        (decoded if caps["supported"] else refused).append(name)
        engines = max(engines, int(caps["num_decoder_engines"]))
    return VideoChip(engines, tuple(decoded), tuple(refused))


def driver_version() -> str:
    """The driver's version; "" when NVML does not say."""
    try:
        import pynvml
    except ImportError:
        return ""
    try:
        pynvml.nvmlInit()
        try:
            said = pynvml.nvmlSystemGetDriverVersion()
        finally:
            pynvml.nvmlShutdown()
    except pynvml.NVMLError:
        return ""
    return said.decode() if isinstance(said, bytes) else str(said)


def first_line(error: Exception) -> str:
    """An error's message without the lines that follow."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
