"""Many films in one run. They share the engines; the failure of one does not stop the others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence, Set
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from anyio import CancelScope, CapacityLimiter, create_task_group, to_thread

from .. import log
from ..dataflow.cancellation import checkpoint
from ..decode.container import refuse_at_once
from ..device.kit import MakeKit
from ..device.open import open_kit
from ..errors import DeviceLostError, KeyartError, device_errors
from ..manifest import Manifest
from ..origin import in_stage
from ..output.result_folder import MANIFEST, ResultFolder, has_result, refuse_equal_names, refuse_out, result_folder
from ..settings.model import Settings
from .failures import reason_of
from .film_run import Result, process
from .reporter import Outcome, Reporter
from .services import Services, open_services


@dataclass(slots=True)
class _Run:
    """What the films of one run have in common. `said`: codes of the run's own warnings that were reported."""

    out: Path
    settings: Settings
    services: Services
    report: Reporter
    slots: CapacityLimiter
    said: set[str] = field(default_factory=set)


async def extract_files(
    files: Sequence[Path], out: Path, settings: Settings, report: Reporter, make_kit: MakeKit = open_kit
) -> list[Outcome]:
    """Run every file. A file that fails gives an outcome with its reason and does not stop the others.

    Returns one outcome for each file, in the order of `files`. Raises UsageError, before any work, for two files of
    equal name and for an `out` that cannot hold results; KeyartError when the run as a whole cannot start (no models);
    DeviceLostError, in a group, when the GPU fails for good: unfinished films are dropped, finished results stay.
    """
    refuse_equal_names(files)
    outcomes: dict[int, Outcome] = {}
    waiting = [(i, path) for i, path in enumerate(files) if not await skip(i, path, out, settings, report, outcomes)]
    if waiting:
        refuse_out(out)
        first = waiting[0][1]
        pulling = partial(_report_pull, report, first)
        async with open_services(settings, pulling, make_kit) as services:
            log.info("engines ready", **_about(services))
            together = _Run(out, settings, services, report, CapacityLimiter(services.in_flight))
            async with create_task_group() as tasks:
                for i, path in waiting:
                    tasks.start_soon(_one, i, path, together, outcomes)
    return [outcomes[i] for i in range(len(files))]


def _about(services: Services) -> dict[str, Any]:
    return {"device": services.device, "providers": services.providers, "in_flight": services.in_flight}


def _report_pull(report: Reporter, video: Path, done: int, total: int, role: str) -> None:
    report.stage(video, f"pulling {role} ({done >> 20} of {total >> 20} MiB)", 0, None)


async def skip(
    index: int, path: Path, out: Path, settings: Settings, report: Reporter, outcomes: dict[int, Outcome]
) -> bool:
    """Whether nothing is to be done with a file: its result is there, or it is refused without an engine."""
    folder = result_folder(out, path)
    try:
        there = not settings.overwrite and await to_thread.run_sync(has_result, folder)
        if not there:
            await to_thread.run_sync(refuse_at_once, path)
    except KeyartError as error:
        outcomes[index] = _failed(path, error, report)
        return True
    if not there:
        return False
    log.info("film skipped", film=path, folder=folder)
    report.skipped(path, folder)
    outcomes[index] = Outcome(path, "skipped", folder)
    return True


async def _one(index: int, path: Path, run: _Run, outcomes: dict[int, Outcome]) -> None:
    async with run.slots:
        with log.about(film=path):
            outcomes[index] = await _outcome(path, run)


async def _outcome(path: Path, run: _Run) -> Outcome:
    log.info("film begun")
    try:
        with device_errors():
            return await _extract_to(path, run)
    except DeviceLostError as error:
        log.error("film given up", error)
        raise
    except Exception as error:
        # Even a bug in Keyart must not stop the other films.
        return _failed(path, error, run.report)
    except BaseException:
        log.warning("film given up", reason="the run ends")
        raise


def _failed(path: Path, error: Exception, report: Reporter) -> Outcome:
    reason = reason_of(error)
    log.error("film failed", error, reason=reason)
    report.failed(path, reason)
    return Outcome(path, "failed", reason=reason)


async def _extract_to(path: Path, run: _Run) -> Outcome:
    async with open_result(result_folder(run.out, path), run.settings.overwrite) as folder:
        result = await process(path, run.settings, run.services, partial(run.report.stage, path))
        with in_stage("sink"):
            await to_thread.run_sync(write_result, folder, result)
    tell_warnings(path, result.manifest, {notice.code for notice in run.services.notices}, run.said, run.report)
    tool, wall_s = result.manifest.tool, result.manifest.timings.wall_s
    images = len(result.manifest.images)
    log.info(
        "film finished", folder=folder.target, images=images, device=tool.device, decoder=tool.decoder, wall_s=wall_s
    )
    run.report.finished(path, result.manifest, folder.target)
    return Outcome(path, "done", folder.target)


@asynccontextmanager
async def open_result(target: Path, overwrite: bool) -> AsyncIterator[ResultFolder]:
    """`ResultFolder` as an asynchronous context manager, opened before the work on a film begins, so that a full or
    read-only disk is noticed first. Worker threads wait for the disk. Raises KeyartError like `ResultFolder`."""
    folder = ResultFolder(target, overwrite)
    with in_stage("sink"):
        await to_thread.run_sync(folder.__enter__)
    try:
        yield folder
    except BaseException as error:
        with CancelScope(shield=True):
            await to_thread.run_sync(folder.__exit__, type(error), error, error.__traceback__)
        raise
    with CancelScope(shield=True), in_stage("sink"):
        await to_thread.run_sync(folder.__exit__, None, None, None)


def tell_warnings(path: Path, manifest: Manifest, about_the_run: Set[str], said: set[str], report: Reporter) -> None:
    """Log and report the warnings of one film. Those about the run itself are reported once, not for every film.
    about_the_run: their codes; said: those that were reported."""
    for warning in manifest.warnings:
        log.warning("film warning", code=warning.code, message=warning.message)
        if warning.code not in said:
            report.warning(path, warning.code, warning.message)
        said |= {warning.code} & about_the_run


def write_result(folder: ResultFolder, result: Result) -> None:
    """Write a result into an open folder. Raises KeyartError when a file cannot be written."""
    for name, content in result.files.items():
        checkpoint()
        folder.write(name, content)
    folder.write(MANIFEST, result.manifest.dump_json())


def extract_files_blocking(files: Sequence[Path], out: Path, settings: Settings, report: Reporter) -> list[Outcome]:
    """`extract_files` for callers without an event loop."""
    return anyio.run(extract_files, files, out, settings, report)
