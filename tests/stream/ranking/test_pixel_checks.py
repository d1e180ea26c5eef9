"""The last look at what would be chosen: blinks and grimaces beside the picture, text over it, and the choice after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from engines.faces import Face, Gaze
from kernels.open_ops import open_ops
from kernels.surface import Colour, Geometry, Rect, Surface
from stream.candidates.neighbours import NeighbourFaces
from stream.film import Film
from stream.ranking.choice import CheckResult
from stream.ranking.pixel_checks import PixelChecks
from stream.ranking.selection import Assessment
from stream.records import ActiveRect, Candidate, TimedSurface
from stream.settings.model import Settings

from ..portraits import candidate, face, film, mood, shots
from .charts import chart_surface

ACTIVE = ActiveRect(0, 140, 1920, 800)
TIME_S = 6.0
"""Of the picture that is looked at: the middle of the second of three shots of four seconds."""
STEP_S = 0.08
OPS = open_ops("cpu")

AWAY = Gaze(right=0.0, down=0.2, inwards=None)


def picture(time_s: float) -> TimedSurface:
    """One at 1920×1080 whose only pixel is its time in hundredths of a second."""
    y = np.full((1, 1920), round(100 * time_s), np.uint16)
    return time_s, Surface(y, None, None, 16, Colour(), Geometry(1920, 1080))


class FilmWithNeighbours:
    """A film of which four pictures on each side of every candidate were kept; `looks`: steps from it → the face seen
    there, elsewhere it is as in the candidate. Remembers how often it was looked at."""

    def __init__(self, looks: dict[int, Face | None], time_s: float = TIME_S) -> None:
        self._looks = {round(100 * (time_s + STEP_S * step)): seen for step, seen in looks.items()}
        self.glances = 0

    def glance(self, surfaces: Sequence[Surface], known: Face) -> Iterator[Face | None]:
        for surface in surfaces:
            self.glances += 1
            yield self._looks.get(int(surface.y[0, 0]), known)

    def neighbour_faces(self, watched: Film, span_s: float) -> NeighbourFaces:
        for one in watched.candidates:
            beside = [picture(one.pts_s + STEP_S * step) for step in range(-4, 5) if step]
            watched.pool.put(one.pts_s, picture(one.pts_s)[1], 1.0, None, beside)
        return NeighbourFaces(watched.pool, self._film_again, self.glance, span_s)

    def _film_again(self, one: Candidate, first_s: float, last_s: float) -> list[TimedSurface]:
        raise AssertionError("everything was kept, nothing need be decoded")


class Distances:
    """A peer of `judge.EmotionBaselines`: twice the share of anger; a grim person's own anger counts half."""

    def distance(self, emotion: np.ndarray | None, person: str | None) -> float | None:
        if emotion is None:
            return None
        angry = float(emotion[0])
        return angry if person == "grim" else 2 * angry


class Page:
    """A peer of `stream.ranking.text.TextCheck` that finds the same in every picture."""

    def __init__(self, reason: str | None, clean: float = 1.0) -> None:
        self._found = reason, clean
        self.looks = 0

    def look(self, asked: Assessment) -> tuple[str | None, float]:
        self.looks += 1
        return self._found


class Rated:
    """A peer of `MaturityClassifier`: the probability of the picture itself, that of its parts in their own shape, and
    that of those beside it by their step, where they are others. Remembers what it was asked of."""

    def __init__(
        self, explicit: float, beside: Mapping[int, float] | None = None, unsqueezed: float | None = None
    ) -> None:
        self._explicit = explicit
        self._unsqueezed = 1.0 if unsqueezed is None else unsqueezed
        self.unsqueezed_in: list[Rect | None] = []
        self._beside = {round(100 * (TIME_S + STEP_S * step)): value for step, value in (beside or {}).items()}
        self.asked_in: list[Rect | None] = []

    def explicit(self, surface: Surface, area: Rect | None = None) -> float:
        self.asked_in.append(area)
        return self._beside.get(int(surface.y[0, 0]), self._explicit)

    def explicit_unsqueezed(self, surface: Surface, area: Rect | None = None) -> float:
        self.unsqueezed_in.append(area)
        return self._unsqueezed


def assessment(person: str | None = "c01", usual: float | None = None) -> Assessment:
    return Assessment(candidate(TIME_S, face(), shot=1), ACTIVE, 0.9, {}, person, True, typical_openness=usual)


def check_result(
    looks: dict[int, Face | None],
    asked: Assessment | None = None,
    page: Page | None = None,
    rated: Rated | None = None,
    **settings: object,
) -> CheckResult:
    """What is said of a picture with these looks beside it, this text in it and this rating."""
    one, chosen = asked or assessment(), Settings(**settings)
    watched = film([one.candidate], shots=shots(3))
    neighbours = FilmWithNeighbours(looks).neighbour_faces(watched, chosen.faces.moment_s)
    checks = PixelChecks(watched, chosen, Distances(), page, neighbours, lambda c: picture(c.pts_s)[1], OPS, rated)
    return checks.check(one)


@dataclass(frozen=True)
class Line:
    """What is seen beside a picture, step → face, of which person, and why the picture may not be taken."""

    name: str
    reason: str | None
    looks: dict[int, Face | None] = field(default_factory=dict)
    asked: Assessment = field(default_factory=assessment)

    def found(self, **settings: object) -> str | None:
        return check_result(self.looks, self.asked, **settings).reason


def twice(step: int, seen: Face) -> dict[int, Face | None]:
    """A look that is seen at this step and at the next towards the picture, or at the one beyond the nearest."""
    return {step: seen, step - np.sign(step) if abs(step) > 1 else 2 * step: seen}


TABLE = (
    Line("calm on both sides", None),
    Line("lids low a moment before", None, twice(-1, face(eyes=0.2))),
    Line("a blink a moment before", "eyes_closed", twice(-1, face(eyes=0.198))),
    Line("a blink a moment after", "eyes_closed", twice(1, face(eyes=0.1))),
    Line("a blink four steps before", "eyes_closed", twice(-4, face(eyes=0.1))),
    Line("a blink four steps after", "eyes_closed", twice(4, face(eyes=0.1))),
    Line("one reading of eight", None, {-1: face(eyes=0.1)}),
    Line("two blinks on both sides", "eyes_closed", {-3: face(eyes=0.1), 4: face(eyes=0.1)}),
    Line("the only look that is seen", "eyes_closed", {step: None for step in range(-4, 4)} | {4: face(eyes=0.1)}),
    Line("one of two that are seen", None, {step: None for step in range(-4, 3)} | {4: face(eyes=0.1)}),
    Line("caught half-way", "eyes_closed", {step: face(eyes=0.38) for step in range(-4, 5)}),
    Line("nearly as open as beside", None, {step: face(eyes=0.37) for step in range(-4, 5)}),
    Line("the flank of a blink", "eyes_closed", {2: face(eyes=0.239), 3: face(eyes=0.1)}),
    Line("no flank", None, {2: face(eyes=0.241), 3: face(eyes=0.1)}),
    Line("low lids alone", None, twice(2, face(eyes=0.21))),
    Line("wide eyes in two looks", None, {step: None for step in range(-4, 3)} | twice(4, face(eyes=0.5))),
    Line("a laugh narrows the eyes", None, twice(1, face(eyes=0.121, lips=1.0, emotion=mood(happy=1.0)))),
    Line("large eyes low", None, twice(1, face(eyes=0.249)), assessment(usual=0.4)),
    Line("large eyes nearly closed", "eyes_closed", twice(1, face(eyes=0.247)), assessment(usual=0.4)),
    Line("eyes that cannot be seen", None, twice(1, face(eyes=None))),
    Line("the face is gone", None, {step: None for step in range(-4, 5)}),
    Line("eyes that look away", "looking_away", {step: face(gaze=AWAY) for step in range(-4, 5)}),
    Line("eyes that look away in three of four", "looking_away", {step: face(gaze=AWAY) for step in (-4, -2, 2)}),
    Line("eyes that look away in two of four", None, {step: face(gaze=AWAY) for step in (-4, 2)}),
    Line("two looks tell where eyes look", None, {s: face(gaze=AWAY if s > 2 else None) for s in range(-4, 5)}),
    Line(
        "the picture does not tell where eyes look", None, {step: face(gaze=AWAY) for step in range(-4, 5)},
        replace(assessment(), candidate=candidate(TIME_S, face(gaze=None), shot=1)),
    ),
    Line("lively", None, twice(2, face(emotion=mood(angry=0.75)))),
    Line("a grimace", "extreme_expression", twice(2, face(emotion=mood(angry=0.756)))),
    Line("a grimace that is usual for the person", None, twice(2, face(emotion=mood(angry=0.756))), assessment("grim")),
    Line("a face without an expression", None, twice(2, replace(face(), emotion=None))),
    Line("a blink and a grimace, each once", None, {1: face(eyes=0.1), 2: face(emotion=mood(angry=1.0))}),
    Line("a blink and a grimace in one", "eyes_closed", twice(1, face(eyes=0.1, emotion=mood(angry=1.0)))),
    Line(
        "the farthest is seen first", "extreme_expression",
        twice(-1, face(eyes=0.1)) | twice(4, face(emotion=mood(angry=1.0))),
    ),
)  # fmt: skip


def wrong(**settings: object) -> set[str]:
    return {line.name for line in TABLE if line.found(**settings) != line.reason}


@pytest.mark.parametrize("line", TABLE, ids=lambda line: line.name)
def test_what_is_said_of_looks_beside_a_picture(line: Line) -> None:
    assert line.found() == line.reason


def test_a_look_beside_that_is_never_taken_is_noticed() -> None:
    assert wrong(faces={"moment_s": 0.0}) == {line.name for line in TABLE if line.reason}


@pytest.mark.parametrize("step", [-4, -3, -2, -1, 1, 2, 3, 4])
def test_no_step_of_the_look_is_left_out(step: int) -> None:
    assert check_result(twice(step, face(eyes=0.1))).reason == "eyes_closed"


@pytest.mark.parametrize("factor", [0.985, 1.015])
@pytest.mark.parametrize("name", ["faces.eyes_closed_below", "faces.eyes_closed_share", "expression.extreme_above"])
def test_a_limit_that_moves_is_noticed(name: str, factor: float) -> None:
    section, key = name.split(".")
    assert wrong(**{section: {key: Settings().values()[name] * factor}})


def test_what_the_settings_ignore_does_not_hide_what_they_do_not() -> None:
    blink, grimace = face(eyes=0.1), face(emotion=mood(angry=1.0))
    no_eyes, no_mood = ({"ignored_reasons": (name,)} for name in ("eyes_closed", "extreme_expression"))
    half_way = {step: face(eyes=0.5) for step in range(-4, 5)}
    assert check_result(twice(1, blink), rank=no_eyes).reason is None
    assert check_result(half_way, rank=no_eyes).reason is None
    assert check_result(twice(4, blink) | twice(1, grimace), rank=no_eyes).reason == "extreme_expression"
    assert check_result(twice(4, grimace) | twice(1, blink), rank=no_mood).reason == "eyes_closed"
    both = replace(blink, emotion=grimace.emotion)
    assert check_result(twice(1, both), rank=no_eyes).reason == "extreme_expression"
    assert check_result(twice(1, blink), page=Page("text_overlay", 0.0), rank=no_eyes) == WRITTEN


WRITTEN = CheckResult("text_overlay", 0.0, complete=False)


@pytest.mark.parametrize("reason", ["text_overlay", "card", None])
def test_text_over_the_picture(reason: str | None) -> None:
    page, ignored = Page(reason, 0.25), {"ignored_reasons": ("text_overlay", "card")}
    assert check_result({}, page=page) == CheckResult(reason, 0.25, complete=reason is None)
    assert check_result({}, page=page, rank=ignored) == CheckResult(None, 0.25)
    assert check_result({}, page=None) == CheckResult(None, 1.0)


def test_a_picture_that_is_out_is_not_read() -> None:
    page = Page("text_overlay", 0.0)
    assert check_result(twice(1, face(eyes=0.1)), page=page) == CheckResult("eyes_closed", 1.0, complete=False)
    assert page.looks == 0


def test_a_picture_that_would_be_taken_in_spite_of_its_own_fault_is_read_all_the_same() -> None:
    grimace, lifted = twice(1, face(emotion=mood(angry=1.0))), replace(assessment(), reasons=["extreme_expression"])
    assert check_result(grimace, lifted, page=Page(None, 0.5)) == CheckResult("extreme_expression", 0.5)
    assert check_result(grimace, lifted, page=Page("text_overlay", 0.0)) == WRITTEN


@pytest.mark.parametrize(
    ("probability", "limit", "reason"),
    [
        (0.0, 0.8, None),
        (0.79999, 0.8, None),  # .8 to the four digits that are kept
        (0.8, 0.8, None),
        (0.8001, 0.8, "explicit"),
        (0.6, 0.5, "explicit"),
        (1.0, 1.0, None),
    ],
)
def test_what_is_probably_explicit_is_refused(probability: float, limit: float, reason: str | None) -> None:
    rated, maturity = Rated(probability), {"refuse_above": limit}
    assert check_result({}, rated=rated, maturity=maturity) == CheckResult(reason, 1.0, round(probability, 4))
    assert set(rated.asked_in) == {(0, 140, 1920, 800)}
    ignored = check_result({}, rated=rated, maturity=maturity, rank={"ignored_reasons": ("explicit",)})
    assert ignored == CheckResult(None, 1.0, round(probability, 4))


STEPS = (-4, -3, -2, -1, 1, 2, 3, 4)


@pytest.mark.parametrize(
    ("own", "others", "expected", "asked"),
    [
        (0.5, 0.99, CheckResult(None, 1.0, 0.5), 1),  # nothing to look at twice
        (0.51, 0.1, CheckResult(None, 1.0, 0.1), 9),
        (0.96, 0.6, CheckResult(None, 1.0, 0.6), 9),  # an answer that jumps
        (0.96, 0.9, CheckResult("explicit", 1.0, 0.9), 9),
        (0.6, 0.9, CheckResult("explicit", 1.0, 0.9), 9),
    ],
)
def test_where_the_answer_is_high_that_of_most_pictures_around_counts(
    own: float, others: float, expected: CheckResult, asked: int
) -> None:
    """The picture itself, and three of those beside it at their worst, do not outvote the other five."""
    rated = Rated(own, {step: others for step in STEPS} | dict.fromkeys((-1, 1, 2), own))
    assert check_result({}, rated=rated) == expected
    assert len(rated.asked_in) == asked


@pytest.mark.parametrize(
    ("unsqueezed", "expected"), [(0.9, "explicit"), (0.81, "explicit"), (0.79, None), (0.1, None)]
)
def test_what_is_explicit_squeezed_has_to_be_so_in_its_own_shape(unsqueezed: float, expected: str | None) -> None:
    rated = Rated(0.9, unsqueezed=unsqueezed)
    assert check_result({}, rated=rated) == CheckResult(expected, 1.0, min(0.9, unsqueezed))
    assert rated.unsqueezed_in == [(0, 140, 1920, 800)]


def test_a_harmless_picture_is_not_looked_at_in_its_own_shape() -> None:
    rated = Rated(0.5, unsqueezed=0.9)
    assert check_result({}, rated=rated) == CheckResult(None, 1.0, 0.5)
    assert rated.unsqueezed_in == []


def test_the_lower_of_the_two_limits_says_where_it_is_looked_at_twice() -> None:
    rated = Rated(0.4, dict.fromkeys(STEPS, 0.1))
    assert check_result({}, rated=rated, maturity={"refuse_above": 0.3}) == CheckResult(None, 1.0, 0.1)
    alone = check_result({}, rated=rated, maturity={"refuse_above": 0.3}, faces={"moment_s": 0.0})
    assert alone == CheckResult("explicit", 1.0, 0.4)


def test_a_picture_that_is_out_is_not_rated_unless_it_would_be_taken_in_spite_of_that() -> None:
    rated, blink = Rated(0.9), twice(1, face(eyes=0.1))
    assert check_result(blink, rated=rated) == CheckResult("eyes_closed", 1.0, complete=False)
    assert check_result({}, page=Page("text_overlay", 0.0), rated=rated) == WRITTEN
    assert rated.asked_in == []
    lifted = replace(assessment(), reasons=["eyes_closed"])
    assert check_result(blink, lifted, rated=rated) == CheckResult("explicit", 1.0, 0.9)
    assert check_result(blink, lifted, rated=Rated(0.7)) == CheckResult("eyes_closed", 1.0, 0.7)


@pytest.mark.parametrize(
    ("looks", "made"),
    [
        ({}, 4),
        ({3: face(eyes=0.1)}, 4),  # shorter than any blink: the looks on both sides of it are open
        ({4: face(eyes=0.1)}, 8),
        ({-2: face(eyes=0.23)}, 8),  # .23 of .3 is half closed
        ({-2: face(eyes=0.25)}, 4),
        ({2: face(eyes=None)}, 8),
        ({2: None}, 5),  # four that show the face
        ({2: face(emotion=mood(angry=0.9))}, 8),
    ],
)
def test_looks_end_halfway_where_all_eyes_are_as_open_as_each_other(looks: dict[int, Face | None], made: int) -> None:
    watched = film([assessment().candidate], shots=shots(3))
    beside = FilmWithNeighbours(looks)
    neighbours = beside.neighbour_faces(watched, 0.32)
    checks = PixelChecks(watched, Settings(), Distances(), None, neighbours, lambda c: picture(c.pts_s)[1], OPS)
    assert checks.check(assessment()).reason is None
    assert beside.glances == made


def test_looks_end_with_the_second_fault_and_their_time_is_counted() -> None:
    watched = film([assessment().candidate], shots=shots(3))
    looks = FilmWithNeighbours({-4: face(eyes=0.1), 4: face(eyes=0.1)})
    neighbours = looks.neighbour_faces(watched, 0.32)
    checks = PixelChecks(watched, Settings(), Distances(), None, neighbours, lambda c: picture(c.pts_s)[1], OPS)
    checks.check(assessment())
    assert looks.glances == 2
    assert [watched.clocks[name].items for name in ("moments", "text", "maturity")] == [1, 0, 0]


@pytest.mark.parametrize(("faces", "reason"), [((), "test_card"), ((face(),), None)], ids=["no face", "a face"])
@pytest.mark.parametrize("ignored", [(), ("test_card",)], ids=["", "ignored"])
def test_a_colour_chart_is_refused_where_nobody_is_seen(
    faces: tuple[Face, ...], reason: str | None, ignored: tuple[str, ...]
) -> None:
    shown = candidate(TIME_S, *faces, shot=1)
    one = Assessment(shown, ActiveRect(0, 0, 640, 360), 0.9, {}, None, False, is_scene=True)
    watched = film([shown], shots=shots(3))
    neighbours = FilmWithNeighbours({}).neighbour_faces(watched, 0.32)
    settings = Settings(rank={"ignored_reasons": ignored})
    checks = PixelChecks(watched, settings, Distances(), None, neighbours, lambda c: chart_surface(), OPS)
    assert checks.check(one).reason == (None if ignored else reason)
