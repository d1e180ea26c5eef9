"""Counting of the GPU check that can be tested without a GPU: bytes to the host by kind, and memory."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from itertools import chain, repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import numpy as np
import pytest

from benchmarks.gpu_check.bytes import bytes_by_cupti, bytes_by_kind
from benchmarks.gpu_check.counting import BUSY, CountingRuntime, TimingRuntime, traced_bytes
from benchmarks.gpu_check.kernels import PictureKind, noise_surface
from benchmarks.gpu_check.memory import Sampler
from benchmarks.gpu_check.parity import compare_manifests
from benchmarks.gpu_check.parity import run_films as run_films
from benchmarks.gpu_check.rates import run_pipeline
from benchmarks.gpu_check.services import CountingEncoder, CountingMeter, CountingOps, counted_services, device_meter
from benchmarks.gpu_check.tally import PER, Tally, kind_by_caller
from kernels.bars import BORDERS, DARKNESS_STRIDE
from kernels.cpu import CpuOps
from kernels.stats import ROW
from kernels.surface import Colour, Geometry, Surface
from stream.framing.active import ActiveRects
from stream.framing.planner import CropPlanner
from stream.output.jpeg import CpuEncoder
from stream.records import ActiveRect
from stream.settings.model import Settings

from ...kernels import emulated
from ...stream.portraits import candidate


class HostRuntime:
    """A `Runtime` on the host that runs no kernel."""

    def launch(self, kernel: str, grid: Any, block: Any, arguments: Any) -> None:
        self.last = kernel

    def zeros(self, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        return np.zeros(shape, dtype)

    def empty(self, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        return np.empty(shape, dtype)

    def upload(self, array: np.ndarray) -> np.ndarray:
        return array.copy()

    def copy(self, into: np.ndarray, source: np.ndarray) -> None:
        into[...] = source

    def download(self, array: np.ndarray) -> np.ndarray:
        return array.copy()

    def address(self, array: np.ndarray) -> int:
        return int(array.ctypes.data)

    def plane(self, array: np.ndarray, begin: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> np.ndarray:
        return np.ndarray(shape, np.uint8, array, begin, strides)


class CupyPeer:
    """What of CuPy times a launch; `calls` in the order in which they are queued."""

    def __init__(self, calls: list[Any]) -> None:
        self.calls, self.cuda = calls, self

    def RawKernel(self, source: str, name: str) -> Callable[..., None]:
        assert source == BUSY
        return lambda grid, block, arguments: self.calls.append((name, grid, block, *map(int, arguments)))

    def Event(self) -> Any:
        return SimpleNamespace(record=lambda: self.calls.append("event"), synchronize=lambda: None)

    def get_elapsed_time(self, begin: Any, end: Any) -> float:
        return 3.0


def test_a_launch_is_timed_behind_work_that_keeps_the_device_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The device must not reach the first event before the launch is queued, or waiting for the host would count."""
    calls = list[Any]()

    class Queued(HostRuntime):
        queue = nullcontext

        def launch(self, kernel: str, grid: Any, block: Any, arguments: Any) -> None:
            calls.append(kernel)

    monkeypatch.setitem(sys.modules, "cupy", CupyPeer(calls))
    runtime = TimingRuntime(Queued())
    runtime.launch("warp", (1, 1, 1), (32, 1, 1), [np.zeros(10, np.float32), 3])
    (_, grid, block, ticks), *after = calls
    assert after == ["event", "warp", "event"] and (grid, block) == ((1,), (1,))
    assert ticks >= 20e-6 * 2e9, "longer than a launch takes the host, at 2 GHz"
    assert ticks <= 2e-3 * 1e9, "not much longer than a kernel"
    assert runtime.take_timings() == [("warp", 40, 0.003)] and runtime.take_timings() == []


@pytest.mark.skipif(not emulated.available(), reason="needs g++, which compiles the CUDA sources for the host")
def test_the_device_is_kept_busy_for_so_many_ticks_of_its_clock(tmp_path: Path) -> None:
    clock = "#define __global__\nstatic long long now = 7;\nstatic long long clock64() { return now++; }\n"
    told = '\nextern "C" long long passed() { return now - 8; }\n'
    (tmp_path / "busy.cpp").write_text(clock + BUSY + told)
    command = ["g++", "-shared", "-fPIC", "-o", str(tmp_path / "busy.so"), str(tmp_path / "busy.cpp")]
    subprocess.run(command, check=True, capture_output=True)
    library = ctypes.CDLL(str(tmp_path / "busy.so"))
    library.keep_busy(ctypes.c_longlong(1000))
    library.passed.restype = ctypes.c_longlong
    assert library.passed() == 1000


def test_a_runtime_that_counts() -> None:
    inner = HostRuntime()
    runtime = CountingRuntime(inner)
    array = runtime.upload(runtime.zeros((4, 8), np.float32))
    runtime.copy(array, array + 1)
    runtime.launch("measure", (1, 1, 1), (1, 1, 1), [array])
    assert runtime.download(array).sum() == 32
    assert runtime.to_host_bytes == 128
    assert runtime.last == "measure"
    assert runtime.address(array) == array.ctypes.data


def test_everything_that_reaches_the_host_is_counted_by_what_it_is() -> None:
    tally, ops = Tally(), CpuOps()
    grey = np.full((72, 128), 90, np.uint8)
    surface = Surface(grey, grey[::2, ::2].copy(), grey[::2, ::2].copy(), 8, Colour(), Geometry(128, 72))
    meter = CountingMeter(ops.meter(surface.geometry), tally)
    rows = meter.measure([surface], np.zeros(1), np.zeros(1, int))
    counting = CountingOps(ops, tally)
    picture = counting.to_host(counting.rgb(surface, None, (64, 36)))
    data = CountingEncoder(CpuEncoder(), tally).jpeg(picture, 90)
    tally.add("tiles", 100)
    asked, each = 64 * 36 * 3, rows.nbytes + meter.borders().nbytes
    assert tally.row() == {
        "by_kind": {
            "rows": {"bytes": each, "times": 1, "per": "frame"},
            __name__: {"bytes": asked, "times": 1, "per": "not known"},
            "files": {"bytes": len(data), "times": 1, "per": "image"},
            "tiles": {"bytes": 100, "times": 1, "per": "image"},
        },
        "each_frame_bytes": each,
        "crops_bytes": len(data) + 100,
        "beside_crops_bytes": each + asked,
    }
    assert isinstance(counting.meter(surface.geometry), CountingMeter)


@pytest.mark.slow
@pytest.mark.skipif(not emulated.available(), reason="needs g++")
def test_a_meter_on_a_device_counts_what_its_runtime_fetches() -> None:
    tally, count, size = Tally(), 16, (256, 144)
    runtime = CountingRuntime(emulated.EmulatedRuntime())
    meter = device_meter(Geometry(*size), runtime, tally)
    surfaces = [noise_surface(runtime, seed, PictureKind(*size, 8)) for seed in range(count)]
    meter.measure(surfaces, np.arange(count) / 25, np.arange(count))
    assert tally.bytes["rows"] == runtime.to_host_bytes <= 512 * count
    meter.borders()
    assert tally.bytes["rows"] == runtime.to_host_bytes


def test_a_crop_plan_without_a_face_costs_a_small_picture_and_as_many_numbers() -> None:
    """Of 64 by 64 at most, however large the picture is."""
    tally, shown = Tally(), Geometry(640, 640)
    surface = Surface(np.full((640, 640), 90, np.uint8), None, None, 8, Colour(), shown)
    active, ops = ActiveRects(ActiveRect(0, 0, 640, 640)), CountingOps(CpuOps(), tally)
    CropPlanner(Settings().chosen_formats(), active, ops, lambda one: surface, frozenset(), 0.6).plan(
        candidate(2.0, shot=1), ()
    )
    assert tally.bytes == {"crop plans": 64 * 64 * 3 + 4 * 64 * 64}


def test_copies_are_read_from_a_trace() -> None:
    events = [
        {"name": "Memcpy DtoH (Device -> Pinned)", "args": {"bytes": 512}},
        {"name": "Memcpy DtoH (Device -> Pageable)", "args": {"bytes": 8}},
        {"name": "Memcpy DtoD (Device -> Device)", "args": {"bytes": 4096}},
        {"name": "measure", "args": {}},
    ]
    assert traced_bytes({"traceEvents": events}) == Counter(DtoD=4096, DtoH=520)


def test_who_asks_tells_what_it_is() -> None:
    for module, kind in (("engines.text", "text maps"), ("stream.output.render", "tiles"), ("stranger", "stranger")):
        names = {"__name__": module, "kind_by_caller": kind_by_caller}
        exec("def door():\n    return kind_by_caller()\ndef asks():\n    return door()", names)
        assert names["asks"]() == kind  # type: ignore[operator]


def test_bytes_are_told_a_frame_by_doors_and_by_cupti() -> None:
    tally = Tally()
    for kind, count in (("rows", 4000), ("text maps", 600), ("files", 9000), ("tiles", 1000)):
        tally.add(kind, count)
    doors = bytes_by_kind({"frames": 10}, tally.row())
    assert (doors["measured_a_frame"], doors["beside_crops_a_frame"]) == (400, 460)
    assert doors["by_kind"]["text maps"] == {
        "bytes": 600, "times": 1, "per": "candidate that could win", "bytes_a_frame": 60,
    }  # fmt: skip
    trace = {"traceEvents": [{"name": "Memcpy DtoH (Device -> Pinned)", "args": {"bytes": 15_000}}]}
    cupti = bytes_by_cupti(trace, 10, tally.row())
    assert (cupti["beside_crops_a_frame"], cupti["beside_doors_bytes"], cupti["crops_bytes"]) == (500, 400, 10_000)
    assert bytes_by_cupti({}, 10, tally.row()) == {"reason": "CUPTI saw no copy to the host"}


@pytest.mark.slow
@pytest.mark.models
def test_the_pipeline_runs_the_same_with_every_door_counted(scenes_film: Path, models_dir: Path) -> None:
    heard = list[tuple[str, int]]()

    async def counted_run() -> tuple[dict[str, Any], dict[str, Any]]:
        async with counted_services(Settings(device="cpu")) as (services, counts):
            told = await run_pipeline(
                [scenes_film], 1, "all", services, lambda stage, done, _: heard.append((stage, done))
            )
            return told, counts()

    run, counts = anyio.run(counted_run)
    assert (run["frames"], run["decoders"]) == (240, ["ffmpeg"])
    assert run["watched_s"] <= run["wall_s"]
    assert [done for stage, done in heard if stage == "watching"][-1] == 240
    assert set(counts["by_kind"]) <= set(PER)
    assert {"rows", "descriptors", "composition", "tiles", "files"} <= set(counts["by_kind"])
    watched = 240 * ROW.itemsize + 240 // DARKNESS_STRIDE * BORDERS.itemsize
    # The second look measures its pictures too, up to eight of each of sixteen stretches, three times at most.
    assert watched <= counts["by_kind"]["rows"]["bytes"] <= watched + 3 * 128 * (ROW.itemsize + BORDERS.itemsize)
    images = counts["by_kind"]["tiles"]["times"] // 3  # of each a frame and two crops
    assert counts["by_kind"]["files"]["times"] == images * 2 + 1
    (first,) = run_films([scenes_film], "cpu", 1)
    row = compare_manifests(first, first)
    assert (row["same_shots"], row["same_mains"], row["shared"]) == (True, True, len(first.images))


def test_memory_is_sampled_until_the_end() -> None:
    values = chain([700, 900], repeat(800))
    with Sampler(lambda: next(values) << 20, 100, every_s=0.0) as sampler:
        while len(sampler.samples) < 40:
            pass
    row = sampler.row(500 << 20)
    assert (row["peak_mib"], row["bare_mib"], row["grown_mib"]) == (900.0, 500.0, None)
    assert row["tenths_mib"] == [0.0] * 10


def test_memory_is_told_by_tenths_of_the_film() -> None:
    sampler = Sampler(lambda: 0, 1000)
    for done, mib in ((0, 300), (150, 500), (299, 510), (500, 900), (850, 530), (1010, 540)):
        sampler.on_progress("watching", done, 7518)
        sampler.samples.append((sampler._tenth, mib << 20))
    sampler.on_progress("choosing", 1000, None)
    sampler.samples.append((sampler._tenth, 2000 << 20))
    row = sampler.row(0)
    assert row["tenths_mib"] == [300, 500, 510, 0, 0, 900, 0, 0, 530, 540]
    assert (row["peak_mib"], row["grown_mib"]) == (2000, 30)
