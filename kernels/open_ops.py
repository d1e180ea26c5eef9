"""Which device's pixel operations serve a run is decided here, once."""

from __future__ import annotations

from .ops import Device, Ops


def open_ops(device: Device) -> Ops:
    """The pixel operations of a device. Raises `RuntimeError` (what is missing) when `cuda` cannot be had."""
    if device == "cpu":
        from .cpu import CpuOps

        return CpuOps()
    from .cuda.ops import CudaOps

    return CudaOps()
