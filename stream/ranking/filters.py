"""The filters at the end of a film, one function each: what speaks against a picture, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engines.faces import Face

from ..people.expression import is_wide_open
from ..people.eyes import closed_below
from ..people.looks import leading_face
from ..records import ActiveRect, Candidate
from ..settings.model import Settings

_EDGE_SHARE = 0.04
"""A face box may stick out of the active picture by this share of its height before it counts as cut."""
_HAIR_SHARE = 0.16
"""At the top a box may stick out further: detectors add forehead and hair that posters often crop."""


@dataclass(frozen=True, slots=True)
class FilmView:
    """What the filters need to know of the whole film."""

    active: ActiveRect
    settings: Settings
    median_focus: float
    median_grain: float
    has_faces: bool
    has_main: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One picture before the filters: its leading face, whether that is a main character, how extreme it looks."""

    candidate: Candidate
    lead: Face | None
    main: bool
    extremeness: float
    openness: float | None = None
    typical_openness: float | None = None


Filter = Callable[[Case, FilmView], str | None]


def view_of(candidates: Sequence[Candidate], active: ActiveRect, settings: Settings, has_main: bool) -> FilmView:
    """Medians over the film's candidates that show a face looked at closely."""
    leads = [lead for c in candidates if (lead := leading_face(c.faces)) is not None and lead.quality.contrast > 0]
    return FilmView(
        active=active,
        settings=settings,
        median_focus=float(np.median([lead.quality.focus for lead in leads])) if leads else 0.0,
        median_grain=float(np.median([lead.quality.grain for lead in leads])) if leads else 0.0,
        has_faces=bool(leads),
        has_main=has_main,
    )


def reasons_against(case: Case, view: FilmView, filters: Sequence[Filter] | None = None) -> list[str]:
    """Every filter's reason, in the order of the filters, without those that the settings ignore.

    filters: those of `FILTERS` where none are given.
    """
    found = (judge(case, view) for judge in (FILTERS if filters is None else filters))
    ignored = view.settings.rank.ignored_reasons
    return list(dict.fromkeys(reason for reason in found if reason is not None and reason not in ignored))


def no_face(case: Case, view: FilmView) -> str | None:
    """In a film with people, a picture without one."""
    return "no_face" if case.lead is None and view.has_faces else None


def blurred(case: Case, view: FilmView) -> str | None:
    """Out of focus against the film's usual faces, or smeared in one direction."""
    if case.lead is None or case.lead.quality.contrast == 0:
        return None
    limits, quality = view.settings.quality, case.lead.quality
    smeared = quality.blur_anisotropy > limits.motion_blur_above
    return "blurred" if smeared or quality.focus < limits.focus_share * view.median_focus else None


def noisy(case: Case, view: FilmView) -> str | None:
    """Grain that stands out from the film's own."""
    if case.lead is None:
        return None
    limits = view.settings.quality
    return (
        "noisy" if case.lead.quality.grain > max(limits.grain_above, limits.grain_share * view.median_grain) else None
    )


def badly_exposed(case: Case, view: FilmView) -> str | None:
    """A face burnt out, or without contrast."""
    if case.lead is None or case.lead.quality.contrast == 0:
        return None
    limits, quality = view.settings.quality, case.lead.quality
    if quality.burnt_ratio > limits.burnt_above:
        return "bright"
    return "flat" if quality.contrast < limits.contrast_below else None


def small_face(case: Case, view: FilmView) -> str | None:
    """Too small for a poster, or hardly a face at all."""
    if case.lead is None:
        return None
    limits = view.settings.faces
    small = case.lead.box[3] < limits.min_height_ratio * view.active.height
    return "small_face" if small or case.lead.score < limits.min_score else None


def cut_face(case: Case, view: FilmView) -> str | None:
    """The leading face leaves the active picture."""
    if case.lead is None:
        return None
    (x, y, width, height), active = case.lead.box, view.active
    slack = _EDGE_SHARE * height
    outside = (
        x < active.x - slack
        or y < active.y - _HAIR_SHARE * height
        or x + width > active.x + active.width + slack
        or y + height > active.y + active.height + slack
    )
    return "cut_face" if outside else None


def turned_away(case: Case, view: FilmView) -> str | None:
    """Profile, or head thrown back or bowed."""
    if case.lead is None:
        return None
    yaw, pitch, _ = case.lead.pose_deg
    limits = view.settings.faces
    return "turned_away" if abs(yaw) > limits.max_yaw_deg or abs(pitch) > limits.max_pitch_deg else None


def eyes_closed(case: Case, view: FilmView) -> str | None:
    """Lids down by the common measure, or far lower than this person's lids usually are."""
    if case.openness is None:
        return None
    limits = view.settings.faces
    limit = closed_below(limits.eyes_closed_below, limits.eyes_closed_share, case.typical_openness)
    return "eyes_closed" if case.openness < limit else None


def extreme_expression(case: Case, view: FilmView) -> str | None:
    """Far from what is usual in this film for this person, or a mouth wide open."""
    limits = view.settings.expression
    gaping = case.lead is not None and is_wide_open(case.lead, limits.mouth_above)
    return "extreme_expression" if gaping or case.extremeness > limits.extreme_above else None


def not_main(case: Case, view: FilmView) -> str | None:
    """Led by someone who is no main character."""
    return "not_main" if case.lead is not None and view.has_main and not case.main else None


FILTERS: tuple[Filter, ...] = (
    no_face,
    blurred,
    noisy,
    badly_exposed,
    small_face,
    cut_face,
    turned_away,
    eyes_closed,
    extreme_expression,
    not_main,
)
