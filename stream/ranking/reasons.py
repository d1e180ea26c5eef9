"""Phrases that tell an editor why an image was chosen.

A component of the score may be high because a film has nothing better, or because one face of several is good. So each
phrase also asks for what it says of this very picture, and what was not measured is not praised.
"""

from __future__ import annotations

from collections.abc import Callable

from engines.faces import Face

from ..people.looks import co_stars, leading_face
from .selection import Assessment, Pick

_SHARP_FACE, _SHARP_PICTURE = 25.0, 150.0
"""Least focus of a face and Laplacian variance of a picture that are sharp in any film. Of the labelled frames refused
for blur no face measures more than 18; smeared water and speed lines of drawn films measure 31 to 102."""
_STRAIGHT_EDGES = 0.55
"""Share of edges running one way (`blur_anisotropy`) beyond which a picture may be smeared. Chosen by eye."""
_LIT_FACE_CONTRAST, _LIT_FACE_BURNT = 25.0, 0.1
"""Least contrast of a face and largest share of burnt-out pixels in light. Chosen by eye."""


def _lead(assessment: Assessment) -> Face | None:
    """The face that the picture is about; None in a scene."""
    return None if assessment.is_scene else leading_face(assessment.candidate.faces)


def _stars(assessment: Assessment) -> tuple[Face, ...]:
    return co_stars(assessment.candidate.faces, _lead(assessment))


def _is_sharp(assessment: Assessment) -> bool:
    lead = _lead(assessment)
    if lead is None:
        row = assessment.candidate.row
        return float(row["laplacian_var"]) >= _SHARP_PICTURE and float(row["blur_anisotropy"]) <= _STRAIGHT_EDGES
    return lead.quality.focus >= _SHARP_FACE and lead.quality.blur_anisotropy <= _STRAIGHT_EDGES


def _is_lit(assessment: Assessment) -> bool:
    lead = _lead(assessment)
    light = None if lead is None else lead.quality
    return light is None or (light.contrast >= _LIT_FACE_CONTRAST and light.burnt_ratio <= _LIT_FACE_BURNT)


def _shows_open_eyes(assessment: Assessment) -> bool:
    """Whether both eyes of every face that counts were measured."""
    stars = _stars(assessment)
    return bool(stars) and all(None not in face.eye_openness_ratios for face in stars)


def _shows_expression(assessment: Assessment) -> bool:
    stars = _stars(assessment)
    return bool(stars) and all(face.emotion is not None for face in stars)


def _shows_mouth(assessment: Assessment) -> bool:
    lead = _lead(assessment)
    return lead is not None and lead.mouth_openness_ratio is not None


def _always(assessment: Assessment) -> bool:
    return True


_QUALITIES: dict[str, tuple[float, Callable[[Assessment], bool], str]] = {
    "sharpness": (0.7, _is_sharp, "sharp"),
    "exposure": (0.85, _is_lit, "well lit"),
    "colour": (0.7, _always, "rich colours"),
    "eyes": (0.85, _shows_open_eyes, "eyes open"),
    "pose": (0.85, _always, "turned to the viewer"),
    "expression": (0.75, _shows_expression, "calm or happy expression"),
    "mouth": (0.85, _shows_mouth, "mouth at rest or smiling"),
    "thirds": (0.8, _always, "well placed in the frame"),
    "background": (0.8, _always, "calm background"),
}
"""Component of the score → least value, what must have been seen in the picture, phrase."""
_EASY_FACE = 0.6
"""Expression component below which a mouth is not praised: it may be shut in a grimace. Chosen by eye."""
_SHOT_SCALES = ((0.5, "close-up"), (0.27, "medium close-up"), (0.12, "medium shot"))
"""Least face height over picture height of each shot size; chosen by eye, as are the least values of `_QUALITIES`."""
_LIFTED = {
    "not_main": "not a main character, taken because too few pictures of them passed",
    "no_face": "no face, taken because too few pictures with one passed",
    "small_face": "small face, taken because too few larger ones passed",
    "turned_away": "turned away, taken because too few frontal pictures passed",
    "cut_face": "face cut by the edge, taken because nothing better exists",
}


def why(pick: Pick, names: dict[str, int]) -> list[str]:
    """Short phrases: who is shown, what is good, which rejections were lifted.

    `names`: character id → place by screen time, from 1.
    """
    assessment = pick.assessment
    subject = [*_subject_phrase(assessment, names), *_together_phrase(assessment)]
    return [*subject, *_quality_phrases(assessment), *_lifted_phrases(pick)]


def shot_scale(height_ratio: float) -> str:
    """The name of the shot size, from the face's share (0–1) of the picture's height."""
    return next((name for least, name in _SHOT_SCALES if height_ratio >= least), "wide shot")


def _subject_phrase(assessment: Assessment, names: dict[str, int]) -> list[str]:
    lead = _lead(assessment)
    if lead is None and assessment.candidate.faces:
        return ["a scene: the face in it is too small, too uncertain or not at its best"]
    if lead is None:
        # A picture of last resort was never read; only such pictures, and those without structure, have no descriptor.
        looked = assessment.candidate.descriptor is not None
        return ["no face found: chosen for its picture" if looked else "chosen for its picture"]
    scale = shot_scale(lead.box[3] / assessment.active.height)
    if assessment.person is None:
        return [f"{scale} of someone unknown"]
    place = f"no. {names[assessment.person]} by screen time"
    return [f"{scale} of {'main ' if assessment.main else ''}character {assessment.person} ({place})"]


def _together_phrase(assessment: Assessment) -> list[str]:
    if not assessment.together:
        return []
    *others, last = assessment.together
    return [f"main characters {', '.join(others)} and {last} together"]


def _quality_phrases(assessment: Assessment) -> list[str]:
    grim = assessment.components.get("expression", 1.0) < _EASY_FACE
    return [
        words
        for name, (least, is_seen, words) in _QUALITIES.items()
        if assessment.components.get(name, 0.0) >= least and is_seen(assessment)
        if not (name == "mouth" and grim)
    ]


def _lifted_phrases(pick: Pick) -> list[str]:
    return [_LIFTED.get(reason, f"{_plain(reason)}, taken because nothing better exists") for reason in pick.fallback]


def _plain(reason: str) -> str:
    return reason.replace("_", " ")
