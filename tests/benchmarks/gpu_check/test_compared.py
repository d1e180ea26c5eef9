"""Comparisons of the GPU check that can be tested without a GPU: rates, results, kernels, tests, partitions."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.gpu_check.clustering import cluster_on_device, cluster_sizes, compare_runs, synthetic_faces
from benchmarks.gpu_check.kernels import BATCH, PICTURE_KINDS, READS, PictureKind, kernel_row, noise_surface, workloads
from benchmarks.gpu_check.measuring import decode_film
from benchmarks.gpu_check.parity import compare_manifests, count_shared, same_people
from benchmarks.gpu_check.python import VARIANTS, variant
from benchmarks.gpu_check.rates import ratio, run_bare_decoder
from benchmarks.gpu_check.tests import count_results, group_by_folder, sum_folders
from kernels.cuda.ops import CudaOps
from kernels.cuda.sources import KERNELS
from stream.manifest import Manifest

from ...kernels import emulated
from ...stream.samples import sample_tree


class LaunchRecorder(emulated.EmulatedRuntime):
    """The emulated device; `launched` names the kernels that were launched on it."""

    def __init__(self) -> None:
        super().__init__()
        self.launched: set[str] = set()

    def launch(self, kernel: str, *arguments: Any) -> None:
        self.launched.add(kernel)
        super().launch(kernel, *arguments)


def test_rates_by_reference_frames_are_held_against_the_decoder_of_all() -> None:
    everything = {"raw": [{"fps": 4000.0}, {"fps": 4200.0}], "whole": [{"fps": 4100.0}]}
    assert ratio(everything, None) == 1.0
    assert ratio({"raw": [], "whole": [{"fps": 8200.0}]}, everything) == 2.0
    assert ratio({"raw": [], "whole": [{"fps": 8200.0}]}, None) is None


def test_the_bare_decoder_runs_films_side_by_side_and_its_errors_are_heard() -> None:
    paths = [Path(f"{number}.mkv") for number in (3, 4, 5)]
    assert run_bare_decoder(paths, 2, lambda path: int(path.stem))["frames"] == 12
    with pytest.raises(ValueError, match="invalid literal"):
        run_bare_decoder([*paths, Path("broken.mkv")], 2, lambda path: int(path.stem))


def test_decoding_and_measuring_alone(scenes_film: Path) -> None:
    assert decode_film(scenes_film, device="cpu") == decode_film(scenes_film, device="cpu", measured=False) == 240
    assert 0 < decode_film(scenes_film, mode="reference", device="cpu") < 240


@pytest.mark.parametrize("name", VARIANTS)
def test_settings_of_python_are_put_back(name: str) -> None:
    before = sys.getswitchinterval(), gc.isenabled()
    with variant(name):
        assert gc.isenabled() is (name != "collector off")
    assert (sys.getswitchinterval(), gc.isenabled()) == before


def manifest(times: list[float], **changes: Any) -> Manifest:
    tree = sample_tree(**changes)
    image = tree["images"][0]
    tree["images"] = [{**image, "rank": rank, "time_s": time_s} for rank, time_s in enumerate(times, 1)]
    return Manifest.model_validate(tree)


def test_two_results_are_held_side_by_side() -> None:
    cpu = manifest([float(second) for second in range(10)])
    same = compare_manifests(cpu, cpu)
    assert (same["same_shots"], same["same_mains"], same["bars_apart_px"], same["shared_of_ten"]) == (True, True, 0, 10)
    shot = {**sample_tree()["shots"][0], "end_s": 2.04}
    other = manifest(
        [0.0, 1.0, 2.2, 30.0], shots=[shot], active_area={"top": 2, "bottom": 0, "left": 0, "right": 1}, characters=[]
    )
    row = compare_manifests(cpu, other)
    assert (row["same_shots"], row["different_shots"], row["same_mains"], row["bars_apart_px"]) == (False, 2, False, 2)
    assert (row["shared"], row["near"], row["shared_of_ten"]) == (2, 3, 2.0)


def test_people_are_the_same_by_where_they_appear() -> None:
    first = [frozenset({1, 2, 3, 4, 5}), frozenset({7, 8})]
    assert same_people(first, [frozenset({7, 8}), frozenset({1, 2, 3, 4, 5})])
    assert same_people(first, [frozenset({7, 8}), frozenset({1, 2, 3, 4})])
    assert not same_people(first, [frozenset({7, 8}), frozenset({1, 2})])
    assert not same_people(first, first[:1])
    assert count_shared([1.0, 2.0, 2.1], [2.05, 9.0], 0.3) == 1
    assert count_shared([1.0, 2.0], [2.0, 1.0], 1e-3) == 2


def test_bytes_of_a_kernel_over_its_time_are_its_rate() -> None:
    assert set(READS) <= {kernel for kernels in KERNELS.values() for kernel in kernels}
    assert kernel_row({"bytes": [3_000_000] * 3, "seconds": [1e-6, 1e-5, 1e-4]}) == {
        "launches": 3, "bytes": 3_000_000, "us": 10.0, "gb_s": 300.0,
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(not emulated.available(), reason="needs g++")
@pytest.mark.parametrize("bits", [8, 10])
def test_the_work_launches_every_kernel_on_every_kind_of_picture(bits: int) -> None:
    runtime, kind = LaunchRecorder(), PictureKind(192, 108, bits)
    pictures = [noise_surface(runtime, seed, kind) for seed in range(BATCH)]
    assert {picture.y.dtype.itemsize for picture in pictures} == {1 if bits == 8 else 2}
    for _, _, call in workloads(CudaOps(runtime), runtime, pictures, kind):
        call(1)
    assert runtime.launched == {kernel for kernels in KERNELS.values() for kernel in kernels}
    assert {(kind.height, kind.bits) for kind in PICTURE_KINDS.values()} == {
        (1080, 8),
        (1080, 10),
        (2160, 8),
        (2160, 10),
    }


def test_pytests_answer_is_counted() -> None:
    junit = """<testsuites><testsuite><testcase classname="a" name="x"/><testcase classname="a" name="y">
        <failure message="assert 1 == 2&#10;more"/></testcase><testcase classname="a" name="z"><skipped/></testcase>
        </testsuite></testsuites>"""
    found = count_results(junit)
    assert (found["passed"], found["failed"], found["skipped"]) == (1, 1, 1)
    assert found["failures"] == [{"test": "a::y", "reason": "assert 1 == 2"}]
    none = count_results("<testsuite/>")
    assert sum_folders({"a": found, "b": none}) == {**found, "passed_all": False}
    assert sum_folders({"b": none})["passed_all"] is None


def test_every_test_is_in_one_group(tmp_path: Path) -> None:
    for name in ("a/test_1.py", "a/scenes.py", "b/samples.py", "test_2.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert group_by_folder(tmp_path) == {"a": [tmp_path / "a"], tmp_path.name: [tmp_path / "test_2.py"]}


def test_partitions_are_compared_by_what_is_together() -> None:
    from engines.clustering import cluster

    def fake_cluster(points: np.ndarray, size: int, samples: int, device: str) -> np.ndarray:
        return cluster(points, size, samples)

    points = synthetic_faces(300)
    assert np.allclose(np.linalg.norm(points, axis=1), 1, atol=1e-5)
    both = [cluster_on_device(fake_cluster, points, device) for device in ("cuda", "cpu")]  # type: ignore[arg-type]
    row = compare_runs(*both)
    assert (row["equal"], row["rand_index"]) == (True, 1.0)
    assert row["cpu_groups"] == row["cuda_groups"] >= 5
    assert "labels" not in row
    other = {"labels": [0] * 299 + [1], "cuda_s": 0.1}
    assert compare_runs(other, {"labels": [0] * 300, "cpu_s": 0.2})["equal"] is False
    assert cluster_sizes(20) == (2, 2)
    assert cluster_sizes(20_000) == (5, 5)
