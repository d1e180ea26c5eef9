"""Measures what the interpreter spends on a frame of the CUDA path, stage by stage. Needs no GPU. One interpreter
serves all films in flight, so this limits their rate.

    python -m benchmarks.interpreter FILE… [--rounds 3] [--fps 4300] [--json report.json]
    python -m benchmarks.interpreter FILE --films 14 [--chip-fps 2000] [--candidates 112] [--intervals-ms 5 1]
    python -m benchmarks.interpreter FILE --films 14 --workers 1 2 [--chip-fps 2000] [--candidates 112]

The chip, its memory and the kernels do nothing (benchmarks.idle_device); the splitter gets rows that the CPU measured.
The figure is the thread's CPU time. It includes the demuxer's work outside the interpreter lock. It does not include
CuPy's share of its calls (one copy for each frame; at most five launches, an upload and a download for each batch), nor
the models' work on probes.

With --films that many films are watched at once on a chip that takes its time, while others end
(benchmarks.overlapping_films); with --workers by so many processes together, which share the chip
(benchmarks.film_workers).
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from kernels.cuda.meter import CudaMeter
from kernels.open_ops import open_ops
from stream.candidates.neighbours import SmallPictureSampler
from stream.candidates.probes import PendingPictures
from stream.decode.decoder import DecodeMode, DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.nvdec.decoder import NvDecoder
from stream.decode.nvdec.session import Chip
from stream.records import VideoInfo
from stream.settings.model import Settings
from stream.shots.splitter import ShotSplitter

from .film_workers import measure_workers
from .idle_device import IdleChip, IdleMemory, IdleRuntime
from .overlapping_films import measure_overlap


def measure_interpreter(path: Path, rounds: int = 3) -> dict[str, Any]:
    """Microseconds for each frame of the film in each stage, medians of the rounds; with `reference` decoding, those of
    decoding alone. Raises KeyartError for a file that cannot be read."""
    with threadpool_limits(1):  # as in every run
        info, rows = rows_of(path)
        runs = [
            {**watch_seconds(path, info, rows), "decode reference": decode_seconds(path, info)} for _ in range(rounds)
        ]
    used = {name: 1e6 * statistics.median(run[name] for run in runs) / len(rows) for name in runs[0]}
    return {"file": path.name, "frames": len(rows), "us_a_frame": {name: round(us, 2) for name, us in used.items()}}


def total_us(report: dict[str, Any]) -> float:
    """Microseconds for each frame in all stages together, when all frames are decoded."""
    return float(sum(us for name, us in report["us_a_frame"].items() if name != "decode reference"))


def rows_of(path: Path) -> tuple[VideoInfo, np.ndarray]:
    """The film's properties, and its rows (dtype ROW) as the CPU measures them."""
    decoder = AvDecoder(path, DecodeOptions())
    try:
        meter = open_ops("cpu").meter(decoder.info.geometry)
        return decoder.info, np.concatenate([meter.measure(b.surfaces, b.pts_s, b.frames) for b in decoder.batches()])
    finally:
        decoder.close()


def watch_seconds(path: Path, info: VideoInfo, rows: np.ndarray) -> dict[str, float]:
    """Seconds of the interpreter in each stage, for the whole film."""
    settings, used, begin = Settings(), defaultdict[str, float](float), 0
    meter, sampler = CudaMeter(info.geometry, IdleRuntime()), SmallPictureSampler(settings.faces.moment_s)
    splitter = ShotSplitter(settings.shots, info.fps)
    pending = PendingPictures(settings.probes, info.fps, settings.faces.moment_s)
    decoder = open_idle_decoder(path, info, "all")
    batches = decoder.batches()
    while True:
        with add_cpu_time(used, "decode"):
            batch = next(batches, None)
        if batch is None:
            break
        part = rows[begin : begin + len(batch.surfaces)]
        begin += len(batch.surfaces)
        with add_cpu_time(used, "measure"):
            meter.measure(batch.surfaces, batch.pts_s, batch.frames)
            small = {place: meter.small(place) for place in sampler.picks(batch.pts_s)}
        with add_cpu_time(used, "probes"):
            pending.add(batch, part, small)
        with add_cpu_time(used, "split"):
            shots = splitter.add(part)
        with add_cpu_time(used, "probes"):
            for shot in shots:
                pending.take(shot)
    decoder.close()
    return used


def decode_seconds(path: Path, info: VideoInfo) -> float:
    """Seconds of the interpreter for decoding, without the frames that no other frame refers to."""
    used, decoder = defaultdict[str, float](float), open_idle_decoder(path, info, "reference")
    with add_cpu_time(used, "decode"):
        for _ in decoder.batches():
            pass
    decoder.close()
    return used["decode"]


def open_idle_decoder(path: Path, info: VideoInfo, mode: DecodeMode) -> NvDecoder:
    """The decoder of the CUDA path on a chip that does nothing."""
    return NvDecoder(info, DecodeOptions(mode=mode), Chip(IdleChip((info.width, info.height))), IdleMemory())


@contextmanager
def add_cpu_time(used: dict[str, float], name: str) -> Iterator[None]:
    """Adds the CPU time of this thread in the block to `used[name]`, seconds."""
    begun_s = time.thread_time()
    yield
    used[name] += time.thread_time() - begun_s


def cost_reports(chosen: argparse.Namespace) -> list[dict[str, Any]]:
    """Measures and prints what a frame of each file costs."""
    reports = [measure_interpreter(path, chosen.rounds) for path in chosen.files]
    for report in reports:
        stages = ", ".join(f"{name} {us}" for name, us in report["us_a_frame"].items())
        share = total_us(report) * chosen.fps / 1e6
        print(f"{report['file']}: {stages}; in all {total_us(report):.1f} µs a frame, {share:.0%} of one interpreter")
    return reports


def overlap_report(chosen: argparse.Namespace) -> dict[str, Any]:
    """Measures and prints how fast the first file is watched while films end."""
    info, rows = rows_of(chosen.files[0])
    intervals_s = [interval_ms / 1e3 for interval_ms in chosen.intervals_ms]
    report = measure_overlap(
        info, rows, chosen.films, chosen.chip_fps, chosen.candidates, chosen.rounds, intervals_s
    )
    print(f"{info.path.name} {chosen.films} times, {report['bare_fps']} pictures a second of the bare chip")
    for where, end_ms in report["end_ms"].items():
        print(f"the end of a film, {where}: {end_ms} ms of the interpreter")
    for name, turn in report["turns"].items():
        rates = f"{turn['of_bare']:5.3f} of the chip (best quarter {turn['best_quarter']:5.3f})"
        print(f"{name:44} {rates}, {turn['of_alone']:5.3f} of watching alone")
    return report


def workers_report(chosen: argparse.Namespace) -> dict[str, Any]:
    """Measures and prints how fast the first file is watched by several processes."""
    info, rows = rows_of(chosen.files[0])
    report = measure_workers(
        info, rows, chosen.films, chosen.chip_fps, chosen.candidates, chosen.rounds, chosen.workers
    )
    print(f"{info.path.name} {chosen.films} times, {report['bare_fps']} pictures a second of the bare chip")
    for number, turns in report["workers"].items():
        for name, turn in turns.items():
            rates = f"{turn['of_bare']:5.3f} of the chip (best {turn['best']:5.3f})"
            compared = f"{turn['of_first']:5.3f} of what {chosen.workers[0]} gave, {turn['cpu_us']:5.1f} CPU µs each"
            print(f"by {number}: {name:30} {rates}, {compared}")
    return report


def main() -> None:
    """Command line of this script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--fps", type=float, default=4300.0, help="a rate to compare with, frames a second")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--films", type=int, default=0, help="watch the first file so often at once, while films end")
    parser.add_argument("--workers", type=int, nargs="+", default=[], help="numbers of processes that share them")
    parser.add_argument("--chip-fps", type=float, default=2000.0, help="pictures a second that the chip decodes")
    parser.add_argument("--candidates", type=int, default=112, help="of the films that end; E05 has 112")
    parser.add_argument("--intervals-ms", type=float, nargs="+", default=[5.0], help="between switches")
    chosen = parser.parse_args()
    if chosen.workers and not 1 <= min(chosen.workers) <= max(chosen.workers) <= chosen.films:
        parser.error("--workers needs --films, at least as many")
    if chosen.workers:
        reports = [workers_report(chosen)]
    else:
        reports = [overlap_report(chosen)] if chosen.films else cost_reports(chosen)
    if chosen.json:
        chosen.json.write_text(json.dumps(reports, indent=2) + "\n")


if __name__ == "__main__":
    main()
