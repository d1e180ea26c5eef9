"""The labelled frames that show how a face looks, read by the engines: an expert's picks, and the frames that were
refused for a reason of the face."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engines.faces import Face, Gaze
from engines.quality import Quality
from stream.errors import KeyartError
from stream.people.looks import leading_face
from stream.settings.model import Settings

from .labelled_frames import FrameEngines, open_engines, surfaces_at
from .labels import Label, LabelledVideo
from .provenance import code_fingerprint
from .report import Row
from .row_cache import RowCache

FACE_WORDS = (
    "blink", "eye", "eyes", "gape", "gaze", "grimace", "laughing", "lid", "lids", "lips", "looking", "looks", "mouth",
    "pout", "squint", "screaming", "shouting", "speech", "surprise", "teeth", "tongue", "whistling", "word",
)  # fmt: skip
"""A reason of the face has one of these words: what the eyes, the mouth or the expression do. A face that is hidden,
blurred or cut off without one of them is refused for the picture, which no reading of the face can tell."""
_READING_ROOMS = ("kernels", "engines")


@dataclass(frozen=True, slots=True)
class LookFrame:
    """A labelled frame of a film with its leading face. `picked`: an expert's pick, else refused. `why`: the reason."""

    film: str
    set_name: str
    time_s: float
    picked: bool
    why: str
    face: Face


@dataclass(frozen=True, slots=True)
class LookFrames:
    """`frames`: those with a face. `without_face`: how many picks and refused frames no face was found in."""

    frames: list[LookFrame]
    without_face: dict[str, int]
    problems: list[str]


def is_reason_of_face(why: str) -> bool:
    """Whether a frame was refused for what eyes, mouth or expression do (`FACE_WORDS`)."""
    return not set(re.findall(r"[a-z]+", why.lower())).isdisjoint(FACE_WORDS)


def look_labels(video: LabelledVideo) -> list[tuple[Label, bool]]:
    """The labels of a film that say how a face looks and have a time, each with whether it is a pick."""
    refused = [label for label in video.never if is_reason_of_face(label.why)]
    labels = [*((label, True) for label in video.picks), *((label, False) for label in refused)]
    return [(label, picked) for label, picked in labels if label.time_s is not None]


def read_looks(
    videos: Sequence[LabelledVideo], settings: Settings, cache: Path, say: Callable[[str], None]
) -> LookFrames:
    """All such frames of the videos, with the largest face that the engines read in each.

    Readings are kept in `cache` by film, labels, settings of the reading and code of kernels and engines, so that
    another look score needs no reading.
    """
    found = LookFrames([], {"picked": 0, "refused": 0}, [])
    kept = RowCache(cache / "looks", say)
    how = {
        "code": code_fingerprint(_READING_ROOMS), "faces": settings.faces.detector_width, "set": settings.model_set,
    }  # fmt: skip
    with ExitStack() as stack:
        opened: list[FrameEngines] = []

        def engines() -> FrameEngines:
            if not opened:
                opened.append(open_engines(settings, stack))
            return opened[0]

        for video in videos:
            times_s = sorted({label.time_s for label, _ in look_labels(video) if label.time_s is not None})
            measure = partial(_read, video, times_s, engines, settings.thread_count)
            try:
                row = kept.row("faces", video.path, measure, times_s=times_s, **how)
            except KeyartError as error:
                found.problems.append(f"{video.name}: {error}")
                continue
            _add(found, video, row, settings.faces.min_score)
    return found


def _read(video: LabelledVideo, times_s: list[float], engines: Callable[[], FrameEngines], threads: int) -> Row:
    """Faces by the requested time."""
    return {
        repr(time_s): [_plain(asdict(face)) for face in engines().faces.read([surface])[0].faces]
        for time_s, surface in surfaces_at(video.path, times_s, threads)
    }


def _add(found: LookFrames, video: LabelledVideo, row: Row, least_score: float) -> None:
    for label, picked in look_labels(video):
        faces = tuple(face for entry in row.get(repr(label.time_s), ()) if (face := _face(entry)).score >= least_score)
        lead = leading_face(faces)
        if lead is None:
            found.without_face["picked" if picked else "refused"] += 1
        else:
            time_s = label.time_s or 0.0
            found.frames.append(LookFrame(video.name, video.set_name, time_s, picked, label.why, lead))


def _plain(value: Any) -> Any:
    """The fields of a face as JSON; an array becomes {"array": […]}."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray):
        return {"array": value.tolist()}
    if isinstance(value, tuple | list):
        return [_plain(entry) for entry in value]
    return value.item() if isinstance(value, np.generic) else value


def _face(entry: dict[str, Any]) -> Face:
    """The face that `_plain` made this of."""
    fields = {key: _value(value) for key, value in entry.items()}
    gaze = entry.get("gaze")
    parts = {"quality": Quality(**entry["quality"]), "gaze": None if gaze is None else Gaze(**gaze)}
    return Face(**fields | parts)


def _value(plain: Any) -> Any:
    if isinstance(plain, dict) and "array" in plain:
        return np.array(plain["array"], np.float32)
    return tuple(_value(entry) for entry in plain) if isinstance(plain, list) else plain
