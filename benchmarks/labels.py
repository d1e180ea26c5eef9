"""Reads an expert's labels from JSON: chosen and refused frames. Every label that cannot be used gives one line.

A **data folder** has one folder per video with the video, `picks.json` and, optionally, `never.json`. Each is a list of
labels. A label is a time, `{"time_s": 45.583}`, on the file's own clock, or an image, `{"image": "a.jpg"}`, whose time
is found by matching it against the video (paths are relative to the file that contains them). `why` may say what the
expert saw; other keys are ignored.

A **labels file** contains everything:

    {"videos": [{"video": "films/a.mkv", "picks": [{"time_s": 12.5}, {"image": "a/poster.jpg"}], "never": []}]}

An entry may have a `name`, without which the video is named after its file, and a `result`: the folder of its finished
result, which is then judged as it is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

VIDEO_SUFFIXES = frozenset({".avi", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpg", ".mxf", ".ts", ".webm"})
PICKS, NEVER, TRUTH = "picks.json", "never.json", "truth.json"
LEAST_PICKS = 5
"""A video with fewer expert images is reported apart, with figures of its own."""


@dataclass(frozen=True, slots=True)
class Label:
    """Either a time in seconds or an image file. `where` names the label in messages."""

    where: str
    time_s: float | None = None
    image: Path | None = None
    why: str = ""
    """The expert's reason, where there is one."""


@dataclass(frozen=True, slots=True)
class LabelledVideo:
    """`name` is that of the video's folder, or the stem of its file, or what a labels file says. `truth`: its
    truth.json, if there is one."""

    name: str
    path: Path
    picks: tuple[Label, ...] = ()
    never: tuple[Label, ...] = ()
    truth: Path | None = None
    expert_asked: bool = True
    """Whether an expert labelled the video at all, however few picks are usable."""
    result: Path | None = None
    """The folder of its result, where the labels name it."""
    set_name: str = ""
    """The data folder or labels file that it comes from."""


@dataclass(slots=True)
class Labelled:
    """The videos that could be read, and one line for each thing that could not be used."""

    videos: list[LabelledVideo] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def judged(self) -> list[LabelledVideo]:
        """The videos that an expert labelled."""
        return [video for video in self.videos if video.expert_asked]

    @property
    def with_picks(self) -> list[LabelledVideo]:
        """The judged videos with a pick at all."""
        return [video for video in self.judged if video.picks]

    @property
    def with_enough_picks(self) -> list[LabelledVideo]:
        """The judged videos with at least `LEAST_PICKS` picks."""
        return [video for video in self.judged if len(video.picks) >= LEAST_PICKS]


class LabelError(ValueError):
    """Labels that cannot be used at all; the message is one line."""


def read_folders(folders: Sequence[Path]) -> Labelled:
    """All videos of several data folders. Of videos with the same name the first is taken. Raises LabelError."""
    labelled = Labelled()
    for folder in folders:
        found = read_data(folder)
        labelled.problems += found.problems
        for video in found.videos:
            if any(video.name == known.name for known in labelled.videos):
                labelled.problems.append(f"{folder}: {video.name}: a video of this name comes before it; left out")
            else:
                labelled.videos.append(video)
    return labelled


def read_data(folder: Path) -> Labelled:
    """All videos of a data folder, by name. A folder that itself contains a video is read as that one video.

    Raises LabelError when the folder has nothing to evaluate.
    """
    if not folder.is_dir():
        raise LabelError(f"{folder}: no such folder of labelled videos")
    inside = [folder] if (folder / PICKS).is_file() or (folder / TRUTH).is_file() else sorted(folder.iterdir())
    labelled = Labelled()
    for below in inside:
        if (below / PICKS).is_file() or (below / TRUTH).is_file():
            _read_folder(below, labelled, below.resolve().parent.name)
    if not labelled.videos and not labelled.problems:
        raise LabelError(f"{folder}: no folder with {PICKS} or {TRUTH} in it")
    return labelled


def read_labels(path: Path) -> Labelled:
    """The videos of a labels file. Raises LabelError when the file as a whole cannot be read."""
    tree = _json(path)
    entries = tree.get("videos") if isinstance(tree, dict) else None
    if not isinstance(entries, list):
        raise LabelError(f'{path}: is no labels file, expected {{"videos": […]}}')
    labelled = Labelled()
    for number, entry in enumerate(entries):
        where = f"{path.name}: videos[{number}]"
        if not isinstance(entry, dict) or not isinstance(entry.get("video"), str):
            labelled.problems.append(f'{where}: names no video, expected {{"video": "file", "picks": […]}}')
            continue
        video = path.parent / entry["video"]
        if not video.is_file():
            labelled.problems.append(f"{where}: {entry['video']}: no such video")
            continue
        name = _name(entry.get("name"), video)
        if any(name == known.name for known in labelled.videos):
            labelled.problems.append(f"{where}: {entry['video']}: a video of this name comes before it; left out")
            continue
        picks, never = (
            tuple(_labels(entry.get(key, []), path.parent, f"{where}.{key}", labelled)) for key in ("picks", "never")
        )
        result = path.parent / entry["result"] if isinstance(entry.get("result"), str) else None
        labelled.videos.append(LabelledVideo(name, video, picks, never, result=result, set_name=path.stem))
    return labelled


def video_of(folder: Path, named: str | None = None) -> Path | None:
    """The film in a folder: the file `named`, or the first with a video suffix; None when there is none."""
    if named and (folder / named).is_file():
        return folder / named
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in VIDEO_SUFFIXES)
    return found[0] if found and not named else None


def _name(given: Any, video: Path) -> str:
    """A name that the labels give, where it can name pictures below a folder; else the stem of the file."""
    fits = isinstance(given, str) and given and not given.startswith("/") and ".." not in PurePosixPath(given).parts
    return given if fits else video.stem


def _read_folder(folder: Path, labelled: Labelled, set_name: str) -> None:
    truth = folder / TRUTH if (folder / TRUTH).is_file() else None
    try:
        named = _json(truth).get("file") if truth else None
    except (LabelError, AttributeError) as error:
        labelled.problems.append(f"{folder.name}: {TRUTH} cannot be read ({error})")
        truth, named = None, None
    video = video_of(folder, named)
    if video is None:
        labelled.problems.append(f"{folder.name}: no video{f' {named}' if named else ''} in this folder")
        return
    picks, never = (tuple(_read_list(folder, name, labelled)) for name in (PICKS, NEVER))
    asked = (folder / PICKS).is_file()
    labelled.videos.append(LabelledVideo(folder.name, video, picks, never, truth, asked, set_name=set_name))


def _read_list(folder: Path, name: str, labelled: Labelled) -> Iterator[Label]:
    if not (folder / name).is_file():
        return
    try:
        yield from _labels(_json(folder / name), folder, f"{folder.name}/{name}", labelled)
    except LabelError as error:
        labelled.problems.append(str(error))


def _labels(entries: Any, folder: Path, where: str, labelled: Labelled) -> Iterator[Label]:
    if not isinstance(entries, list):
        labelled.problems.append(f"{where}: is not a list of labels")
        return
    for number, entry in enumerate(entries):
        place = f"{where}[{number}]"
        time_s, image = (entry.get("time_s"), entry.get("image")) if isinstance(entry, dict) else (None, None)
        if isinstance(time_s, int | float) and not isinstance(time_s, bool) and math.isfinite(time_s):
            yield Label(place, time_s=float(time_s), why=str(entry.get("why", "")))
        elif isinstance(image, str) and (folder / image).is_file():
            yield Label(place, image=folder / image)
        elif isinstance(image, str):
            labelled.problems.append(f"{place}: {image}: no such image")
        else:
            labelled.problems.append(f'{place}: neither {{"time_s": seconds}} nor {{"image": file}}')


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise LabelError(f"{path}: cannot be read ({error.strerror})") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise LabelError(f"{path.parent.name}/{path.name}: does not parse ({error})") from None
