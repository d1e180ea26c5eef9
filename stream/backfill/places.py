"""Where workers run: on the CPU, or on each GPU of the machine."""

from __future__ import annotations

import os
from multiprocessing import get_context
from pathlib import Path

from ..device.choice import choice_of
from ..device.machine import device_count
from ..settings.model import Settings
from .links import AskPlaces, Places, local_starter

WORKERS_PER_GPU = 2
"""One interpreter cannot feed the decoders of a chip."""


def with_share(settings: Settings) -> Settings:
    """The settings of a worker: of the memory of the GPU that it shares it takes its part, where none was chosen."""
    if settings.cuda.memory_share < 1:
        return settings
    share = 1 / (settings.backfill.workers_per_device or WORKERS_PER_GPU)
    return settings.model_copy(update={"cuda": settings.cuda.model_copy(update={"memory_share": share})})


def fixed(places: Places) -> AskPlaces:
    """The same places all the time."""

    async def now() -> Places:
        return places

    return now


def local_places(settings: Settings, logs: Path, nice: int = 0) -> Places:
    """One place a worker of this machine: `cpu-1`, or `gpu0-1`, `gpu0-2`, …, with logs in that folder. nice: how
    far they step back behind others. Raises KeyartError when the device that is asked for cannot be used."""
    devices = () if settings.device == "cpu" else _gpus_from_afar(settings.device)
    each = settings.backfill.workers_per_device
    if not devices:
        return {f"cpu-{number}": local_starter(logs, {}, nice) for number in range(1, (each or 1) + 1)}
    return {
        f"gpu{device}-{number}": local_starter(logs, {"CUDA_VISIBLE_DEVICES": device}, nice)
        for device in devices
        for number in range(1, (each or WORKERS_PER_GPU) + 1)
    }


def _gpus_from_afar(wanted: str) -> tuple[str, ...]:
    """Asked in a process of its own: what looks at a GPU holds memory of it until it ends."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_gpus, (wanted,))


def _gpus(wanted: str) -> tuple[str, ...]:
    """The devices that this process may see, as CUDA_VISIBLE_DEVICES names them; none where the CPU is to be used."""
    if choice_of(wanted).device == "cpu":
        return ()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible:
        return tuple(name.strip() for name in visible.split(",") if name.strip())
    return tuple(str(number) for number in range(device_count()))
