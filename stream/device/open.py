"""Which device serves a run is decided here, once."""

from __future__ import annotations

from ..settings.model import Settings
from .choice import choose_device
from .kit import Kit
from .kit_cpu import host_kit


def open_kit(settings: Settings) -> Kit:
    """The kit of the device that the settings ask for. Takes seconds on a GPU.

    Raises KeyartError when that device cannot be used, with what is missing.
    """
    if choose_device(settings.device) == "cpu":
        return host_kit(settings)
    from .kit_cuda import cuda_kit

    return cuda_kit(settings)
