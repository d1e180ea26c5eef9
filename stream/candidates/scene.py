"""What a picture is worth that nobody's face leads: its light, its stillness, its structure, and not its grain."""

from __future__ import annotations

import numpy as np

from engines.faces import Face

from ..people.looks import leading_face

_STILL, _MOVING = 2.0, 12.0
"""Change of the thumbnail to the frame before, code values (0–255), where stillness is 1 and 0. Of real films:
of the frames without a face that an editor took, all changed by less than 11; of 24 that he refused as smeared, 17
by more than 12."""
_PART_STILL, _PART_MOVING = 0.35, 1.2
"""Largest change of a cell of the luma signature to the frame before, over the deviation of the picture's luma, where
`part_stillness` is 1 and 0. Of 656 candidates that a face leads, of nineteen films, 91 % are below .35. With
weights of .6 to 1, from .3 or .4 to 1 or 1.2, one refused picture less is chosen from fourteen real excerpts, of theirs
.633 are within 1 s of a pick instead of .626, and those of E01–E05 stay the same; from .2 E01–E05 lose."""
_LEAST_DEVIATION = 4.0
"""Deviation that counts at least: a picture of one tone has none."""
_FEW_TONES, _MANY_TONES = 2.5, 4.8
"""Entropy of the luma histogram, bits, where the tones are 0 and 1. Frames an editor took: 4.0 and more; a wing or a
pillar before the lens, an iris closing, white letters on black: 3.7 and less."""


def stillness(row: np.void) -> float:
    """0–1: 1 where the frame is like the one before, 0 where it moves so much that a camera would smear it."""
    return float(np.clip((_MOVING - float(row["change"])) / (_MOVING - _STILL), 0.0, 1.0))


def part_stillness(row: np.void) -> float:
    """0–1: 1 where no part of the picture moves fast, 0 where some part is likely smeared, such as a waving hand: by
    the largest change of a cell over the picture's own deviation."""
    share = float(row["cell_change"]) / max(_LEAST_DEVIATION, float(row["luma_std"]))
    return float(np.clip((_PART_MOVING - share) / (_PART_MOVING - _PART_STILL), 0.0, 1.0))


def tone_entropy(row: np.void) -> float:
    """Shannon entropy of the luma histogram, 0–6 bits."""
    histogram = row["histogram"].astype(np.float64)
    share = histogram[histogram > 0] / max(1.0, float(histogram.sum()))
    return round(float(-(share * np.log2(share)).sum()), 4) + 0.0


def tones(row: np.void) -> float:
    """0–1: how many tones the picture is made of."""
    return float(np.clip((tone_entropy(row) - _FEW_TONES) / (_MANY_TONES - _FEW_TONES), 0.0, 1.0))


def scene_score(row: np.void, sharpness_share: float) -> float:
    """0–1, for comparing pictures of one shot: the mean of stillness, tones and sharpness.

    `sharpness_share`: its sharpness over that of the shot's sharpest picture, 0–1. More than three quarters are not
    better: grain, speed lines and smeared water are sharp too.
    """
    return (stillness(row) + tones(row) + min(1.0, sharpness_share / 0.75)) / 3.0


def subject_of(
    faces: tuple[Face, ...], picture_height: float, min_height_ratio: float, min_score: float
) -> Face | None:
    """The leading face where it is large and certain enough for the picture to be about it, else None.

    `picture_height`: of the active picture, pixels; `min_height_ratio`, `min_score`: see `FaceSettings`.
    """
    lead = leading_face(faces)
    if lead is None or lead.score < min_score or lead.box[3] < min_height_ratio * picture_height:
        return None
    return lead
