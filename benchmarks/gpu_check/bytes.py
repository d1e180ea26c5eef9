"""Part of `gpu_check`: bytes that reach the host, counted where Keyart copies data to it, and by CUPTI for the whole
process."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from ..report import Row
from .counting import traced_bytes
from .job import Job

TO_HOST = "DtoH"


def host_bytes(job: Job) -> None:
    """Runs the 1080p episode twice: with Keyart's copies counted, and the same with CUPTI recording."""
    import anyio
    import torch

    film = job.episode("E05")
    job.note("doors", bytes_by_kind(*anyio.run(_counted, film)))
    if torch.profiler.ProfilerActivity.CUDA not in torch.profiler.supported_activities():
        job.note("cupti", {"reason": "PyTorch's profiler has no CUPTI here"})
        return
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        run, counts = anyio.run(_counted, film)
    job.note("cupti", bytes_by_cupti(_exported(profile), run["frames"], counts))


async def _counted(film: Path) -> tuple[Row, Row]:
    from .rates import run_pipeline, settings_for
    from .services import counted_services

    async with counted_services(settings_for("all", 1)) as (services, counts):
        run = await run_pipeline([film], 1, "all", services)
        return run, counts()


def _exported(profile: Any) -> Row:
    with tempfile.TemporaryDirectory(prefix="keyart-gpu-") as folder:
        trace_file = Path(folder) / "trace.json"
        profile.export_chrome_trace(str(trace_file))
        trace: Row = json.loads(trace_file.read_text("utf-8"))
        return trace


def bytes_by_kind(run: Row, counts: Row) -> Row:
    """Bytes of each kind of data, what one copy of it is made for, and bytes for each frame of the film."""
    frames = max(1, run["frames"])
    kinds = counts["by_kind"].items()
    return {
        "frames": run["frames"],
        "by_kind": {name: {**kind, "bytes_a_frame": per_frame(kind["bytes"], frames)} for name, kind in kinds},
        "measured_a_frame": per_frame(counts["each_frame_bytes"], frames),
        "beside_crops_a_frame": per_frame(counts["beside_crops_bytes"], frames),
    }


def bytes_by_cupti(trace: Row, frames: int, counts: Row) -> Row:
    """All copies of the process: those to the host less the crops, and those that Keyart's own counting did not see."""
    copies = traced_bytes(trace)
    if not copies[TO_HOST]:
        return {"reason": "CUPTI saw no copy to the host"}
    beside = copies[TO_HOST] - counts["crops_bytes"]
    return {
        "frames": frames,
        "copies_bytes": dict(copies),
        "crops_bytes": counts["crops_bytes"],
        "beside_doors_bytes": beside - counts["beside_crops_bytes"],
        "beside_crops_a_frame": per_frame(beside, max(1, frames)),
    }


def per_frame(count: int, frames: int) -> float:
    """Bytes for each frame."""
    return round(count / frames, 1)
