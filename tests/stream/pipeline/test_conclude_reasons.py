"""The second half of a film's way, on a film whose every fault is known: each filter and each check has its say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from engines.faces import Face
from engines.text import TextReading
from kernels.active_areas import ShotBorders
from kernels.cpu import CpuOps
from kernels.surface import Colour, Geometry, Rect, Surface
from stream.deciding.decisions import OwnDeciders
from stream.film import Film
from stream.output.jpeg import CpuEncoder
from stream.pipeline.conclude import Conclusion, Tools, conclude, maturity_notices
from stream.ranking.selection import Assessment, Pick
from stream.records import ActiveRect, Candidate, TimedSurface, Track
from stream.settings.model import Settings

from ..portraits import candidate, face, film, shots

SIZE = (480, 270)
BAR = 30
"""Rows of each black bar: the picture is 480×210."""
SHOT_S = 4.0
STEPS = (-4, -3, -2, -1, 1, 2, 3, 4)
STAR, EXTRA = np.eye(128, dtype=np.float32)[:2]
BLINK_SHOT, WRITTEN_SHOT = 4, 5
FACES = (
    face((360, 130, 60, 80), embedding=STAR),  # worth less than the others: smaller
    face((200, 165, 75, 100), embedding=STAR),  # reaches 25 rows into the bar below
    face((200, 80, 75, 100), grain=5.0, embedding=STAR),
    face((200, 80, 75, 100), yaw=60.0, embedding=STAR),
    face((200, 80, 75, 100), embedding=STAR),
    face((200, 80, 74, 99), embedding=STAR),
    face((200, 80, 75, 100), embedding=EXTRA),
)
"""Of the take of the same number: fine, cut by the bar, noisy, turned away, fine but for a blink right after, fine but
for a caption, and somebody who is seen only once."""
REJECTED = {"cut_face": 1, "noisy": 1, "turned_away": 1, "eyes_closed": 1, "text_overlay": 1, "not_main": 1}


def middle_s(shot: int) -> float:
    return SHOT_S * (shot + 0.5)


def picture(time_s: float) -> Surface:
    """The shot's number is its brightness."""
    y = np.full((SIZE[1], SIZE[0]), 100 + int(time_s // SHOT_S), np.uint8)
    return Surface(y, None, None, 8, Colour(), Geometry(*SIZE))


class Subtitles:
    """A peer of `TextDetector`: one line across the chin of the take that has it, where no crop leaves it out."""

    def read(self, surface: Surface, area: Rect | None = None, *, long_side: int | None = None) -> TextReading:
        written = int(surface.y[0, 0]) == 100 + WRITTEN_SHOT
        boxes = np.array([(120, 160, 240, 15)] if written else [], np.float32).reshape(-1, 4)
        return TextReading(boxes, np.ones(len(boxes), np.float32))


def blinks(surfaces: Sequence[Surface], known: Face) -> Iterator[Face | None]:
    """In the pictures beside that of the one take the eyes are shut."""
    for surface in surfaces:
        yield face(known.box, eyes=0.05) if int(surface.y[0, 0]) == 100 + BLINK_SHOT else known


def stares(surfaces: Sequence[Surface], known: Face) -> Iterator[Face | None]:
    yield from [known] * len(surfaces)


def watched() -> Film:
    pictures = [candidate(middle_s(i), one, shot=i, tracks=[i]) for i, one in enumerate(FACES)]
    tracks = [
        Track(i, i, [(middle_s(i) + 0.1 * k, one) for k in range(3)], one.embedding) for i, one in enumerate(FACES)
    ]
    found = film(pictures, tracks, shots=shots(len(FACES)), size=SIZE)
    for one in pictures:
        beside = [(one.pts_s + 0.08 * step, picture(one.pts_s)) for step in STEPS]
        found.pool.put(one.pts_s, picture(one.pts_s), 1.0, None, beside)
    found.bars.add(ShotBorders(100, (BAR, BAR, 0, 0), (BAR, BAR, 0, 0), True))
    return found


def held(one: float) -> Surface:
    raise AssertionError("every picture is in the pool")


def nothing_beside(first_s: float, last_s: float, *, fine: bool = False) -> list[TimedSurface]:
    raise AssertionError("every picture beside another is in the pool")


def concluded(found: Film, glance: Any = blinks, text: Any = None, **settings: Any) -> Conclusion:
    """With one thread, one image, and crops as small as the film."""
    tools = Tools(OwnDeciders("cpu"), CpuOps(), CpuEncoder(), text, glance, held, nothing_beside)
    return conclude(found, Settings(**({"top": 1, "threads": 1, "formats": ("square",)} | settings)), tools)


def chosen(conclusion: Conclusion) -> list[int]:
    return [image.pick.assessment.candidate.shot for image in conclusion.files.images]


def test_one_picture_passes_and_each_other_has_its_reason() -> None:
    found = watched()
    conclusion = concluded(found, text=Subtitles())
    assert chosen(conclusion) == [0]
    assert dict(found.funnel.at_end) == REJECTED
    assert [(c.id, c.main) for c in conclusion.characters] == [("c01", True), ("c02", False)]
    active = conclusion.active.film
    assert (conclusion.area.top, conclusion.area.bottom) == (BAR, BAR)
    assert (active.y, active.height) == (BAR + 1, SIZE[1] - 2 * BAR - 2)
    assert set(conclusion.files.content) == {"square/01.jpg", "contact_sheet.jpg", "characters/c01.jpg"}
    assert not conclusion.refetched and not found.notices


@pytest.mark.parametrize(
    ("lost", "taken", "how"),
    [
        ("eyes_closed", BLINK_SHOT, {"glance": stares}),
        ("eyes_closed", BLINK_SHOT, {"faces": {"moment_s": 0.0}}),
        ("text_overlay", WRITTEN_SHOT, {"text": None}),
        ("cut_face", 1, {"crop": {"bars": False}}),
        ("noisy", 2, {"quality": {"grain_above": 6.0}}),
        ("turned_away", 3, {"faces": {"max_yaw_deg": 70.0}, "rank": {"weights": {"pose": 0.0}}}),
        ("not_main", 6, {"rank": {"ignored_reasons": ("not_main",), "weights": {"character": 0.0}}}),
    ],
    ids=["no blink is seen", "no look beside", "no text is read", "bars are picture", "noise", "profile", "stranger"],
)
def test_a_fault_that_is_not_looked_for_is_taken(lost: str, taken: int, how: dict[str, Any]) -> None:
    found = watched()
    assert chosen(concluded(found, **({"text": Subtitles()} | how))) == [taken]
    assert lost not in found.funnel.at_end


def test_what_is_wanting_is_filled_up_in_order_and_never_with_what_nobody_can_use() -> None:
    found = watched()
    conclusion = concluded(found, text=Subtitles(), top=10)
    assert [(i.pick.assessment.candidate.shot, i.pick.fallback) for i in conclusion.files.images] == [
        (0, []), (6, ["not_main"]), (3, ["turned_away"]), (1, ["cut_face"]),
    ]  # fmt: skip
    assert dict(found.funnel.at_end) == {"noisy": 1, "eyes_closed": 1, "text_overlay": 1}
    assert [notice.code for notice in found.notices] == ["few_images"]


def test_whoever_waits_in_reserve_is_counted_where_it_was_rejected() -> None:
    found = watched()
    found.reserve = [(Candidate(0, 1.0, 25, found.candidates[0].row, (), None, 1.0, 0.0), "dark")]
    concluded(found, text=Subtitles())
    assert dict(found.funnel.at_end) == REJECTED


def test_explicit_picks_carry_a_warning() -> None:
    def pick(time_s: float, explicit: float | None) -> Pick:
        one = Assessment(candidate(time_s), ActiveRect(0, 0, 480, 270), 0.5, {}, None, False, explicit=explicit)
        return Pick(one, [])

    notices = maturity_notices([pick(3, 0.5), pick(75, 0.75), pick(9, None), pick(10, 0.7)], 0.7)
    assert [(notice.code, notice.time_s) for notice in notices] == [("maturity", 75)]
    assert notices[0].message == "image 2 at 1:15.00 may be explicit (0.75), look at it before it is shown"
