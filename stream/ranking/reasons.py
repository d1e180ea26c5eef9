"""Phrases that tell an editor why an image was chosen."""

from __future__ import annotations

from ..people.looks import leading_face
from .selection import Assessment, Pick

_QUALITIES = {  # component of the score → (least value, phrase)
    "sharpness": (0.7, "sharp"),
    "exposure": (0.85, "well lit"),
    "colour": (0.7, "rich colours"),
    "eyes": (0.9, "eyes open"),
    "pose": (0.85, "turned to the viewer"),
    "expression": (0.75, "natural expression"),
    "mouth": (0.85, "mouth at rest or smiling"),
    "thirds": (0.8, "well placed in the frame"),
    "background": (0.8, "calm background"),
}
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
    lead = leading_face(assessment.candidate.faces)
    if lead is None:
        return ["no usable face: chosen for its picture"]
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
    return [words for name, (least, words) in _QUALITIES.items() if assessment.components.get(name, 0.0) >= least]


def _lifted_phrases(pick: Pick) -> list[str]:
    return [_LIFTED.get(reason, f"{_plain(reason)}, taken because nothing better exists") for reason in pick.fallback]


def _plain(reason: str) -> str:
    return reason.replace("_", " ")
