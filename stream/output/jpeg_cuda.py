"""Encoding pictures as JPEG on the GPU: nvJPEG through a library of PyTorch's, which reads the CuPy arrays in place.

Imported only when a GPU is used.
"""

from __future__ import annotations

import re
from threading import BoundedSemaphore
from typing import Any

import numpy as np

from engines.session import first_line
from kernels.cuda.errors import out_of_memory, sticky
from kernels.cuda.runtime import CupyRuntime
from kernels.surface import Array

from ..errors import KeyartError
from .jpeg_libraries import JpegLibrary

_AT_A_TIME = 2
"""Pictures that are encoded at a time: TorchCodec keeps an encoder with its memory on the device for each. All of them
work in one stream, so a third would only wait for it; chosen by reasoning, not measured."""
_PLACE = re.compile(r"^.*\.cpp:\d+, ")
"""What TorchCodec puts before a message: where in its sources it was raised."""
_NO_MEMORY = re.compile(r"^Failed to (create|set|encode|retrieve)\b.*: 5$")
"""Messages of both libraries with nvJPEG's status for a failed allocation."""


class CudaEncoder:
    """`stream.output.jpeg.Encoder` for pictures that were made in the stream of `runtime`, by a library. Keeps chroma
    at full resolution. Safe for several threads."""

    def __init__(self, runtime: CupyRuntime, library: JpegLibrary) -> None:
        import torch

        self._runtime, self._torch, self._library = runtime, torch, library
        self._free = BoundedSemaphore(_AT_A_TIME)

    def jpeg(self, rgb: Array, quality: int) -> bytes:
        """See `Encoder`. A picture on the host is copied to the device first. Synchronises.

        Raises KeyartError when the picture cannot be encoded, RuntimeError when the device failed or has no memory.
        """
        picture = self._runtime.upload(rgb) if isinstance(rgb, np.ndarray) else rgb
        try:
            with self._free:
                return self._jpeg(picture, quality)
        except RuntimeError as error:
            if sticky(error) or out_of_memory(error):
                raise
            said = _PLACE.sub("", first_line(error))
            if _NO_MEMORY.match(said):
                raise RuntimeError(f"nvJPEG: out of memory ({said})") from error
            # nvJPEG has numbers of its own: whether the device failed is said by CuPy, which raises it here.
            self._runtime.synchronise()
            what = f"a picture of {rgb.shape[1]}x{rgb.shape[0]} could not be encoded"
            raise KeyartError(f"{what} by nvJPEG ({said}), use --device cpu") from error

    def _jpeg(self, picture: Array, quality: int) -> bytes:
        cuda, number = self._torch.cuda, self._runtime.device_id
        with cuda.device(number):
            with cuda.stream(cuda.ExternalStream(self._runtime.stream, device=number)):
                planes = self._planes(picture)
                if self._library.in_stream:
                    return self._library.encode(planes, quality)
            # Such a library's stream does not wait for ours, so the picture must be finished before.
            self._runtime.synchronise()
            return self._library.encode(planes, quality)

    def _planes(self, picture: Array) -> Any:
        """(H, W, 3) → (3, H, W) tensor: a view where the picture is stored in planes, as crops are; else a copy, made
        in the runtime's stream."""
        with self._runtime.queue():
            return self._torch.from_dlpack(picture).permute(2, 0, 1).contiguous()
