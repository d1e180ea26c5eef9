"""Parts of `gpu_check`: rate of the whole pipeline against the bare decoder, alternating in one process.

Rates are source frames a second: with `reference` the packets that are left out count too, because the film was gone
through.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

from ..gpu_clips import copy_beginning, packet_kinds
from ..report import Row
from .job import Job

FILMS_IN_FLIGHT = (14, 7, 1)
MODES = ("all", "reference")
"""Both in the order of importance: 14 films on all frames, 14 by reference frames, 7, …"""
ROLLING_FROM = 14
"""From this number of films in flight on, two films go through each slot, the first of them cut to different lengths.
So no two films end together, as in a long library, and the work after a film's last picture is done while others are
decoded."""

OnProgress = Callable[[str, int, int | None], None]


def rates_h264(job: Job) -> None:
    """Records the rates of 1, 7 and 14 films in flight, on all frames and by reference frames only."""
    _rates(job, "h264", job.episode("E05"))


def rates_hevc(job: Job) -> None:
    """The same as `rates_h264`, with the film as HEVC."""
    _rates(job, "hevc", job.clip("E05_hevc.mkv"))


def _rates(job: Job, codec: str, film: Path) -> None:
    import anyio

    anyio.run(_measure, job, codec, film)


async def _measure(job: Job, codec: str, film: Path) -> None:
    from stream.pipeline.services import open_services

    packets, share = packet_kinds(film)
    job.note("film", {"name": film.name, "codec": codec, "packets": packets, "non_reference_share": round(share, 4)})
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="keyart-gpu-") as folder:
        cut = cut_beginnings(film, ROLLING_FROM, Path(folder))
        async with open_services(settings_for("all", max(FILMS_IN_FLIGHT))) as services:
            await run_pipeline([film], 1, "all", services)  # the first film is slower: things are set up once
            for videos, mode in product(FILMS_IN_FLIGHT, MODES):
                films = [*cut, *[film] * videos] if videos >= ROLLING_FROM else [film] * videos
                row = await _condition(films, videos, mode, services)
                row["ratio"] = ratio(row, row_of_all_frames(rows, videos))
                rows.append({"codec": codec, "mode": mode, "videos": videos, "non_reference_share": share, **row})
                job.note("rates", rows)


def cut_beginnings(film: Path, count: int, folder: Path) -> list[Path]:
    """Writes the film's beginning once for each slot: 1/count of it, 2/count, … all of it. Packets are copied."""
    packets = packet_kinds(film)[0]
    paths = [folder / f"cut{index}.mkv" for index in range(1, count + 1)]
    for index, path in enumerate(paths, 1):
        copy_beginning(film, packets * index // count, path)
    return paths


async def _condition(films: Sequence[Path], videos: int, mode: str, services: Any) -> Row:
    """Runs the bare decoder, the whole pipeline and, where that is quick, the bare decoder again, so that a drift would
    show. By reference frames only the whole pipeline runs."""
    packets = {film: packet_kinds(film)[0] for film in set(films)}
    frames = sum(packets[film] for film in films)
    bare = [] if mode != "all" else [with_rate(frames, run_bare_decoder(films, videos))]
    runs = [with_rate(frames, await run_pipeline(films, videos, mode, services))]
    if bare and videos < ROLLING_FROM:
        bare.append(with_rate(frames, run_bare_decoder(films, videos)))
    return {"films": len(films), "source_frames": frames, "raw": bare, "whole": runs}


def with_rate(frames: int, run: Row) -> Row:
    """The run with its rate in frames a second."""
    return {**run, "fps": round(frames / run["wall_s"], 1)}


def row_of_all_frames(rows: Sequence[Row], videos: int) -> Row | None:
    """The measurement on all frames with this number of videos in flight; None when there is none."""
    return next((row for row in rows if row["mode"] == "all" and row["videos"] == videos), None)


def ratio(row: Row, reference: Row | None) -> float | None:
    """Median rate of the whole pipeline over that of the bare decoder, which is the row's own or, if it has none, that
    of `reference`. None without both."""
    bare = row["raw"] or (reference or {}).get("raw")
    if not bare:
        return None
    return round(median_rate(row["whole"]) / median_rate(bare), 4)


def median_rate(runs: Sequence[Row]) -> float:
    """Median rate of the runs."""
    return float(statistics.median(run["fps"] for run in runs))


def settings_for(mode: str, videos: int) -> Any:
    """Settings of a run with `videos` films in flight."""
    from stream.settings.model import Settings

    return Settings(device="cuda", decode=mode, batching={"in_flight": videos})  # type: ignore[arg-type]


def decode_bare(path: Path) -> int:
    """Number of pictures that PyNvVideoCodec's decoder returns for a file, in a stream of its own."""
    import cupy

    from stream.decode.nvdec.module import video_codec

    nvc, stream = video_codec(), cupy.cuda.Stream(non_blocking=True)
    demuxer = nvc.CreateDemuxer(str(path))
    decoder = nvc.CreateDecoder(
        gpuid=0, codec=demuxer.GetNvCodecId(), cudacontext=0, cudastream=stream.ptr, usedevicememory=True
    )
    try:
        frames = sum(len(decoder.Decode(packet)) for packet in demuxer)
        # An empty packet returns the pictures that are still inside.
        return frames + len(decoder.Decode(nvc.PacketData()))
    finally:
        del decoder  # it uses the stream, which would be freed first as the older variable


def run_bare_decoder(paths: Sequence[Path], videos: int, decode: Callable[[Path], int] = decode_bare) -> Row:
    """Demultiplexes and decodes files on the chip, each in a thread, `videos` at once, and does nothing with the
    pictures. Raises the decoder's errors."""
    started_s = time.perf_counter()
    with ThreadPoolExecutor(videos) as pool:
        frames = sum(pool.map(decode, paths))
    return {"frames": frames, "wall_s": round(time.perf_counter() - started_s, 3)}


async def run_pipeline(
    paths: Sequence[Path],
    videos: int,
    mode: str,
    services: Any,
    on_frames: OnProgress = lambda stage, done, total: None,
) -> Row:
    """Runs the pipeline on these films, `videos` at once. `watched_s` of the result is when the last film had been
    watched to its end."""
    import anyio

    from stream.pipeline.film_run import process

    frames, watched_s, decoders = list[int](), list[float](), set[str]()
    settings, started_s = settings_for(mode, videos), time.perf_counter()
    slots = anyio.CapacityLimiter(videos)

    def on_stage(stage: str, done: int, total: int | None) -> None:
        on_frames(stage, done, total)
        if stage == "choosing":
            watched_s.append(time.perf_counter() - started_s)

    async def one(path: Path) -> None:
        async with slots:
            result = await process(path, settings, services, on_stage)
        frames.append(result.manifest.funnel.frames)
        decoders.add(result.manifest.tool.decoder)

    async with anyio.create_task_group() as tasks:
        for path in paths:
            tasks.start_soon(one, path)
    wall_s = time.perf_counter() - started_s
    seconds = {"wall_s": round(wall_s, 3), "watched_s": round(max(watched_s), 3)}
    return {"frames": sum(frames), **seconds, "decoders": sorted(decoders)}
