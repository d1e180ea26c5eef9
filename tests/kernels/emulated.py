"""Runs the CUDA sources on the host, compiled by g++: a fake of the real device for pictures of a few thousand
pixels."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

import numpy as np

from kernels.cuda.runtime import Grid
from kernels.cuda.sources import KERNELS, file_of, source
from kernels.surface import Array

HEADER = Path(__file__).with_name("emulation") / "emulation.h"
COMMAND = ("g++", "-std=c++20", "-O2", "-Wall", "-Wextra", "-Wno-unknown-pragmas", "-Werror", "-shared", "-fPIC")


def available() -> bool:
    """Whether g++ is installed."""
    return shutil.which("g++") is not None


class EmulatedRuntime:
    """`kernels.cuda.runtime.Runtime` on the host; arrays are NumPy's. Threads take turns, as on one device.

    backwards: the last block runs first, and in each block the last thread.
    """

    _turn = Lock()

    def __init__(self, backwards: bool = False) -> None:
        self._order = -1 if backwards else 1

    def launch(self, kernel: str, grid: Grid, block: Grid, arguments: Sequence[Any]) -> None:
        values = [_value(argument) for argument in arguments]
        pointers = (ctypes.c_void_p * len(values))(*(ctypes.addressof(value) for value in values))
        function = getattr(_library(file_of(kernel)), f"emulate_{kernel}")
        with self._turn:
            function((ctypes.c_uint * 3)(*grid), (ctypes.c_uint * 3)(*block), pointers, self._order)

    def zeros(self, shape: tuple[int, ...], dtype: Any) -> Array:
        return np.zeros(shape, dtype)

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Array:
        return np.frombuffer(b"\xa5" * (int(np.prod(shape)) * np.dtype(dtype).itemsize), dtype).reshape(shape).copy()

    def upload(self, array: np.ndarray) -> Array:
        return array.copy()

    def copy(self, into: Array, source: Array) -> None:
        into[...] = source

    def download(self, array: Array) -> np.ndarray:
        host: np.ndarray = array.copy()
        return host

    def address(self, array: Array) -> int:
        return int(array.ctypes.data)

    def plane(self, array: Array, begin: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
        return np.ndarray(shape, np.uint8, array, begin, strides)


def _value(argument: Any) -> Any:
    return ctypes.c_int(argument) if isinstance(argument, int) else ctypes.c_void_p(argument.ctypes.data)


@cache
def _library(file: str) -> ctypes.CDLL:
    text = source(file) + "".join(f"EMULATED({kernel})\n" for kernel in KERNELS[file])
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{file}.cpp"
        path.write_text(text)
        library = path.with_suffix(".so")
        subprocess.run([*COMMAND, "-include", str(HEADER), "-o", str(library), str(path)], check=True, timeout=120)
        return ctypes.CDLL(str(library))
