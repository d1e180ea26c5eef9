"""Part of `gpu_check`: cuML compared with scikit-learn."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..report import Row
from .job import Job

if TYPE_CHECKING:
    from kernels.ops import Device

SIZES = (500, 3000, 20000)
DIMENSIONS = 128
_REPEATED_BELOW_S = 8.0
"""Runs that took longer are not repeated: scikit-learn needs more than a minute for the largest size."""


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
