"""Groups face embeddings into people when their number is not known."""

from __future__ import annotations

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

from kernels.cuda.toolkit import set_cuda_path
from kernels.ops import Device

NOISE = -1
"""Label of points that belong to no cluster."""


def cluster(embeddings: np.ndarray, min_cluster_size: int, min_samples: int, device: Device = "cpu") -> np.ndarray:
    """HDBSCAN clusters (excess of mass, Euclidean): (N,) int64 labels 0, 1, … in order of first appearance, -1 for
    noise. Synchronises (on a device).

    embeddings: (N, D) float32 unit vectors, so that Euclidean order is cosine order. min_samples: counts the point
    itself on both devices, so a point is dense when its (min_samples − 1)-th other neighbour is near. When there are
    fewer points than either size, all are noise. Raises ValueError for sizes under 2 and for embeddings that are not
    finite.
    """
    if min(min_cluster_size, min_samples) < 2:
        raise ValueError(f"clusters and neighbourhoods need 2 points or more, not {min_cluster_size}, {min_samples}")
    points = _checked(embeddings)
    if len(points) < max(min_cluster_size, min_samples):
        return np.full(len(points), NOISE, np.int64)
    run = _on_cuda if device == "cuda" else _on_cpu
    return _in_order(run(points, min_cluster_size, min_samples))


def average_linkage(embeddings: np.ndarray, distance: float) -> np.ndarray:
    """Average-linkage clusters of cosine distances, cut at `distance`: (N,) int64 labels 0, 1, … in order of first
    appearance.

    For few points, where density means nothing. Every point is in a cluster, if only its own. embeddings: (N, D)
    float32 unit vectors. Raises ValueError for embeddings that are not finite.
    """
    points = _checked(embeddings)
    if len(points) < 2:
        return np.zeros(len(points), np.int64)
    apart = 1 - np.clip(points.astype(np.float64) @ points.T.astype(np.float64), -1, 1)
    condensed = apart[np.triu_indices(len(points), 1)]
    return _in_order(fcluster(linkage(condensed, "average"), distance, "distance"))


def _checked(embeddings: np.ndarray) -> np.ndarray:
    points = np.ascontiguousarray(embeddings, np.float32)
    if points.ndim != 2:
        raise ValueError(f"embeddings are (N, D), not {points.shape}")
    if not np.isfinite(points).all():
        raise ValueError("embeddings must be finite")
    return points


def _on_cpu(points: np.ndarray, min_cluster_size: int, min_samples: int) -> np.ndarray:
    from sklearn.cluster import HDBSCAN

    model = HDBSCAN(min_cluster_size=min_cluster_size, min_samples=min_samples, metric="euclidean", copy=True)
    return np.asarray(model.fit_predict(points))


def _on_cuda(points: np.ndarray, min_cluster_size: int, min_samples: int) -> np.ndarray:
    set_cuda_path()
    import cupy
    from cuml.cluster import HDBSCAN

    # cuML counts only the other points. scikit-learn, whose meaning is used here, counts the point itself too.
    others = min_samples - 1
    model = HDBSCAN(min_cluster_size=min_cluster_size, min_samples=others, metric="euclidean", output_type="numpy")
    return np.asarray(model.fit_predict(cupy.asarray(points)))


def _in_order(labels: np.ndarray) -> np.ndarray:
    """The same clusters numbered by first appearance, so that equal partitions give equal arrays."""
    numbers: dict[int, int] = {}
    for label in labels.tolist():
        if label >= 0:
            numbers.setdefault(label, len(numbers))
    return np.array([numbers.get(label, NOISE) for label in labels.tolist()], np.int64)
