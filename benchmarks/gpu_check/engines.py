"""Parts of `gpu_check`: throughput of the models by batch size, and cuML compared with scikit-learn."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from ..report import Row
from .job import Job

if TYPE_CHECKING:
    from kernels.ops import Device

BATCHES = (1, 8, 32)
_AS_IN_A_FILM = (1, 3, 8, 2, 32, 5, 1, 12)
"""Sizes of the batches of a film, one after another."""
MEASURED_AT_LEAST_S = 0.5
SIZES = (500, 3000, 20000)
DIMENSIONS = 128
_REPEATED_BELOW_S = 8.0
"""Runs that took longer are not repeated: scikit-learn needs more than a minute for the largest size."""


def engines(job: Job) -> None:
    """Records for each model the items a second at each batch size, with the first run of that size apart, its
    provider, and its number of nodes on the CPU; and what a batch costs where sizes change as in a film: by one
    session, and by one for each of a few sizes (`FixedShapeSession`)."""
    from engines.fixed_shapes import FixedShapeSession
    from engines.open_session import open_session
    from engines.session_cuda import cpu_nodes
    from kernels.cuda.runtime import CupyRuntime
    from stream.device.models import roles_of, zoo_of
    from stream.device.tensorrt_engines import buildable, engine_folder
    from stream.settings.model import Settings

    settings = Settings(device="cuda")
    zoo_of(settings).ensure(roles_of(settings))
    folder, device = engine_folder(settings), CupyRuntime()
    models: dict[str, Row] = {}
    for role, path in buildable(settings).items():
        open_one = partial(open_session, path, "cuda", name=role, stream=device.stream, engine_cache=folder)
        started_s = time.perf_counter()
        session = open_one()
        opened_s = round(time.perf_counter() - started_s, 2)
        fixed = FixedShapeSession(session, open_one, [size for size in BATCHES if size <= _largest(role)])
        try:
            rates = {str(batch): session_throughput(session, role, batch, device) for batch in BATCHES}
            changing = {
                "one_session_ms": changing_ms(session, role, device),
                "fixed_shapes_ms": changing_ms(fixed, role, device),
            }
        finally:
            fixed.close()
        kept = {"provider": session.provider, "opened_s": opened_s, "cpu_nodes": cpu_nodes(path)}
        models[role] = {**kept, "batches": rates, "changing": changing}
        job.note("models", models)


def session_throughput(session: Any, role: str, batch: int, device: Any) -> Row:
    """Milliseconds for the first run and for each later one, and items a second. A batch above the largest of the
    model's profile is cut to that. Synchronises after every run."""
    batch = min(batch, _largest(role))
    run = _runs(session, role, [batch], device)
    first_ms = _timed_ms(run)
    run()
    run()
    times_ms = _times_ms(run)
    ms = sum(times_ms) / len(times_ms)
    return {"batch": batch, "first_ms": round(first_ms, 3), "ms": round(ms, 3), "items_s": round(1e3 * batch / ms, 1)}


def changing_ms(session: Any, role: str, device: Any) -> float:
    """Milliseconds for a batch, of sizes that change as in a film; the first round of them is not counted. Synchronises
    after every run."""
    sizes = [size for size in _AS_IN_A_FILM if size <= _largest(role)]
    run = _runs(session, role, sizes, device)
    for _ in sizes:
        run()
    times_ms = _times_ms(run)
    return round(sum(times_ms) / len(times_ms), 3)


def _largest(role: str) -> int:
    from engines.session_cuda import PROFILES

    return PROFILES[role].largest[0]


def _runs(session: Any, role: str, sizes: Sequence[int], device: Any) -> Callable[[], None]:
    """Runs a session on the next of these sizes each time it is called, and waits for the device."""
    import cupy

    from engines.session_cuda import PROFILES

    name, row = PROFILES[role].input_name, PROFILES[role].usual[1:]
    with device.queue():
        inputs = cycle([{name: cupy.random.random((size, *row), dtype=cupy.float32)} for size in sizes])

    def run() -> None:
        with device.queue():
            session.run(next(inputs))
            device.synchronise()

    return run


def _timed_ms(run: Callable[[], None]) -> float:
    started_s = time.perf_counter()
    run()
    return 1e3 * (time.perf_counter() - started_s)


def _times_ms(run: Callable[[], None]) -> list[float]:
    """Milliseconds of runs until together they took `MEASURED_AT_LEAST_S`."""
    times_ms: list[float] = []
    while sum(times_ms) < 1e3 * MEASURED_AT_LEAST_S:
        times_ms.append(_timed_ms(run))
    return times_ms


def clustering(job: Job) -> None:
    """Records seconds on both devices, and whether the partitions are equal, for the films' faces and for synthetic
    points."""
    from engines.clustering import cluster

    points = [("films", name, rows) for name, rows in embeddings(job).items()]
    points += [("made", str(size), synthetic_faces(size)) for size in SIZES]
    cluster(synthetic_faces(200), 5, 5, "cuda")  # loads libraries and compiles, which happens once
    runs: Row = {}
    for of, name, rows in points:
        # The GPU first, so that its figure is there when the time runs out.
        partial = {"of": of, "points": len(rows), **cluster_on_device(cluster, rows, "cuda")}
        runs[name] = {**partial, "equal": None}
        job.note("runs", {key: without_labels(run) for key, run in runs.items()})
        runs[name] = compare_runs(partial, cluster_on_device(cluster, rows, "cpu"))
        job.note("runs", runs)


def without_labels(run: Row) -> Row:
    """A run without the labels of its points, for the report."""
    return {key: value for key, value in run.items() if key != "labels"}


Cluster = Callable[[np.ndarray, int, int, "Device"], np.ndarray]


def cluster_on_device(cluster: Cluster, points: np.ndarray, device: Device) -> Row:
    """Labels, and seconds of the faster of two runs; of one run when it took long."""
    seconds: list[float] = []
    labels = np.zeros(0, np.int64)
    while len(seconds) < 2 and sum(seconds) < _REPEATED_BELOW_S:
        started_s = time.perf_counter()
        labels = cluster(points, *cluster_sizes(len(points)), device)
        seconds.append(time.perf_counter() - started_s)
    return {
        f"{device}_s": round(min(seconds), 4),
        f"{device}_groups": int(labels.max(initial=-1)) + 1,
        "labels": labels.tolist(),
    }


def compare_runs(cuda: Row, cpu: Row) -> Row:
    """Both runs in one row, without labels: whether the partitions are equal, and the adjusted Rand index."""
    from sklearn.metrics import adjusted_rand_score

    first, second = cuda.pop("labels"), cpu.pop("labels")
    faster = round(cpu["cpu_s"] / cuda["cuda_s"], 1) if cuda["cuda_s"] else None
    index = round(float(adjusted_rand_score(second, first)), 6)
    return {**cuda, **cpu, "equal": first == second, "rand_index": index, "times_faster": faster}


def cluster_sizes(count: int) -> tuple[int, int]:
    """Least size of a cluster and of a neighbourhood for `count` points, as the pipeline chooses them."""
    size = int(np.clip(count // 25, 2, 5))
    return size, size


def synthetic_faces(count: int) -> np.ndarray:
    """(count, 128) float32 unit vectors: faces of so many people that each has about 40; one face in ten belongs to
    nobody."""
    rng = np.random.default_rng(0)
    persons = rng.standard_normal((max(2, count // 40), DIMENSIONS))
    faces = persons[rng.integers(0, len(persons), count)] + 0.35 * rng.standard_normal((count, DIMENSIONS))
    strangers = rng.random(count) < 0.1
    faces[strangers] = rng.standard_normal((int(strangers.sum()), DIMENSIONS))
    return np.asarray(faces / np.linalg.norm(faces, axis=1, keepdims=True), np.float32)


def embeddings(job: Job) -> dict[str, np.ndarray]:
    """The embeddings that `gpu_clips` wrote, by name, of sets with at least 12 faces; empty when the file is
    missing."""
    try:
        kept = np.load(job.clip("embeddings.npz"))
    except FileNotFoundError as error:
        job.note("films", str(error))
        return {}
    return {name: kept[name] for name in kept.files if len(kept[name]) >= 12}
