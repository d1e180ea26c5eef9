"""Where to cut a picture: a rectangle of the format's aspect ratio, within the active area, around the leading face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engines.faces import Face

from ..records import ActiveRect
from ..settings.formats import Format

_WANTED_FACE_RATIO = 0.30
"""Share of the crop's height that the leading face should have. The crop gets smaller for small faces, down to
`_TIGHTEST`."""
_TIGHTEST = 0.62
"""The least height of a crop, as a share of the largest one that fits: the surroundings belong to the picture."""


@dataclass(frozen=True, slots=True)
class Crop:
    """`source`: (x, y, width, height) in displayed pixels. `size`: (width, height) of the file, pixels. `scale`: rows
    of the file for each row of the source."""

    source: tuple[float, float, float, float]
    size: tuple[int, int]
    scale: float


def crop_for(form: Format, active: ActiveRect, faces: Sequence[Face], lead: Face | None) -> Crop:
    """The crop of one picture for one format, inside the active area: eyes near the format's line and no face cut where
    that is possible. `lead`: the face to keep in the picture; None: the crop is centred."""
    height = _height(form, active, lead)
    width = height * form.aspect_ratio
    if lead is None:
        x = active.x + (active.width - width) / 2
        y = active.y + (active.height - height) / 2
    else:
        x = _place_across(active, width, faces, lead)
        y = _place_down(form, active, height, lead)
    size, scale = file_size(form, height)
    return Crop((round(x, 2), round(y, 2), round(width, 2), round(height, 2)), size, round(scale, 4))


def _height(form: Format, active: ActiveRect, lead: Face | None) -> float:
    largest = min(active.height, active.width / form.aspect_ratio)
    if lead is None:
        return largest
    wanted = lead.box[3] / _WANTED_FACE_RATIO
    room = lead.box[3] * (1 + 2 * form.face_margin)
    width_for_face = lead.box[2] * (1 + 2 * form.face_margin) / form.aspect_ratio
    return min(largest, max(wanted, room, width_for_face, largest * _TIGHTEST))


def _place_across(active: ActiveRect, width: float, faces: Sequence[Face], lead: Face) -> float:
    """Left edge of the crop. It is centred on the leading face and on those large faces that fit beside it; then it is
    moved so that no other face is cut by its edges."""
    centre = lead.box[0] + lead.box[2] / 2
    group = [lead]
    for face in sorted(faces, key=lambda f: -f.box[3]):
        left = min(f.box[0] for f in [*group, face])
        right = max(f.box[0] + f.box[2] for f in [*group, face])
        if face is not lead and face.box[3] > 0.5 * lead.box[3] and right - left <= 0.9 * width:
            group.append(face)
            centre = (left + right) / 2
    x = _clamp(centre - width / 2, active.x, active.x + active.width - width)
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


def _place_down(form: Format, active: ActiveRect, height: float, lead: Face) -> float:
    eyes = float(lead.landmarks[:2, 1].mean())
    y = eyes - form.eyes_line * height
    y = min(y, lead.box[1] - form.headroom * height)
    y = max(y, lead.box[1] + lead.box[3] * (1 + form.face_margin) - height)
    if lead.box[3] <= height:
        y = min(y, lead.box[1])  # where the face barely fits, the margin below must not push its top out
    return _clamp(y, active.y, active.y + active.height - height)


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
