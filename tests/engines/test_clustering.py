"""Clusters are found whatever their number, noise stays noise, and the order of points does not matter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.gpu_check.clustering import cluster_sizes
from benchmarks.gpu_clips import embeddings_of
from engines.clustering import NOISE, average_linkage, cluster


def people(counts: list[int], spread: float = 0.02, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around one random direction for each person, and the person of each vector."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(len(counts), 128))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    truth = np.repeat(np.arange(len(counts)), counts)
    points = centres[truth] + rng.normal(size=(len(truth), 128)) * spread
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32), truth


def test_people_of_many_sizes_are_found() -> None:
    points, truth = people([40, 12, 6])
    assert np.array_equal(cluster(points, 5, 2), truth)


def test_strangers_make_no_group_of_their_own() -> None:
    points, truth = people([20, 20])
    strangers, _ = people([1] * 8, seed=9)
    labels = cluster(np.concatenate([points, strangers]), 5, 3)
    assert np.array_equal(labels[:40], truth)
    assert set(labels[40:].tolist()) <= {NOISE, 0, 1}
    assert NOISE in labels[40:]


def test_labels_follow_first_appearance() -> None:
    points, truth = people([10, 10, 10])
    order = np.random.default_rng(3).permutation(30)
    first_seen = list(dict.fromkeys(truth[order].tolist()))
    assert cluster(points[order], 5, 2).tolist() == [first_seen.index(who) for who in truth[order].tolist()]


def test_too_few_points_are_noise() -> None:
    points, _ = people([4])
    assert cluster(points, 5, 2).tolist() == [NOISE] * 4
    assert cluster(points[:0], 5, 2).shape == (0,)


def test_min_samples_counts_the_point_itself() -> None:
    """A pair has exactly two points in its neighbourhood: with min_samples 2 it is a cluster, with 3 nothing is
    dense."""
    points, _ = people([2, 2, 2], spread=0.005)
    assert set(cluster(points, 2, 2).tolist()) == {0, 1, 2}
    assert set(cluster(points, 2, 3).tolist()) != {0, 1, 2}


@pytest.mark.parametrize(("size", "samples"), [(1, 2), (2, 1), (0, 5)])
def test_sizes_below_two_are_refused(size: int, samples: int) -> None:
    with pytest.raises(ValueError, match="2 points or more"):
        cluster(people([8])[0], size, samples)


@pytest.mark.parametrize("group", [lambda points: cluster(points, 2, 2), lambda points: average_linkage(points, 0.1)])
def test_bad_numbers_and_shapes_are_refused(group) -> None:  # type: ignore[no-untyped-def]
    points = people([8])[0]
    points[3, 5] = np.nan
    with pytest.raises(ValueError, match="finite"):
        group(points)
    with pytest.raises(ValueError, match=r"\(N, D\)"):
        group(points[0])


def test_linkage_needs_no_crowd() -> None:
    points, truth = people([3, 1, 2])
    assert np.array_equal(average_linkage(points, 0.3), truth)
    assert average_linkage(points, 0.0).max() == 5
    assert average_linkage(points, 2.1).max() == 0


def test_linkage_of_one_and_none() -> None:
    points, _ = people([1])
    assert average_linkage(points, 0.1).tolist() == [0]
    assert average_linkage(points[:0], 0.1).shape == (0,)


@pytest.mark.gpu
@pytest.mark.slow
def test_both_devices_agree() -> None:
    """Slow only because cuML is imported for the first time."""
    pytest.importorskip("cuml")
    points, _ = people([40, 25, 12, 9, 5], spread=0.05)
    strangers, _ = people([1] * 30, seed=4)
    points = np.concatenate([points, strangers])
    for size, samples in ((5, 5), (3, 2), (5, 3)):
        assert np.array_equal(cluster(points, size, samples, "cpu"), cluster(points, size, samples, "cuda"))


@pytest.mark.gpu
@pytest.mark.slow
@pytest.mark.testdata
@pytest.mark.models
@pytest.mark.parametrize("name", ["E01", "E02", "E03", "E04", "E05"])
def test_both_devices_agree_on_the_faces_of_a_film(name: str, testdata: Path, models_dir: Path) -> None:
    """With all faces that the CPU path finds, and with their means along the tracks."""
    pytest.importorskip("cuml")
    (film,) = (testdata / "episodes" / name).glob(f"{name}.*")
    for points in embeddings_of(film):
        assert len(points) >= 12
        labels = [cluster(points, *cluster_sizes(len(points)), device) for device in ("cpu", "cuda")]
        assert np.array_equal(*labels)
