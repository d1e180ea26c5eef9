"""What all videos of a run share: the device, its pixel operations, the engines and their threads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module

import cv2
from anyio import CapacityLimiter, create_task_group, to_thread
from threadpoolctl import threadpool_limits

from engines.catalog import ModelError
from engines.faces import Reading
from engines.reader import ROLES as READER_ROLES
from engines.reader import FaceReader, ReaderOptions
from engines.session import Session, open_session
from engines.text import TextDetector
from engines.zoo import Model, Progress
from kernels.ops import Device, Ops, open_ops
from kernels.surface import Surface

from .batcher import Batcher
from .encode import CpuEncoder, Encoder
from .models import zoo_of
from .moment import Glance
from .records import KeyartError
from .settings import Settings

ROLES = (*READER_ROLES, "text_detection")
"""What the main job needs; the other roles are pulled by what uses them."""


@dataclass(frozen=True, slots=True)
class Services:
    """One per run. `reader` is for the graph, `glance` for a thread that looks at one picture."""

    device: Device
    ops: Ops
    encoder: Encoder
    reader: Batcher[Surface, Reading]
    glance: Glance
    text: TextDetector | None
    models: dict[str, Model]
    providers: tuple[str, ...]
    decode_threads: CapacityLimiter
    measure_threads: CapacityLimiter
    finale_threads: CapacityLimiter


def choose_device(wanted: str) -> Device:
    """`auto` takes the GPU where one can be used. Raises KeyartError when the wanted device is not there."""
    if wanted == "cuda":
        raise KeyartError("device cuda is not available in this version, use --device cpu")
    return "cpu"


@asynccontextmanager
async def open_services(settings: Settings, progress: Progress | None = None) -> AsyncIterator[Services]:
    """Models pulled and loaded, engines answering; everything is closed when the block is left.

    Raises KeyartError when a model is missing, corrupt or cannot be fetched.
    """
    device = choose_device(settings.device)
    # Stages run side by side already; the pools of OpenCV and BLAS would only fight them for cores.
    cv2.setNumThreads(1)
    with threadpool_limits(1), ExitStack() as stack:
        models, sessions = await to_thread.run_sync(lambda: _load(settings, device, stack, progress))
        ops = open_ops(device)
        faces = FaceReader(sessions, ops, ReaderOptions(detector_width=settings.faces.detector_width))
        workers = settings.thread_count
        batcher: Batcher[Surface, Reading] = Batcher(lambda s: faces.read(list(s)), 1, 0.0, CapacityLimiter(workers))
        async with create_task_group() as tasks:
            for _ in range(workers):
                tasks.start_soon(batcher.serve)
            yield Services(
                device=device,
                ops=ops,
                encoder=CpuEncoder(),
                reader=batcher,
                glance=faces.glance,
                text=TextDetector(sessions["text_detection"], ops) if settings.text.enabled else None,
                models=models,
                providers=tuple(sorted({session.provider for session in sessions.values()})),
                decode_threads=CapacityLimiter(workers),
                measure_threads=CapacityLimiter(workers),
                finale_threads=CapacityLimiter(workers),
            )
            batcher.close()


def _load(
    settings: Settings, device: Device, stack: ExitStack, progress: Progress | None
) -> tuple[dict[str, Model], dict[str, Session]]:
    try:
        zoo = zoo_of(settings)
        zoo.ensure(ROLES, progress)
        models = {role: zoo.model(role) for role in ROLES}
    except ModelError as error:
        raise KeyartError(str(error)) from error
    sessions = {role: open_session(model.path, device, threads=1) for role, model in models.items()}
    for session in sessions.values():
        stack.callback(session.close)
    import_module("sklearn.cluster")  # takes a second, which would otherwise be spent when the first film ends
    return models, sessions
