"""What of the GPU check can be tried without a GPU: parts' isolation, the report, the figures, peers that count."""

from __future__ import annotations

import gc
import json
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest

from benchmarks.gpu_check import PARTS, check, last_line, main
from benchmarks.gpu_check_counting import CountingRuntime, traced_bytes
from benchmarks.gpu_check_device import counted
from benchmarks.gpu_check_engines import compared, on_device, people, sizes
from benchmarks.gpu_check_figures import figures
from benchmarks.gpu_check_kernels import READS, Kind, summed
from benchmarks.gpu_check_kernels import surface as surface_of
from benchmarks.gpu_check_measuring import through
from benchmarks.gpu_check_memory import Sampler
from benchmarks.gpu_check_parity import compare, same_people, shared
from benchmarks.gpu_check_parity import run as run_films
from benchmarks.gpu_check_python import VARIANTS, variant
from benchmarks.gpu_check_rates import ratio, raw, whole
from benchmarks.gpu_check_services import (
    CountingEncoder,
    CountingMeter,
    CountingOps,
    Tally,
    counted_services,
    device_meter,
)
from kernels.cpu import CpuOps
from kernels.cuda.sources import KERNELS
from kernels.stats import ROW
from kernels.surface import Colour, Geometry, Surface
from stream.encode import CpuEncoder
from stream.manifest import Manifest
from stream.settings import Settings

from ..kernels import emulated
from ..stream.samples import sample_tree

PEERS = """
import os, signal, threading

def good(job):
    job.note("answer", 42)

def fails(job):
    job.note("so_far", 1)
    raise ValueError("not on this GPU\\nmore")

def group(job):
    raise ExceptionGroup("several", [OSError("the driver is gone")])

def dies(job):
    print("Xid 79", file=__import__("sys").stderr, flush=True)
    os.kill(os.getpid(), signal.SIGSEGV)

def hangs(job):
    job.note("so_far", 2)
    threading.Event().wait()
"""


@pytest.fixture
def peers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, int]]:
    """Parts in a package that only the child processes see."""
    package = tmp_path / "peers_of_parts"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "parts.py").write_text(textwrap.dedent(PEERS))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(__file__).resolve().parents[2]}")
    return {name: (f"peers_of_parts.parts:{name}", 60) for name in ("good", "fails", "group", "dies", "hangs")}


def test_a_part_that_fails_takes_nothing_along(tmp_path: Path, peers: dict[str, tuple[str, int]]) -> None:
    out = tmp_path / "report.json"
    report = check(["fails", "group", "dies", "good"], tmp_path, None, out, 60, peers, lambda line: None)
    assert json.loads(out.read_text()) == report
    parts = report["parts"]
    assert [part["state"] for part in parts.values()] == ["failed", "failed", "failed", "ok"]
    assert parts["fails"]["result"] == {"so_far": 1}
    assert parts["fails"]["reason"] == "more"
    assert parts["group"]["reason"] == "OSError: the driver is gone"
    assert parts["dies"]["reason"] == "ended by signal 11, last said: Xid 79"
    assert parts["good"]["result"] == {"answer": 42}
    assert {figure["met"] for figure in report["figures"]} == {None}


def test_a_part_that_hangs_is_stopped_and_what_it_told_is_kept(
    tmp_path: Path, peers: dict[str, tuple[str, int]]
) -> None:
    peers["hangs"] = (peers["hangs"][0], 2)
    report = check(["hangs", "good"], tmp_path, None, tmp_path / "r.json", 10.5, peers, lambda line: None)
    assert report["parts"]["hangs"]["state"] == "stopped"
    assert report["parts"]["hangs"]["result"] == {"so_far": 2}
    assert report["parts"]["good"] == {"state": "skipped", "reason": "no time left", "wall_s": 0.0, "result": {}}


def test_every_part_is_there_and_the_time_is_enough_for_most() -> None:
    import importlib

    for where, _ in PARTS.values():
        module, function = where.split(":")
        assert callable(getattr(importlib.import_module(f"benchmarks.{module}"), function))
    with pytest.raises(SystemExit):
        main(["--parts", "nonsense"])
    assert last_line("a\nE: b\n    +-----\n\n") == "E: b"


def rate(codec: str, mode: str, videos: int, value: float, share: float = 0.5) -> dict[str, Any]:
    return {"codec": codec, "mode": mode, "videos": videos, "ratio": value, "non_reference_share": share}


def by_name(results: dict[str, Any]) -> dict[str, Any]:
    return {figure["name"]: (figure["value"], figure["met"]) for figure in figures(results)}


def test_figures_are_met_or_not_or_not_known() -> None:
    film = {"same_shots": True, "bars_apart_px": 1, "same_mains": True, "shared_of_ten": 9.0}
    runs = [{"peak_mib": 2500.0, "bare_mib": 500.0}, {"peak_mib": 2570.0, "bare_mib": 500.0}]
    results = {
        "rates_h264": {
            "rates": [
                rate("h264", "all", 7, 0.2), rate("h264", "all", 14, 0.96), rate("h264", "reference", 14, 1.58)
            ]
        },
        "memory": {"runs": runs, "measured_bytes_per_frame": 480.0, "host_bytes_per_frame": 648.0},
        "parity": {"films": {"E01": film, "E02": {**film, "shared_of_ten": 7.0}}},
        "clustering": {"runs": {"500": {"equal": True}, "20000": {"points": 20000}}},
        "engines": {"models": {"eyes": {"cpu_nodes": 0}, "mesh": {"cpu_nodes": 2}}},
    }  # fmt: skip
    found = by_name(results)
    assert found["whole pipeline / raw decoder, 14 videos, H.264"] == (0.96, True)
    assert found["whole pipeline / raw decoder, 14 videos, HEVC"] == (None, None)
    assert found["`reference` / raw decoder of all frames, 14 videos, H.264"] == (1.58, False)
    assert found["device to host to measure a frame, bytes"] == (480.0, True)
    assert found["device to host beside the files, probes and winners too, bytes a frame"] == (648.0, False)
    assert found["device memory for one 1080p film, MiB"] == (2000.0, True)
    assert found["device memory of a longer film beyond that, MiB"] == (70.0, False)
    assert found["CPU and CUDA: bars apart, px"] == (1, True)
    assert found["CPU and CUDA: images shared of ten"] == (7.0, False)
    assert found["clustering: cuML and scikit-learn agree"] == (True, True)
    assert found["tests on the GPU pass"] == (None, None)
    assert found["nodes on the CPU, all models"] == (2, False)
    few = {"rates_h264": {"rates": [rate("h264", "reference", 14, 1.3, share=0.2)]}}
    assert by_name(few)["`reference` / raw decoder of all frames, 14 videos, H.264"] == (1.3, None)


def test_rates_by_reference_frames_are_held_against_the_decoder_of_all() -> None:
    everything = {"raw": [{"fps": 4000.0}, {"fps": 4200.0}], "whole": [{"fps": 4100.0}]}
    assert ratio(everything, None) == 1.0
    assert ratio({"raw": [], "whole": [{"fps": 8200.0}]}, everything) == 2.0
    assert ratio({"raw": [], "whole": [{"fps": 8200.0}]}, None) is None


def test_the_bare_decoder_runs_films_side_by_side_and_its_errors_are_heard() -> None:
    paths = [Path(f"{number}.mkv") for number in (3, 4, 5)]
    assert raw(paths, 2, lambda path: int(path.stem))["frames"] == 12
    with pytest.raises(ValueError, match="invalid literal"):
        raw([*paths, Path("broken.mkv")], 2, lambda path: int(path.stem))


def test_decoding_and_measuring_alone(scenes_film: Path) -> None:
    assert through(scenes_film, device="cpu") == through(scenes_film, device="cpu", measured=False) == 240
    assert 0 < through(scenes_film, mode="reference", device="cpu") < 240


@pytest.mark.slow
@pytest.mark.models
def test_the_pipeline_runs_the_same_with_every_door_counted(scenes_film: Path, models_dir: Path) -> None:
    async def counted_run() -> tuple[dict[str, Any], dict[str, Any]]:
        async with counted_services(Settings(device="cpu")) as (services, counts):
            return await whole([scenes_film], 1, "all", services), counts()

    run, counts = anyio.run(counted_run)
    assert (run["frames"], run["decoders"]) == (240, ["ffmpeg"])
    assert run["watched_s"] <= run["wall_s"]
    assert set(counts["by_kind"]) == {"rows", "profiles", "engines", "pictures", "files"}
    assert counts["by_kind"]["rows"] == 240 * ROW.itemsize
    (first,) = run_films([scenes_film], "cpu", 1)
    row = compare(first, first)
    assert (row["same_shots"], row["same_mains"], row["shared"]) == (True, True, len(first.images))


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
    same = compare(cpu, cpu)
    assert (same["same_shots"], same["same_mains"], same["bars_apart_px"], same["shared_of_ten"]) == (True, True, 0, 10)
    shot = {**sample_tree()["shots"][0], "end_s": 2.04}
    other = manifest(
        [0.0, 1.0, 2.2, 30.0], shots=[shot], active_area={"top": 2, "bottom": 0, "left": 0, "right": 1}, characters=[]
    )
    row = compare(cpu, other)
    assert (row["same_shots"], row["different_shots"], row["same_mains"], row["bars_apart_px"]) == (False, 2, False, 2)
    assert (row["shared"], row["near"], row["shared_of_ten"]) == (2, 3, 2.0)


def test_people_are_the_same_by_where_they_appear() -> None:
    first = [frozenset({1, 2, 3, 4, 5}), frozenset({7, 8})]
    assert same_people(first, [frozenset({7, 8}), frozenset({1, 2, 3, 4, 5})])
    assert same_people(first, [frozenset({7, 8}), frozenset({1, 2, 3, 4})])
    assert not same_people(first, [frozenset({7, 8}), frozenset({1, 2})])
    assert not same_people(first, first[:1])
    assert shared([1.0, 2.0, 2.1], [2.05, 9.0], 0.3) == 1
    assert shared([1.0, 2.0], [2.0, 1.0], 1e-3) == 2


def test_bytes_of_a_kernel_over_its_time_are_its_rate() -> None:
    assert set(READS) <= {kernel for kernels in KERNELS.values() for kernel in kernels}
    assert summed({"bytes": [3_000_000] * 3, "seconds": [1e-6, 1e-5, 1e-4]}) == {
        "launches": 3, "bytes": 3_000_000, "us": 10.0, "gb_s": 300.0,
    }  # fmt: skip


class HostRuntime:
    """A `Runtime` on the host that runs no kernel."""

    def launch(self, kernel: str, grid: Any, block: Any, arguments: Any) -> None:
        self.last = kernel

    def zeros(self, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        return np.zeros(shape, dtype)

    def upload(self, array: np.ndarray) -> np.ndarray:
        return array.copy()

    def copy(self, into: np.ndarray, source: np.ndarray) -> None:
        into[...] = source

    def download(self, array: np.ndarray) -> np.ndarray:
        return array.copy()

    def address(self, array: np.ndarray) -> int:
        return int(array.ctypes.data)


def test_a_runtime_that_counts() -> None:
    inner = HostRuntime()
    runtime = CountingRuntime(inner)
    array = runtime.upload(runtime.zeros((4, 8), np.float32))
    runtime.copy(array, array + 1)
    runtime.launch("measure", (1, 1, 1), (1, 1, 1), [array])
    assert runtime.download(array).sum() == 32
    assert runtime.counts() == {
        "to_host_bytes": 128, "to_device_bytes": 128, "downloads": 1, "launches": {"measure": 1},
    }  # fmt: skip
    assert runtime.last == "measure"
    assert runtime.address(array) == array.ctypes.data


def test_everything_that_reaches_the_host_is_counted_by_what_it_is() -> None:
    tally, ops = Tally(), CpuOps()
    grey = np.full((72, 128), 90, np.uint8)
    surface = Surface(grey, grey[::2, ::2].copy(), grey[::2, ::2].copy(), 8, Colour(), Geometry(128, 72))
    meter = CountingMeter(ops.meter(surface.geometry), tally)
    rows = meter.measure([surface], np.zeros(1), np.zeros(1, int))
    taken = meter.take_darkness()
    counting = CountingOps(ops, tally, "engines")
    picture = counting.to_host(counting.rgb(surface, None, (64, 36)))
    data = CountingEncoder(CpuEncoder(), tally).jpeg(picture, 90)
    profiles = sum(part.nbytes for part in (taken.rows, taken.columns))
    assert tally.row() == {
        "by_kind": {"rows": rows.nbytes, "profiles": profiles, "engines": 64 * 36 * 3, "files": len(data)},
        "each_frame_bytes": rows.nbytes + profiles,
        "beside_crops_bytes": rows.nbytes + profiles + 64 * 36 * 3,
    }
    assert isinstance(counting.meter(surface.geometry), CountingMeter)


@pytest.mark.skipif(not emulated.available(), reason="needs g++")
def test_a_meter_on_a_device_counts_what_its_runtime_fetches() -> None:
    tally, count, size = Tally(), 16, (256, 144)
    runtime = CountingRuntime(emulated.EmulatedRuntime())
    meter = device_meter(Geometry(*size), runtime, tally)
    surfaces = [surface_of(runtime, seed, Kind(*size, 8)) for seed in range(count)]
    meter.measure(surfaces, np.arange(count) / 25, np.arange(count))
    assert tally.bytes["rows"] == runtime.to_host_bytes <= 512 * count
    meter.take_darkness()
    assert 0 < tally.bytes["profiles"] == runtime.to_host_bytes - tally.bytes["rows"]


def test_copies_are_read_from_a_trace() -> None:
    events = [
        {"name": "Memcpy DtoH (Device -> Pinned)", "args": {"bytes": 512}},
        {"name": "Memcpy DtoH (Device -> Pageable)", "args": {"bytes": 8}},
        {"name": "Memcpy DtoD (Device -> Device)", "args": {"bytes": 4096}},
        {"name": "measure", "args": {}},
    ]
    assert traced_bytes({"traceEvents": events}) == Counter(DtoD=4096, DtoH=520)


def test_memory_is_sampled_until_the_end() -> None:
    values = iter([700, 900, *[800] * 10_000])
    with Sampler(lambda: next(values) << 20, every_s=0.0) as sampler:
        while len(sampler.samples) < 40:
            pass
    row = sampler.row(500 << 20)
    assert (row["peak_mib"], row["bare_mib"]) == (900.0, 500.0)
    assert row["course_mib"][0] == 900.0
    assert set(row["course_mib"][1:]) == {800.0}


def test_pytests_answer_is_counted() -> None:
    junit = """<testsuites><testsuite><testcase classname="a" name="x"/><testcase classname="a" name="y">
        <failure message="assert 1 == 2&#10;more"/></testcase><testcase classname="a" name="z"><skipped/></testcase>
        </testsuite></testsuites>"""
    found = counted(junit)
    assert (found["passed"], found["failed"], found["skipped"], found["passed_all"]) == (1, 1, 1, False)
    assert found["failures"] == [{"test": "a::y", "reason": "assert 1 == 2"}]
    assert counted("<testsuite/>")["passed_all"] is None


def test_partitions_are_compared_by_what_is_together() -> None:
    from engines.clustering import cluster

    def peer(points: np.ndarray, size: int, samples: int, device: str) -> np.ndarray:
        return cluster(points, size, samples)

    points = people(300)
    assert np.allclose(np.linalg.norm(points, axis=1), 1, atol=1e-5)
    both = [on_device(peer, points, device) for device in ("cuda", "cpu")]  # type: ignore[arg-type]
    row = compared(*both)
    assert (row["equal"], row["rand_index"]) == (True, 1.0)
    assert row["cpu_groups"] == row["cuda_groups"] >= 5
    assert "labels" not in row
    other = {"labels": [0] * 299 + [1], "cuda_s": 0.1}
    assert compared(other, {"labels": [0] * 300, "cpu_s": 0.2})["equal"] is False
    assert sizes(20) == (2, 2)
    assert sizes(20_000) == (5, 5)
