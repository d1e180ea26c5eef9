"""Faces with five landmarks, by CenterFace: letterboxing, decoding of its maps, suppression of doubles, and refining.

The detector answers on a grid of stride 4 in four maps: `heat` (face centres, 0–1), `size` (log of height and width in
cells), `offset` (y, x of the centre inside its cell), `landmarks` (five y, x pairs from the box's corner, in boxes).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kernels.ops import Ops
from kernels.surface import Array, Rect, Surface

from .batches import planar
from .session import Session

STRIDE_PX, FEATURE_STRIDE_PX = 4, 16
SIDE_MULTIPLE_PX = 32


@dataclass(frozen=True, slots=True)
class Detection:
    """One face in displayed-picture pixels."""

    box: Rect
    """x, y, width, height."""
    score: float
    """0–1."""
    landmarks: np.ndarray
    """(5, 2) float32: image-left eye, image-right eye, nose tip, image-left and image-right mouth corner."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How a rectangle of the picture lies in a detector input: scaled to `inner`, black to the right and below.

    `scale` is (x, y) in input pixels per displayed pixel; the two differ by the rounding of `inner` alone.
    """

    origin: tuple[float, float]
    scale: tuple[float, float]
    inner: tuple[int, int]
    outer: tuple[int, int]

    @classmethod
    def fit(cls, rect: Rect, long_side: int) -> Letterbox:
        """The whole of `rect` with its longer side at `long_side` input pixels."""
        x, y, width, height = rect
        factor = long_side / max(width, height)
        inner = (max(1, round(width * factor)), max(1, round(height * factor)))
        outer_w, outer_h = (-(-side // SIDE_MULTIPLE_PX) * SIDE_MULTIPLE_PX for side in inner)
        return cls((x, y), (inner[0] / width, inner[1] / height), inner, (outer_w, outer_h))

    def to_displayed(self, points: np.ndarray) -> np.ndarray:
        """(…, 2) x, y input pixels → displayed pixels."""
        return np.asarray(points / np.array(self.scale, np.float32) + np.array(self.origin, np.float32), np.float32)


@dataclass(frozen=True, slots=True)
class Found:
    """What the detector made of one picture."""

    faces: list[Detection]
    """Best first."""
    picture: Array
    """(H, W, 3) uint8 RGB: the area as the detector saw it."""
    features: Array
    """(96, h, w) float32: the backbone's stride-16 map of that picture, without the black beside it."""


class Detector:
    """CenterFace on one session. Drops boxes under `threshold` and those that overlap a better one by `overlap`."""

    def __init__(
        self, session: Session, ops: Ops, *, long_side: int = 320, threshold: float = 0.5, overlap: float = 0.3
    ):
        self._session, self._ops = session, ops
        self._long_side, self._threshold, self._overlap = long_side, threshold, overlap

    def find(self, surface: Surface, area: Rect) -> Found:
        """Faces inside `area` (displayed pixels), best first. Runs one picture by itself, so its bits are its own."""
        letterbox = Letterbox.fit(area, self._long_side)
        picture = self._ops.rgb(surface, area, letterbox.inner)
        right, below = (outer - inner for outer, inner in zip(letterbox.outer, letterbox.inner, strict=True))
        shown = np.pad(planar(picture[None]), ((0, 0), (0, 0), (0, below), (0, right)))
        maps = self._session.run({"image": shown})
        columns, rows = (-(-side // FEATURE_STRIDE_PX) for side in letterbox.inner)
        return Found(self._decode(maps, letterbox), picture, maps["features"][0, :, :rows, :columns])

    def refine(self, surface: Surface, face: Detection, *, side: int, margin: float) -> Detection:
        """The same face looked at again in a square of `margin` times its box, `side` input pixels wide.

        Keeps the first answer when the closer look finds nothing that overlaps it by half.
        """
        x, y, width, height = face.box
        reach = margin * max(width, height)
        square = (x + (width - reach) / 2, y + (height - reach) / 2, reach, reach)
        letterbox = Letterbox.fit(square, side)
        matrix = np.array([[[1, 0, -square[0]], [0, 1, -square[1]]]]) * (side / reach)
        chip = self._ops.warp(surface, matrix, side)
        maps = self._session.run({"image": planar(chip)})
        closer = self._decode(maps, letterbox)
        overlaps = [intersection_over_union(np.array([face.box]), np.array([c.box]))[0, 0] for c in closer]
        if not overlaps or max(overlaps) < 0.5:
            return face
        return closer[int(np.argmax(overlaps))]

    def _decode(self, maps: dict[str, Array], letterbox: Letterbox) -> list[Detection]:
        host = {name: self._ops.to_host(maps[name])[0] for name in ("heat", "size", "offset", "landmarks")}
        boxes, scores, points = decode(host, self._threshold)
        keep = suppress(boxes, scores, self._overlap)
        corners = letterbox.to_displayed(boxes[keep].reshape(-1, 2, 2))
        faces = zip(corners, scores[keep], letterbox.to_displayed(points[keep]), strict=True)
        return [Detection(_rect(c), float(score), landmarks) for c, score, landmarks in faces]


def decode(maps: dict[str, np.ndarray], threshold: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Boxes (N, 4) left, top, right, bottom, scores (N,), landmarks (N, 5, 2) x, y; float32 input pixels, raster order.

    `maps`: heat (1, h, w), size (2, h, w), offset (2, h, w), landmarks (10, h, w).
    """
    rows, columns = np.nonzero(maps["heat"][0] > threshold)
    cells = np.stack([columns, rows], 1).astype(np.float32)
    size = np.exp(maps["size"][:, rows, columns].T[:, ::-1]) * STRIDE_PX
    centre = (cells + maps["offset"][:, rows, columns].T[:, ::-1] + 0.5) * STRIDE_PX
    top_left = centre - size / 2
    relative = maps["landmarks"][:, rows, columns].T.reshape(-1, 5, 2)[:, :, ::-1]
    points = top_left[:, None] + relative * size[:, None]
    boxes = np.concatenate([top_left, top_left + size], 1)
    return boxes.astype(np.float32), maps["heat"][0, rows, columns].astype(np.float32), points.astype(np.float32)


def suppress(boxes: np.ndarray, scores: np.ndarray, overlap: float) -> np.ndarray:
    """Indices of the boxes (left, top, right, bottom) to keep, best first: greedy non-maximum suppression."""
    order = np.argsort(-scores, kind="stable")
    sizes = boxes[:, 2:] - boxes[:, :2]
    shares = intersection_over_union(*(np.concatenate([boxes[:, :2], sizes], 1)[order],) * 2)
    dropped = np.zeros(len(order), bool)
    for rank in range(len(order)):
        if not dropped[rank]:
            dropped[rank + 1 :] |= shares[rank, rank + 1 :] > overlap
    return np.asarray(order[~dropped])


def intersection_over_union(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(N, M) of boxes (N, 4) and (M, 4) given as x, y, width, height."""
    ends = np.minimum((first[:, :2] + first[:, 2:])[:, None], (second[:, :2] + second[:, 2:])[None])
    common = np.clip(ends - np.maximum(first[:, None, :2], second[None, :, :2]), 0, None).prod(-1)
    union = first[:, 2:].prod(-1)[:, None] + second[:, 2:].prod(-1)[None] - common
    return np.asarray(common / np.maximum(union, 1e-9))


def _rect(corners: np.ndarray) -> Rect:
    (left, top), (right, bottom) = corners.tolist()
    return left, top, right - left, bottom - top
