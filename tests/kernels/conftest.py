"""The device is a parameter that carries its own mark."""

from __future__ import annotations

import pytest

from kernels.ops import Device, Ops, open_ops


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> Device:
    """Each device in turn."""
    name: Device = request.param
    return name


@pytest.fixture
def ops(device: Device) -> Ops:
    """The pixel operations of the device under test."""
    return open_ops(device)
