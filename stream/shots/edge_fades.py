"""Fades that the film's beginning or end cuts off: they do not reach black, so no black row tells of them.

While a picture fades, each row is the one before times a factor, nearly the same all over the picture. A scene whose
light goes out at the film's edge looks the same, and its last pictures are as useless.

Measured at all 468 edges of shots of 16 films, which need not be a film's: 29 are taken for faded. 27 belong to fades
and dissolves, whose length it mostly tells to four rows, one is a title that fades out, and one an explosion.
"""

from __future__ import annotations

import numpy as np

from .window import LUMA_CELLS

_APART_S = 0.12
"""Rows so far apart are compared: between two pictures of a slow fade the light hardly changes."""
_STEP = 0.95
"""A row fades where it has at most this much of the light of the compared row inwards: so fades take three seconds at
most. Chosen by eye."""
_ALIKE = 0.7
"""Largest share of a step that the factor does not explain. With .5 fades over pictures that move end too early."""
_LEAST_LOST = 0.2
"""Share of its light that a picture loses in a fade. Chosen by eye: pictures that lose less are not spoilt."""


def fading_rows(grids: np.ndarray, fps: float) -> int:
    """How many rows a fade touches, from the film's edge inwards; 0 without one.

    grids: (N, 208) float32 as `window.grids_of` makes them, the row at the edge first. fps: rows a second.
    """
    luma = grids[:, :LUMA_CELLS] + 128
    apart = max(1, round(_APART_S * fps))
    reached, left = 0, 1.0
    while reached + apart < len(luma):
        outer, inner = luma[reached], luma[reached + apart]
        light = float(inner @ inner)
        factor = float(outer @ inner) / light if light > 0 else 1.0
        step = float(np.linalg.norm(inner - outer))
        if factor > _STEP or float(np.linalg.norm(outer - factor * inner)) > _ALIKE * step:
            break
        reached, left = reached + apart, left * factor
    return reached if left <= 1 - _LEAST_LOST else 0
