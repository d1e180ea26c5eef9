"""Parts of `gpu_check`: the whole pipeline against the bare decoder, alternating in one process; and what the garbage
collector and the interpreter lock cost.

Rates are frames of the source a second: with `reference` the packets left out count too, for they were gone through.
"""

from __future__ import annotations

import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .gpu_check import Job, Row
from .gpu_clips import copy_beginning, packet_kinds

IN_FLIGHT = (1, 7, 14)
ROLLING_FROM = 14
"""With so many slots two films go through each, the first of them cut to different lengths: as in a long library no two
films end together, and what comes after the last picture of one is done beside the others."""


def rates_h264(job: Job) -> None:
    """1, 7 and 14 films in flight, and 14 by reference frames only."""
    _rates(job, "h264", job.episode("E05"), IN_FLIGHT)


def rates_hevc(job: Job) -> None:
    """The same film as HEVC, 14 in flight."""
    _rates(job, "hevc", job.clip("E05_hevc.mkv"), IN_FLIGHT[-1:])


def _rates(job: Job, codec: str, film: Path, counts: Sequence[int]) -> None:
    import anyio

    anyio.run(_measure, job, codec, film, counts)


async def _measure(job: Job, codec: str, film: Path, counts: Sequence[int]) -> None:
    from stream.services import open_services

    _, share = packet_kinds(film)
    job.note("film", {"name": film.name, "codec": codec, "non_reference_share": round(share, 4)})
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="keyart-gpu-") as folder:
        cut = [] if max(counts) < ROLLING_FROM else cuts(film, ROLLING_FROM, Path(folder))
        for mode in ("all", "reference"):
            async with open_services(settings_for(mode, counts[-1])) as services:
                await whole([film], 1, mode, services)  # the first film pays for what is set up once
                for videos in counts if mode == "all" else counts[-1:]:
                    films = [*cut, *[film] * videos] if videos >= ROLLING_FROM else [film] * videos
                    row = await _condition(films, videos, mode, services)
                    row["ratio"] = ratio(row, raw_of_all(rows, videos))
                    rows.append({"codec": codec, "mode": mode, "videos": videos, "non_reference_share": share, **row})
                    job.note("rates", rows)


def cuts(film: Path, count: int, folder: Path) -> list[Path]:
    """The film's beginning, once for each slot: 1/count of it, 2/count, … all of it. Packets are copied."""
    packets = packet_kinds(film)[0]
    paths = [folder / f"cut{index}.mkv" for index in range(1, count + 1)]
    for index, path in enumerate(paths, 1):
        copy_beginning(film, packets * index // count, path)
    return paths


async def _condition(films: Sequence[Path], videos: int, mode: str, services: Any) -> Row:
    """Bare decoder, whole pipeline, and, where that is quick, the bare decoder again, so that a drift would show; by
    reference frames the whole pipeline alone."""
    packets = {film: packet_kinds(film)[0] for film in set(films)}
    frames = sum(packets[film] for film in films)
    bare = [] if mode != "all" else [rated(frames, raw(films, videos))]
    runs = [rated(frames, await whole(films, videos, mode, services))]
    if bare and videos < ROLLING_FROM:
        bare.append(rated(frames, raw(films, videos)))
    return {"films": len(films), "source_frames": frames, "raw": bare, "whole": runs}


def rated(frames: int, run: Row) -> Row:
    """A run with its rate."""
    return {**run, "fps": round(frames / run["wall_s"], 1)}


def raw_of_all(rows: Sequence[Row], videos: int) -> Row | None:
    """The measurement of the bare decoder on all frames with so many videos."""
    return next((row for row in rows if row["mode"] == "all" and row["videos"] == videos), None)


def ratio(row: Row, reference: Row | None) -> float | None:
    """Median of the whole pipeline over the median of the bare decoder, which is the row's own or, where it has none,
    that of `reference`."""
    bare = row["raw"] or (reference or {}).get("raw")
    if not bare:
        return None
    return round(middle(row["whole"]) / middle(bare), 4)


def middle(runs: Sequence[Row]) -> float:
    """Median rate."""
    return float(statistics.median(run["fps"] for run in runs))


def settings_for(mode: str, videos: int) -> Any:
    """The settings of a run with so many videos in flight."""
    from stream.settings import Settings

    return Settings(device="cuda", decode=mode, batching={"in_flight": videos})  # type: ignore[arg-type]


def decode_bare(path: Path) -> int:
    """Pictures that PyNvVideoCodec's decoder gives for a file, in a stream of its own."""
    import cupy
    import PyNvVideoCodec as nvc

    stream = cupy.cuda.Stream(non_blocking=True)
    demuxer = nvc.CreateDemuxer(str(path))
    decoder = nvc.CreateDecoder(
        gpuid=0, codec=demuxer.GetNvCodecId(), cudacontext=0, cudastream=stream.ptr, usedevicememory=True
    )
    frames = sum(len(decoder.Decode(packet)) for packet in demuxer)
    return frames + len(decoder.Decode(nvc.PacketData()))  # an empty packet brings out what is still inside


def raw(paths: Sequence[Path], videos: int, decode: Callable[[Path], int] = decode_bare) -> Row:
    """Demultiplex and decode on the chip, a thread each, so many at once, and look at nothing. Raises what the decoder
    raises."""
    started_s = time.perf_counter()
    with ThreadPoolExecutor(videos) as pool:
        frames = sum(pool.map(decode, paths))
    return {"frames": frames, "wall_s": round(time.perf_counter() - started_s, 3)}


async def whole(paths: Sequence[Path], videos: int, mode: str, services: Any) -> Row:
    """The pipeline on all these films, so many at once; `watched_s` is when the last had been watched to its end."""
    import anyio

    from stream.pipeline import process

    frames, watched_s, decoders = list[int](), list[float](), set[str]()
    settings, started_s = settings_for(mode, videos), time.perf_counter()
    slots = anyio.CapacityLimiter(videos)

    def heard(stage: str, done: int, total: int | None) -> None:
        if stage == "choosing":
            watched_s.append(time.perf_counter() - started_s)

    async def one(path: Path) -> None:
        async with slots:
            result = await process(path, settings, services, heard)
        frames.append(result.manifest.funnel.frames)
        decoders.add(result.manifest.tool.decoder)

    async with anyio.create_task_group() as tasks:
        for path in paths:
            tasks.start_soon(one, path)
    wall_s = time.perf_counter() - started_s
    seconds = {"wall_s": round(wall_s, 3), "watched_s": round(max(watched_s), 3)}
    return {"frames": sum(frames), **seconds, "decoders": sorted(decoders)}


def python_settings(job: Job) -> None:
    """14 films, each a third of the episode: the collector as it is set, as Python sets it, and off; shorter and longer
    turns of the interpreter lock."""
    import anyio

    anyio.run(_python_settings, job)


async def _python_settings(job: Job) -> None:
    from stream.services import open_services

    videos, runs = IN_FLIGHT[-1], dict[str, Row]()
    with tempfile.TemporaryDirectory(prefix="keyart-gpu-") as folder:
        film = Path(folder) / "third.mkv"
        copy_beginning(job.episode("E05"), packet_kinds(job.episode("E05"))[0] // 3, film)
        packets = packet_kinds(film)[0]
        async with open_services(settings_for("all", videos)) as services:
            await whole([film], 1, "all", services)
            for name in VARIANTS:
                with variant(name):
                    run = await whole([film] * videos, videos, "all", services)
                runs[name] = rated(packets * videos, run)
                job.note("runs", runs)


VARIANTS = ("as it is", "collector as Python sets it", "collector off", "turns of 1 ms", "turns of 20 ms")
_TURNS_S = {"turns of 1 ms": 0.001, "turns of 20 ms": 0.02}
_PYTHONS_OWN = (700, 10, 10)


@contextmanager
def variant(name: str) -> Iterator[None]:
    """Python's settings for one run, put back afterwards. Raises KeyError for a name that is not of `VARIANTS`."""
    if name not in VARIANTS:
        raise KeyError(name)
    before = sys.getswitchinterval(), gc.get_threshold(), gc.get_freeze_count(), gc.isenabled()
    sys.setswitchinterval(_TURNS_S.get(name, before[0]))
    if name == "collector as Python sets it":
        gc.unfreeze()
        gc.set_threshold(*_PYTHONS_OWN)
    if name == "collector off":
        gc.disable()
    try:
        yield
    finally:
        sys.setswitchinterval(before[0])
        gc.set_threshold(*before[1])
        if before[2] and not gc.get_freeze_count():
            gc.freeze()
        if before[3]:
            gc.enable()
