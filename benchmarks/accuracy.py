"""Accuracy of the stages on films with a known truth: shots, bars and characters."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from kernels.bars import ActiveArea
from stream.manifest import Manifest
from stream.people.characters import find_characters
from stream.settings.model import Settings
from stream.shots.second_opinion import SecondOpinion

from . import bars, characters, shots
from .labels import LabelError, LabelledVideo
from .layouts import TrueShots, Truth
from .recall import interval
from .report import Section
from .timed_shots import detected_in_milliseconds, in_milliseconds
from .watching import watch_film

_USUAL_FPS = 24
"""Where a manifest does not know the number of frames."""
WHOLE_TRUTH = ("shots", "bars", "cast", "width", "height")
"""What a truth.json of a composed film says; one of a real film may say less."""


class PartialTruthError(LabelError):
    """A truth.json says something, but not what is asked for: the film is left out, which is no fault."""


@dataclass(slots=True)
class Truths:
    """`known`: videos with their truths. `problems`: a line for each without a usable truth. `partial`: name → what the
    truth of a video does not say."""

    known: list[tuple[LabelledVideo, Truth]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    partial: dict[str, str] = field(default_factory=dict)


def truth_of(video: LabelledVideo, needs: Sequence[str] = WHOLE_TRUTH) -> Truth:
    """The parsed truth.json of a video. Raises LabelError when there is none or it says nothing, PartialTruthError when
    it says something but lacks one of the keys in `needs`."""
    if video.truth is None:
        raise LabelError(f"{video.name}: has no truth.json; left out")
    try:
        truth: Truth = json.loads(video.truth.read_text("utf-8"))
        missing = [key for key in needs if key not in truth]
    except (OSError, ValueError, TypeError) as error:
        raise LabelError(f"{video.name}: truth.json does not parse ({error}); left out") from None
    if missing:
        says_something = any(key in truth for key in WHOLE_TRUTH)
        kind = PartialTruthError if says_something else LabelError
        raise kind(f"{video.name}: truth.json has no {', '.join(missing)}; left out")
    return truth


def with_truth(videos: Sequence[LabelledVideo], needs: Sequence[str] = WHOLE_TRUTH) -> Truths:
    """The videos with their truths, as far as those say what is needed."""
    found = Truths()
    for video in videos:
        try:
            found.known.append((video, truth_of(video, needs)))
        except PartialTruthError as error:
            found.partial[video.name] = str(error).removeprefix(f"{video.name}: ").removesuffix("; left out")
        except LabelError as error:
            found.problems.append(str(error))
    return found


def shots_of(
    video: Path,
    truth: Truth,
    settings: Settings,
    manifest: Manifest | None = None,
    opinion: SecondOpinion | None = None,
) -> Section:
    """Shot boundaries of one film: counts, F1, and recall by kind of transition. Taken from the manifest if there is
    one, else detected. Where the truth gives no frame numbers, places are in milliseconds. opinion: a new one; None
    detects without."""
    by_time = any("start_frame" not in shot for shot in truth["shots"])
    if manifest is not None:
        detected = _times_in_manifest(manifest) if by_time else _from_manifest(manifest, truth)
    else:
        detected = shots.detect(video, settings.decode, settings.shots, opinion=opinion)
        detected = _by_time(detected) if by_time else detected
    truth = in_milliseconds(truth) if by_time else truth
    scores = shots.score_shots(detected, truth)
    return {**_boundaries(scores), "recall_by_kind": _by_kind(scores, truth)}


def shots_section(per_video: Mapping[str, Section]) -> Section:
    """Pooled boundaries of all films, with the confidence interval of F1 over films. per_video: what `shots_of`
    returned, by the video's name."""
    scores = [shots.BoundaryScores(v["found"], tuple(v["missed"]), tuple(v["invented"])) for v in per_video.values()]
    by_kind: dict[str, list[float]] = {}
    for video in per_video.values():
        for kind, (found, total) in video["recall_by_kind"].items():
            sums = by_kind.setdefault(kind, [0, 0])
            sums[0], sums[1] = sums[0] + found, sums[1] + total
    whole = _boundaries(shots.pooled_scores(scores))
    return {
        "videos": dict(per_video),
        "pooled": {
            **{key: whole[key] for key in ("found", "precision", "recall", "f1")},
            "f1_interval": interval([v["f1"] for v in per_video.values()]) if per_video else None,
            "recall_by_kind": by_kind,
        },
    }


def bars_of(video: Path, truth: Truth, settings: Settings, manifest: Manifest | None = None) -> Section:
    """Error in pixels on each side, and invented bars. Taken from the manifest if there is one, else measured."""
    if manifest is None:
        return bars.measure_bars(video, truth, settings.decode)
    area = ActiveArea(**manifest.active_area.model_dump())
    return bars.compare_bars(area, truth["bars"])


def bars_section(per_video: Mapping[str, Section]) -> Section:
    """The largest error of any side, and the number of invented bars. per_video: what `bars_of` returned."""
    errors = [abs(error) for video in per_video.values() for error in video["error_px"].values()]
    pooled = {
        "worst_px": max(errors, default=0),
        "invented": sum(len(video["invented"]) for video in per_video.values()),
        "passed": float(np.mean([video["passed"] for video in per_video.values()])) if per_video else 0.0,
    }
    return {"videos": dict(per_video), "pooled": pooled}


def characters_of(video: Path, truth: Truth, settings: Settings, manifest: Manifest | None = None) -> Section:
    """Scores of the grouping of face tracks; with a manifest those of its appearances in shots, which is a milder
    measure."""
    if manifest is not None:
        return {"judged": "appearances", **asdict(characters.score_characters(manifest, truth))}
    film = watch_film(video, settings)
    people, method = find_characters(film.tracks, film.shots, settings.people, "cpu", film.descriptors())
    return {
        "judged": "tracks",
        "method": method,
        **asdict(characters.score_characters((film.tracks, people), truth)),
    }


def characters_section(per_video: Mapping[str, Section]) -> Section:
    """Means over films. per_video: what `characters_of` returned. A track without a character is a cluster of its own;
    a track of nobody in the cast is a person of its own."""
    names = ("bcubed_precision", "bcubed_recall", "bcubed_f1", "weighted_purity", "mutual_information", "cluster_ratio")
    pooled: Section = {
        name: round(float(np.mean([video[name] for video in per_video.values()])), 6) for name in names if per_video
    }
    pooled["mains_exact"] = sum(bool(video["mains_exact"]) for video in per_video.values())
    pooled["videos"] = len(per_video)
    if per_video:
        pooled["bcubed_f1_interval"] = interval([video["bcubed_f1"] for video in per_video.values()])
    return {"videos": dict(per_video), "pooled": pooled, "noise": "unassigned tracks count as clusters of one"}


def layout_shots(
    items: Sequence[TrueShots], settings: Settings, opinion: Callable[[], SecondOpinion | None] = lambda: None
) -> tuple[dict[str, Section], list[str]]:
    """Shot boundaries of the films of a public data set, and a line for each film that cannot be decoded. opinion:
    makes a new one for each film."""
    from stream.errors import KeyartError

    done: dict[str, Section] = {}
    problems: list[str] = []
    for item in items:
        try:
            done[item.name] = shots_of(item.video, item.truth, settings, opinion=opinion())
        except KeyartError as error:
            problems.append(f"{item.name}: {error}")
    return done, problems


def _by_time(found: shots.DetectedShots) -> shots.DetectedShots:
    assert found.times_s is not None  # `detect` measures them
    starts_s = found.times_s[np.searchsorted(found.frames, found.starts)].tolist()
    return detected_in_milliseconds(starts_s, found.times_s)


def _times_in_manifest(manifest: Manifest) -> shots.DetectedShots:
    first_s, end_s = manifest.shots[0].start_s, manifest.shots[-1].end_s
    count = manifest.video.frames or round((end_s - first_s) * _USUAL_FPS)
    return detected_in_milliseconds(
        [shot.start_s for shot in manifest.shots[1:]], np.linspace(first_s, end_s, count + 1)
    )


def _from_manifest(manifest: Manifest, truth: Truth) -> shots.DetectedShots:
    starts = [shot.start_frame for shot in manifest.shots[1:] if shot.start_frame is not None]
    return shots.DetectedShots(starts, np.arange(truth.get("frame_count") or manifest.video.frames or 1))


def _boundaries(scores: shots.BoundaryScores) -> Section:
    return {
        "found": scores.found, "missed": list(scores.missed), "invented": list(scores.invented),
        "precision": round(scores.precision, 6), "recall": round(scores.recall, 6), "f1": round(scores.f1, 6),
    }  # fmt: skip


def _by_kind(scores: shots.BoundaryScores, truth: Truth) -> dict[str, tuple[int, int]]:
    """(found, all) boundaries of each kind of transition."""
    kinds = {shot["start_frame"]: shot["transition_in"] for shot in truth["shots"][1:] if not shot.get("optional")}
    missed = Counter(kinds[frame] for frame in scores.missed)
    return {kind: (count - missed[kind], count) for kind, count in sorted(Counter(kinds.values()).items())}
