"""The filters at the end of a film, one function each: each gives a reason against a picture, or None."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engines.faces import Face

from ..candidates.probes import sharpness
from ..candidates.scene import stillness, subject_of, tone_entropy
from ..people.expression import is_wide_open
from ..people.eyes import closed_below
from ..people.looks import leading_face
from ..records import ActiveRect, Candidate
from ..settings.model import Settings

_EDGE_SHARE = 0.04
"""Share of its height by which a face box may leave the active picture before it counts as cut. Chosen by eye."""
_HAIR_SHARE = 0.16
"""The same at the top: detectors include forehead and hair, which posters often crop. Chosen by eye."""

_FACES_SHARE = 0.5
"""Share of the shots that show a face large enough for a poster, from which on a film is told in faces. Chosen by eye;
see the table in `benchmarks/README.md`."""
_SMEARED_SHARE = 0.35
"""Share of the median sharpness of the film's pictures below which one that moves as fast as can be is smeared, less
for one that moves less. Chosen by eye; in 19 films two pictures between the extremes fall below: a smeared face and the
last frame of a fade."""
_LEAST_STILL = 0.1
"""Stillness below which so much moves that a scene is smeared. Chosen by eye."""
_LEAST_TONES = 2.0
"""Entropy of the luma histogram, bits, below which a picture is empty. Chosen by eye: of real films, a dark wing that
fills the frame has .7 to 1.4, frames that an editor took 4.0 and more; flat cartoons may have fewer."""


@dataclass(frozen=True, slots=True)
class FilmContext:
    """What the filters need to know of the whole film.

    `median_focus`, `median_grain`: over its faces, see `engines.quality`. `median_sharpness`: over its candidates, of
    whole pictures. `told_in_faces`: whether at least half of its
    shots show a face large enough for a poster; elsewhere wide pictures are no makeshift. `has_main`: any main
    character.
    """

    active: ActiveRect
    settings: Settings
    median_focus: float
    median_grain: float
    median_sharpness: float
    told_in_faces: bool
    has_main: bool


@dataclass(frozen=True, slots=True)
class FilterInput:
    """One candidate as the filters see it.

    `lead`: its leading face, where that is what the picture shows (`stream.candidates.scene.subject_of`). `main`:
    whether that is a main character. `extremeness`, `openness`, `gaze`: of the worst face that counts, None where
    unknown. `typical_openness`: what is usual for the person of that face. `gaze`: see `stream.people.gaze.gaze_score`.
    `doubtful`: without a lead, a face large enough to be one of which the detector is not certain.
    `people`: whether there are faces, if too small or too uncertain to lead. `turned`: whether those of characters who
    face the viewer elsewhere in the shot are all turned away here. `row`: what was measured of the frame
    (`kernels.stats.ROW`).
    """

    lead: Face | None
    main: bool
    extremeness: float | None
    openness: float | None = None
    typical_openness: float | None = None
    gaze: float | None = None
    doubtful: Face | None = None
    people: bool = False
    turned: bool = False
    row: np.void | None = None


Filter = Callable[[FilterInput, FilmContext], str | None]


def film_context(
    candidates: Sequence[Candidate], active: ActiveRect, settings: Settings, has_main: bool
) -> FilmContext:
    """Medians over those of the film's candidates whose leading face was measured on its chip."""
    leads = [lead for c in candidates if (lead := leading_face(c.faces)) is not None and lead.quality.contrast > 0]
    return FilmContext(
        active=active,
        settings=settings,
        median_focus=float(np.median([lead.quality.focus for lead in leads])) if leads else 0.0,
        median_grain=float(np.median([lead.quality.grain for lead in leads])) if leads else 0.0,
        median_sharpness=float(np.median([sharpness(c.row) for c in candidates])) if candidates else 0.0,
        told_in_faces=_told_in_faces(candidates, active, settings),
        has_main=has_main,
    )


def _told_in_faces(candidates: Sequence[Candidate], active: ActiveRect, settings: Settings) -> bool:
    limits = settings.faces
    shots = {c.shot for c in candidates}
    with_face = {
        c.shot
        for c in candidates
        if subject_of(c.faces, active.height, limits.min_height_ratio, limits.min_score) is not None
    }
    return bool(shots) and len(with_face) >= _FACES_SHARE * len(shots)


def rejection_reasons(picture: FilterInput, context: FilmContext, filters: Sequence[Filter] | None = None) -> list[str]:
    """The reasons of all filters, in their order, without those in `rank.ignored_reasons`.

    filters: those of `FILTERS` where none are given.
    """
    found = (judge(picture, context) for judge in (FILTERS if filters is None else filters))
    ignored = context.settings.rank.ignored_reasons
    return list(dict.fromkeys(reason for reason in found if reason is not None and reason not in ignored))


def _is_soft_and_moves(row: np.void | None, median_sharpness: float) -> bool:
    """Whether so much moves that the whole picture is smeared, a face that fills it too."""
    if row is None:
        return False
    moves = min(1.0, (1.0 - stillness(row)) / (1.0 - _LEAST_STILL))
    return sharpness(row) < _SMEARED_SHARE * moves * median_sharpness


def no_face(picture: FilterInput, context: FilmContext) -> str | None:
    """Nobody to be seen, in a film that is told in faces."""
    return "no_face" if picture.lead is None and not picture.people and context.told_in_faces else None


def small_face(picture: FilterInput, context: FilmContext) -> str | None:
    """Only faces too small for a poster, or too uncertain, in a film that is told in faces; not said of faces that are
    turned away as well (`turned_away`)."""
    small = picture.lead is None and picture.people and not picture.turned
    return "small_face" if small and context.told_in_faces else None


def blurred(picture: FilterInput, context: FilmContext) -> str | None:
    """A face that is out of focus compared with the film's faces, or smeared in one direction; also one that the
    detector is not certain of, perhaps for that reason."""
    face = picture.lead or picture.doubtful
    if face is None or face.quality.contrast == 0:
        return None
    limits, quality = context.settings.quality, face.quality
    smeared = quality.blur_anisotropy > limits.motion_blur_above
    smeared = smeared or _is_soft_and_moves(picture.row, context.median_sharpness)
    return "blurred" if smeared or quality.focus < limits.focus_share * context.median_focus else None


def smeared_scene(picture: FilterInput, context: FilmContext) -> str | None:
    """A picture without a leading face that is out of focus compared with the film's pictures, or in which so much
    moves that the camera smears it."""
    if picture.lead is not None or picture.row is None:
        return None
    soft = sharpness(picture.row) < context.settings.quality.focus_share * context.median_sharpness
    return "blurred" if soft or stillness(picture.row) < _LEAST_STILL else None


def empty_scene(picture: FilterInput, context: FilmContext) -> str | None:
    """A picture without a leading face of so few tones that there is nothing in it: a wing before the lens, a wall."""
    if picture.lead is not None or picture.row is None:
        return None
    return "empty" if tone_entropy(picture.row) < _LEAST_TONES else None


def noisy(picture: FilterInput, context: FilmContext) -> str | None:
    """A face with much more grain than is usual in the film."""
    if picture.lead is None:
        return None
    limits = context.settings.quality
    return (
        "noisy"
        if picture.lead.quality.grain > max(limits.grain_above, limits.grain_share * context.median_grain)
        else None
    )


def badly_exposed(picture: FilterInput, context: FilmContext) -> str | None:
    """A face that is burnt out, in the dark or without contrast."""
    if picture.lead is None or picture.lead.quality.contrast == 0:
        return None
    limits, quality = context.settings.quality, picture.lead.quality
    if quality.burnt_ratio > limits.burnt_above:
        return "bright"
    if quality.luma < limits.dark_below:
        return "dark"
    return "flat" if quality.contrast < limits.contrast_below else None


def cut_face(picture: FilterInput, context: FilmContext) -> str | None:
    """A face that is cut by the edge of the active picture."""
    if picture.lead is None:
        return None
    (x, y, width, height), active = picture.lead.box, context.active
    slack = _EDGE_SHARE * height
    outside = (
        x < active.x - slack
        or y < active.y - _HAIR_SHARE * height
        or x + width > active.x + active.width + slack
        or y + height > active.y + active.height + slack
    )
    return "cut_face" if outside else None


def turned_away(picture: FilterInput, context: FilmContext) -> str | None:
    """A head in profile, thrown back or bowed; in a picture without a leading face, those of all characters who face
    the viewer elsewhere in the shot."""
    if picture.lead is None:
        return "turned_away" if picture.turned else None
    yaw, pitch, _ = picture.lead.pose_deg
    limits = context.settings.faces
    return "turned_away" if abs(yaw) > limits.max_yaw_deg or abs(pitch) > limits.max_pitch_deg else None


def eyes_closed(picture: FilterInput, context: FilmContext) -> str | None:
    """Eyes closed by the common limit, or far less open than is usual for the person."""
    if picture.openness is None:
        return None
    limits = context.settings.faces
    limit = closed_below(limits.eyes_closed_below, limits.eyes_closed_share, picture.typical_openness)
    return "eyes_closed" if picture.openness < limit else None


def extreme_expression(picture: FilterInput, context: FilmContext) -> str | None:
    """An expression much odder than is usual for the person and in the film, or a mouth wide open."""
    limits = context.settings.expression
    gaping = picture.lead is not None and is_wide_open(picture.lead, limits.mouth_above)
    odd = picture.extremeness is not None and picture.extremeness > limits.extreme_above
    return "extreme_expression" if gaping or odd else None


def looking_away(picture: FilterInput, context: FilmContext) -> str | None:
    """Eyes cast down, rolled aside or crossed."""
    limit = context.settings.faces.gaze_below
    return "looking_away" if picture.gaze is not None and picture.gaze < limit else None


def not_main(picture: FilterInput, context: FilmContext) -> str | None:
    """A leading face that is not a main character's, in a film that has main characters and is told in faces. In other
    films pictures of nobody pass, so those of somebody do."""
    somebody_else = picture.lead is not None and context.has_main and not picture.main
    return "not_main" if somebody_else and context.told_in_faces else None


FILTERS: tuple[Filter, ...] = (
    no_face,
    small_face,
    blurred,
    smeared_scene,
    empty_scene,
    noisy,
    badly_exposed,
    cut_face,
    turned_away,
    eyes_closed,
    looking_away,
    extreme_expression,
    not_main,
)
