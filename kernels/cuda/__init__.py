"""The pixel operations on a CUDA device: `.cu` sources, their layout, and what launches them."""

from .ops import CudaOps, upload

__all__ = ["CudaOps", "upload"]
