"""What draws the eye in a picture without faces: the parts that are unlike their surroundings.

Half of the map is the image signature (Hou, Harel & Koch, Image Signature: Highlighting Sparse Salient Regions, IEEE
TPAMI 2012): of each channel only the signs of its cosine transform are kept; back to a picture, squared and smoothed,
what is sparse against its background stands out. The other half is the minimum barrier distance from the border
(Zhang et al., Minimum Barrier Salient Object Detection at 80 FPS, ICCV 2015): what no way from the border reaches
without a step in colour is a thing of its own, large or small. What is out of focus weighs less (`focus`). People who
are seen are added to the map, however small.

Of 126 pictures of 47 clips without a leading face, with subject and head marked by eye, a crop held of the subject, and
so many heads were whole (in brackets those of other films than the numbers below were chosen on; but that focus counts
only in pictures with much that is blurred was seen in both):

    landscape        .972 (.959)    44 of 47 (26 of 28)     before focus and the rule for tops
                     .970 (.962)    47 of 47 (27 of 28)     with them
    portrait         .918 (.932)    39 of 47 (25 of 28)
                     .925 (.948)    39 of 47 (25 of 28)

Crops that showed less than half of what they could: none and 5 before, none and 3 now. What moves against its ground
would be worth .003 to .012 more in portrait crops and three heads, but the pictures beside are not there for every one,
and what is fetched again must be cut as it would have been. Eleven of the films are in benchmarks/crop_subjects.json.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.fft import dctn, idctn

from engines.faces import Face
from kernels.surface import Rect

from ..records import ActiveRect

MAP_LONG_SIDE = 64
"""Longer side of the map, cells: the scale at which the method was published."""
_SMOOTH_SHARE = 0.045
"""Sigma of the Gaussian over the map, as a share of its longer side; about as published."""
_CHANNEL_WEIGHTS = (1.0, 2.0, 2.0)
"""Of lightness and of the two colour differences, beside their deviations: colours vary less. Chosen by eye."""
_CUT_COST, _CUT_SHARE = 1.0, 0.1
"""What lies within this share of a crop's width of an edge that cuts the picture counts against it by the first number:
an edge should not run through a thing. (Of 66 pictures of 14 films without a leading face, portrait crops hold .84 of
the subject's width by the signature alone, .89 by both halves with this.)"""
_CENTRE_PULL = 0.1
"""What a crop at the end of its way must hold more of the map than one in the middle. Chosen by eye: a picture in which
nothing stands out is cut in the middle."""
_PERSON_WEIGHT = 1.0
"""Weight of a person for a face of score 1, where the map of all else weighs 1. Chosen by eye."""
_BODY_FACES = 4.0
"""Heights of the face that a person takes, from half a face above it. Chosen by eye."""
_ABOVE, _ABOVE_COST = 0.2, 1.0
"""What lies above a crop, within this share of its height, counts against it by the second number: of what the top edge
cuts the head is missing. Chosen by eye. Where a face leads, no more is asked: it says itself where the top is."""
_TOP_ABOVE, _TOP_COST = 0.5, 0.75
"""The same where no face leads. There only what is heavier than the map's mean counts, as a whole, so that a
ceiling does not. A cost of .6 cuts more heads, one of 1 shows less of what is below them."""
_STEPS = 48
"""Places that are tried along each side."""


@dataclass(frozen=True, slots=True)
class Saliency:
    """`weights`: (h, w) float64, sum 1, over `area` (displayed pixels)."""

    weights: np.ndarray
    area: Rect

    def with_people(self, faces: Sequence[Face]) -> Saliency:
        """The map with the faces and the bodies below them, each as heavy as `_PERSON_WEIGHT` times its score."""
        weights = self.weights.copy()
        for face in faces:
            x, y, width, height = face.box
            body = (x - width / 2, y - height / 2, 2 * width, _BODY_FACES * height)
            mark = self._mark(body)
            if mark.any():
                weights += _PERSON_WEIGHT * face.score * mark / mark.sum()
        return Saliency(weights / weights.sum(), self.area)

    def in_focus(self, sharpness: np.ndarray) -> Saliency:
        """The map with each cell weighed by how sharp it is (h, w; `focus_weights`)."""
        return Saliency(_shares(self.weights * sharpness), self.area)

    def _mark(self, rect: Rect) -> np.ndarray:
        """(h, w) float64: 1 in the cells whose middles lie in the rectangle (displayed pixels), 0 elsewhere."""
        rows, columns = self.weights.shape
        down = self.area[1] + (np.arange(rows) + 0.5) / rows * self.area[3]
        across = self.area[0] + (np.arange(columns) + 0.5) / columns * self.area[2]
        inside_down = (down >= rect[1]) & (down < rect[1] + rect[3])
        inside_across = (across >= rect[0]) & (across < rect[0] + rect[2])
        return np.asarray(np.outer(inside_down, inside_across).astype(np.float64))

    def place(self, active: ActiveRect, width: float, height: float, tops: bool = True) -> tuple[float, float]:
        """Left and top edge (displayed pixels) of the crop of this size inside `active` that holds most of the map.

        `tops`: what is taller than the crop is cut below, not above. False where a face leads.
        """
        xs = active.x + np.linspace(0.0, max(0.0, active.width - width), _STEPS)
        ys = active.y + np.linspace(0.0, max(0.0, active.height - height), _STEPS)
        held = self._held(xs, ys, width, height)
        above, share, cost = (self._outstanding(), _TOP_ABOVE, _TOP_COST) if tops else (self, _ABOVE, _ABOVE_COST)
        held -= cost * above._held(xs, ys - share * height, width, share * height)
        held -= _CUT_COST * self._cut(xs, ys, active, width, height)
        pull = np.linspace(-1, 1, _STEPS) ** 2
        held -= _CENTRE_PULL * (pull[None, :] + pull[:, None])
        row, column = np.unravel_index(int(np.argmax(held.round(6))), held.shape)
        return float(xs[column]), float(ys[row])

    def _outstanding(self) -> Saliency:
        """The map of what is heavier than the mean, less the mean."""
        return Saliency(_shares(np.maximum(self.weights - self.weights.mean(), 0.0)), self.area)

    def _cut(self, xs: np.ndarray, ys: np.ndarray, active: ActiveRect, width: float, height: float) -> np.ndarray:
        """(len(ys), len(xs)) shares of the map at the left and right edges of crops; none where the picture ends."""
        reach = _CUT_SHARE * width
        left, right = (self._held(edge - reach, ys, 2 * reach, height) for edge in (xs, xs + width))
        inside = xs > active.x + 1e-6, xs + width < active.x + active.width - 1e-6
        return np.asarray(left * inside[0] + right * inside[1])

    def held(self, source: Rect) -> float:
        """Share of the map (0–1) inside a rectangle in displayed pixels."""
        x, y, width, height = source
        return float(self._held(np.array([x]), np.array([y]), width, height)[0, 0])

    def _held(self, xs: np.ndarray, ys: np.ndarray, width: float, height: float) -> np.ndarray:
        """(len(ys), len(xs)) shares of the map inside the rectangles with these corners."""
        rows, columns = self.weights.shape
        table = np.zeros((rows + 1, columns + 1))
        table[1:, 1:] = self.weights.cumsum(0).cumsum(1)
        left, top, over, under = self.area

        def across(edges: np.ndarray) -> np.ndarray:
            return between_rows(table.T, np.clip((edges - left) / over * columns, 0, columns)).T

        def down(by_column: np.ndarray, edges: np.ndarray) -> np.ndarray:
            return between_rows(by_column, np.clip((edges - top) / under * rows, 0, rows))

        to_right, to_left = across(xs + width), across(xs)
        below = down(to_right, ys + height) - down(to_left, ys + height)
        return np.asarray(below - (down(to_right, ys) - down(to_left, ys)))


def between_rows(table: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(N, columns): the table (rows, columns) at places (N,) from 0 to rows - 1, linear between its rows: the numbers
    of `numpy.interp` for all columns at once."""
    low = np.minimum(places.astype(np.int64), len(table) - 1)
    first, second = table[low], table[np.minimum(low + 1, len(table) - 1)]
    return np.asarray((second - first) * (places - low)[:, None] + first)


def map_size(area: Rect, long_side: float = MAP_LONG_SIDE) -> tuple[int, int]:
    """Width and height of the small picture of which the map of `area` is made, or one with another longer side."""
    scale = long_side / max(area[2], area[3])
    return max(8, round(area[2] * scale)), max(8, round(area[3] * scale))


def saliency_of(picture: np.ndarray, area: Rect) -> Saliency:
    """The map of a small picture (h, w, 3) uint8 RGB of `area` (displayed pixels). A flat picture gives an even map."""
    lab = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2LAB).astype(np.float64)
    total = sum(weight * _signature(lab[..., i]) * lab[..., i].std() for i, weight in enumerate(_CHANNEL_WEIGHTS))
    total = cv2.GaussianBlur(np.asarray(total), (0, 0), _SMOOTH_SHARE * max(picture.shape[:2]))
    weights = (_shares(total) + _shares(_barriers(lab))) / 2
    return Saliency(weights, area)


def _shares(weights: np.ndarray) -> np.ndarray:
    """The map (h, w) with sum 1; an even one where there is nothing."""
    total = float(weights.sum())
    return weights / total if total > 1e-9 else np.full(weights.shape, 1.0 / weights.size)


def _barriers(lab: np.ndarray) -> np.ndarray:
    """(h, w) float64: for each cell of (h, w, 3) the least difference between the highest and the lowest value on a way
    from the border, summed over the channels; one sweep each way."""
    values = cv2.GaussianBlur(lab * np.array(_CHANNEL_WEIGHTS), (0, 0), 1.0)
    distance = np.full(values.shape, np.inf)
    distance[0] = distance[-1] = distance[:, 0] = distance[:, -1] = 0.0
    high, low = values.copy(), values.copy()
    for turned in (np.asarray, np.flipud, _transposed, lambda array: np.flipud(_transposed(array))):
        _sweep(*(turned(array) for array in (values, distance, high, low)))
    return np.asarray(distance.sum(2))


def _transposed(array: np.ndarray) -> np.ndarray:
    return array.swapaxes(0, 1)


def _sweep(values: np.ndarray, distance: np.ndarray, high: np.ndarray, low: np.ndarray) -> None:
    """Lengthens the ways of each row to the next where that comes closer. Changes all arrays but the first."""
    for row in range(1, len(values)):
        highest, lowest = np.maximum(high[row - 1], values[row]), np.minimum(low[row - 1], values[row])
        nearer = highest - lowest < distance[row]
        np.copyto(distance[row], highest - lowest, where=nearer)
        np.copyto(high[row], highest, where=nearer)
        np.copyto(low[row], lowest, where=nearer)


def _signature(channel: np.ndarray) -> np.ndarray:
    """(h, w) float64 with sum 1: the squared picture that the signs of the cosine transform alone give."""
    found = np.square(idctn(np.sign(dctn(channel, norm="ortho")), norm="ortho"))
    return np.asarray(found / found.sum())
