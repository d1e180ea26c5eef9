"""The tools of the models on a CUDA device: kernels for their inputs, torchvision on views of CuPy arrays for
suppression.

Imported only when a GPU is used.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from kernels.cuda.ops import CudaOps
from kernels.cuda.runtime import CupyRuntime
from kernels.surface import Array

from .grey import BT601_WEIGHTS


class CudaTools:
    """`engines.tools.EngineTools` in the stream of a runtime, in which the sessions run too."""

    few_shapes = True

    def __init__(self, runtime: CupyRuntime) -> None:
        self._runtime, self._ops = runtime, CudaOps(runtime)

    def scope(self) -> AbstractContextManager[object]:
        """CuPy's operations in this thread use the stream."""
        return self._runtime.queue()

    def engine_input(
        self, pictures: Array, size: tuple[int, int] | None = None, divisor: float = 1.0, subtract: float = 0.0
    ) -> Array:
        """See `EngineTools`. One kernel; it multiplies where the host divides, so values may differ in the last bit."""
        return engine_input(self._ops, pictures, size, divisor, subtract)

    def grey_input(self, chips: Array) -> Array:
        """See `EngineTools`. One kernel, with the same difference."""
        return grey_input(self._ops, chips)

    def qualities(self, chips: Array, side: int) -> Array:
        """See `EngineTools`. One kernel."""
        return self._ops.chip_quality(chips, side)

    def picture_numbers(self, features: Array, pictures: Array) -> Array:
        """See `EngineTools`. One kernel, and one that converts to half precision."""
        return picture_numbers(self._ops, features, pictures)

    def suppress(self, boxes: Array, scores: Array, pictures: Array, overlap: float) -> Array:
        """See `EngineTools`. Synchronises."""
        import cupy
        import torch

        stream = torch.cuda.ExternalStream(self._runtime.stream, device=self._runtime.device_id)
        with torch.cuda.stream(stream), self._runtime.queue():
            return cupy.from_dlpack(torch_suppress(boxes, scores, pictures, overlap))


def engine_input(
    ops: CudaOps, pictures: Array, size: tuple[int, int] | None = None, divisor: float = 1.0, subtract: float = 0.0
) -> Array:
    """`EngineTools.engine_input` by the kernel of the same name."""
    height, width = pictures.shape[1:3]
    scale, bias = (1.0 / divisor,) * 3, (-subtract,) * 3
    return ops.engine_input(pictures, size or (width, height), scale, bias, centred=False)


def grey_input(ops: CudaOps, chips: Array) -> Array:
    """`EngineTools.grey_input` by the kernel `engine_input`."""
    return ops.engine_input(chips, (chips.shape[2], chips.shape[1]), (2 / 255,), (-1.0,), mix=(BT601_WEIGHTS,))


def picture_numbers(ops: CudaOps, features: Array, pictures: Array) -> Array:
    """`EngineTools.picture_numbers` by the kernel of the same name."""
    return ops.picture_numbers(features, pictures).astype("float16")


def torch_suppress(boxes: Array, scores: Array, pictures: Array, overlap: float) -> Any:
    """(K,) int64 tensor of the indices to keep, on the device of the arrays, which are not copied.

    The arrays must be contiguous. torchvision compares by `>` and takes equal scores in order, as the host's tools do.
    It separates pictures by moving their boxes apart, so that one call serves all of them; the distance is computed
    from the largest coordinate, so the boxes are first moved to coordinates of 0 and more.
    """
    import torch
    from torchvision.ops import batched_nms

    there, of_picture = torch.from_dlpack(boxes), torch.from_dlpack(pictures)
    return batched_nms(there - there.min(), torch.from_dlpack(scores), of_picture, overlap)
