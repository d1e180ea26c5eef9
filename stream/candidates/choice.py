"""The best one to three pictures of a shot, once the engines have looked at its probes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from engines.faces import Reading

from ..people.eyes import openness
from ..people.looks import leading_face, look_score
from ..records import Candidate, Picture
from ..settings.sections import FaceSettings, ProbeSettings
from .probes import sharpness

_APART_S = 0.6
_GOOD_LOOK = 3.9
"""Of `look_score`: open eyes, turned to the viewer, neutral or pleased, mouth at rest; talking takes half a point."""
_ENOUGH_LOOKS = 2
_WORTH_KEEPING = 0.6


@dataclass(frozen=True, slots=True)
class Chosen:
    """Candidates of one part of a shot with their pictures, and what was turned down why."""

    candidates: list[tuple[Candidate, Picture]]
    rejected: Counter[str]
    reserve: tuple[Candidate, Picture, str] | None


def shows_enough(readings: Sequence[Reading]) -> bool:
    """Whether every other probe of a shot makes the rest needless: good looks enough, or no face in several."""
    leads = [lead for reading in readings if (lead := leading_face(reading.faces)) is not None]
    if not leads:
        return len(readings) >= _ENOUGH_LOOKS
    return sum(look_score(lead) >= _GOOD_LOOK for lead in leads) >= _ENOUGH_LOOKS


def choose(
    shot: int,
    pictures: list[Picture],
    readings: list[Reading],
    tracks: list[tuple[int, ...]],
    faces: FaceSettings,
    probes: ProbeSettings,
) -> Chosen:
    """The best of a shot's probes. Where the shot shows faces, pictures without one are turned down."""
    has_faces = any(reading.faces for reading in readings)
    sharpest = max((sharpness(p.row) for p in pictures), default=1.0) or 1.0
    passed: list[tuple[Candidate, Picture]] = []
    rejected: Counter[str] = Counter()
    reserve: tuple[Candidate, Picture, str] | None = None
    for picture, reading, numbers in zip(pictures, readings, tracks, strict=True):
        candidate = _candidate(shot, picture, reading, numbers, sharpest)
        reason = _reason_against(candidate, has_faces, faces)
        if reason is None:
            passed.append((candidate, picture))
            continue
        rejected[reason] += 1
        if reserve is None or candidate.shot_score > reserve[0].shot_score:
            reserve = (candidate, picture, reason)
    return Chosen(_best(passed, probes.candidates_per_shot), rejected, reserve)


def _candidate(shot: int, picture: Picture, reading: Reading, tracks: tuple[int, ...], sharpest: float) -> Candidate:
    lead = leading_face(reading.faces)
    score = min(1.0, sharpness(picture.row) / sharpest)
    if lead is not None:
        score += look_score(lead)
    frame = int(picture.row["frame"])
    return Candidate(
        shot=shot,
        pts_s=picture.pts_s,
        frame=None if frame < 0 else frame,
        row=picture.row,
        faces=reading.faces,
        descriptor=reading.descriptor,
        focus=lead.quality.focus if lead is not None else float(picture.row["laplacian_var"]),
        shot_score=round(score, 4),
        tracks=tracks,
    )


def _reason_against(candidate: Candidate, has_faces: bool, settings: FaceSettings) -> str | None:
    lead = leading_face(candidate.faces)
    if lead is None:
        return "no_face" if has_faces else None
    ratio = openness(lead)
    return "eyes_closed" if ratio is not None and ratio < settings.eyes_closed_below else None


def _best(passed: list[tuple[Candidate, Picture]], count: int) -> list[tuple[Candidate, Picture]]:
    """The best, then others that are far enough in time and nearly as good; a faceless shot gives one."""
    ordered = sorted(passed, key=lambda pair: (-pair[0].shot_score, pair[0].pts_s))
    kept: list[tuple[Candidate, Picture]] = []
    for candidate, picture in ordered:
        if len(kept) == (count if candidate.faces else 1):
            break
        apart = all(abs(candidate.pts_s - other.pts_s) >= _APART_S for other, _ in kept)
        if apart and (not kept or candidate.shot_score >= _WORTH_KEEPING * kept[0][0].shot_score):
            kept.append((candidate, picture))
    return kept
