"""What a picture is worth as key art: named components from 0 to 1 and their weighted mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engines.faces import Face
from kernels.surface import Geometry

from ..people.expression import mouth_score
from ..people.eyes import eye_score, openness
from ..people.looks import leading_face, pleasant_score, pose_score
from ..records import ActiveRect, Candidate
from ..settings.sections import RankWeights

_USUAL = 0.7
"""About the median of extremeness and of the sharpness component over a film."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of a candidate at the end of the film beside its own numbers."""

    main: bool
    known: bool
    extremeness: float
    openness: float | None = None
    """Of the eyes that are least open for their person, see `stream.people.eyes`."""
    typical_openness: float | None = None
    """What is usual for that person; None where too little is known."""


def clipped_ramp(value: float, zero_at: float, one_at: float) -> float:
    """0 at and before `zero_at`, 1 at and beyond `one_at`, straight between; works in both directions."""
    return float(np.clip((value - zero_at) / (one_at - zero_at), 0.0, 1.0))


def focus_ranks(candidates: Sequence[Candidate]) -> dict[float, float]:
    """Sharpness by the film's own distribution: pts_s → 0–1, the place of log focus between its 5 % and 80 %."""
    logs = {c.pts_s: float(np.log1p(max(c.focus, 0.0))) for c in candidates}
    if not logs:
        return {}
    low, high = np.quantile(list(logs.values()), [0.05, 0.8])
    return {
        pts_s: clipped_ramp(value, float(low), max(float(high), float(low) + 1e-6)) for pts_s, value in logs.items()
    }


def components_of(candidate: Candidate, subject: Subject, active: ActiveRect, sharpness: float) -> dict[str, float]:
    """All components of one candidate, 0–1 each. Those of faces are absent where there is no face."""
    row = candidate.row
    mean, deviation = float(row["luma_mean"]), float(row["luma_std"])
    exposure = min(clipped_ramp(mean, 18, 70), clipped_ramp(mean, 235, 175), clipped_ramp(deviation, 6, 40))
    found = {
        "sharpness": sharpness,
        "exposure": exposure,
        "colour": clipped_ramp(float(row["colourfulness"]), 0, 45),
    }
    lead = leading_face(candidate.faces)
    composition = candidate.composition
    if composition is not None:
        found["symmetry"] = composition.symmetry
        found["background"] = 1.0 - clipped_ramp(composition.clutter, 3.0, 18.0)
    if lead is None:
        return found | {"thirds": thirds_score(*(composition.weight_at if composition else (0.5, 0.5)))}
    return found | {
        "face": face_size_score(lead.box[3] / active.height) * lead.score,
        "eyes": eye_score(subject.openness, subject.typical_openness),
        "pose": pose_score(lead),
        "expression": 0.5 * pleasant_score(lead.emotion) + 0.5 * clipped_ramp(subject.extremeness, 1.8, 0.6),
        "mouth": mouth_score(lead),
        "character": 1.0 if subject.main else 0.4 if subject.known else 0.2,
        **eye_placement(lead, active),
    }


def provisional_score(candidate: Candidate, geometry: Geometry, weights: RankWeights) -> float:
    """What a candidate may turn out to be worth, while the film still runs: taken for a main character with an
    expression that is usual for them, as sharp as most, in a picture without bars."""
    lead = leading_face(candidate.faces)
    subject = Subject(True, True, _USUAL, None if lead is None else openness(lead))
    whole = ActiveRect(0.0, 0.0, geometry.display_width, geometry.display_height)
    return score_of(components_of(candidate, subject, whole, _USUAL), weights)


def face_size_score(height_ratio: float) -> float:
    """A poster is read from afar, so the face must be large: best between 45 % and 80 % of the picture's height."""
    return min(clipped_ramp(height_ratio, 0.08, 0.45), 1.0 - 0.4 * clipped_ramp(height_ratio, 0.8, 1.1))


def eye_placement(face: Face, active: ActiveRect) -> dict[str, float]:
    """`thirds`: eyes near the upper third, across near a third or the middle; `headroom`: neither cut nor crowded."""
    eyes = face.landmarks[:2].mean(axis=0)
    down = (float(eyes[1]) - active.y) / active.height
    across = (float(eyes[0]) - active.x) / active.width
    vertical = 1.0 - clipped_ramp(abs(down - 0.38), 0.05, 0.35)
    above = (face.box[1] - active.y) / active.height
    return {"thirds": (vertical + _across_score(across)) / 2.0, "headroom": clipped_ramp(above, -0.05, 0.04)}


def thirds_score(across: float, down: float) -> float:
    """A picture without a face: its weight near a third or the middle across, and near the middle or a third down."""
    return (_across_score(across) + _across_score(down)) / 2.0


def _across_score(place: float) -> float:
    return 1.0 - clipped_ramp(min(abs(place - t) for t in (1 / 3, 1 / 2, 2 / 3)), 0.08, 0.33)


def score_of(components: Mapping[str, float], weights: RankWeights) -> float:
    """Weighted mean of the components that are there, rounded to 1e-4 so that no comparison hangs on a last bit."""
    of = weights.model_dump()
    total = sum(of[name] for name in components)
    return round(sum(of[name] * value for name, value in components.items()) / total, 4) if total > 0 else 0.0
