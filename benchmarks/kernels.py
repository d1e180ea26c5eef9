"""Measures what the kernels cost on one device: microseconds for each frame, bytes read and GB/s.

python -m benchmarks.kernels [--device cuda] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kernels.open_ops import open_ops
from kernels.ops import Device, Ops
from kernels.stats import ROW
from kernels.surface import Colour, Geometry, Surface, split_semi_planar

SIZE = (1920, 1080)
BATCH = 32
MEASURED_AT_LEAST_S = 1.0


def measure_kernels(device: Device = "cpu") -> dict[str, Any]:
    """Cost of each operation on 1080p surfaces (NV12 on a device, planar on the host).

    Returns for each operation `us` and `cpu_us` (wall and CPU microseconds per call), `gb_s` (bytes of the surfaces
    read per second) and, for the statistics, `host_bytes_per_frame`. Synchronises in every round (on a device).
    """
    ops = open_ops(device)
    surfaces = [_surface(device, seed) for seed in range(BATCH)]
    meter, times, frames = ops.meter(surfaces[0].geometry), np.zeros(BATCH), np.arange(BATCH)
    results = {"statistics": _timed(lambda: meter.measure(surfaces, times, frames), BATCH, surfaces[0].nbytes)}
    results["statistics"]["host_bytes_per_frame"] = ROW.itemsize
    matrix = np.array([[[0.3, 0.02, -200.0], [-0.02, 0.3, -100.0]]] * 8)
    calls: dict[str, Callable[[], Any]] = {
        "rgb": lambda: ops.rgb(surfaces[0]),
        "rgb_640": lambda: ops.rgb(surfaces[0], None, (640, 360)),
        "poster": lambda: ops.rgb(surfaces[0], (600.0, 0.0, 720.0, 1080.0), (1000, 1500), fine=True),
        "chips": lambda: ops.warp([(surfaces[0], matrix)], 112),
    }
    for name, call in calls.items():
        results[name] = _timed(_waited(ops, call), 1, surfaces[0].nbytes)
    return {"device": device, "size": list(SIZE), "batch": BATCH, "operations": results}


def _waited(ops: Ops, call: Callable[[], Any]) -> Callable[[], Any]:
    return lambda: ops.to_host(call())


def _timed(call: Callable[[], Any], frames: int, bytes_per_frame: int) -> dict[str, float]:
    call()
    rounds, started_s, cpu_s = 0, time.perf_counter(), time.process_time()
    while (spent_s := time.perf_counter() - started_s) < MEASURED_AT_LEAST_S:
        call()
        rounds += 1
    per_frame_s, cpu_s = spent_s / (rounds * frames), (time.process_time() - cpu_s) / (rounds * frames)
    gb_s = bytes_per_frame / per_frame_s / 1e9
    return {"us": round(1e6 * per_frame_s, 1), "cpu_us": round(1e6 * cpu_s, 1), "gb_s": round(gb_s, 2)}


def _surface(device: Device, seed: int) -> Surface:
    width, height = SIZE
    buffer = np.random.default_rng(seed).integers(0, 256, (height * 3 // 2, width), dtype=np.uint8)
    if device == "cuda":
        from kernels.cuda.runtime import CupyRuntime

        runtime = CupyRuntime()
        buffer = runtime.upload(buffer)
        runtime.synchronise()  # the operations read it in another stream
    y, u, v = split_semi_planar(buffer, height)
    if device == "cpu":  # as FFmpeg returns them
        u, v = np.ascontiguousarray(u), np.ascontiguousarray(v)
    return Surface(y, u, v, 8, Colour(), Geometry(width, height))


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a line for each operation."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.kernels", description=__doc__.splitlines()[0] if __doc__ else None
    )
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    report = measure_kernels(options.device)
    if options.json:
        print(json.dumps(report, indent=2))
        return 0
    for name, result in report["operations"].items():
        print(
            f"{name:12} {result['us']:10.1f} us a frame {result['cpu_us']:10.1f} us of CPU {result['gb_s']:8.2f} GB/s"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
