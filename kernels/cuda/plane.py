"""A plane on the device without an array module: what kernels ask of one, and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np


class DevicePlane:
    """Samples on the device where somebody else keeps them. A view of CuPy's costs microseconds and three or more
    would be made of every frame; this one is made in a tenth of the time.

    address: of the first sample; strides: bytes, like NumPy's; owner: kept alive, and with it the memory. Kernels and
    `to_host` take it as it is, CuPy by `cupy.asarray`.
    """

    __slots__ = ("address", "dtype", "owner", "shape", "strides")

    def __init__(
        self, address: int, shape: tuple[int, ...], strides: tuple[int, ...], dtype: np.dtype[Any], owner: object
    ) -> None:
        self.address, self.shape, self.strides, self.dtype, self.owner = address, shape, strides, dtype, owner

    @property
    def size(self) -> int:
        """Samples."""
        return int(np.prod(self.shape))

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {
            "shape": self.shape,
            "typestr": self.dtype.str,
            "data": (self.address, False),
            "strides": self.strides,
            "version": 3,
        }
