"""Part of `gpu_check`: what the garbage collector and the interpreter lock cost."""

from __future__ import annotations

import gc
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..gpu_clips import copy_beginning, packet_kinds
from ..report import Row
from .job import Job
from .rates import FILMS_IN_FLIGHT, run_pipeline, settings_for, with_rate


def python_settings(job: Job) -> None:
    """Runs 14 films, each a third of the episode, with the collector as Keyart sets it, as Python sets it, and off, and
    with shorter and longer switch intervals of the interpreter lock."""
    import anyio

    anyio.run(_python_settings, job)


async def _python_settings(job: Job) -> None:
    from stream.pipeline.services import open_services

    videos, runs = max(FILMS_IN_FLIGHT), dict[str, Row]()
    with tempfile.TemporaryDirectory(prefix="keyart-gpu-") as folder:
        film = Path(folder) / "third.mkv"
        copy_beginning(job.episode("E05"), packet_kinds(job.episode("E05"))[0] // 3, film)
        packets = packet_kinds(film)[0]
        async with open_services(settings_for("all", videos)) as services:
            await run_pipeline([film], 1, "all", services)
            for name in VARIANTS:
                with variant(name):
                    run = await run_pipeline([film] * videos, videos, "all", services)
                runs[name] = with_rate(packets * videos, run)
                job.note("runs", runs)


VARIANTS = ("as it is", "collector as Python sets it", "collector off", "turns of 1 ms", "turns of 20 ms")
_TURNS_S = {"turns of 1 ms": 0.001, "turns of 20 ms": 0.02}
_PYTHONS_OWN = (700, 10, 10)


@contextmanager
def variant(name: str) -> Iterator[None]:
    """Sets Python's settings for one run and restores them afterwards. Raises KeyError for a name that is not in
    `VARIANTS`."""
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
