"""Encoding pictures as JPEG on the GPU: nvJPEG through torchvision, which reads the CuPy arrays in place.

Imported only when a GPU is used.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engines.session import first_line
from kernels.cuda.errors import out_of_memory, sticky
from kernels.cuda.runtime import CupyRuntime
from kernels.surface import Array

from ..errors import KeyartError


class CudaEncoder:
    """`stream.output.jpeg.Encoder` for pictures that were made in the stream of `runtime`. Keeps chroma at full
    resolution. Safe for several threads, but torchvision encodes one picture at a time."""

    def __init__(self, runtime: CupyRuntime) -> None:
        import torch
        from torchvision.io import encode_jpeg

        self._runtime, self._torch, self._encode = runtime, torch, encode_jpeg

    def jpeg(self, rgb: Array, quality: int) -> bytes:
        """See `Encoder`. A picture on the host is copied to the device first. Synchronises.

        Raises KeyartError when the picture cannot be encoded.
        """
        picture = self._runtime.upload(rgb) if isinstance(rgb, np.ndarray) else rgb
        try:
            return self._jpeg(picture, quality)
        except RuntimeError as error:
            if sticky(error) or out_of_memory(error):
                raise
            what = f"a picture of {rgb.shape[1]}x{rgb.shape[0]} could not be encoded"
            raise KeyartError(f"{what} by nvJPEG ({first_line(error)}), use --device cpu") from error

    def _jpeg(self, picture: Array, quality: int) -> bytes:
        with self._torch.cuda.device(self._runtime.device_id):
            planes = self._planes(picture)
            # nvJPEG works in a stream of torchvision's own, which waits for no other, so the picture must be finished
            # before. It returns its bytes in the default stream, so they are copied to the host outside of ours.
            self._runtime.synchronise()
            data: bytes = self._encode(planes, quality).cpu().numpy().tobytes()
        return data

    def _planes(self, picture: Array) -> Any:
        """(H, W, 3) → (3, H, W) tensor: a view where the picture is stored in planes, as crops are; else a copy, made
        in the runtime's stream."""
        torch = self._torch
        stream = torch.cuda.ExternalStream(self._runtime.stream, device=self._runtime.device_id)
        with torch.cuda.stream(stream), self._runtime.queue():
            return torch.from_dlpack(picture).permute(2, 0, 1).contiguous()
