"""Pictures to JPEG on the device: nvJPEG through torchvision, on views of CuPy's arrays.

Imported only where a GPU is asked for.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kernels.cuda.errors import out_of_memory, sticky
from kernels.cuda.runtime import CupyRuntime
from kernels.surface import Array

from ..errors import KeyartError


class CudaEncoder:
    """`stream.output.jpeg.Encoder` for pictures that were made in the stream of `runtime`. Safe for several threads;
    torchvision itself encodes one at a time. Chroma is kept at full resolution."""

    def __init__(self, runtime: CupyRuntime) -> None:
        import torch
        from torchvision.io import encode_jpeg

        self._runtime, self._torch, self._encode = runtime, torch, encode_jpeg

    def jpeg(self, rgb: Array, quality: int) -> bytes:
        """See `Encoder`; a picture on the host is taken to the device first. Synchronises.

        Raises KeyartError when the picture cannot be encoded.
        """
        picture = self._runtime.upload(rgb) if isinstance(rgb, np.ndarray) else rgb
        try:
            return self._jpeg(picture, quality)
        except RuntimeError as error:
            if sticky(error) or out_of_memory(error):
                raise
            what = f"a picture of {rgb.shape[1]}x{rgb.shape[0]} could not be encoded"
            raise KeyartError(f"{what} by nvJPEG ({_first_line(error)}), use --device cpu") from error

    def _jpeg(self, picture: Array, quality: int) -> bytes:
        with self._torch.cuda.device(self._runtime.device_id):
            planes = self._planes(picture)
            # nvJPEG works in a stream of torchvision's own that waits for no other, and hands its bytes over in the
            # default stream: what it reads must be finished, and the copy to the host must be asked for out here.
            self._runtime.synchronise()
            data: bytes = self._encode(planes, quality).cpu().numpy().tobytes()
        return data

    def _planes(self, picture: Array) -> Any:
        """(3, H, W) of (H, W, 3): a view where the picture lies in planes, as posters do; else a copy, in the runtime's
        stream."""
        torch = self._torch
        stream = torch.cuda.ExternalStream(self._runtime.stream, device=self._runtime.device_id)
        with torch.cuda.stream(stream), self._runtime.queue():
            return torch.from_dlpack(picture).permute(2, 0, 1).contiguous()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
