"""Finished results of labelled videos: read if they exist, made if they are missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stream.manifest import Manifest, read_manifest
from stream.output.result_folder import MANIFEST, has_result, result_folder
from stream.settings.model import Settings

from .labels import LabelledVideo


def results_of(
    videos: Sequence[LabelledVideo], folder: Path, settings: Settings, quiet: bool = False
) -> tuple[dict[str, Manifest], list[str]]:
    """Manifests by the video's name, and a line for each video without one. Films without a result are processed.

    A result lies where the labels say, else in a folder named after its film's file: of two films with the same file
    name the later is left out.
    """
    alone, problems = _told_apart(videos, folder)
    problems += _run_missing(alone, folder, settings, quiet)
    manifests: dict[str, Manifest] = {}
    for video in alone:
        path = _place(video, folder) / MANIFEST
        if not has_result(path.parent):
            continue
        try:
            manifests[video.name] = read_manifest(path)
        except (OSError, ValueError) as error:
            problems.append(
                f"{path}: is no manifest ({str(error).splitlines()[0]}); delete its folder to make it again"
            )
    return manifests, problems


def _place(video: LabelledVideo, folder: Path) -> Path:
    """The folder of a video's result: the one that the labels name, while there is a result in it."""
    if video.result is not None and has_result(video.result):
        return video.result
    return result_folder(folder, video.path)


def _told_apart(videos: Sequence[LabelledVideo], folder: Path) -> tuple[list[LabelledVideo], list[str]]:
    first: dict[Path, LabelledVideo] = {}
    problems: list[str] = []
    for video in videos:
        same = first.setdefault(_place(video, folder), video)
        if same is not video:
            problems.append(f"{video.name}: {video.path.name} is also the file of {same.name}, rename one; left out")
    return list(first.values()), problems


def _run_missing(videos: Sequence[LabelledVideo], folder: Path, settings: Settings, quiet: bool) -> list[str]:
    missing = [video for video in videos if not has_result(_place(video, folder))]
    if not missing:
        return []
    from stream.cli.progress import open_reporter
    from stream.pipeline.many import extract_files_blocking

    with open_reporter(quiet, False) as reporter:
        outcomes = extract_files_blocking([video.path for video in missing], folder, settings, reporter)
    return [
        f"{video.name}: {outcome.reason}"
        for video, outcome in zip(missing, outcomes, strict=True)
        if outcome.status == "failed"
    ]
