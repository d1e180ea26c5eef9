"""Measures how cost grows with the length of a film and with the number of films at once, each time in a new
process."""

from __future__ import annotations

import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np

from stream.decode.container import open_container
from stream.decode.probe import picture_stream

from .report import Row

_CHILD = "import sys; from benchmarks.scaling import child; child(sys.argv[1:])"


def repeat(video: Path, times: int, target: Path) -> None:
    """Writes the film's pictures `times` times into a Matroska file by copying packets, without encoding them again.

    A decoder may drop or reorder a few pictures at the seams, which matters little for speed. Raises KeyartError when
    the film cannot be opened.
    """
    with av.open(str(target), "w", format="matroska") as out:
        copied = None
        offset = 0
        for _ in range(times):
            with open_container(video) as source:
                stream = picture_stream(source)
                if copied is None:
                    copied = out.add_stream_from_template(stream)
                first: int | None = None
                end = 0
                for packet in _timed(source.demux(stream)):
                    first = packet.dts if first is None else first
                    end = max(end, packet.pts + max(packet.duration or 0, 1))
                    packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
                    packet.stream = copied
                    out.mux(packet)
                offset += end - min(first or 0, 0)


def _timed(packets: Iterator[Any]) -> Iterator[Any]:
    """The packets, including leading ones without a decode time, such as the first key frame in some containers: these
    get the times just before the first packet that has one, a tick apart."""
    leading: list[Any] = []
    for packet in packets:
        if packet.pts is None:
            continue
        if packet.dts is None:
            leading.append(packet)
            continue
        for place, early in enumerate(leading):
            early.dts = packet.dts - len(leading) + place
            yield early
        leading.clear()
        yield packet


def against_length(video: Path, factors: Sequence[int], threads: int) -> list[Row]:
    """Runs the whole pipeline on the film repeated `factors` times: frames, seconds, frames per second, peak memory."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="keyart-bench-") as folder:
        for factor in factors:
            film = Path(folder) / f"{factor}x.mkv"
            repeat(video, factor, film)
            rows.append({"factor": factor, **_measured([film], threads)})
            film.unlink()
    return rows


def against_in_flight(videos: Sequence[Path], counts: Sequence[int], threads: int) -> list[Row]:
    """Runs the whole pipeline on `counts` films at once (the given ones in turn), with shared models."""
    return [
        {"videos": count, **_measured([videos[i % len(videos)] for i in range(count)], threads)} for count in counts
    ]


def growth(rows: Sequence[Row]) -> float | None:
    """Exponent of seconds against frames, least squares on logarithms: 1 when the cost is linear. None for fewer than
    two rows."""
    if len(rows) < 2:
        return None
    frames, seconds = (np.log([row[key] for row in rows]) for key in ("frames", "wall_s"))
    slope = float(np.polyfit(frames, seconds, 1)[0])
    return round(slope, 3) if math.isfinite(slope) else None


def child(arguments: list[str]) -> None:
    """Runs films at once in this process and prints the measurement as JSON."""
    import anyio

    threads, *paths = arguments
    print(json.dumps(anyio.run(_at_once, [Path(path) for path in paths], int(threads))))


async def _at_once(paths: Sequence[Path], threads: int) -> Row:
    import anyio

    from stream.pipeline.film_run import process
    from stream.pipeline.services import open_services
    from stream.settings.model import Settings

    settings = Settings(device="cpu", threads=threads)
    frames: list[int] = []

    async def one(path: Path) -> None:
        result = await process(path, settings, services, lambda stage, done, total: None)
        frames.append(result.manifest.funnel.frames)

    async with open_services(settings) as services:
        started_s, cpu_s = time.perf_counter(), time.process_time()
        async with anyio.create_task_group() as tasks:
            for path in paths:
                tasks.start_soon(one, path)
        wall_s = time.perf_counter() - started_s
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "frames": sum(frames), "wall_s": round(wall_s, 3), "cpu_s": round(time.process_time() - cpu_s, 3),
        "fps": round(sum(frames) / wall_s, 1), "peak_rss_mib": round(peak_mib, 1),
    }  # fmt: skip


def _measured(paths: Sequence[Path], threads: int) -> Row:
    command = [sys.executable, "-c", _CHILD, str(threads), *map(str, paths)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    measured: Row = json.loads(done.stdout.splitlines()[-1])
    return measured
