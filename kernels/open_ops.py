"""Chooses the pixel operations of a run by its device."""

from __future__ import annotations

from .ops import Device, Ops


def open_ops(device: Device) -> Ops:
    """The pixel operations of a device. Raises RuntimeError, which says what is missing, when `cuda` cannot be used."""
    if device == "cpu":
        from .cpu import CpuOps

        return CpuOps()
    from .cuda.ops import CudaOps

    return CudaOps()
