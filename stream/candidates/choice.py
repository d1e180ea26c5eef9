"""The best one to three pictures of a shot, once the engines have looked at its probes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from engines.faces import Face, Reading

from ..people.eyes import openness
from ..people.looks import leading_face, look_score
from ..records import Candidate, Picture
from ..settings.sections import FaceSettings, ProbeSettings
from .pace import LONG, Pace
from .probes import sharpness
from .scene import scene_score, subject_of

_GOOD_LOOK_SCORE = 3.65
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


def shows_enough(readings: Sequence[Reading], candidates: int = 1) -> bool:
    """Whether the probes read so far make the rest of the part needless: enough good faces, or several without any.

    `candidates`: how many the part should offer (`Pace.candidates`); each more than the first needs one more.
    """
    enough = _ENOUGH_PROBES + candidates - 1
    if not any(reading.faces for reading in readings):
        return len(readings) >= enough
    return good_looks(readings) >= enough


def good_looks(readings: Sequence[Reading]) -> int:
    """In how many of the pictures the leading face is a good one."""
    leads = (leading_face(reading.faces) for reading in readings)
    return sum(lead is not None and look_score(lead) >= _GOOD_LOOK_SCORE for lead in leads)


def choose_candidates(
    shot: int,
    pictures: list[Picture],
    readings: list[Reading],
    tracks: list[tuple[int, ...]],
    faces: FaceSettings,
    probes: ProbeSettings,
    pace: Pace = LONG,
    length_s: float = 0.0,
) -> PartCandidates:
    """The best of a part's probes. Where any of them shows a face large enough to be the subject, those without one are
    rejected; soft ones (`Picture.soft`) without one always are.

    `pictures`, `readings`, `tracks`: one for each probe that was read, by time; `tracks` has a number for each face.
    `length_s`: of the part.
    """
    read = zip(pictures, readings, strict=True)
    has_faces = any(_subject(picture, reading, faces) for picture, reading in read if not picture.soft)
    sharpest = max((sharpness(p.row) for p in pictures), default=1.0) or 1.0
    passed: list[tuple[Candidate, Picture]] = []
    rejected: Counter[str] = Counter()
    reserve: tuple[Candidate, Picture, str] | None = None
    led: set[float] = set()
    for picture, reading, numbers in zip(pictures, readings, tracks, strict=True):
        subject = _subject(picture, reading, faces)
        candidate = _candidate_of(shot, picture, reading, numbers, sharpest, subject)
        led |= {candidate.pts_s} if subject is not None else set()
        if picture.soft and subject is None:
            rejected["blurred"] += 1
            continue
        reason = _rejection(candidate, subject, has_faces, faces)
        if reason is None:
            passed.append((candidate, picture))
            continue
        rejected[reason] += 1
        if reserve is None or candidate.shot_score > reserve[0].shot_score:
            reserve = (candidate, picture, reason)
    least = pace.candidates(length_s)
    most = max(least, probes.candidates_per_shot)
    with_face = _best([p for p in passed if p[0].pts_s in led], least, most, pace.apart_s)
    without = _best([p for p in passed if p[0].pts_s not in led], least, least, pace.apart_s)
    return PartCandidates([*with_face, *without], rejected, reserve)


def _subject(picture: Picture, reading: Reading, faces: FaceSettings) -> Face | None:
    height = picture.surface.geometry.display_height if picture.inside is None else picture.inside.height
    return subject_of(reading.faces, height, faces.min_height_ratio, faces.min_score)


def _candidate_of(
    shot: int, picture: Picture, reading: Reading, tracks: tuple[int, ...], sharpest: float, subject: Face | None
) -> Candidate:
    lead = leading_face(reading.faces)
    share = min(1.0, sharpness(picture.row) / sharpest)
    score = scene_score(picture.row, share) if subject is None else share + look_score(subject)
    frame = int(picture.row["frame"])
    return Candidate(
        shot=shot,
        pts_s=picture.pts_s,
        frame=None if frame < 0 else frame,
        row=picture.row.copy(),  # else the rows of a whole batch would stay
        faces=reading.faces,
        descriptor=reading.descriptor,
        focus=lead.quality.focus if lead is not None else float(picture.row["laplacian_var"]),
        shot_score=round(score, 4),
        tracks=tracks,
        inside=picture.inside,
    )


def _rejection(candidate: Candidate, subject: Face | None, has_faces: bool, settings: FaceSettings) -> str | None:
    if subject is None:
        return "no_face" if has_faces and not candidate.faces else None
    ratio = openness(subject)
    return "eyes_closed" if ratio is not None and ratio < settings.eyes_closed_below else None


def _best(
    passed: list[tuple[Candidate, Picture]], least: int, most: int, apart_s: float
) -> list[tuple[Candidate, Picture]]:
    """The best pictures, at least `apart_s` away from each other, `least` of them where there are so many, and up to
    `most` where the others are nearly as good as the best."""
    ordered = sorted(passed, key=lambda pair: (-pair[0].shot_score, pair[0].pts_s))
    kept: list[tuple[Candidate, Picture]] = []
    for candidate, picture in ordered:
        if len(kept) == most:
            break
        apart = all(round(abs(candidate.pts_s - other.pts_s), 6) >= apart_s for other, _ in kept)
        if apart and (len(kept) < least or candidate.shot_score >= _LEAST_OF_BEST * kept[0][0].shot_score):
            kept.append((candidate, picture))
    return kept
