"""`keyart extract`: videos in, folders of poster images out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options
from .exits import FAILED, errors_to_exit_codes
from .stdout import own_stdout

if TYPE_CHECKING:
    from ..pipeline.reporter import Outcome, Reporter
    from ..settings.model import Settings
    from .interrupt import Interrupts

ExtractFiles = Callable[[list[Path], Path, "Settings", "Reporter"], Awaitable[list["Outcome"]]]


def extract(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…", help="Videos: MP4, Matroska, MPEG-TS and the like.", parser=options.named_path
        ),
    ],
    out: options.OutOption,
    top: options.TopOption = None,
    formats: options.FormatOption = None,
    decode: options.DecodeOption = None,
    start: options.StartOption = None,
    end: options.EndOption = None,
    skip_first: options.SkipFirstOption = None,
    skip_last: options.SkipLastOption = None,
    workers_per_device: Annotated[
        int | None, typer.Option(metavar="N", help="Worker processes for many videos. Default: none but this one.")
    ] = None,
    overwrite: Annotated[
        bool | None, typer.Option("--overwrite/--no-overwrite", help="Replace results.", show_default=False)
    ] = None,
    episode: options.EpisodeOption = None,
    threads: options.ThreadsOption = None,
    device: options.DeviceOption = None,
    models: options.ModelsOption = None,
    model_set: options.ModelSetOption = None,
    config: options.ConfigOption = None,
    assignments: options.SetOption = None,
    log: options.LogOption = None,
    quiet: options.QuietOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print each manifest on stdout, one line per video.")] = False,
) -> None:
    """Choose the poster images of videos.

    Each video gets its own folder with the images, a contact sheet and manifest.json. A video that fails gives one
    line on stderr and never stops the others. A result that is already there is skipped.
    """
    flags = {
        "top": top, "formats": formats or None, "decode": decode, "start_s": start, "end_s": end,
        "skip_first_s": skip_first, "skip_last_s": skip_last, "overwrite": overwrite, "threads": threads,
        "device": device, "models": models, "model_set": model_set, "log": log, "episode.enabled": episode,
        "backfill.workers_per_device": workers_per_device,
    }  # fmt: skip
    with errors_to_exit_codes() as interrupts:
        from .run_log import run_logged

        settings = options.settings_from(config, flags, assignments)
        work = partial(_run, files, out, settings, quiet, as_json, context.obj, interrupts)
        outcomes = run_logged(work, settings, files, out, interrupts)
    if any(outcome.status == "failed" for outcome in outcomes):
        raise typer.Exit(FAILED)


def _run(
    files: list[Path],
    out: Path,
    settings: Settings,
    quiet: bool,
    as_json: bool,
    substitute: Any,
    interrupts: Interrupts,
) -> list[Outcome]:
    """Extract the files and report progress. `substitute`: called in place of `extract_files`, unless None."""
    from ..output.result_folder import refuse_equal_names
    from .progress import open_reporter

    refuse_equal_names(files)
    with own_stdout() if settings.device != "cpu" else nullcontext(), open_reporter(quiet, as_json) as reporter:
        if substitute is None and (refused := _all_refused(files, out, settings, reporter)):
            return refused
        work: ExtractFiles = substitute or _extract_files(len(files), settings)
        return interrupts.run(partial(_extract_or_explain, work, files, out, settings, reporter))


def _all_refused(files: list[Path], out: Path, settings: Settings, reporter: Reporter) -> list[Outcome]:
    """The outcomes where no file is one to work on; none where there is one. Asked before the imports of
    `extract_files`."""
    from .. import log
    from ..decode.container import refuse_at_once
    from ..errors import KeyartError
    from ..output.result_folder import has_result, result_folder
    from ..pipeline.reporter import Outcome

    reasons = []
    for video in files:
        try:
            if not settings.overwrite and has_result(result_folder(out, video)):
                return []
            refuse_at_once(video)
            return []
        except KeyartError as error:
            reasons.append(str(error))
    for video, reason in zip(files, reasons, strict=True):
        log.error("film failed", film=video, reason=reason)
        reporter.failed(video, reason)
    return [Outcome(video, "failed", reason=reason) for video, reason in zip(files, reasons, strict=True)]


def _extract_files(count: int, settings: Settings) -> ExtractFiles:
    """`extract_files`, imported only now because its imports take a second; for many files with workers, the same by
    them. Raises UsageError where the packages that these need are not installed."""
    if count > 1 and settings.backfill.workers_per_device > 1:
        options.refuse_without_library_extra()
        from .extract_workers import extract_by_workers

        return extract_by_workers
    from ..pipeline.many import extract_files

    return extract_files


async def _extract_or_explain(
    work: ExtractFiles, files: list[Path], out: Path, settings: Settings, reporter: Reporter
) -> list[Outcome]:
    """Run `work`. When the run as a whole cannot start (no models), give every file an outcome: failed with the reason,
    or skipped where its result is already there."""
    from .. import log
    from ..errors import KeyartError
    from ..origin import errors_in
    from ..output.result_folder import has_result, result_folder
    from ..pipeline.reporter import Outcome

    try:
        return await work(files, out, settings, reporter)
    except* KeyartError as group:
        log.error("run failed", group)
        error = errors_in(group)[0]
    outcomes = []
    for video in files:
        folder = result_folder(out, video)
        try:
            if not settings.overwrite and has_result(folder):
                outcomes.append(Outcome(video, "skipped", folder))
                continue
            reason = _own_reason(video) or str(error)
        except KeyartError as unreadable:
            reason = str(unreadable)
        log.error("film failed", film=video, reason=reason)
        reporter.failed(video, reason)
        outcomes.append(Outcome(video, "failed", reason=reason))
    return outcomes


def _own_reason(video: Path) -> str | None:
    """Why this file cannot be opened as a video; None when it can."""
    from ..decode.container import open_container
    from ..decode.probe import picture_stream
    from ..errors import KeyartError

    try:
        with open_container(video) as container:
            picture_stream(container)
    except KeyartError as error:
        return str(error)
    return None
