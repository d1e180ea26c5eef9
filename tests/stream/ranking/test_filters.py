"""The filters at the end of a film: for every limit a picture that just passes and one that just does not."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from engines.faces import UNMEASURED, Face
from kernels.stats import HISTOGRAM_BINS, HISTOGRAM_SUM
from stream.candidates.scene import subject_of
from stream.ranking.filters import FILTERS, FilmContext, Filter, FilterInput, film_context, rejection_reasons
from stream.records import ActiveRect
from stream.settings.model import Settings
from stream.settings.sections import ExpressionSettings, FaceSettings, QualitySettings

from ..portraits import candidate, face, mood, row

ACTIVE = ActiveRect(100, 140, 1720, 800)
"""The picture inside bars: x 100 to 1820, y 140 to 940."""
USUAL = {
    "active": ACTIVE, "median_focus": 100.0, "median_grain": 0.5, "median_sharpness": 100.0, "told_in_faces": True,
    "has_main": True,
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One line of the table: a picture, the film it is in, and what is to be said against it.

    `picture` and `film` are fields of `FilterInput` and `FilmContext` that differ from a good picture of a usual film;
    `lead` is its largest face, which leads it where it is large and certain enough.
    """

    name: str
    reasons: tuple[str, ...]
    lead: Face | None = field(default_factory=face)
    picture: dict[str, Any] = field(default_factory=dict)
    film: dict[str, Any] = field(default_factory=dict)

    def found(self, settings: Settings | None = None, filters: Sequence[Filter] | None = None) -> tuple[str, ...]:
        known = {"main": True, "extremeness": 0.5, "openness": 0.3, "typical_openness": None} | self.picture
        context = FilmContext(**({"settings": settings or Settings()} | USUAL | self.film))
        limits, faces = context.settings.faces, () if self.lead is None else (self.lead,)
        lead = subject_of(faces, context.active.height, limits.min_height_ratio, limits.min_score)
        return tuple(rejection_reasons(FilterInput(lead, people=bool(faces), **known), context, filters))


def passes(name: str, lead: Face | None = None, /, film: dict[str, Any] | None = None, **picture: Any) -> Line:
    """A line against which nothing is said; without `lead` it is the good face."""
    return Line(name, (), lead or face(), picture, film or {})


def fails(
    name: str, *reasons: str, lead: Face | None = None, film: dict[str, Any] | None = None, **picture: Any
) -> Line:
    return Line(name, reasons, lead or face(), picture, film or {})


def tones(count: int) -> np.ndarray:
    """A histogram of so many tones, of each as much."""
    histogram = np.zeros(HISTOGRAM_BINS, np.uint16)
    histogram[:count] = HISTOGRAM_SUM // count
    return histogram


def boxed(x: float, y: float, width: float = 300, height: float = 400) -> Face:
    return face((x, y, width, height))


LAUGH = mood(happy=1.0)
NO_FACES = {"told_in_faces": False, "has_main": False}
NOBODY = {"main": False, "extremeness": 0.0, "openness": None}
UNSEEN = {"focus": 0.0, "grain": 0.0, "contrast": 0.0, "burnt_ratio": 0.0, "blur_anisotropy": 0.0, "luma": 0.0}
"""Quality of a face that nobody looked at closely."""

TABLE = (
    passes("a good picture"),
    # No face, in a film that shows faces.
    Line("nobody in a film with people", ("no_face",), None, NOBODY),
    Line("nobody in a film without people", (), None, NOBODY, NO_FACES),
    # Without a leading face: change of 11 codes, a fifth of the film's usual sharpness, two bits of tones.
    Line("something moves", (), None, NOBODY | {"row": row(change=10.9)}, NO_FACES),
    Line("everything moves", ("blurred",), None, NOBODY | {"row": row(change=11.1)}, NO_FACES),
    passes("everything moves behind a sharp face", row=row(change=40.0)),
    fails("everything moves, the face too", "blurred", row=row(change=40.0, laplacian_var=34.0)),
    passes("soft, but at rest", row=row(change=1.0, laplacian_var=34.0)),
    passes("half in motion, a little soft", row=row(change=7.0, laplacian_var=20.0)),
    fails("half in motion, and softer", "blurred", row=row(change=7.0, laplacian_var=19.0)),
    Line("as soft as a scene may be", (), None, NOBODY | {"row": row(laplacian_var=20.0)}, NO_FACES),
    Line("a softer scene", ("blurred",), None, NOBODY | {"row": row(laplacian_var=19.9)}, NO_FACES),
    Line("four tones", (), None, NOBODY | {"row": row(histogram=tones(4))}, NO_FACES),
    Line("three tones", ("empty",), None, NOBODY | {"row": row(histogram=tones(3))}, NO_FACES),
    passes("three tones behind a face", row=row(histogram=tones(3))),
    # Focus under a fifth of what is usual in the film; edges that run one way.
    passes("as soft as may be", face(focus=20.0)),
    fails("softer", "blurred", lead=face(focus=19.9)),
    passes("as soft, in a soft film", face(focus=19.9), film={"median_focus": 99.0}),
    fails("as sharp, in a sharper film", "blurred", lead=face(focus=20.0), film={"median_focus": 101.0}),
    passes("hardly smeared", face(blur_anisotropy=0.7)),
    fails("smeared", "blurred", lead=face(blur_anisotropy=0.71)),
    passes("never looked at closely", face(**UNSEEN)),
    # Grain beyond 3, and beyond 4.2 times what is usual in the film.
    passes("some grain", face(grain=3.0)),
    fails("more grain than any film needs", "noisy", lead=face(grain=3.04)),
    passes("grain of a grainy film", face(grain=4.2), film={"median_grain": 1.0}),
    fails("more than the grain of a grainy film", "noisy", lead=face(grain=4.25), film={"median_grain": 1.0}),
    # Light.
    passes("a quarter burnt out", face(burnt_ratio=0.25)),
    fails("more burnt out", "bright", lead=face(burnt_ratio=0.253)),
    passes("a face by candlelight", face(luma=20.0)),
    fails("a face that cannot be seen", "dark", lead=face(luma=19.9)),
    fails("dark and without contrast is dark", "dark", lead=face(luma=10.0, contrast=5.0)),
    passes("little contrast", face(contrast=12.0)),
    fails("less contrast", "flat", lead=face(contrast=11.9)),
    fails("burnt out and without contrast is bright", "bright", lead=face(burnt_ratio=0.3, contrast=5.0)),
    # Size: .12 of 800 rows; certainty.
    passes("small", boxed(800, 300, 70, 96.0)),
    fails("smaller", "small_face", lead=boxed(800, 300, 70, 95.9)),
    passes("smaller, in a flatter picture", boxed(800, 300, 70, 95.9), film={"active": replace(ACTIVE, height=799)}),
    passes("hardly certain", face(score=0.6)),
    fails("uncertain", "small_face", lead=face(score=0.595)),
    Line("somebody small, elsewhere", (), boxed(800, 300, 70, 95.9), NOBODY, NO_FACES),
    fails("somebody small, and nothing else of them counts", "small_face", lead=face((0, 0, 40, 50), yaw=80, focus=1)),
    # Leaving the picture: a box of 400 may stick out 16, at the top 64.
    passes("left edge", boxed(84, 300)),
    fails("over the left edge", "cut_face", lead=boxed(83, 300)),
    passes("right edge", boxed(1536, 300)),
    fails("over the right edge", "cut_face", lead=boxed(1537, 300)),
    passes("top", boxed(800, 76)),
    fails("over the top", "cut_face", lead=boxed(800, 75)),
    passes("bottom", boxed(800, 556)),
    fails("over the bottom", "cut_face", lead=boxed(800, 557)),
    passes("in the same place without bars", boxed(800, 557), film={"active": ActiveRect(0, 0, 1920, 1080)}),
    # Pose: 45 degrees aside, 35 up or down, any to the shoulder.
    passes("turned to the right", face(yaw=45.0)),
    fails("turned away to the right", "turned_away", lead=face(yaw=45.5)),
    passes("turned to the left", face(yaw=-45.0)),
    fails("turned away to the left", "turned_away", lead=face(yaw=-45.5)),
    passes("lifted", face(pitch=35.0)),
    fails("thrown back", "turned_away", lead=face(pitch=35.5)),
    passes("lowered", face(pitch=-35.0)),
    fails("bowed", "turned_away", lead=face(pitch=-35.5)),
    passes("tilted", face(roll=60.0)),
    # Eyes: .2 for everyone, .62 of what is usual for the person where that is more.
    passes("lids low", openness=0.2),
    fails("lids down", "eyes_closed", openness=0.199),
    passes("low for large eyes", openness=0.249, typical_openness=0.4),
    fails("down for large eyes", "eyes_closed", openness=0.247, typical_openness=0.4),
    passes("narrow eyes", openness=0.2, typical_openness=0.25),
    fails("narrow eyes closed", "eyes_closed", openness=0.199, typical_openness=0.25),
    passes("eyes that cannot be seen", openness=None, typical_openness=0.4),
    # Eyes that look elsewhere: a score of .25.
    passes("a glance aside", gaze=0.25),
    fails("eyes rolled aside", "looking_away", gaze=0.249),
    passes("eyes of which nobody knows where they look", gaze=None),
    # Expression: 1.5 deviations odder than usual; a mouth open .45, .15 more with a laugh.
    passes("lively", extremeness=1.5),
    fails("grimace", "extreme_expression", extremeness=1.51),
    passes("an expression that was not read", extremeness=None),
    passes("speaking", face(mouth=0.449)),
    fails("mouth wide open", "extreme_expression", lead=face(mouth=0.451)),
    passes("laughing", face(mouth=0.599, lips=1.0, emotion=LAUGH)),
    fails("laughing with the mouth wide open", "extreme_expression", lead=face(mouth=0.601, lips=1.0, emotion=LAUGH)),
    passes("a mouth that cannot be seen", face(mouth=None)),
    # Somebody else.
    fails("a minor character", "not_main", main=False),
    passes("anybody, in a film without main characters", film={"has_main": False}, main=False),
    passes("a minor character, in a film that is not told in faces", film={"told_in_faces": False}, main=False),
    # All at once, in the order of the filters.
    fails(
        "everything wrong",
        *("blurred", "noisy", "bright", "cut_face", "turned_away"),
        *("eyes_closed", "looking_away", "extreme_expression", "not_main"),
        lead=face((0, 0, 140, 150), yaw=80, focus=1, grain=20, burnt_ratio=0.9),
        main=False, openness=0.1, gaze=0.0, extremeness=3.0,
    ),
)  # fmt: skip

LIMITS = (
    *(f"quality.{name}" for name in QualitySettings.model_fields),
    *(f"faces.{name}" for name in FaceSettings.model_fields if name not in ("detector_width", "moment_s")),
    *(f"expression.{name}" for name in ExpressionSettings.model_fields if name != "shrinkage"),
)
"""Every setting that a filter reads; the three left out say how faces are found and looked at."""


def wrong(settings: Settings | None = None, filters: Sequence[Filter] | None = None) -> list[str]:
    """Lines of the table that are answered otherwise than it says."""
    return [line.name for line in TABLE if line.found(settings, filters) != line.reasons]


def changed(name: str, factor: float) -> Settings:
    section, key = name.split(".")
    return Settings(**{section: {key: Settings().values()[name] * factor}})


def instead_of(one: Filter, other: Filter) -> list[Filter]:
    return [other if judge is one else judge for judge in FILTERS]


@pytest.mark.parametrize("line", TABLE, ids=lambda line: line.name)
def test_what_the_filters_say(line: Line) -> None:
    assert line.found() == line.reasons


def test_names_of_the_lines_differ() -> None:
    assert len({line.name for line in TABLE}) == len(TABLE)


@pytest.mark.parametrize("judge", FILTERS, ids=lambda judge: judge.__name__)
def test_a_filter_that_never_rejects_is_noticed(judge: Filter) -> None:
    """In a line where nothing else speaks against the picture, so that no other filter hides the loss."""
    noticed = set(wrong(filters=instead_of(judge, lambda picture, context: None)))
    assert noticed & {line.name for line in TABLE if len(line.reasons) == 1}


@pytest.mark.parametrize("judge", FILTERS, ids=lambda judge: judge.__name__)
def test_a_filter_that_always_rejects_is_noticed(judge: Filter) -> None:
    said = {reason for line in TABLE for reason in line.found(filters=[judge])}
    assert said
    for reason in said:
        assert "a good picture" in wrong(filters=instead_of(judge, lambda picture, context, reason=reason: reason))


@pytest.mark.parametrize("factor", [0.985, 1.015])
@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_that_moves_is_noticed(name: str, factor: float) -> None:
    assert wrong(changed(name, factor))


def test_every_filter_of_the_module_is_asked() -> None:
    module = inspect.getmodule(rejection_reasons)
    functions = [f for _, f in inspect.getmembers(module, inspect.isfunction) if inspect.getmodule(f) is module]
    judges = {f for f in functions if list(inspect.signature(f).parameters) == ["picture", "context"]}
    assert judges == set(FILTERS) and len(judges) == len(FILTERS) > 0


def test_what_the_settings_ignore_is_not_said() -> None:
    ignored = ("cut_face", "not_main")
    settings = Settings(rank={"ignored_reasons": ignored})
    for line in TABLE:
        assert line.found(settings) == tuple(reason for reason in line.reasons if reason not in ignored)


def test_the_usual_is_that_of_leading_faces_that_were_looked_at_closely() -> None:
    unseen = face((100, 300, 600, 800), **UNSEEN)
    assert unseen.quality == UNMEASURED
    seen = [face(focus=focus, grain=grain) for focus, grain in ((10.0, 3.0), (40.0, 1.0), (90.0, 2.0))]
    small = face((0, 300, 30, 40), focus=1000.0, grain=1000.0)
    pictures = [candidate(1.0, seen[0], small), candidate(2.0, seen[1]), candidate(3.0, small, seen[2])]
    pictures += [candidate(4.0, unseen), candidate(5.0)]
    context = film_context(pictures, ACTIVE, Settings(), has_main=True)
    assert (context.median_focus, context.median_grain, context.has_main) == (40.0, 2.0, True)
    empty = film_context(pictures[3:], ACTIVE, Settings(), has_main=False)
    assert (empty.median_focus, empty.median_grain, empty.has_main) == (0.0, 0.0, False)


def test_a_film_is_told_in_faces_where_half_of_its_shots_show_one_large_enough() -> None:
    shown = [candidate(1.0, face(), shot=0), candidate(2.0, shot=0)]
    others = [candidate(3.0, face((0, 300, 60, 80)), shot=1), candidate(4.0, face(score=0.3), shot=2)]
    assert film_context([*shown, others[0]], ACTIVE, Settings(), has_main=False).told_in_faces
    assert not film_context([*shown, *others], ACTIVE, Settings(), has_main=False).told_in_faces
    assert not film_context([], ACTIVE, Settings(), has_main=False).told_in_faces
