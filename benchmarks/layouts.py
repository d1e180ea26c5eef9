"""Reads public data sets of shot boundaries, in the folders that PySceneDetect's benchmark uses, as truths of our form.

    BBC/       videos/bbc_01.mp4   fixed/01-scenes.txt       rows "first<TAB>last frame of a scene", from 0
    AutoShot/  videos/<id>.mp4     annotations/<id>.txt      the same rows
    ClipShots/ videos/<id>.mp4     annotations/test.json     {"<id>.mp4": {"transitions": [[last before, first after]]}}

Adjacent scenes are separated by a cut. Frames between scenes belong to a gradual transition, and a boundary is right
anywhere inside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from .labels import LabelError

Truth = dict[str, Any]
"""A parsed truth.json: `shots` with `start_s`, `end_s`, `persons` (from left to right), `cast`, `width`, `bars`."""


@dataclass(frozen=True, slots=True)
class TrueShots:
    """A video and its shot boundaries, in the form of a truth.json."""

    name: str
    video: Path
    truth: Truth


def read_layout(folder: Path, split: str = "test") -> tuple[list[TrueShots], list[str]]:
    """The videos of a data set with their truths, and a line for each that is missing or cannot be parsed.

    split: which list of ClipShots. Raises LabelError when the folder has none of these layouts.
    """
    if (folder / "fixed").is_dir():
        found = _from_texts(sorted((folder / "fixed").glob("*.txt")), folder / "videos", _bbc_name)
    elif (folder / "annotations" / f"{split}.json").is_file():
        found = _from_json(folder / "annotations" / f"{split}.json", folder / "videos")
    elif texts := sorted((folder / "annotations").glob("*.txt")):
        found = _from_texts(texts, folder / "videos", lambda stem: stem)
    else:
        raise LabelError(f"{folder}: neither BBC (fixed/*.txt) nor AutoShot nor ClipShots (annotations/)")
    items = list(found)
    return [item for item in items if isinstance(item, TrueShots)], [item for item in items if isinstance(item, str)]


def truth_of_scenes(scenes: Sequence[tuple[int, int]]) -> Truth:
    """A truth from the (first, last) frames of scenes; frames between scenes are gradual transitions.

    Raises ValueError when the scenes are not in order.
    """
    shots: list[Truth] = [{"start_frame": scenes[0][0], "transition_in": "cut"}] if scenes else []
    for (begin, before), (after, _) in pairwise(scenes):
        if not begin <= before < after:
            raise ValueError(f"scenes out of order at frame {after}")
        shots.append(_boundary(before, after))
    return {"shots": shots}


def _boundary(before: int, after: int) -> Truth:
    """The shot after a transition, from the last frame before the transition and the first frame after it."""
    if after - before <= 1:
        return {"start_frame": after, "transition_in": "cut"}
    middle = (before + 1 + after) // 2
    return {"start_frame": middle, "transition_in": "dissolve", "dissolve_frames": [before + 1, after]}


def _from_texts(texts: Sequence[Path], videos: Path, name_of: Any) -> Iterator[TrueShots | str]:
    for text in texts:
        name = name_of(text.stem)
        video = videos / f"{name}.mp4"
        if not video.is_file():
            yield f"{name}: no such video in {videos.name}/"
            continue
        try:
            yield TrueShots(name, video, truth_of_scenes(_rows(text)))
        except (OSError, ValueError) as error:
            yield f"{name}: {text.name} does not parse ({error})"


def _bbc_name(stem: str) -> str:
    return f"bbc_{stem.split('-')[0]}"


def _rows(text: Path) -> list[tuple[int, int]]:
    rows = [line.split() for line in text.read_text("utf-8").splitlines() if line.strip()]
    for number, row in enumerate(rows, 1):
        if len(row) < 2:
            raise ValueError(f"line {number} has no two frame numbers")
    return [(int(row[0]), int(row[1])) for row in rows]


def _from_json(path: Path, videos: Path) -> Iterator[TrueShots | str]:
    try:
        entries = json.loads(path.read_text("utf-8"))
    except (OSError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise LabelError(f"{path.name}: does not parse ({error})") from None
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        video = videos / name
        if not video.is_file():
            yield f"{name}: no such video in {videos.name}/"
            continue
        try:
            transitions = sorted((int(first), int(last)) for first, last in entry["transitions"])
        except (KeyError, TypeError, ValueError) as error:
            yield f"{name}: its transitions do not parse ({type(error).__name__}: {error})"
            continue
        shots = [{"start_frame": 0, "transition_in": "cut"}, *(_boundary(first, last) for first, last in transitions)]
        yield TrueShots(name, video, {"shots": shots})
