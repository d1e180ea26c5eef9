"""The limits at the end of a shot: for each a picture that just passes and one that just does not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pytest

from engines.faces import Face, Reading
from kernels.surface import Colour, Geometry, Surface
from stream.candidates.choice import PartCandidates, choose_candidates
from stream.candidates.pace import Pace
from stream.candidates.probes import PendingPictures, probe_rejection, reading_rounds
from stream.records import FrameBatch, Picture, Shot
from stream.settings.sections import FaceSettings, ProbeSettings

from ..portraits import face, mood, row

SURFACE = Surface(np.zeros((2, 2), np.uint8), None, None, 8, Colour(), Geometry(2, 2))


@dataclass(frozen=True)
class Line:
    """What is measured of a picture, the usual sharpness of its shot, and why it is no probe (None: it is one)."""

    name: str
    reason: str | None
    measured: dict[str, float] = field(default_factory=dict)
    usual: float = 100.0

    def found(self, **limits: float) -> str | None:
        seen = row(**{name: value for name, value in self.measured.items() if name != "lit"})
        # Of the rest half is black, half just too dark to be lit (luma 44 to 47).
        lit = round(60_000 * self.measured.get("lit", 0.0))
        seen["histogram"][:] = 0
        seen["histogram"][[0, 11, 12]] = 30_000, 30_000 - lit, lit
        return probe_rejection(seen, ProbeSettings(**limits), self.usual)


TABLE = (
    Line("an ordinary picture", None),
    Line("a night scene", None, {"luma_mean": 18.0}),
    Line("darker", "dark", {"luma_mean": 17.9}),
    Line("a face by candlelight", None, {"luma_mean": 9.0, "lit": 0.0301}),
    Line("a title on black", "dark", {"luma_mean": 9.0, "lit": 0.0299}),
    Line("a snow scene", None, {"luma_mean": 235.0}),
    Line("brighter", "bright", {"luma_mean": 235.5}),
    Line("fog", None, {"luma_std": 6.0}),
    Line("an empty wall", "flat", {"luma_std": 5.95}),
    Line("as soft as may be in a sharp shot", None, {"laplacian_var": 50.0}),
    Line("softer in a sharp shot", "blurred", {"laplacian_var": 49.8}),
    Line("as soft, in a softer shot", None, {"laplacian_var": 49.8}, 99.0),
    Line("sharp in a shot that is sharper still", "blurred", {"laplacian_var": 100.0}, 201.0),
    Line("smeared: half of its sharpness counts", None, {"laplacian_var": 100.0, "blur_anisotropy": 1.0}),
    Line("smeared and soft", "blurred", {"laplacian_var": 99.6, "blur_anisotropy": 1.0}),
    Line("half smeared: an eighth less counts", None, {"laplacian_var": 57.2, "blur_anisotropy": 0.5}),
    Line("half smeared and soft", "blurred", {"laplacian_var": 57.1, "blur_anisotropy": 0.5}),
    Line("soft, in a film that is never sharp", None, {"laplacian_var": 4.0}, 4.0),
    Line("softer than any film", "blurred", {"laplacian_var": 3.98}, 4.0),
    Line("dark before flat", "dark", {"luma_mean": 5.0, "luma_std": 1.0, "laplacian_var": 0.0}),
    Line("flat before blurred", "flat", {"luma_std": 1.0, "laplacian_var": 0.0}),
)
NEVER = {
    "dark_below": 0.0, "lit_share": 0.0, "bright_above": 255.0, "flat_below": 0.0, "blurred_below": 0.0,
    "laplacian_below": 0.0,
}  # fmt: skip
"""Values of the limits that reject nothing."""


def wrong(**limits: float) -> set[str]:
    return {line.name for line in TABLE if line.found(**limits) != line.reason}


@pytest.mark.parametrize("line", TABLE, ids=lambda line: line.name)
def test_what_is_no_probe(line: Line) -> None:
    assert line.found() == line.reason


@pytest.mark.parametrize("name", NEVER)
def test_a_limit_that_moves_or_rejects_nothing_is_noticed(name: str) -> None:
    usual = getattr(ProbeSettings(), name)
    for value in (NEVER[name], 0.99 * usual, 1.01 * usual):
        assert wrong(**{name: value})


def pending(*sharpness: float) -> PendingPictures:
    """Pictures a second apart with these Laplacian variances."""
    rows = np.array([row(float(i), laplacian_var=value) for i, value in enumerate(sharpness)])
    batch = FrameBatch([SURFACE] * len(rows), rows["pts_s"], rows["frame"], np.zeros(len(rows), bool))
    pictures = PendingPictures(ProbeSettings(), 1.0)
    pictures.add(batch, rows, {})
    return pictures


def shot_of(count: int) -> Shot:
    return Shot(0, 0, count, 0, count, 0.0, float(count), 0, count, "cut")


def test_blur_is_judged_by_what_is_usual_in_the_shot() -> None:
    taken = pending(50, 50, 50, 50, 50, 50).take(shot_of(6))
    assert sum(map(len, taken.parts)) == 5 and not taken.rejected  # the first lies at the cut
    # One very sharp picture makes no other blurred. A soft one is kept for a face, a second away from all others.
    taken = pending(50, 50, 50, 500, 24, 50).take(shot_of(6))
    assert [(p.row_index, p.soft) for part in taken.parts for p in part] == [
        (1, False),
        (2, False),
        (3, False),
        (4, True),
        (5, False),
    ]
    assert not taken.rejected
    assert taken.reserve is not None and (taken.reserve[0].row_index, taken.reserve[1]) == (4, "blurred")


@pytest.mark.parametrize(("apart_s", "change", "soft"), [(1.0, 4.5, 1), (0.5, 4.5, 0), (1.0, 4.6, 0)])
def test_a_soft_still_picture_is_worth_a_look_where_there_is_no_other(apart_s: float, change: float, soft: int) -> None:
    rows = np.array([row(apart_s * i, laplacian_var=50.0) for i in range(4)])
    rows["laplacian_var"][1], rows["change"][1] = 20.0, change
    pictures = PendingPictures(ProbeSettings(), 1 / apart_s)
    pictures.add(FrameBatch([SURFACE] * 4, rows["pts_s"], rows["frame"], np.zeros(4, bool)), rows, {})
    taken = pictures.take(Shot(0, 0, 4, 0, 4, 0.0, 4 * apart_s, 0, 4, "cut"))
    assert [p.row_index for part in taken.parts for p in part if p.soft] == [1] * soft
    assert taken.rejected["blurred"] == 1 - soft


def test_soft_pictures_are_read_last_and_count_only_with_a_face() -> None:
    pictures = [Picture(row(float(i)), i, SURFACE, soft=i == 1) for i in range(4)]
    assert [[p.row_index for p in some] for some in reading_rounds(pictures)] == [[0, 3], [2], [1]]

    def found(*shown: Face | None) -> PartCandidates:
        readings = [Reading(() if one is None else (one,), None) for one in shown]
        tracks = [() if one is None else (0,) for one in shown]
        return choose_candidates(0, pictures, readings, tracks, FaceSettings(), ProbeSettings())

    assert sorted(times(found(None, None, None, None))) == [0.0]
    assert found(None, None, None, None).rejected == Counter(blurred=1)
    with_face = found(None, face(), None, None)
    assert sorted(times(with_face)) == [0.0, 1.0] and not with_face.rejected

def chosen(*shown: Face | None, **limits: float) -> PartCandidates:
    """Of a shot with a probe a second that shows these faces."""
    pictures = [Picture(row(float(i)), i, SURFACE) for i in range(len(shown))]
    readings = [Reading(() if one is None else (one,), None) for one in shown]
    tracks = [() if one is None else (0,) for one in shown]
    return choose_candidates(0, pictures, readings, tracks, FaceSettings(**limits), ProbeSettings())


def times(found: PartCandidates) -> list[float]:
    return [candidate.pts_s for candidate, _ in found.candidates]


def test_lids_below_the_limit_are_closed_and_a_smile_gives_back_what_it_takes() -> None:
    smile = mood(happy=1.0)
    found = chosen(face(eyes=0.2), face(eyes=0.199), face(eyes=0.121, lips=1.0, emotion=smile), face(eyes=None))
    assert sorted(times(found)) == [0.0, 2.0, 3.0]
    assert found.rejected == Counter(eyes_closed=1)
    assert found.reserve is not None and (found.reserve[0].pts_s, found.reserve[2]) == (1.0, "eyes_closed")
    assert chosen(face(eyes=0.119, lips=1.0, emotion=mood(happy=1.0))).rejected == Counter(eyes_closed=1)


def test_closed_eyes_that_nothing_rejects_are_noticed() -> None:
    assert chosen(face(eyes=0.1)).candidates == []
    assert len(chosen(face(eyes=0.1), eyes_closed_below=0.0).candidates) == 1


def test_pictures_without_a_face_are_rejected_where_the_shot_shows_one() -> None:
    found = chosen(None, face(), None)
    assert times(found) == [1.0] and found.rejected == Counter(no_face=2)
    assert times(chosen(None, None)) == [0.0]  # a shot without faces gives one, the earlier of two alike
    assert not chosen(None, None).rejected


def test_up_to_three_of_a_shot_apart_in_time_and_nearly_as_good() -> None:
    """A good look is worth 1.95 for the eyes (.34 open), .6 × 1.25 for a neutral look, .7 for the mouth, .6 for pose,
    and 1 for sharpness: 5. Eyes just above the limit (.2, of which .15 to .34 are scored) leave 1.95 × 5/19: 3.5632."""
    four = [face(), face(), face(), face()]
    assert times(chosen(*four)) == [0.0, 1.0, 2.0]
    assert [c.shot_score for c, _ in chosen(face(eyes=0.34), face(eyes=0.2)).candidates] == [5.0, 3.5632]
    profile = face(yaw=60.0, eyes=0.2, mouth=0.6)  # .5132 + .75 + 0 + 0 + 1 = 2.2632, less than .6 of 4.5895
    assert times(chosen(face(), profile)) == [0.0]
    assert times(chosen(profile)) == [0.0]


def test_in_a_short_film_a_shot_without_faces_offers_more_than_one() -> None:
    pictures = [Picture(row(float(i)), i, SURFACE) for i in range(8)]
    nobody = [Reading((), None)] * 8
    limits = (FaceSettings(), ProbeSettings())
    found = choose_candidates(0, pictures, nobody, [()] * 8, *limits, Pace(24.0), 3.0)
    assert len(times(found)) == 6  # an eighth of the film: an eighth of 48
    assert len(times(choose_candidates(0, pictures, nobody, [()] * 8, *limits, Pace(7200.0), 8.0))) == 1


def test_a_still_picture_is_offered_rather_than_a_sharper_one_that_moves() -> None:
    rows = [row(0.0, laplacian_var=100, change=11.0), row(1.0, laplacian_var=80)]
    pictures = [Picture(measured, i, SURFACE) for i, measured in enumerate(rows)]
    found = choose_candidates(0, pictures, [Reading((), None)] * 2, [()] * 2, FaceSettings(), ProbeSettings())
    assert times(found) == [1.0]


def test_small_faces_do_not_reject_pictures_without_any() -> None:
    tiny = face((0, 0, 0.1, 0.1))
    assert chosen(None, tiny).rejected == Counter()
    assert chosen(None, face()).rejected == Counter(no_face=1)
