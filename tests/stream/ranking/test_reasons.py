"""What is said of a chosen picture is true of it: high components alone are no praise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.faces import Face
from stream.ranking.reasons import why
from stream.ranking.selection import Assessment, Pick
from stream.records import ActiveRect, Candidate

from ..portraits import candidate, face, row

BEST = dict.fromkeys(
    ("sharpness", "exposure", "colour", "eyes", "pose", "expression", "mouth", "thirds", "background"), 1.0
)
WITHOUT_FACE = {name: BEST[name] for name in ("sharpness", "exposure", "colour", "thirds", "background")}


def said(one: Candidate, **components: float) -> list[str]:
    parts = (BEST if one.faces else WITHOUT_FACE) | components
    assessment = Assessment(one, ActiveRect(0, 0, 1920, 1080), 0.9, parts, None, False)
    return why(Pick(assessment, []), {})


def of(*faces: Face) -> Candidate:
    return candidate(1.0, *faces)


def without_face(**measured: float) -> Candidate:
    return replace(candidate(1.0, descriptor=np.ones(8, np.float32)), row=row(**measured))


def test_all_that_is_good_and_was_seen_is_said() -> None:
    assert said(of(face()))[1:] == [
        "sharp", "well lit", "rich colours", "eyes open", "turned to the viewer", "calm or happy expression",
        "mouth at rest or smiling", "well placed in the frame", "calm background",
    ]  # fmt: skip


EYES_HIDDEN = replace(face(), eye_openness_ratio=None, eye_openness_ratios=(None, None))
ONE_EYE = replace(face(), eye_openness_ratios=(0.3, None))
BESIDE = face((200.0, 300.0, 300.0, 400.0))
UNREAD = {
    "eyes unmeasured": (EYES_HIDDEN, "eyes open"),
    "one eye hidden": (ONE_EYE, "eyes open"),
    "no emotion read": (replace(face(), emotion=None), "calm or happy expression"),
    "mouth unmeasured": (face(mouth=None), "mouth at rest or smiling"),
    "soft": (face(focus=18.0), "sharp"),
    "smeared": (face(blur_anisotropy=0.6), "sharp"),
    "in the dark": (face(contrast=20.0), "well lit"),
    "burnt out": (face(burnt_ratio=0.2), "well lit"),
}


@pytest.mark.parametrize("case", UNREAD)
def test_what_was_not_seen_of_the_face_is_not_said(case: str) -> None:
    lead, phrase = UNREAD[case]
    assert phrase in said(of(face()))
    assert set(said(of(face()))) - set(said(of(lead))) == {phrase}


def test_whoever_shares_the_picture_counts_for_eyes_and_expression() -> None:
    beside = replace(ONE_EYE, box=BESIDE.box, emotion=None)
    missing = set(said(of(face(), BESIDE))) - set(said(of(face(), beside)))
    assert missing == {"eyes open", "calm or happy expression"}


def test_a_shut_mouth_in_a_grim_face_is_not_at_rest() -> None:
    assert "mouth at rest or smiling" not in said(of(face()), expression=0.5)


def test_a_picture_without_a_face_is_sharp_only_by_itself_not_for_its_film() -> None:
    assert "sharp" in said(without_face(laplacian_var=200.0, blur_anisotropy=0.3))
    assert "sharp" not in said(without_face(laplacian_var=100.0, blur_anisotropy=0.3))
    assert "sharp" not in said(without_face(laplacian_var=200.0, blur_anisotropy=0.6))


def test_nobody_is_said_to_be_missing_where_nobody_looked() -> None:
    assert said(without_face())[0] == "no face found: chosen for its picture"
    assert said(candidate(1.0))[0] == "chosen for its picture"


def test_a_face_that_is_too_small_was_found() -> None:
    small = face((800.0, 300.0, 40.0, 50.0))
    assert said(of(small))[0] == "wide shot of someone unknown"


def test_a_scene_is_praised_for_its_picture_not_for_the_face_in_it() -> None:
    """The face is soft, the picture sharp: in a scene the picture counts, and nobody is said to be shown."""
    one = replace(of(face(focus=10.0, contrast=10.0)), row=row(laplacian_var=200.0))
    scene = Assessment(one, ActiveRect(0, 0, 1920, 1080), 0.6, WITHOUT_FACE, "c01", True, is_scene=True)
    assert why(Pick(scene, ["small_face"]), {"c01": 1}) == [
        "a scene: the face in it is too small, too uncertain or not at its best",
        "sharp", "well lit", "rich colours", "well placed in the frame", "calm background",
        "small face, taken because too few larger ones passed",
    ]  # fmt: skip
    assert not {"sharp", "well lit"} & set(why(Pick(replace(scene, is_scene=False), []), {"c01": 1}))
