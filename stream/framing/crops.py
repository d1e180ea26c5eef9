"""Where to cut a picture: a rectangle of the format's shape inside the active area, around the people in it or, without
people, around what draws the eye."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from engines.faces import Face
from kernels.surface import Rect

from ..records import ActiveRect
from ..settings.formats import Format
from .obstacles import avoiding, sparing
from .saliency import Saliency

_WANTED_FACE_RATIO = 0.30
"""Share of the crop's height that the leading face should have. The crop gets smaller for small faces, down to
`TIGHTEST`."""
TIGHTEST = 0.62
"""The least height of a crop, as a share of the largest one that fits: the surroundings belong to the picture."""
_COMPANION = 0.5
"""Share of the leading face's height from which on another face belongs to the group. Chosen by eye."""
_HELD, _ZOOMS = 0.75, 6
"""Share of what draws the eye that a closer crop must be able to hold; how many heights are tried. Chosen by eye."""
_HAIR, _HAT, _HAT_MOST = 0.35, 0.8, 0.15
"""Room above a face box as shares of its height: for hair always, for a hat as far as that is no more than the third
number, a share of the crop's height: small heads have their hats in the picture. Chosen by eye."""
_BROWS, _LIPS, _LIDS = 0.6, 0.25, 0.2
"""Of a face taller than the crop, in distances from the eyes to the mouth: the room above the eyes that is kept before
the chin is shown, that below the mouth, and the least above the eyes. Chosen by eye."""
_GROUP_MARGIN = 0.05
"""Share of a crop's width that is left free beside a group. Chosen by eye."""


@dataclass(frozen=True, slots=True)
class Crop:
    """`source`: (x, y, width, height) in displayed pixels. `size`: (width, height) of the file, pixels. `scale`: rows
    of the file for each row of the source."""

    source: Rect
    size: tuple[int, int]
    scale: float


def plan_crops(
    forms: Sequence[Format],
    active: ActiveRect,
    faces: Sequence[Face],
    lead: Face | None,
    obstacles: Sequence[Rect] = (),
    saliency: Saliency | None = None,
    marks: Sequence[Rect] = (),
) -> list[tuple[Format, Crop]]:
    """`crop_for` of one picture for every format."""
    return [(form, crop_for(form, active, faces, lead, obstacles, saliency, marks)) for form in forms]


def crop_for(
    form: Format,
    active: ActiveRect,
    faces: Sequence[Face],
    lead: Face | None,
    obstacles: Sequence[Rect] = (),
    saliency: Saliency | None = None,
    marks: Sequence[Rect] = (),
) -> Crop:
    """The crop of one picture for one format, inside the active area: eyes near the format's line and no face cut where
    that is possible.

    `lead`: the face to keep in the picture; None: the crop is laid where most of `saliency` is, or centred without it.
    `obstacles`: rectangles (displayed pixels) that should stay out, such as captions and logos. The crop moves or
    shrinks for them as far as the people stay whole; `is_clear` says whether that was enough. `marks`: rectangles
    (displayed pixels), such as logos and watermarks, that should stay out or be whole; `is_cut` says whether they are.
    """
    largest = min(active.height, active.width / form.aspect_ratio)
    group = [] if lead is None else _group(form, largest, faces, lead)
    height = largest if lead is None else _height(form, largest, group, lead)
    if lead is not None and saliency is not None:
        height = _not_too_tight(form, active, height, largest, saliency)
    width = height * form.aspect_ratio
    if lead is not None:
        x, y = _place_across(active, width, faces, group), _place_down(form, active, height, group, lead)
    elif saliency is not None:
        x, y = saliency.place(active, width, height)
    else:
        x, y = active.x + (active.width - width) / 2, active.y + (active.height - height) / 2
    kept = (x, y, width, height)
    if obstacles:
        worth = saliency.held if saliency is not None and lead is None else None
        needed = None if lead is None else _needed(group)
        kept = avoiding(kept, obstacles, active, largest * TIGHTEST, needed, worth)
    if marks:
        kept = _sparing(form, kept, marks, obstacles, active, largest * TIGHTEST, group, saliency)
    size, scale = file_size(form, kept[3])
    x, y, width, height = (round(value, 2) for value in kept)
    return Crop((x, y, width, height), size, round(scale, 4))


def _sparing(
    form: Format,
    source: Rect,
    marks: Sequence[Rect],
    captions: Sequence[Rect],
    active: ActiveRect,
    least: float,
    group: Sequence[Face],
    saliency: Saliency | None,
) -> Rect:
    """The crop that cuts fewest marks. The group stays in it with its hair, else what draws the eye."""
    if group:
        left, _, right, bottom = _bounds(group)
        top = _hair_top(group, source[3])
        return sparing(source, marks, captions, active, least, (left, top, right - left, bottom - top))
    if saliency is None:
        return sparing(source, marks, captions, active, least, None)
    worth, place = saliency.held, cache(partial(_most_held, saliency, active, form.aspect_ratio, True))
    return sparing(source, marks, captions, active, least, None, place, worth)


def _most_held(saliency: Saliency, active: ActiveRect, ratio: float, tops: bool, height: float) -> Rect:
    """The rectangle of this height (pixels) that holds most of the map. `tops`: see `Saliency.place`."""
    return (*saliency.place(active, height * ratio, height, tops), height * ratio, height)


def _needed(group: Sequence[Face]) -> Rect:
    """What must stay inside a crop that moves: all boxes together, displayed pixels."""
    left, top, right, bottom = _bounds(group)
    return left, top, right - left, bottom - top


def _hair_top(group: Sequence[Face], height: float) -> float:
    """Where the hair and hats above the faces begin, in a crop of this height: face boxes end at the forehead."""
    return min(f.box[1] - max(_HAIR * f.box[3], min(_HAT * f.box[3], _HAT_MOST * height)) for f in group)


def _bounds(group: Sequence[Face]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of all boxes together."""
    return (
        min(f.box[0] for f in group),
        min(f.box[1] for f in group),
        max(f.box[0] + f.box[2] for f in group),
        max(f.box[1] + f.box[3] for f in group),
    )


def _group(form: Format, largest: float, faces: Sequence[Face], lead: Face) -> list[Face]:
    """The leading face and those large ones that fit beside it into the largest crop, the largest first."""
    group = [lead]
    width = largest * form.aspect_ratio * (1 - 2 * _GROUP_MARGIN)
    for face in sorted(faces, key=lambda f: (-f.box[3], f.box[0])):
        left, top, right, bottom = _bounds([*group, face])
        fits = right - left <= width and bottom - top <= largest * (1 - form.headroom)
        if face is not lead and face.box[3] > _COMPANION * lead.box[3] and fits:
            group.append(face)
    return group


def _height(form: Format, largest: float, group: Sequence[Face], lead: Face) -> float:
    """The height of the crop: what the leading face should have, and the whole group in it."""
    wanted = lead.box[3] / _WANTED_FACE_RATIO
    left, top, right, bottom = _bounds(group)
    margin = form.face_margin * lead.box[3]
    room = bottom + margin - min(_hair_top(group, largest), top - margin)
    across = max(right - left + 2 * form.face_margin * lead.box[2], (right - left) / (1 - 2 * _GROUP_MARGIN))
    return min(largest, max(wanted, room, across / form.aspect_ratio, largest * TIGHTEST))


def _not_too_tight(form: Format, active: ActiveRect, height: float, largest: float, saliency: Saliency) -> float:
    """The least of some heights from `height` up to the largest at which a crop can still hold `_HELD` of what the
    largest one can hold: a closer crop must not behead the others or lose what the picture is about."""

    def most(tall: float) -> float:
        return saliency.held(_most_held(saliency, active, form.aspect_ratio, False, tall))

    wanted = _HELD * most(largest)
    return next((float(tall) for tall in np.linspace(height, largest, _ZOOMS) if most(float(tall)) >= wanted), largest)


def _place_across(active: ActiveRect, width: float, faces: Sequence[Face], group: Sequence[Face]) -> float:
    """Left edge of the crop: centred on the group, then moved so that no other face is cut by its edges."""
    left, _, right, _ = _bounds(group)
    x = _clamp((left + right) / 2 - width / 2, active.x, active.x + active.width - width)
    return _leave_whole(x, width, active, [f for f in faces if all(f is not g for g in group)], group)


def _leave_whole(x: float, width: float, active: ActiveRect, others: Sequence[Face], group: Sequence[Face]) -> float:
    """The left edge `x`, moved so that neither edge cuts one of the `others`, as far as the group stays inside."""
    low = max(active.x, max(f.box[0] + f.box[2] for f in group) - width)
    high = min(active.x + active.width - width, min(f.box[0] for f in group))
    for other in others:
        left, right = other.box[0], other.box[0] + other.box[2]
        for edge, step_out in ((x, right), (x + width, left - width)):
            if left < edge < right and low <= step_out <= high:
                x = step_out
    return x


def _place_down(form: Format, active: ActiveRect, height: float, group: Sequence[Face], lead: Face) -> float:
    """Top edge of the crop: the leading eyes on their line, then room above the group, then all of it inside."""
    _, top, _, bottom = _bounds(group)
    if bottom - top > height:
        return _clamp(_close_up(height, lead), active.y, active.y + active.height - height)
    hair = _hair_top(group, height)
    eyes = float(lead.landmarks[:2, 1].mean())
    y = eyes - form.eyes_line * height
    y = min(y, top - form.headroom * height, hair)
    y = max(y, bottom + form.face_margin * lead.box[3] - height)
    y = min(y, top)  # where the group barely fits, the margin below must not push its top out
    return _clamp(y, active.y, active.y + active.height - height)


def _close_up(height: float, lead: Face) -> float:
    """Top edge of a crop that is lower than the face: the eyes matter most, then the mouth, then the chin."""
    eyes, mouth = float(lead.landmarks[:2, 1].min()), float(lead.landmarks[3:, 1].max())
    span = max(0.0, mouth - eyes)
    y = min(lead.box[1] + lead.box[3] - height, eyes - _BROWS * span)
    y = max(y, mouth + _LIPS * span - height)
    return min(y, eyes - _LIDS * span)


def file_size(form: Format, height: float) -> tuple[tuple[int, int], float]:
    """The (width, height) of the file, pixels, and its scale, for a crop so many pixels high: the format's size, or
    less where that would enlarge too far."""
    scale = form.size[1] / height
    if scale <= form.max_enlargement:
        return form.size, scale
    rows = height * form.max_enlargement
    return (max(1, round(rows * form.aspect_ratio)), max(1, round(rows))), form.max_enlargement


def _clamp(value: float, low: float, high: float) -> float:
    return max(low, min(value, high))
