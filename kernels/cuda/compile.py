"""Compiles every kernel for every supported GPU with NVRTC. Needs no GPU, only the wheel `nvidia-cuda-nvrtc`.

python -m kernels.cuda.compile
"""

from __future__ import annotations

import ctypes
import sys
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, files

from .sources import KERNELS, OPTIONS, source

ARCHITECTURES = ("sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_100")
"""Turing, Ampere (A100; consumer), Ada, Hopper, Blackwell."""


class CompileError(Exception):
    """A kernel cannot be compiled; the message is NVRTC's."""


@lru_cache(maxsize=1)
def nvrtc() -> ctypes.CDLL:
    """The NVRTC library from its wheel. Raises FileNotFoundError when the wheel is not installed."""
    try:
        names = files("nvidia-cuda-nvrtc") or []
    except PackageNotFoundError as error:
        raise FileNotFoundError("NVRTC is not installed: pip install nvidia-cuda-nvrtc") from error
    for name in names:
        if name.name.startswith("libnvrtc.so"):
            return ctypes.CDLL(str(name.locate()))
    raise FileNotFoundError("the wheel nvidia-cuda-nvrtc holds no libnvrtc.so")


def compile_kernels(file: str, architecture: str) -> bytes:
    """The cubin of one source file for one GPU architecture. Raises CompileError with the compiler's log."""
    library, program = nvrtc(), ctypes.c_void_p()
    _check(
        library.nvrtcCreateProgram(ctypes.byref(program), source(file).encode(), f"{file}.cu".encode(), 0, None, None)
    )
    try:
        options = [*OPTIONS, f"--gpu-architecture={architecture}", "-Werror", "all-warnings"]
        array = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
        if library.nvrtcCompileProgram(program, len(options), array):
            raise CompileError(_text(library.nvrtcGetProgramLogSize, library.nvrtcGetProgramLog, program).decode())
        return _text(library.nvrtcGetCUBINSize, library.nvrtcGetCUBIN, program)
    finally:
        library.nvrtcDestroyProgram(ctypes.byref(program))


def _text(size_of: ctypes._NamedFuncPointer, get: ctypes._NamedFuncPointer, program: ctypes.c_void_p) -> bytes:
    size = ctypes.c_size_t()
    _check(size_of(program, ctypes.byref(size)))
    buffer = ctypes.create_string_buffer(size.value)
    _check(get(program, buffer))
    return buffer.raw


def _check(status: int) -> None:
    if status:
        nvrtc().nvrtcGetErrorString.restype = ctypes.c_char_p
        raise CompileError(nvrtc().nvrtcGetErrorString(status).decode())


def main() -> int:
    """Compiles everything and prints one line for each source and architecture."""
    for file in KERNELS:
        for architecture in ARCHITECTURES:
            print(f"{file:12} {architecture:8} {len(compile_kernels(file, architecture)):8} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
