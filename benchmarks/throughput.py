"""Measures the whole pipeline against raw decoding: alternating in one run, each in a new process, same file and
threads.

    python -m benchmarks.throughput FILE… [--rounds 3] [--threads 2] [--json report.json]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_CHILD = "import sys; from benchmarks.throughput import child; child(sys.argv[1:])"


def raw_decode(path: Path, threads: int) -> dict[str, Any]:
    """Decodes every frame with PyAV and does nothing with it. Returns wall and CPU seconds."""
    from stream.decode.container import open_container
    from stream.decode.probe import picture_stream

    started_s, cpu_s = time.perf_counter(), time.process_time()
    frames = 0
    with open_container(path) as container:
        stream = picture_stream(container)
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = threads
        for _ in container.decode(stream):
            frames += 1
    return _measured(frames, started_s, cpu_s)


def whole_pipeline(path: Path, threads: int) -> dict[str, Any]:
    """Everything that `keyart extract` does except writing the files. Loading the models is timed separately."""
    import anyio

    from stream.pipeline.film_run import process
    from stream.pipeline.services import open_services
    from stream.settings.model import Settings

    settings = Settings(device="cpu", threads=threads)

    async def run() -> dict[str, Any]:
        loading_s = time.perf_counter()
        async with open_services(settings) as services:
            loading_s = time.perf_counter() - loading_s
            started_s, cpu_s = time.perf_counter(), time.process_time()
            result = await process(path, settings, services, lambda stage, done, total: None)
            measured = _measured(result.manifest.funnel.frames, started_s, cpu_s)
        timings = result.manifest.model_dump(mode="json")["timings"]
        return {**measured, "loading_s": round(loading_s, 3), "funnel": result.manifest.funnel.model_dump(), **timings}

    return anyio.run(run)


def _measured(frames: int, started_s: float, cpu_s: float) -> dict[str, Any]:
    wall_s = time.perf_counter() - started_s
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "frames": frames,
        "wall_s": round(wall_s, 3),
        "cpu_s": round(time.process_time() - cpu_s, 3),
        "fps": round(frames / wall_s, 1),
        "peak_rss_mib": round(peak, 1),
    }


def child(arguments: list[str]) -> None:
    """Runs one measurement in this process and prints it as JSON."""
    kind, path, threads = arguments
    work = raw_decode if kind == "raw" else whole_pipeline
    print(json.dumps(work(Path(path), int(threads))))


def run_child(kind: str, path: Path, threads: int) -> dict[str, Any]:
    """One measurement, `raw` or `whole`, in a child process. Raises CalledProcessError when it fails."""
    command = [sys.executable, "-c", _CHILD, kind, str(path), str(threads)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def measure_throughput(path: Path, threads: int, rounds: int) -> dict[str, Any]:
    """Runs `rounds` pairs of (raw, whole), each in a child process. The ratio is that of the medians."""
    runs: dict[str, list[dict[str, Any]]] = {"raw": [], "whole": []}
    for _ in range(rounds):
        for kind in runs:
            runs[kind].append(run_child(kind, path, threads))
    fps = {kind: statistics.median(r["fps"] for r in results) for kind, results in runs.items()}
    return {
        "file": path.name,
        "threads": threads,
        "raw_fps": fps["raw"],
        "whole_fps": fps["whole"],
        "ratio": round(fps["whole"] / fps["raw"], 3),
        "ratios": [round(w["fps"] / r["fps"], 3) for r, w in zip(runs["raw"], runs["whole"], strict=True)],
        "peak_rss_mib": max(r["peak_rss_mib"] for r in runs["whole"]),
        "runs": runs,
    }


def main() -> None:
    """Command line of this script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    reports = [measure_throughput(path, chosen.threads, chosen.rounds) for path in chosen.files]
    for report in reports:
        last = report["runs"]["whole"][-1]
        print(
            f"{report['file']}: raw {report['raw_fps']:.0f} fps, whole {report['whole_fps']:.0f} fps, "
            f"ratio {report['ratio']:.3f} {report['ratios']}, peak RSS {report['peak_rss_mib']:.0f} MiB, "
            f"models loaded in {last['loading_s']:.2f} s"
        )
        for name, stage in last["stages"].items():
            print(f"    {name:8} {stage['items']:7} items  {stage['busy_s']:8.2f} s busy  {stage['cpu_s']:8.2f} s CPU")
    if chosen.json:
        chosen.json.write_text(json.dumps(reports, indent=2) + "\n")


if __name__ == "__main__":
    main()
