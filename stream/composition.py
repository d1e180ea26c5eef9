"""How a picture is put together, measured on a small grey copy: balance, a calm background, where its weight lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.faces import Face
from kernels.surface import Geometry

SIZE = (96, 54)
"""Width and height of the copy that is measured."""
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
_AROUND = 0.6
"""The subject is the face box and this share of its size on each side, and everything below it: the body."""


@dataclass(frozen=True, slots=True)
class Composition:
    """Of the whole displayed picture, bars included (they are alike in all pictures of a film)."""

    symmetry: float
    """Correlation of the picture with its mirror image, 0–1."""
    clutter: float
    """Mean gradient of luma away from the subject, luma units a pixel of the small copy."""
    weight_at: tuple[float, float]
    """Centre of the gradients, as shares of width and height."""


def measure(picture: np.ndarray, geometry: Geometry, lead: Face | None) -> Composition:
    """picture: (54, 96, 3) uint8 RGB of the whole displayed picture; `lead` in displayed pixels."""
    luma = picture.astype(np.float32) @ _LUMA
    gradient = np.hypot(*np.gradient(luma))
    total = float(gradient.sum()) + 1e-6
    rows, columns = np.indices(gradient.shape)
    across = float((columns * gradient).sum()) / total / (gradient.shape[1] - 1)
    down = float((rows * gradient).sum()) / total / (gradient.shape[0] - 1)
    outside = gradient[~_subject(gradient.shape, geometry, lead)]
    clutter = float(outside.mean()) if outside.size else 0.0
    return Composition(_symmetry(luma), round(clutter, 4), (round(across, 4), round(down, 4)))


def _symmetry(luma: np.ndarray) -> float:
    centred = luma - luma.mean()
    spread = float((centred * centred).sum())
    if spread < 1e-3:
        return 1.0
    return round(max(0.0, float((centred * centred[:, ::-1]).sum()) / spread), 4)


def _subject(shape: tuple[int, ...], geometry: Geometry, lead: Face | None) -> np.ndarray:
    """(h, w) bool: where the subject is."""
    mask = np.zeros(shape, bool)
    if lead is None:
        return mask
    x, y, width, height = lead.box
    sx, sy = shape[1] / geometry.display_width, shape[0] / geometry.display_height
    left, right = (x - _AROUND * width) * sx, (x + (1 + _AROUND) * width) * sx
    top = (y - _AROUND * height) * sy
    mask[max(0, int(top)) :, max(0, int(left)) : max(0, int(np.ceil(right)))] = True
    return mask
