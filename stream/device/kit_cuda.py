"""The parts of a CUDA device. Imported only when one was chosen."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

import numpy as np

from engines.asked_shapes import FACES, Asked, asked_shapes
from engines.convolutions import Convolutions
from engines.errors import ModelError, SessionError
from engines.fixed_shapes import FixedShapeSession
from engines.open_session import open_session
from engines.providers import TENSORRT
from engines.reader import ReaderOptions
from engines.session import Session
from engines.session_cuda import PROFILES
from engines.tools_cuda import CudaTools
from kernels.cuda.meter import CudaMeter
from kernels.cuda.ops import CudaOps
from kernels.cuda.runtime import CupyRuntime, Runtime
from kernels.ops import Device
from kernels.surface import Array, Geometry

from .. import log
from ..deciding.decisions import Deciders, OwnDeciders
from ..deciding.processes import DecidingProcesses
from ..decode.nvdec.open import chip_of_first_gpu, open_on_gpu
from ..decode.nvdec.session import Chip, RefusedError
from ..errors import KeyartError
from ..output.jpeg_cuda import CudaEncoder
from ..output.jpeg_libraries import TorchCodec, jpeg_library
from ..records import Notice
from ..settings.model import Settings
from .clustering import clustering_device
from .kit import Concurrency, Kit
from .memory import gpu_memory
from .tensorrt_engines import engine_folder

USUAL_ENGINES = 2
"""Decoder engines assumed when the GPU does not tell: most GPUs have one to three, an H100 or H200 seven."""
MAX_BATCH = 32
MAX_WAIT_S = 0.03
READERS = 2
"""While the device works on one batch the host prepares the next. A third reader would only make batches smaller."""


def cuda_kit(settings: Settings) -> Kit:
    """NVDEC, kernels, sessions on TensorRT or CUDA, cuML and nvJPEG on the first device; kernels are compiled here.

    Raises KeyartError when CuPy or the device fails, or when nothing can encode JPEG on it.
    """
    library = jpeg_library()
    try:
        engines, pictures = CupyRuntime(), CupyRuntime()
        pictures.prepare()
        folder = engine_folder(settings)
    except (RuntimeError, ModelError) as error:
        raise KeyartError(f"the GPU cannot be used: {error}") from error
    clustering, unfit = clustering_device(), without_engine(settings)
    return Kit(
        device="cuda",
        ops=CudaOps(pictures),
        encoder=CudaEncoder(pictures, library),
        meter=Meters(),
        engine_ops=CudaOps(engines),
        tools=CudaTools(engines),
        open_session=OpenSession(
            settings, partial(_open_session, engines, folder, unfit), partial(engines.zeros, dtype=np.float32)
        ),
        open_decoder=partial(open_on_gpu, share=settings.cuda.memory_share),
        deciders=deciders(settings.cuda.deciding_processes, clustering),
        concurrency=concurrency(decoder_engines()),
        fallbacks=partial(fallbacks, folder is not None, unfit, clustering, library.name),
        memory=gpu_memory,
    )


def deciders(processes: int, clustering: Device) -> Deciders:
    """Where the ends of films are decided: in so many processes, which begin to start now, or in this one for 0. Raises
    KeyartError when none can be started."""
    if not processes:
        return OwnDeciders(clustering)
    try:
        return DecidingProcesses(processes, clustering)
    except OSError as error:
        raise KeyartError(
            f"no process that decides can be started ({error.strerror}), make room or set cuda.deciding_processes to 0"
        ) from error


def decoder_engines(make_chip: Callable[[], Chip] = chip_of_first_gpu) -> int | None:
    """How many decoder engines the GPU has; None when it does not tell.

    Each question to the decoder makes a context on the device, so nothing more is asked here: whether the GPU can
    decode a film is asked when the film is opened (`Chip.check`).
    """
    try:
        return make_chip().engines()
    except (OSError, RuntimeError, RefusedError, KeyartError) as error:
        log.warning("decoder engines not counted", error, taken_for=USUAL_ENGINES)
        return None


def concurrency(engines: int | None) -> Concurrency:
    """What suits a GPU with so many decoder engines; None: unknown."""
    return Concurrency(MAX_BATCH, READERS, films_in_flight(engines), MAX_WAIT_S)


def films_in_flight(engines: int | None) -> int:
    """Films to work on at a time: two for each decoder engine, so that one keeps it busy while the other begins or
    ends.

    engines: decoder engines of the GPU; None: unknown, `USUAL_ENGINES` are assumed.
    """
    return 2 * max(1, USUAL_ENGINES if engines is None else engines)


def without_engine(settings: Settings) -> dict[str, str]:
    """Role → why its model cannot run on a TensorRT engine with these settings. Engines are built for a range of input
    sizes, and one for the widest detector would not fit on any device."""
    widest, width = PROFILES["detector"].largest[3], settings.faces.detector_width
    return {"detector": f"faces.detector_width {width} is above its engine's {widest}"} if width > widest else {}


def fallbacks(
    tensorrt: bool, unfit: Mapping[str, str], clustering: Device, encoder: str, sessions: Mapping[str, Session]
) -> list[Notice]:
    """Notices of what was asked for and is done by something else.

    tensorrt: whether sessions were to run on TensorRT. unfit: see `without_engine`. clustering: the device on which
    faces are grouped. encoder: name of the library that encodes pictures. sessions: role → session.
    """
    notices = []
    left_out = sorted(role for role, session in sessions.items() if tensorrt and session.provider != TENSORRT)
    if left_out:
        named = ", ".join(f"{role} ({unfit[role]})" if role in unfit else role for role in left_out)
        message = f"TensorRT was asked for and not used for {named}; on the CUDA provider instead"
        notices.append(Notice("tensorrt_not_used", message))
    if clustering == "cpu":
        notices.append(Notice("clustered_on_cpu", "cuML is not installed, faces were grouped by scikit-learn"))
    if encoder != TorchCodec.name:
        message = f"TorchCodec cannot be used, pictures were encoded by {encoder}, whose encoder is announced to go"
        notices.append(Notice("encoded_by_torchvision", message))
    return notices


class Meters:
    """Makes one meter for each film. Each has its own stream, so that films do not wait for each other's frames.

    The stream of a meter that no longer exists is used again: CuPy keeps memory for each stream, and new streams would
    keep some for every film of the run.
    """

    def __init__(self, make_runtime: Callable[[], Runtime] = CupyRuntime) -> None:
        self._make_runtime = make_runtime
        self._free: SimpleQueue[Runtime] = SimpleQueue()

    def __call__(self, geometry: Geometry) -> CudaMeter:
        """A meter for one film of this geometry. Safe for several threads."""
        try:
            runtime = self._free.get_nowait()
        except Empty:
            runtime = self._make_runtime()
        meter = CudaMeter(geometry, runtime)
        weakref.finalize(meter, self._free.put, runtime).atexit = False
        return meter


class OpenSession:
    """Opens a model on TensorRT where an engine is there, whose shapes are free in a range, else on the CUDA provider
    in few shapes (`asked_shapes`), in the usual ones of which it is run once if the settings say so.

    open_one: (file, role, how it computes) → a session of one model. zeros: shape → float32 array on the device.
    """

    def __init__(
        self,
        settings: Settings,
        open_one: Callable[[Path, str, Convolutions], Session],
        zeros: Callable[[tuple[int, ...]], Array],
    ) -> None:
        chosen = settings.cuda
        self._convolutions = Convolutions(chosen.conv_search, chosen.conv_max_workspace, chosen.tf32)
        options = ReaderOptions(detector_width=settings.faces.detector_width)
        self._asked = asked_shapes(options, episode=settings.episode.enabled)
        self._most = settings.batching.max_batch or MAX_BATCH
        self._open_one, self._zeros, self._warm_up = open_one, zeros, chosen.warm_up

    def __call__(self, path: Path, role: str) -> Session:
        """See `Kit.open_session`. Raises ModelError when the model cannot be run."""
        open_one = partial(self._open_one, path, role, self._convolutions)
        first = open_one()
        if first.provider == TENSORRT:
            return first
        asked = self._asked.get(role, Asked("", FACES, {})).within(self._most)
        session = FixedShapeSession(first, open_one, asked.rows, asked.usual)
        if self._warm_up:
            self._warm(session, role, asked)
        return session

    def _warm(self, session: Session, role: str, asked: Asked) -> None:
        try:
            for shape in asked.shapes():
                session.run({asked.input_name: self._zeros(shape)})
        except SessionError as error:
            session.close()
            raise ModelError(f"{role}: cannot be run ({error})") from error


def _open_session(
    runtime: CupyRuntime,
    engines: Path | None,
    unfit: Mapping[str, str],
    path: Path,
    role: str,
    convolutions: Convolutions,
) -> Session:
    return open_session(
        path,
        "cuda",
        name=role,
        stream=runtime.stream,
        device_id=runtime.device_id,
        engine_cache=None if role in unfit else engines,
        convolutions=convolutions,
    )
