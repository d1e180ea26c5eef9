"""Evaluates finished results against an expert's labels, together with baselines, all with the same matcher."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from engines.errors import SessionError
from stream.errors import KeyartError
from stream.manifest import Manifest
from stream.settings.model import Settings

from . import naive, recall
from .borders import NO_BORDER, Border, border_of
from .ceiling import most_different
from .label_shots import never_within_s, shot_starts
from .labels import LEAST_PICKS, Label, LabelledVideo
from .matcher import MAX_APART_S, RECIPE, SAME_PICTURE, Matcher, Rgb, Vector, at_matcher_width, open_matcher
from .survey import Survey, Surveyor, descriptors

RANDOM_DRAWS = 1000
SEED = 20250


@dataclass(slots=True)
class Evaluated:
    """Results of one video: figures by method, and the details that the report shows."""

    figures: dict[str, recall.Figures] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def has_enough_picks(self) -> bool:
        """Whether the expert's usable picks are enough for recall."""
        return len(self.details["labels"]["picks_s"]) >= LEAST_PICKS


@dataclass(slots=True)
class Evaluation:
    """Evaluates videos with one surveyor. `problems` collects a line for everything that could not be used."""

    surveyor: Surveyor
    matcher: Matcher
    problems: list[str] = field(default_factory=list)

    def run(
        self,
        videos: Sequence[LabelledVideo],
        manifests: Mapping[str, Manifest],
        others: Mapping[str, Mapping[str, Sequence[float]]] | None = None,
    ) -> dict[str, Any]:
        """The section `recall` of a report; videos with fewer than `LEAST_PICKS` usable picks are in `few_picks` alone.

        manifests: by the video's name; a video without one is left out. others: more choices to judge: method → video's
        name → times in seconds, in the order of rank.
        """
        done: list[tuple[str, Evaluated]] = []
        few: list[tuple[str, Evaluated]] = []
        excluded: dict[str, str] = {}
        for video in videos:
            try:
                more = {name: list(by[video.name]) for name, by in (others or {}).items() if video.name in by}
                evaluated = self._video(video, manifests.get(video.name), more)
            except (KeyartError, SessionError) as error:
                evaluated = str(error)
            if isinstance(evaluated, str):
                excluded[video.name] = evaluated
                self.problems.append(f"{video.name}: {evaluated}")
            else:
                (done if evaluated.has_enough_picks else few).append((video.name, evaluated))
        return {
            "matcher": {
                "fingerprint": self.matcher.fingerprint, "recipe": RECIPE,
                "same_picture": SAME_PICTURE, "max_apart_s": MAX_APART_S,
            },
            "seed": SEED, "random_draws": RANDOM_DRAWS, "bootstrap_draws": recall.BOOTSTRAP_DRAWS,
            "baselines": dict(naive.BASELINES),
            **_means(done),
            "sets": _sets(videos, done),
            "videos": {name: evaluated.details for name, evaluated in done},
            "few_picks": {
                "acceptance": recall.acceptance([evaluated.figures for _, evaluated in few], SEED),
                "videos": {name: evaluated.details for name, evaluated in few},
            },
            "excluded": excluded,
            "warnings": [line for name, evaluated in (*done, *few) for line in _warnings(name, evaluated)],
        }  # fmt: skip

    def _video(
        self, video: LabelledVideo, manifest: Manifest | None, more: Mapping[str, list[float]]
    ) -> Evaluated | str:
        """The evaluated video, or the reason why it is left out."""
        if not video.picks:
            return "no expert images; excluded"
        if manifest is None:
            return "no result to evaluate; excluded"
        survey = self.surveyor.survey(video.path)
        expert = self._expert(video, survey)
        if not len(expert.pick_times_s):
            return "no usable expert images; excluded"
        chosen = [image.time_s for image in sorted(manifest.images, key=lambda i: i.rank)]
        shots = [(shot.start_s, shot.end_s) for shot in manifest.shots]
        count = min(len(chosen), recall.TOP)
        self.surveyor.take_thumbnails(video.path, survey, count)
        evaluated = Evaluated()
        evaluated.details["film"] = {
            "first_pts_s": survey.first_pts_s, "end_s": round(survey.end_s, 6), "shots_s": shots,
            "undecodable_packets": survey.undecodable, "never_within_s": expert.never_within_s,
            "labelled_shots": None if expert.starts_s is None else len(expert.starts_s),
            "scores": [image.score for image in sorted(manifest.images, key=lambda i: i.rank)],
        }  # fmt: skip
        methods: dict[str, list[float]] = {
            "keyart": chosen,
            "uniform": naive.uniform(survey),
            "ffmpeg_thumbnail": naive.ffmpeg_thumbnail(survey),
            "sharpest_per_shot": naive.sharpest_per_shot(survey, shots),
            **naive.with_count(survey, shots, count),
            **more,
        }
        for name, times_s in methods.items():
            self._judge(evaluated, name, times_s, video, survey, expert)
        _judge_random(evaluated, survey, expert)
        evaluated.details["ceiling"] = _ceiling(survey, expert)
        evaluated.details["labels"] = {
            "picks_s": [round(float(t), 4) for t in expert.pick_times_s],
            "never_s": [round(float(t), 4) for t in expert.never_s],
        }
        return evaluated

    def _judge(
        self,
        evaluated: Evaluated,
        name: str,
        times_s: Sequence[float],
        video: LabelledVideo,
        survey: Survey,
        expert: recall.Expert,
    ) -> None:
        self.surveyor.describe_frames(video.path, survey, times_s)
        times = np.array(times_s, np.float64)
        vectors = descriptors(survey, times)
        images = recall.compared(times, vectors, expert)
        evaluated.figures[name] = recall.figures_of(images)
        evaluated.details[name] = {
            **_rounded(asdict(evaluated.figures[name])),
            "precision_curve": recall.precision_at(images.matched),
            "images": [
                {
                    "time_s": round(float(times[i]), 6),
                    "matches": [int(p) for p in np.flatnonzero(images.matched[i])],
                    "never": bool(images.on_never[i]),
                    **_nearest(float(times[i]), vectors[i], expert),
                }
                for i in range(len(times))
            ],
        }

    def _expert(self, video: LabelledVideo, survey: Survey) -> recall.Expert:
        picks_s = [t for label in video.picks if (t := self._time_of(label, video, survey)) is not None]
        never_s = [t for label in video.never if (t := self._time_of(label, video, survey)) is not None]
        self.surveyor.describe_frames(video.path, survey, picks_s)
        times = np.array([survey.at(t)[0] for t in picks_s], np.float64)
        return recall.Expert(
            times, descriptors(survey, picks_s), np.array(never_s, np.float64),
            shot_starts(video.truth), never_within_s(survey.end_s - survey.first_pts_s),
        )  # fmt: skip

    def _time_of(self, label: Label, video: LabelledVideo, survey: Survey) -> float | None:
        """The label's time in seconds; None, with a line in `problems`, when it has none in this video."""
        if label.time_s is not None:
            if survey.contains(label.time_s):
                return label.time_s
            extent = f"{survey.first_pts_s:.3f} to {survey.end_s:.3f} s"
            self.problems.append(f"{label.where}: {label.time_s} s lies outside the video ({extent}); left out")
            return None
        assert label.image is not None  # a label has either a time or an image
        picture = cv2.imread(str(label.image), cv2.IMREAD_COLOR_RGB)
        if picture is None:
            self.problems.append(f"{label.where}: {label.image.name} cannot be read as an image; left out")
            return None
        found = self.time_of_picture(np.asarray(picture, np.uint8), video, survey)
        if found is None:
            self.problems.append(f"{label.where}: {label.image.name} is not like any picture of the video; left out")
        return found

    def time_of_picture(self, picture: Rgb, video: LabelledVideo, survey: Survey) -> float | None:
        """The time at which the video shows this picture, in seconds: the best frame of the grid, then the best of all
        frames around it. None when no frame matches it."""
        grid = descriptors(survey, survey.grid_s)
        # A poster may have the film's bars, bars of its own, or none.
        cuts = [_inside(picture, border) for border in (NO_BORDER, survey.border, border_of([picture]))]
        found = [v for cut in cuts if (v := self.matcher.descriptor(at_matcher_width(cut))) is not None]
        if not found:
            return None
        vector = max(found, key=lambda v: float((grid @ v).max()))
        likeness = grid @ vector
        best = int(np.argmax(likeness))
        if likeness[best] < SAME_PICTURE:
            return None
        step_s = float(np.median(np.diff(survey.grid_s))) if len(survey.grid_s) > 1 else 0.0
        near = survey.times_s[np.abs(survey.times_s - survey.grid_s[best]) <= step_s]
        self.surveyor.describe_frames(video.path, survey, [float(t) for t in near])
        return float(near[int(np.argmax(descriptors(survey, near) @ vector))])


def open_evaluation(settings: Settings, cache: Path) -> Evaluation:
    """An evaluation with the pinned matcher. Raises ModelError when its weights cannot be fetched."""
    matcher = open_matcher(settings.models)
    return Evaluation(Surveyor(matcher, cache, settings.thread_count), matcher)


def _inside(picture: Rgb, border: Border) -> Rgb:
    height, width = picture.shape[:2]
    rows = slice(round(border.top * height), height - round(border.bottom * height))
    return picture[rows, round(border.left * width) : width - round(border.right * width)]


def _judge_random(evaluated: Evaluated, survey: Survey, expert: recall.Expert) -> None:
    vectors = descriptors(survey, survey.grid_s)
    frames = recall.compared(survey.grid_s, vectors, expert)
    figures, curve = recall.expected_of_random(frames, RANDOM_DRAWS, SEED)
    evaluated.figures["random"] = figures
    evaluated.details["random"] = {**_rounded(asdict(figures)), "precision_curve": curve, "images": []}


def _ceiling(survey: Survey, expert: recall.Expert) -> dict[str, Any]:
    """The ceiling over those frames of the grid and of the expert that match a pick and are not refused."""
    times = np.unique(np.concatenate([survey.grid_s, expert.pick_times_s]))
    vectors = descriptors(survey, times)
    frames = recall.compared(times, vectors, expert)
    good = np.asarray(frames.matched.any(axis=1) & ~frames.on_never)
    count, proven = most_different(vectors[good], recall.TOP)
    return {"precision_at_10": count / recall.TOP, "proven": proven, "matching_frames": int(good.sum())}


def _warnings(name: str, evaluated: Evaluated) -> Iterator[str]:
    """What a reader of a film's figures has to know."""
    lost = evaluated.details["film"]["undecodable_packets"]
    if lost:
        yield f"{name}: {lost} packets cannot be decoded, their frames are in no figure"


def _means(done: Sequence[tuple[str, Evaluated]]) -> dict[str, Any]:
    """Figures by method and the ceiling, over videos."""
    ceilings = [evaluated.details["ceiling"]["precision_at_10"] for _, evaluated in done]
    return {
        "summary": recall.summaries([evaluated.figures for _, evaluated in done], SEED),
        "ceiling": round(float(np.mean(ceilings)), 6) if ceilings else None,
    }


def _sets(videos: Sequence[LabelledVideo], done: Sequence[tuple[str, Evaluated]]) -> dict[str, Any]:
    """The means of each set of videos, by its name, in the order of the videos."""
    set_of = {video.name: video.set_name for video in videos}
    inside = {name: [row for row in done if set_of[row[0]] == name] for name in dict.fromkeys(set_of.values())}
    return {name: {"videos": [video for video, _ in rows], **_means(rows)} for name, rows in inside.items() if rows}


def _nearest(time_s: float, vector: Vector, expert: recall.Expert) -> dict[str, Any]:
    """The expert's image nearest in time: its distance in seconds and the cosine to it."""
    apart_s = np.abs(expert.pick_times_s - time_s)
    nearest = int(np.argmin(apart_s))
    cosine = float(vector @ expert.pick_vectors[nearest])
    return {"nearest_pick": nearest, "apart_s": round(float(apart_s[nearest]), 3), "cosine": round(cosine, 4)}


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 6) for name, value in values.items()}
