"""The parts of `gpu_check`: the function of each, and how long it may take.

The limits are computed: frames over rates, the time to set things up, and half as much again. The rates are those of an
H100 or H200, whose decoder has seven engines; the CPU's rate is that of two cores.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

E05_FRAMES = 6_487
EPISODES_FRAMES = 29_719
RAW_FPS = 4_300
"""Frames a second of H.264 at 1080p on all engines of the chip; one engine has a seventh of it."""
ENGINE_FPS = RAW_FPS / 7
PIPELINE_RATIO, REFERENCE_RATIO = 0.95, 1.6
"""The share of that rate that the pipeline is to reach, on all frames and by reference frames."""
CPU_FPS = 300
SET_UP_S = 30
"""Seconds to start a process with its libraries and kernels, and for the first runs of nineteen sessions
(`engines.asked_shapes`), which plan their convolutions. Not measured."""
LONG_FILM = 15
"""How often E05 is repeated to make an hour."""
PYTHON_RUNS = 5
GPU_TESTS_S = 290
"""About 210 tests of about a second, four starts of pytest, and five films on the CPU for their faces."""

_LIMIT_FACTOR = 1.5
_ROUND_S = 10

PartTable = Mapping[str, tuple[str, float]]
"""Name of a part → `module:function`, and the most seconds it may take."""


def limit_s(expected_s: float) -> int:
    """Half as much again, rounded up to tens of seconds."""
    return _ROUND_S * math.ceil(expected_s * _LIMIT_FACTOR / _ROUND_S)


def expected_rates_s() -> float:
    """Expected seconds of a part that measures rates: three numbers of films in flight, on all frames and by reference
    frames. At 14 films in flight as many shorter films run as well, and the bare decoder runs once instead of twice."""
    runs = 1 / PIPELINE_RATIO + 1 / REFERENCE_RATIO
    fourteen = E05_FRAMES * (14 + 7.5) * (1 + runs) / RAW_FPS
    seven = E05_FRAMES * 7 * (2 + runs) / RAW_FPS
    one = E05_FRAMES * (2 + runs) / ENGINE_FPS
    first = E05_FRAMES / ENGINE_FPS
    return SET_UP_S + first + fourteen + seven + one


def expected_thirds_s(runs: float) -> float:
    """Expected seconds of `runs` runs of 14 films, each a third of E05, and one film before them."""
    return SET_UP_S + E05_FRAMES / 3 * (14 * runs / RAW_FPS + 1 / ENGINE_FPS) / PIPELINE_RATIO


MEMORY_S = SET_UP_S + LONG_FILM * (E05_FRAMES / ENGINE_FPS / PIPELINE_RATIO + 2)
"""Two seconds for each repetition are for copying the packets, and for deciding at the end."""
HOST_BYTES_S = 2 * (SET_UP_S + E05_FRAMES / ENGINE_FPS) + 50
"""50 seconds are for writing and reading a trace of some hundred megabytes."""
PARITY_S = 2 * SET_UP_S + EPISODES_FRAMES * (1 / CPU_FPS + 1 / (5 * ENGINE_FPS))

PARTS: PartTable = {
    "machine": ("benchmarks.gpu_check.machine:machine", limit_s(20)),
    "device": ("benchmarks.gpu_check.device:device", limit_s(66)),
    "kernels": ("benchmarks.gpu_check.kernels:kernels", limit_s(60)),
    "rates_h264": ("benchmarks.gpu_check.rates:rates_h264", limit_s(expected_rates_s())),
    "tests": ("benchmarks.gpu_check.tests:tests", limit_s(GPU_TESTS_S)),
    "memory": ("benchmarks.gpu_check.memory:memory", limit_s(MEMORY_S)),
    "host_bytes": ("benchmarks.gpu_check.bytes:host_bytes", limit_s(HOST_BYTES_S)),
    "parity": ("benchmarks.gpu_check.parity:parity", limit_s(PARITY_S)),
    "measuring": ("benchmarks.gpu_check.measuring:measuring", limit_s(expected_thirds_s(4))),
    "engines": ("benchmarks.gpu_check.engines:engines", limit_s(80)),
    "convolutions": ("benchmarks.gpu_check.engines:convolutions", limit_s(120)),
    "clustering": ("benchmarks.gpu_check.clustering:clustering", limit_s(140)),
    "rates_hevc": ("benchmarks.gpu_check.rates:rates_hevc", limit_s(expected_rates_s())),
    "python": ("benchmarks.gpu_check.python:python_settings", limit_s(expected_thirds_s(PYTHON_RUNS))),
}
"""In the order of importance, because time may run out."""

FIRST = "machine"
"""Runs before all else, also before `ABOUT`, which imports CuPy and opens the decoder: where these hang or crash, it
has answered."""

ABOUT = ("benchmarks.gpu_check.about:about", 40)
"""Not a part: what every report begins with."""


def total_limit_s(names: Iterable[str], known: PartTable = PARTS) -> float:
    """Seconds within which these parts end in any case."""
    return ABOUT[1] + sum(known[name][1] for name in names)
