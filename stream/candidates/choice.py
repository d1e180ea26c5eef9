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

_LEAST_APART_S = 0.6
"""Least time between two candidates of a shot. Chosen by eye."""
_GOOD_LOOK_SCORE = 3.9
"""`look_score` of a good face, of 4.5: open eyes, turned to the viewer, neutral or happy, mouth at rest. Talking costs
half a point. Chosen by eye."""
_ENOUGH_PROBES = 2
"""Probes with a good face, or without any face, after which no more of a shot are read. Chosen by eye."""
_LEAST_OF_BEST = 0.6
"""Share of the best picture's shot score that a further candidate needs. Chosen by eye."""


@dataclass(frozen=True, slots=True)
class PartCandidates:
    """The candidates of one part of a shot with their pictures.

    `rejected`: how many probes were rejected for each reason. `reserve`: the best of those, with its reason.
    """

    candidates: list[tuple[Candidate, Picture]]
    rejected: Counter[str]
    reserve: tuple[Candidate, Picture, str] | None


def shows_enough(readings: Sequence[Reading]) -> bool:
    """Whether the probes read so far make the rest of the part needless: enough good faces, or several without any."""
    leads = [lead for reading in readings if (lead := leading_face(reading.faces)) is not None]
    if not leads:
        return len(readings) >= _ENOUGH_PROBES
    return sum(look_score(lead) >= _GOOD_LOOK_SCORE for lead in leads) >= _ENOUGH_PROBES


def choose_candidates(
    shot: int,
    pictures: list[Picture],
    readings: list[Reading],
    tracks: list[tuple[int, ...]],
    faces: FaceSettings,
    probes: ProbeSettings,
) -> PartCandidates:
    """The best of a part's probes. Where any of them shows a face, those without one are rejected.

    `pictures`, `readings`, `tracks`: one for each probe that was read, by time; `tracks` has a number for each face.
    """
    has_faces = any(reading.faces for reading in readings)
    sharpest = max((sharpness(p.row) for p in pictures), default=1.0) or 1.0
    passed: list[tuple[Candidate, Picture]] = []
    rejected: Counter[str] = Counter()
    reserve: tuple[Candidate, Picture, str] | None = None
    for picture, reading, numbers in zip(pictures, readings, tracks, strict=True):
        candidate = _candidate_of(shot, picture, reading, numbers, sharpest)
        reason = _rejection(candidate, has_faces, faces)
        if reason is None:
            passed.append((candidate, picture))
            continue
        rejected[reason] += 1
        if reserve is None or candidate.shot_score > reserve[0].shot_score:
            reserve = (candidate, picture, reason)
    return PartCandidates(_best(passed, probes.candidates_per_shot), rejected, reserve)


def _candidate_of(shot: int, picture: Picture, reading: Reading, tracks: tuple[int, ...], sharpest: float) -> Candidate:
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


def _rejection(candidate: Candidate, has_faces: bool, settings: FaceSettings) -> str | None:
    lead = leading_face(candidate.faces)
    if lead is None:
        return "no_face" if has_faces else None
    ratio = openness(lead)
    return "eyes_closed" if ratio is not None and ratio < settings.eyes_closed_below else None


def _best(passed: list[tuple[Candidate, Picture]], count: int) -> list[tuple[Candidate, Picture]]:
    """The best picture, then others far enough away in time and nearly as good, up to `count`; without faces, one."""
    ordered = sorted(passed, key=lambda pair: (-pair[0].shot_score, pair[0].pts_s))
    kept: list[tuple[Candidate, Picture]] = []
    for candidate, picture in ordered:
        if len(kept) == (count if candidate.faces else 1):
            break
        apart = all(abs(candidate.pts_s - other.pts_s) >= _LEAST_APART_S for other, _ in kept)
        if apart and (not kept or candidate.shot_score >= _LEAST_OF_BEST * kept[0][0].shot_score):
            kept.append((candidate, picture))
    return kept
