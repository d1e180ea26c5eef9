"""Parts of `gpu_check`: throughput of the models in the shapes that films ask, and how their convolutions are best
computed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from engines.asked_shapes import Asked, Shape, asked_shapes
from engines.convolutions import Convolutions
from engines.fixed_shapes import FixedShapeSession
from engines.session import Session

from ..report import Row
from .job import Job

_AS_IN_A_FILM = (1, 3, 8, 2, 32, 5, 1, 12)
"""Sizes of the batches of a film, one after another."""
MEASURED_AT_LEAST_S = 0.5
CONVOLUTIONS = {
    "heuristic": Convolutions("heuristic"),
    "heuristic, TF32": Convolutions("heuristic", tf32=True),
    "exhaustive": Convolutions("exhaustive"),
    "exhaustive, TF32": Convolutions("exhaustive", tf32=True),
    "default": Convolutions("default"),
}
"""Ways to compute, in the order of importance, because time may run out."""


@dataclass(frozen=True, slots=True)
class Models:
    """The models of a run. `paths`: by role; `device`: on which they run; `open_one`: (path, role, how it computes) → a
    session; `least_s`: how long a figure is measured at least."""

    paths: dict[str, Path]
    device: Any
    open_one: Callable[[Path, str, Convolutions], Session]
    least_s: float = MEASURED_AT_LEAST_S


def engines(job: Job) -> None:
    """Records for each model, in each of its usual shapes, the items a second with the first run apart, its provider,
    and its number of nodes on the CPU; and what a batch costs where sizes change as in a film: by one session, and by
    one for each of a few shapes (`FixedShapeSession`)."""
    from engines.session_cuda import cpu_nodes

    models = _models()
    found: dict[str, Row] = {}
    for role, path in models.paths.items():
        found[role] = {"cpu_nodes": cpu_nodes(path), **throughput(models, role)}
        job.note("models", found)


def convolutions(job: Job) -> None:
    """Records what a batch of each model costs, where sizes change as in a film and each shape has a session, for each
    way to search for an algorithm, with and without TF32; and what the first runs take."""
    models = _models(engines=False)
    found: dict[str, Row] = {}
    for name, how in CONVOLUTIONS.items():
        found[name] = {}
        for role in models.paths:
            found[name][role] = computed(models, role, how)
            job.note("convolutions", found)
        found[name]["all_ms"] = round(sum(row["ms"] for row in found[name].values()), 3)
        job.note("convolutions", found)


def _models(engines: bool = True) -> Models:
    """The models of a run with default settings; on TensorRT, where it is used and `engines` are wanted."""
    from engines.open_session import open_session
    from kernels.cuda.runtime import CupyRuntime
    from stream.device.models import roles_of, zoo_of
    from stream.device.tensorrt_engines import buildable, engine_folder
    from stream.settings.model import Settings

    settings = Settings(device="cuda")
    zoo_of(settings).ensure(roles_of(settings))
    folder, device = engine_folder(settings) if engines else None, CupyRuntime()

    def open_one(path: Path, role: str, how: Convolutions) -> Session:
        return open_session(path, "cuda", name=role, stream=device.stream, engine_cache=folder, convolutions=how)

    return Models(buildable(settings), device, open_one)


def throughput(models: Models, role: str) -> Row:
    """The figures of one model as a run computes it."""
    asked, open_one = asked_shapes()[role], partial(models.open_one, models.paths[role], role, Convolutions())
    started_s = time.perf_counter()
    session = open_one()
    opened_s = round(time.perf_counter() - started_s, 2)
    provider = session.provider
    with closing(FixedShapeSession(session, open_one, asked.rows, asked.usual)) as fixed:
        shapes = {_words(shape): _in_one_shape(session, asked, shape, models) for shape in asked.shapes()}
        changing = {
            "one_session_ms": changing_ms(session, asked, models),
            "fixed_shapes_ms": changing_ms(fixed, asked, models),
        }
    return {"provider": provider, "opened_s": opened_s, "shapes": shapes, "changing": changing}


def computed(models: Models, role: str, how: Convolutions) -> Row:
    """Seconds to open a session for each usual shape and run it once, and milliseconds of a batch afterwards."""
    asked, open_one = asked_shapes()[role], partial(models.open_one, models.paths[role], role, how)
    started_s = time.perf_counter()
    with closing(FixedShapeSession(open_one(), open_one, asked.rows, asked.usual)) as fixed:
        first = _runs(fixed, asked, asked.shapes(), models)
        for _ in asked.shapes():
            first()
        return {
            "first_s": round(time.perf_counter() - started_s, 2),
            "ms": changing_ms(fixed, asked, models),
        }


def _in_one_shape(session: Session, asked: Asked, shape: Shape, models: Models) -> Row:
    """Milliseconds for the first run and for each later one, and items a second. Synchronises after every run."""
    run = _runs(session, asked, [shape], models)
    first_ms = _timed_ms(run)
    run()
    run()
    times_ms = _times_ms(run, models.least_s)
    ms = sum(times_ms) / len(times_ms)
    return {"first_ms": round(first_ms, 3), "ms": round(ms, 3), "items_s": round(1e3 * shape[0] / ms, 1)}


def changing_ms(session: Session, asked: Asked, models: Models) -> float:
    """Milliseconds for a batch of shapes that change as in a film; the first round of them is not counted. Synchronises
    after every run."""
    shapes = list(as_in_a_film(asked))
    run = _runs(session, asked, shapes, models)
    for _ in shapes:
        run()
    times_ms = _times_ms(run, models.least_s)
    return round(sum(times_ms) / len(times_ms), 3)


def as_in_a_film(asked: Asked) -> Iterator[Shape]:
    """Shapes of batches one after another: sizes change, and inputs of each usual size come by turns."""
    inputs = cycle(asked.usual.items())
    for _ in range(len(asked.usual)):
        for size in _AS_IN_A_FILM:
            shape, rows = next(inputs)
            yield (min(size, rows[-1]), *shape)
        next(inputs)  # so that the next round has other sizes with each input


def _words(shape: Shape) -> str:
    return "x".join(map(str, shape))


def _runs(session: Session, asked: Asked, shapes: Sequence[Shape], models: Models) -> Callable[[], None]:
    """Runs a session on the next of these shapes each time it is called, and waits for the device."""
    device, rng = models.device, np.random.default_rng(0)
    with device.queue():
        made = {shape: device.upload(rng.random(shape, np.float32)) for shape in dict.fromkeys(shapes)}
        inputs = cycle([{asked.input_name: made[shape]} for shape in shapes])

    def run() -> None:
        with device.queue():
            session.run(next(inputs))
            device.synchronise()

    return run


def _timed_ms(run: Callable[[], None]) -> float:
    started_s = time.perf_counter()
    run()
    return 1e3 * (time.perf_counter() - started_s)


def _times_ms(run: Callable[[], None], least_s: float) -> list[float]:
    """Milliseconds of runs until together they took so long."""
    times_ms = [_timed_ms(run)]
    while sum(times_ms) < 1e3 * least_s:
        times_ms.append(_timed_ms(run))
    return times_ms
