"""Accuracy of the face and text models on frames of labelled shots: three frames for each shot, and the expert's
frames.

Faces: recall on clean shots of people (a face counts when its box is at least half as high as the truth says), and
boxes where there is nobody. Eyes: an expert's picks are open; a frame that was refused for closed eyes or a blink is
closed. Text: title cards, credits, subtitles and captions must be called overlays, everything else must not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engines.faces import Face
from engines.open_session import open_session
from engines.reader import READER_ROLES as FACE_ROLES
from engines.reader import FaceReader, ReaderOptions
from engines.text import TextDetector, is_overlay
from engines.zoo import Zoo
from kernels.open_ops import open_ops
from kernels.surface import Rect, Surface
from stream.decode.decoder import DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.settings.model import Settings

from .labels import LabelledVideo
from .layouts import Truth
from .report import Section

SAMPLED_AT = (0.25, 0.5, 0.75)
"""Positions in a shot from which its frames are taken, as shares of its length."""
_LEAST_SHARE = 0.5
_CLOSED_WORDS = ("closed", "blink", "shut")


@dataclass(frozen=True, slots=True)
class FrameEngines:
    """The models that read frames. The stack that opened them closes them."""

    faces: FaceReader
    text: TextDetector


def open_engines(settings: Settings, stack: ExitStack) -> FrameEngines:
    """The models of the settings' model set on the CPU; `stack` closes them. Raises ModelError."""
    zoo = Zoo.default(settings.model_set, settings.models)
    roles = (*FACE_ROLES, "text_detection")
    zoo.ensure(roles)
    sessions = {role: open_session(zoo.path(role), threads=settings.thread_count) for role in roles}
    for session in sessions.values():
        stack.callback(session.close)
    ops = open_ops("cpu")
    reader = FaceReader(sessions, ops, ReaderOptions(detector_width=settings.faces.detector_width))
    return FrameEngines(reader, TextDetector(sessions["text_detection"], ops))


def surfaces_at(video: Path, times_s: Iterable[float], threads: int) -> Iterator[tuple[float, Surface]]:
    """(requested time, first picture at or after it) for each time in seconds, in one pass. Raises KeyartError."""
    wanted = sorted(set(times_s), reverse=True)
    decoder = AvDecoder(video, DecodeOptions(threads=threads))
    try:
        for batch in decoder.batches():
            for surface, pts_s in zip(batch.surfaces, batch.pts_s, strict=True):
                while wanted and pts_s >= wanted[-1] - 1e-3:
                    yield wanted.pop(), surface
            if not wanted:
                return
    finally:
        decoder.close()


def sampled_times(truth: Truth) -> dict[float, Mapping[str, Any]]:
    """The times at which a film's shots are sampled, in seconds, each with its shot."""
    return {
        shot["start_s"] + (shot["end_s"] - shot["start_s"]) * place: shot
        for shot in truth["shots"]
        for place in SAMPLED_AT
    }


def faces_of(video: LabelledVideo, truth: Truth, engines: FrameEngines, settings: Settings) -> Section:
    """Counts of faces and eyes in one film. Raises KeyartError."""
    shots = sampled_times(truth)
    labels = eye_labels(video)
    height = truth["height"] - truth["bars"]["top"] - truth["bars"]["bottom"]
    counted = {"expected": 0, "found": 0, "frames": 0, "extra": 0, "frames_without_people": 0, "invented": 0}
    eyes: list[tuple[float, bool]] = []
    for time_s, surface in surfaces_at(video.path, [*shots, *labels], settings.thread_count):
        (reading,) = engines.faces.read([surface])
        faces = [face for face in reading.faces if face.score >= settings.faces.min_score]
        if time_s in shots:
            _count_faces(counted, faces, shots[time_s], height)
        if time_s in labels and (openness := least_open(faces)) is not None:
            eyes.append((openness, labels[time_s]))
    rounded = [[round(openness, 4), closed] for openness, closed in eyes]
    return {**counted, "eyes": rounded, "eyes_labelled": len(labels)}


def _count_faces(counted: dict[str, int], faces: Sequence[Face], shot: Mapping[str, Any], height_px: float) -> None:
    persons = len(shot["persons"])
    if not persons:
        counted["frames_without_people"] += 1
        counted["invented"] += len(faces)
    elif shot["degradation"] is None:
        least = _LEAST_SHARE * shot["face_height_frac"] * height_px
        large = sum(face.box[3] >= least for face in faces)
        counted["frames"] += 1
        counted["expected"] += persons
        counted["found"] += min(large, persons)
        counted["extra"] += max(0, len(faces) - persons)


def least_open(faces: Sequence[Face]) -> float | None:
    """Eye openness of the most closed of the faces that are at least half as high as the largest; None when none is
    known."""
    tallest = max((face.box[3] for face in faces), default=0.0)
    ratios = [f.eye_openness_ratio for f in faces if f.box[3] >= tallest / 2 and f.eye_openness_ratio is not None]
    return min(ratios, default=None)


def eye_labels(video: LabelledVideo) -> dict[float, bool]:
    """Time in seconds → whether somebody's eyes are closed: False for the expert's picks, True for frames refused for
    closed eyes."""
    labels = {label.time_s: False for label in video.picks if label.time_s is not None}
    for label in video.never:
        if label.time_s is not None and any(word in label.why for word in _CLOSED_WORDS) and "half" not in label.why:
            labels[label.time_s] = True
    return labels


def faces_section(per_video: Mapping[str, Section], settings: Settings) -> Section:
    """Recall and false positives over all films; for eyes the AUC and the share of right calls at the setting's
    limit."""
    sums = {
        key: sum(video[key] for video in per_video.values())
        for key in ("expected", "found", "frames", "extra", "frames_without_people", "invented", "eyes_labelled")
    }
    openness = np.array([value for video in per_video.values() for value, _ in video["eyes"]], np.float64)
    closed = np.array([flag for video in per_video.values() for _, flag in video["eyes"]], bool)
    called = openness < settings.faces.eyes_closed_below
    pooled = {
        **sums,
        "recall": _share(sums["found"], sums["expected"]),
        "invented_per_frame": _share(sums["invented"], sums["frames_without_people"]),
        "extra_per_frame": _share(sums["extra"], sums["frames"]),
        "eyes": {
            "judged": len(openness),
            "auc": auc(openness[~closed], openness[closed]),
            "closed_called": _share(int((called & closed).sum()), int(closed.sum())),
            "open_called": _share(int((~called & ~closed).sum()), int((~closed).sum())),
        },
    }
    return {"videos": dict(per_video), "pooled": pooled}


def auc(high: np.ndarray, low: np.ndarray) -> float | None:
    """Probability that a value of `high` exceeds a value of `low`, with ties counted half; None when either is
    empty."""
    if not len(high) or not len(low):
        return None
    above = (high[:, None] > low[None, :]).mean() + 0.5 * (high[:, None] == low[None, :]).mean()
    return round(float(above), 6)


def text_of(video: LabelledVideo, truth: Truth, engines: FrameEngines, settings: Settings) -> Section:
    """Counts of one film's frames that were rightly and wrongly called text overlays. Raises KeyartError."""
    shots, bars = sampled_times(truth), truth["bars"]
    area: Rect = (
        bars["left"], bars["top"],
        truth["width"] - bars["left"] - bars["right"], truth["height"] - bars["top"] - bars["bottom"],
    )  # fmt: skip
    counted = {"true": 0, "missed": 0, "invented": 0, "clean": 0}
    wrong_s: list[float] = []
    for time_s, surface in surfaces_at(video.path, shots, settings.thread_count):
        called, has_text = is_overlay(engines.text.read(surface, area), area), shows_text(shots[time_s])
        counted[("invented" if called else "clean") if not has_text else ("true" if called else "missed")] += 1
        if called != has_text:
            wrong_s.append(round(time_s, 3))
    return {**counted, "wrong_s": wrong_s}


def shows_text(shot: Mapping[str, Any]) -> bool:
    """Whether a shot's frames contain text."""
    return shot["kind"] in ("title", "credits") or bool(shot["subtitles"]) or bool(shot.get("other_text"))


def text_section(per_video: Mapping[str, Section]) -> Section:
    """Precision and recall of text overlays over all frames."""
    sums = {key: sum(video[key] for video in per_video.values()) for key in ("true", "missed", "invented", "clean")}
    pooled = {
        **sums,
        "precision": _share(sums["true"], sums["true"] + sums["invented"]),
        "recall": _share(sums["true"], sums["true"] + sums["missed"]),
    }
    return {"videos": dict(per_video), "pooled": pooled}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None
