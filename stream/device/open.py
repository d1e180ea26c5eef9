"""Opens the kit of the device that a run uses."""

from __future__ import annotations

from .. import log
from ..settings.model import Settings
from .choice import choice_of
from .kit import Kit
from .kit_cpu import host_kit


def open_kit(settings: Settings) -> Kit:
    """The kit of the device that the settings ask for. Takes seconds on a GPU.

    Raises KeyartError, which says what is missing, when that device cannot be used.
    """
    choice = choice_of(settings.device)
    if choice.why_not_cuda:
        log.info("GPU not used", reasons=choice.why_not_cuda)
    if choice.device == "cpu":
        return host_kit(settings)
    from .kit_cuda import cuda_kit

    return cuda_kit(settings)
