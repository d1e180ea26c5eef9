"""The score of a picture as key art: named components from 0 to 1, and their weighted mean.

All ramps in this module were chosen by eye: nobody measured where each should begin and end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engines.faces import Face
from kernels.inside import LIT_LUMA, lit_share
from kernels.surface import Geometry

from ..candidates.probes import sharpness
from ..candidates.scene import part_stillness, stillness, tones
from ..people.expression import mouth_score
from ..people.eyes import UNKNOWN_EYES, look_of_eyes
from ..people.looks import BEST_LOOK, leading_face, look_score, pleasant_score, pose_score
from ..records import ActiveRect, Candidate
from ..settings.sections import RankWeights

_FOCUS_QUANTILES = (0.05, 0.8)
"""Of log focus over the film's candidates with a face, where the sharpness component is 0 and 1."""
_SCENE_QUANTILES = (0.05, 0.5)
"""The same for those without."""
_DARK, _BRIGHT, _FLAT = (18, 70), (235, 175), (6, 40)
"""Mean luma, mean luma and deviation of luma, each where the exposure component is 0 and 1. The zeros are the limits
that probes have (`probes.dark_below`, `bright_above`, `flat_below`)."""
_LIT = (0.03, 0.4)
"""Share of a dark picture that is lit (`LIT_LUMA`) where it is worth 0 and 1. The zero is `probes.lit_share`."""
_DARK_FACE, _BRIGHT_FACE, _FLAT_FACE = (20, 60), (240, 190), (12, 25)
"""The same of a face. The zeros for darkness and flatness are its limits (`quality.dark_below`, `contrast_below`). A
face may be darker than a picture, because skin may."""
_COLOURLESS = (0, 45)
"""Colourfulness where the colour component is 0 and 1."""
_CLUTTER = (3.0, 18.0)
"""Clutter where the background component is 1 and 0."""
_EXTREME = (1.5, 0.0)
"""Extremeness where its half of the expression component is 0 and 1; the zero is the limit of
`expression.extreme_above`."""
_UNKNOWN_EXPRESSION = 0.5
"""The expression component where no emotion was read: less than that of a calm face (.8)."""
_KNOWN, _UNKNOWN = 0.4, 0.2
"""The character component of a character who is not main, and of nobody known."""
_FIGURE, _FIGURE_LOOK = 0.6, (0.25, 1.0)
"""The face component of a picture with nothing but small or uncertain faces, where the best of them looks as well as
can be, and the shares of the best look where it is 0 and all of that. Faces of which only little could be measured have
about .45. Chosen by eye."""
_SETTLED_S = 2.0
"""Time from a cut after which a picture has settled, seconds. With 1 or 2, and a weight of .05 to .1, pictures of
fourteen real excerpts within 1 s of a pick rise from .56 to .58 to .60, covered picks from .961 to .969 and more."""
_SMALL_FACE, _HUGE_FACE, _HUGE_COST = (0.08, 0.45), (0.8, 1.1), 0.4
"""Face height over picture height: from 0 to 1, from 1 down, and what a huge face costs."""
_EYE_LINE, _OFF_EYE_LINE = 0.38, (0.05, 0.35)
"""Where eyes should lie, from the top, and the distances from there where their half of the thirds component is 1 and
0; shares of the height."""
_HEADROOM = (-0.05, 0.04)
"""Room above the face box where the headroom component is 0 and 1, as a share of the height."""
_LINES, _OFF_LINES = (1 / 3, 1 / 2, 2 / 3), (0.08, 0.33)
"""Where eyes or weight should lie, as a share of the width or height; the distances where the score is 1 and 0."""
_USUAL_SHARPNESS, _USUAL_EXTREMENESS = 0.7, 0.2
"""What `provisional_score` assumes, chosen by eye. Over the candidates of each of E01–E05 the median sharpness is .57
to .89."""


@dataclass(frozen=True, slots=True)
class LeadPerson:
    """What the whole film says about the person who leads a candidate.

    `main`: a main character. `known`: a character at all. `extremeness`: of the most extreme face that counts, None
    where no emotion was read. `eyes`: `stream.people.eyes.look_of_eyes` of the worst eyes of the faces that count.
    """

    main: bool
    known: bool
    extremeness: float | None
    eyes: float = UNKNOWN_EYES


def clipped_ramp(value: float, zero_at: float, one_at: float) -> float:
    """0–1: 0 at `zero_at` and before, 1 at `one_at` and beyond, linear between. `zero_at` may be the larger one."""
    return float(np.clip((value - zero_at) / (one_at - zero_at), 0.0, 1.0))


def focus_ranks(candidates: Sequence[Candidate]) -> dict[float, float]:
    """pts_s → 0–1: where log focus lies between two quantiles over the film's candidates of its kind.

    Pictures with a face are ranked among themselves by their face's focus, from its 5 % to its 80 % quantile. Those
    without are ranked by the sharpness of the whole picture, up to the median: the sharpest are no better, because
    grain and speed lines are sharp too.
    """
    with_face = {c.pts_s: c.focus for c in candidates if c.faces}
    without = {c.pts_s: sharpness(c.row) for c in candidates if not c.faces}
    return _ranks(with_face, _FOCUS_QUANTILES) | _ranks(without, _SCENE_QUANTILES)


def _ranks(focus: Mapping[float, float], quantiles: tuple[float, float]) -> dict[float, float]:
    logs = {pts_s: float(np.log1p(max(value, 0.0))) for pts_s, value in focus.items()}
    if not logs:
        return {}
    low, high = np.quantile(list(logs.values()), quantiles)
    return {
        pts_s: clipped_ramp(value, float(low), max(float(high), float(low) + 1e-6)) for pts_s, value in logs.items()
    }


def components_of(
    candidate: Candidate,
    lead: Face | None,
    lead_person: LeadPerson,
    active: ActiveRect,
    sharpness: float,
    settled: float | None = None,
) -> dict[str, float]:
    """All components of one candidate by name, 0–1 each.

    `lead`: the face that the picture is about; without one those that measure faces are absent, and what makes a good
    picture stands for them: that all of it is still and has tones, and that somebody is in it. `sharpness`: its rank in
    the film (`focus_ranks`). `settled`: `settled_score`, None where the shot's ends are not known yet.
    """
    row = candidate.row
    found = {
        "sharpness": sharpness,
        "exposure": exposure_score(row, lead),
        "colour": clipped_ramp(float(row["colourfulness"]), *_COLOURLESS),
    }
    composition = candidate.composition
    if composition is not None:
        found["symmetry"] = composition.symmetry
    if lead is None:
        return found | {
            "stillness": stillness(row),
            "tones": tones(row),
            "face": figure_score(candidate.faces),
            "character": _UNKNOWN if candidate.faces else 0.0,
            **({} if settled is None else {"settled": settled}),
        }
    if composition is not None:
        found["background"] = 1.0 - clipped_ramp(composition.clutter, *_CLUTTER)
    return found | {
        "stillness": part_stillness(row),
        "face": face_size_score(lead.box[3] / active.height) * lead.score,
        "eyes": lead_person.eyes,
        "pose": pose_score(lead),
        "expression": expression_score(lead, lead_person.extremeness),
        "mouth": mouth_score(lead),
        "character": 1.0 if lead_person.main else _KNOWN if lead_person.known else _UNKNOWN,
        **eye_placement(lead, active),
    }


def provisional_score(candidate: Candidate, geometry: Geometry, weights: RankWeights) -> float:
    """An estimate of a candidate's score while the film still runs, by which the pool keeps pictures.

    It assumes a main character with a usual expression and usual sharpness, and the bars that are known so far.
    """
    lead = leading_face(candidate.faces)
    lead_person = LeadPerson(True, True, _USUAL_EXTREMENESS, UNKNOWN_EYES if lead is None else look_of_eyes(lead))
    active = candidate.inside or ActiveRect(0.0, 0.0, geometry.display_width, geometry.display_height)
    return score_of(components_of(candidate, lead, lead_person, active, _USUAL_SHARPNESS), weights)


def settled_score(pts_s: float, shot_s: tuple[float, float]) -> float:
    """0–1: 1 in the middle of a shot, and `_SETTLED_S` or more from both of its ends; 0 at a cut, where fades, people
    coming in and moving cameras are. `shot_s`: start and end of the shot, seconds."""
    first_s, end_s = shot_s
    away = min(_SETTLED_S, (end_s - first_s) / 2)
    return clipped_ramp(min(pts_s - first_s, end_s - pts_s), 0.0, max(away, 1e-6))


def exposure_score(row: np.void, lead: Face | None) -> float:
    """0–1: whether light is neither lost nor burnt out: of the leading face where it was looked at, else of all.

    `row`: measured inside the bars.
    """
    if lead is not None and lead.quality.contrast > 0:
        mean, deviation = lead.quality.luma, lead.quality.contrast
        return min(
            clipped_ramp(mean, *_DARK_FACE), clipped_ramp(mean, *_BRIGHT_FACE), clipped_ramp(deviation, *_FLAT_FACE)
        )
    mean, deviation = float(row["luma_mean"]), float(row["luma_std"])
    lit = max(clipped_ramp(mean, *_DARK), clipped_ramp(lit_share(row, LIT_LUMA), *_LIT))
    return min(lit, clipped_ramp(mean, *_BRIGHT), clipped_ramp(deviation, *_FLAT))


def expression_score(lead: Face, extremeness: float | None) -> float:
    """0–1: half for a happy or neutral leading face, half for no face being extreme; `_UNKNOWN_EXPRESSION` where no
    emotion was read."""
    if lead.emotion is None or extremeness is None:
        return _UNKNOWN_EXPRESSION
    return (pleasant_score(lead) + clipped_ramp(extremeness, *_EXTREME)) / 2.0


def figure_score(faces: Sequence[Face]) -> float:
    """0–0.6 for a picture with nothing but small or uncertain faces: somebody is in it, and the one who looks best says
    how good that is; 0 without faces."""
    best = max((look_score(face) for face in faces), default=0.0) / BEST_LOOK
    return _FIGURE * clipped_ramp(best, *_FIGURE_LOOK)


def face_size_score(height_ratio: float) -> float:
    """0–1 for a face's share of the picture's height: a poster is seen from afar, so 1 from 45 % to 80 %."""
    return min(clipped_ramp(height_ratio, *_SMALL_FACE), 1.0 - _HUGE_COST * clipped_ramp(height_ratio, *_HUGE_FACE))


def eye_placement(face: Face, active: ActiveRect) -> dict[str, float]:
    """Components for where the face lies in the active picture.

    `thirds`: eyes near the upper third, and across near a third or the middle. `headroom`: room above the face box.
    """
    eyes = face.landmarks[:2].mean(axis=0)
    down = (float(eyes[1]) - active.y) / active.height
    across = (float(eyes[0]) - active.x) / active.width
    vertical = 1.0 - clipped_ramp(abs(down - _EYE_LINE), *_OFF_EYE_LINE)
    above = (face.box[1] - active.y) / active.height
    return {"thirds": (vertical + _across_score(across)) / 2.0, "headroom": clipped_ramp(above, *_HEADROOM)}


def _across_score(place: float) -> float:
    return 1.0 - clipped_ramp(min(abs(place - line) for line in _LINES), *_OFF_LINES)


def score_of(components: Mapping[str, float], weights: RankWeights) -> float:
    """Weighted mean of the components that are there; rounded to 1e-4, so that no comparison depends on a last bit."""
    of = weights.model_dump()
    total = sum(of[name] for name in components)
    return round(sum(of[name] * value for name, value in components.items()) / total, 4) if total > 0 else 0.0
