"""What all videos of a run share: the device's parts, the engines and their threads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module

import cv2
from anyio import CapacityLimiter, create_task_group, to_thread
from threadpoolctl import threadpool_limits

from engines.counted import CountedSession
from engines.errors import ModelError
from engines.faces import Reading
from engines.lettering import LetteringReader
from engines.maturity import MaturityClassifier
from engines.reader import FaceReader, ReaderOptions
from engines.session import Session
from engines.shots import BoundaryClassifier
from engines.text import TextDetector
from engines.zoo import Model, Progress
from kernels.ops import Device, Meter, Ops
from kernels.surface import Geometry, Surface

from ..candidates.moments import Read
from ..candidates.neighbours import Glance
from ..dataflow.batching import Batcher
from ..deciding.decisions import Deciders
from ..device.kit import Kit, MakeKit, OpenDecoder
from ..device.memory import DeviceMemory
from ..device.models import notices_of_models, roles_of, zoo_of
from ..device.open import open_kit
from ..device.process import existing_objects_frozen
from ..errors import KeyartError
from ..output.jpeg import Encoder
from ..records import Notice
from ..settings.model import Settings
from ..shots.second_opinion import AskedOpinion, SecondOpinion, StreamedOpinion
from .episode import EpisodeModels, engines_of, line_readers
from .statistics import READER, Statistics


@dataclass(frozen=True, slots=True)
class Services:
    """What all films of a run share; one for each run.

    `reader`: finds and reads faces, for the stages of `watch`. `read`: the same for a few pictures at once, which
    blocks; `glance`: finds a known face in a few more pictures; both may be called on any thread. `second_opinion`:
    makes one on the shots of a film; None where the settings leave it out. `episode`: reads episode numbers, where the
    settings ask for it. `providers`: the ONNX Runtime providers of the sessions. `notices`: for the manifest of every
    film. `in_flight`: films that are worked on at a time. `statistics`: of all these films. `memory`: of the device.
    """

    device: Device
    deciders: Deciders
    ops: Ops
    meter: Callable[[Geometry], Meter]
    open_decoder: OpenDecoder
    encoder: Encoder
    reader: Batcher[Surface, Reading]
    read: Read
    glance: Glance
    text: TextDetector | None
    maturity: MaturityClassifier | None
    second_opinion: Callable[[], SecondOpinion] | None
    episode: EpisodeModels | None
    models: dict[str, Model]
    providers: tuple[str, ...]
    notices: tuple[Notice, ...]
    in_flight: int
    statistics: Statistics
    memory: Callable[[], DeviceMemory | None]
    decode_threads: CapacityLimiter
    measure_threads: CapacityLimiter
    finale_threads: CapacityLimiter


@asynccontextmanager
async def open_services(
    settings: Settings, progress: Progress | None = None, make_kit: MakeKit = open_kit
) -> AsyncIterator[Services]:
    """Pull and load the models and start the engines. Leaving the block closes them all.

    Raises KeyartError when the device cannot be used, or when a model is missing, corrupt or cannot be fetched.
    """
    # The stages already use all cores; thread pools of OpenCV and BLAS would only compete with them.
    cv2.setNumThreads(1)
    with threadpool_limits(1), ExitStack() as stack:
        kit = await to_thread.run_sync(make_kit, settings)
        stack.callback(kit.deciders.close)
        models, sessions, lacking = await to_thread.run_sync(lambda: _load(settings, kit, stack, progress))
        stack.enter_context(existing_objects_frozen())
        async with create_task_group() as tasks:
            services, readers = _joined(settings, kit, models, sessions, lacking)
            for _ in range(readers):
                tasks.start_soon(services.reader.serve)
            try:
                yield services
            finally:
                services.reader.close()


def _joined(
    settings: Settings,
    kit: Kit,
    models: dict[str, Model],
    sessions: dict[str, CountedSession],
    lacking: Sequence[Notice],
) -> tuple[Services, int]:
    """The services, and how many tasks are to serve `services.reader`: batches that are in work at a time."""
    limits = settings.batching
    batch, in_flight = limits.max_batch or kit.concurrency.max_batch, limits.in_flight or kit.concurrency.in_flight
    options = ReaderOptions(detector_width=settings.faces.detector_width, batch=batch, detector_batch=batch)
    faces = FaceReader(sessions, kit.engine_ops, options, kit.tools)
    readers = kit.concurrency.readers
    wait_s = limits.max_wait_s or kit.concurrency.max_wait_s
    batcher = Batcher[Surface, Reading](lambda some: faces.read(list(some)), batch, wait_s, CapacityLimiter(readers))
    text = _text(settings, kit, sessions) if settings.text.enabled else None
    maturity = sessions.get("maturity")
    # One thread for each film: a film that waits for a free slot must not take the thread that another film needs to
    # free one.
    threads = max(settings.thread_count, in_flight)
    services = Services(
        device=kit.device,
        deciders=kit.deciders,
        ops=kit.ops,
        meter=kit.meter,
        open_decoder=kit.open_decoder,
        encoder=kit.encoder,
        reader=batcher,
        read=faces.read,
        glance=faces.read_again,
        text=text,
        maturity=MaturityClassifier(maturity, kit.engine_ops, kit.tools) if maturity else None,
        second_opinion=_second_opinion(kit, sessions.get("shots")),
        episode=engines_of(settings, kit, sessions) if settings.episode.enabled else None,
        models=models,
        providers=tuple(sorted({session.provider for session in sessions.values()})),
        notices=(*lacking, *kit.fallbacks(sessions)),
        in_flight=in_flight,
        statistics=Statistics({READER: batcher.sizes} | {role: session.sizes for role, session in sessions.items()}),
        memory=kit.memory,
        decode_threads=CapacityLimiter(threads),
        measure_threads=CapacityLimiter(threads),
        finale_threads=CapacityLimiter(settings.thread_count),
    )
    return services, readers


def _text(settings: Settings, kit: Kit, sessions: Mapping[str, Session]) -> TextDetector:
    lettering = LetteringReader(line_readers(settings, kit, sessions))
    return TextDetector(sessions["text_detection"], kit.engine_ops, tools=kit.tools, lettering=lettering)


def _second_opinion(kit: Kit, session: CountedSession | None) -> Callable[[], SecondOpinion] | None:
    """Makes the second opinion on the shots of one film; None where there is none."""
    if session is None:
        return None
    classifier = BoundaryClassifier(session, kit.engine_ops, kit.tools)
    return partial(AskedOpinion if kit.device == "cpu" else StreamedOpinion, classifier)


def _load(
    settings: Settings, kit: Kit, stack: ExitStack, progress: Progress | None
) -> tuple[dict[str, Model], dict[str, CountedSession], list[Notice]]:
    try:
        zoo = zoo_of(settings)
        roles = roles_of(settings)
        zoo.ensure(roles, progress)
        models = {role: zoo.model(role) for role in roles}
        sessions = {}
        for role, model in models.items():
            sessions[role] = CountedSession(kit.open_session(model.path, role))
            stack.callback(sessions[role].close)
        lacking = notices_of_models(zoo, settings)
    except ModelError as error:
        raise KeyartError(str(error)) from error
    import_module("sklearn.cluster")  # takes a second, which would otherwise be spent when the first film ends
    return models, sessions, lacking
