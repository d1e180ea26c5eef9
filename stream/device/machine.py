"""Asks the libraries what this machine has: the GPU, its video decoder, the packages of the CUDA path.

Nothing here raises an error for what is missing: the answer says that it is missing, and why.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Protocol

from engines import trt
from engines.providers import provider_problem
from engines.session import first_line
from kernels.cuda.toolkit import set_cuda_path
from kernels.cuda.trial import compiler_problem

from ..decode.nvdec.module import video_codec
from ..output.jpeg_libraries import torchcodec_problem

PACKAGES = {
    "cupy": "cupy-cuda13x", "torch": "torch", "torchvision": "torchvision", "PyNvVideoCodec": "PyNvVideoCodec",
    "torchcodec": "torchcodec", "cuml": "cuml-cu13", "pynvml": "nvidia-ml-py",
}  # fmt: skip
"""Modules of the CUDA path → the distributions that contain them."""
NOT_INSTALLED = "is not installed"
_TWO_BUILDS = ("torch", "torchvision")
"""Modules that are also distributed without CUDA, and tell it in this way."""

ASKED_CODECS = ("H264", "HEVC", "AV1", "VP9", "VP8", "MPEG2", "MPEG4", "VC1")
"""Codecs that the decoder is asked about in 8 bits 4:2:0, as PyNvVideoCodec's enumeration names them."""
TEN_BITS = ("H264", "HEVC", "AV1", "VP9")
"""Codecs that the decoder is also asked about in 10 bits 4:2:0."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """One device. `capability`: compute capability, such as "9.0". `memory` and `free`: bytes. `driver`: version of the
    driver, "" when NVML does not tell."""

    name: str
    capability: str
    memory: int
    free: int
    driver: str


@dataclass(frozen=True, slots=True)
class Package:
    """The distribution of a module. `version`: None when the module cannot be used. `problem`: why, as the end of a
    sentence that begins with its name."""

    version: str | None
    problem: str = NOT_INSTALLED


@dataclass(frozen=True, slots=True)
class VideoChip:
    """The video decoder of a GPU. `engines`: how many it has. `codecs` and `refused`: what it can and cannot decode,
    such as "H264" and "HEVC 10 bit"."""

    engines: int
    codecs: tuple[str, ...]
    refused: tuple[str, ...]


class View(Protocol):
    """What `doctor`, `choice_of` and the benchmarks ask about a machine. Tests have their own implementation."""

    def gpu(self) -> Gpu | str:
        """The first device, or why there is none, as part of a line."""
        ...

    def video(self) -> VideoChip | str:
        """The video decoder of the GPU, or why it cannot be asked."""
        ...

    def package(self, module: str) -> Package:
        """The distribution of a module. Imports the module to see whether it works."""
        ...

    def compiler(self) -> str | None:
        """Why CuPy cannot compile a kernel; None when it can."""
        ...

    def provider(self, name: str) -> str | None:
        """Why ONNX Runtime cannot use a provider; None when it can."""
        ...

    def tensorrt(self) -> trt.TensorRt:
        """What is installed of TensorRT, and whether it can be used."""
        ...


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
        except RuntimeError as error:  # raised by CUDA, or by CuPy when it does not find the CUDA runtime
            return f"no CUDA device can be used ({first_line(error)})"
        return Gpu(seen["name"].decode(), f"{seen['major']}.{seen['minor']}", int(memory), int(free), driver_version())

    def video(self) -> VideoChip | str:
        """Asks PyNvVideoCodec, codec by codec."""
        try:
            module = video_codec()
        except (ImportError, OSError, RuntimeError) as error:
            return f"PyNvVideoCodec cannot be imported ({first_line(error)})"
        return ask_chip(module)

    def package(self, module: str) -> Package:
        """The version of its distribution. Imports the module to see whether it works."""
        set_cuda_path()
        try:
            found = version(PACKAGES[module])
        except PackageNotFoundError:
            return Package(None)
        try:
            imported = video_codec() if module == "PyNvVideoCodec" else importlib.import_module(module)
            problem = build_problem(module, imported)
        except (ImportError, OSError, RuntimeError) as error:
            problem = f"cannot be imported ({first_line(error)}), see that its libraries and the driver's can be found"
        return Package(None, problem) if problem else Package(found, "")

    def compiler(self) -> str | None:
        """Tries it in a separate process."""
        return compiler_problem()

    def provider(self, name: str) -> str | None:
        """Tries it in a separate process."""
        return provider_problem(name)

    def tensorrt(self) -> trt.TensorRt:
        """Looks at the package, the library and the provider of ONNX Runtime."""
        return trt.inspect_tensorrt()


def build_problem(name: str, module: Any) -> str:
    """Why an imported module cannot be used: it was built without CUDA, or TorchCodec lacks what is needed of it; ""
    when nothing is wrong."""
    if name == "torchcodec":
        return torchcodec_problem(module)
    without = name in _TWO_BUILDS and getattr(module.version, "cuda", None) is None
    return "is built without CUDA, install its build for CUDA 13" if without else ""


def ask_chip(codec_library: Any) -> VideoChip | str:
    """Ask `GetDecoderCaps` about every codec in 4:2:0. Returns the decoder, or why it cannot be asked.

    codec_library: the module PyNvVideoCodec, or a test's replacement for it.
    """
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
        except Exception as error:  # the exceptions of PyNvVideoCodec have no public base class
            return f"the video decoder cannot be asked ({first_line(error)})"
        (decoded if caps["supported"] else refused).append(name)
        engines = max(engines, int(caps["num_decoder_engines"]))
    return VideoChip(engines, tuple(decoded), tuple(refused))


def driver_version() -> str:
    """The version of the GPU's driver; "" when NVML does not tell."""
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


def device_count() -> int:
    """How many GPUs CUDA shows to this process; 0 where it cannot be asked."""
    try:
        from cupy.cuda import runtime

        return int(runtime.getDeviceCount())
    except (ImportError, OSError, RuntimeError):
        return 0
