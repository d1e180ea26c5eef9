"""Face detection with five landmarks by CenterFace: letterboxing, decoding of its maps, non-maximum suppression, and a
second run on small faces.

The network outputs four maps on a grid of stride 4: `heat` (face centres, 0–1), `size` (log of height and width in
cells), `offset` (y, x of the centre inside its cell) and `landmarks` (five y, x pairs from the box's corner, in units
of the box).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from kernels.ops import Ops, Part
from kernels.surface import Array, Rect, Surface

from .session import Session
from .tools import HOST_TOOLS, EngineTools, intersection_over_union

T = TypeVar("T")
STRIDE_PX, FEATURE_STRIDE_PX = 4, 16
SIDE_MULTIPLE_PX = 32
_MOST_OVERLAP = 0.3
"""Boxes that overlap a better one by more than this (intersection over union) are dropped."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One detected face in displayed-picture pixels."""

    box: Rect
    """x, y, width, height."""
    score: float
    """The network's confidence, 0–1."""
    landmarks: np.ndarray
    """(5, 2) float32: image-left eye, image-right eye, nose tip, image-left and image-right mouth corner."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How a rectangle of the picture is placed in the network's input: scaled to `inner` (width, height) inside
    `outer`, with black on the right and below.

    `origin` is the rectangle's top left in displayed pixels. `scale` is (x, y) in input pixels per displayed pixel; the
    two differ only by the rounding of `inner`.
    """

    origin: tuple[float, float]
    scale: tuple[float, float]
    inner: tuple[int, int]
    outer: tuple[int, int]

    @classmethod
    def fit(cls, rect: Rect, long_side: int) -> Letterbox:
        """Places the whole of `rect` with its longer side at `long_side` input pixels."""
        x, y, width, height = rect
        factor = long_side / max(width, height)
        inner = (max(1, round(width * factor)), max(1, round(height * factor)))
        outer_w, outer_h = (-(-side // SIDE_MULTIPLE_PX) * SIDE_MULTIPLE_PX for side in inner)
        return cls((x, y), (inner[0] / width, inner[1] / height), inner, (outer_w, outer_h))

    def to_displayed(self, points: np.ndarray) -> np.ndarray:
        """Converts points (…, 2) x, y from input pixels to displayed pixels, float32."""
        return np.asarray(points / np.array(self.scale, np.float32) + np.array(self.origin, np.float32), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class DetectorBatch:
    """Pictures that went through the detector in one run."""

    pictures: Array
    """(N, H, W, 3) uint8 RGB: the areas as they were fed to the network."""
    features: Array
    """(N, 96, h, w) float32: the backbone's stride-16 maps of those pictures, without the black beside them."""


@dataclass(frozen=True, slots=True)
class PictureDetections:
    """The faces of one picture, and its place in the detector's batch."""

    faces: list[Detection]
    """Best score first."""
    batch: DetectorBatch
    """The batch in which the picture was run."""
    index: int
    """Index of the picture in the batch."""


class Detector:
    """CenterFace on one session.

    long_side: longer side of the network's input, pixels. threshold: least score of a face. batch: pictures in one run;
    with 1 a picture's result cannot depend on other pictures.
    """

    def __init__(
        self,
        session: Session,
        ops: Ops,
        *,
        long_side: int = 320,
        threshold: float = 0.5,
        tools: EngineTools = HOST_TOOLS,
        batch: int = 1,
    ):
        self._session, self._ops, self._tools, self._batch = session, ops, tools, batch
        self._long_side, self._threshold = long_side, threshold

    def find(self, surfaces: Sequence[Surface], areas: Sequence[Rect]) -> list[PictureDetections]:
        """The faces inside each picture's area (displayed pixels), in the order of the pictures. Pictures whose inputs
        have the same size share runs. Synchronises (on a device)."""
        letterboxes = [Letterbox.fit(area, self._long_side) for area in areas]
        by_size: dict[tuple[int, int], list[int]] = {}
        for i, letterbox in enumerate(letterboxes):
            by_size.setdefault(letterbox.inner, []).append(i)
        founds: dict[int, PictureDetections] = {}
        for alike in by_size.values():
            for part in _parts(alike, self._batch):
                looks = [(surfaces[i], areas[i]) for i in part]
                founds.update(zip(part, self._run(looks, [letterboxes[i] for i in part]), strict=True))
        return [founds[i] for i in range(len(surfaces))]

    def refine(self, faces: Sequence[tuple[Surface, Detection]], *, side: int, margin: float) -> list[Detection]:
        """Detects the given faces again, each in a square of `margin` times its box that is `side` input pixels wide.

        Returns one detection for each face, in order: the new one, or the given one when the new run finds nothing that
        overlaps it by half. Synchronises (on a device).
        """
        refined: list[Detection] = []
        for part in _parts(faces, self._batch):
            squares = [_square(face, margin) for _, face in part]
            poses = [(surface, _to_square(square, side)) for (surface, _), square in zip(part, squares, strict=True)]
            maps = self._session.run({"image": self._tools.engine_input(self._ops.warp(poses, side))})
            closer = self._decode(maps, [Letterbox.fit(square, side) for square in squares])
            refined += [_same_face(face, found) for (_, face), found in zip(part, closer, strict=True)]
        return refined

    def _run(self, looks: Sequence[Part], letterboxes: list[Letterbox]) -> list[PictureDetections]:
        """Detects the faces of pictures whose inputs have the same size, in one run."""
        pictures, outer = self._ops.rgb_all(looks, letterboxes[0].inner), letterboxes[0].outer
        if self._tools.few_shapes:
            outer = canvas_of(outer, self._long_side)
        maps = self._session.run({"image": self._tools.engine_input(pictures, outer)})
        columns, rows = (-(-side // FEATURE_STRIDE_PX) for side in letterboxes[0].inner)
        features = maps["features"][:, :, :rows, :columns]
        batch = DetectorBatch(pictures, features)
        if self._tools.few_shapes:
            maps = _inside(maps, letterboxes[0].inner)
        return [PictureDetections(faces, batch, index) for index, faces in enumerate(self._decode(maps, letterboxes))]

    def _decode(self, maps: dict[str, Array], letterboxes: list[Letterbox]) -> list[list[Detection]]:
        """The faces of every picture of a run. The maps stay on their device; all faces are downloaded at once."""
        pictures, boxes, scores, points = decode_maps(maps, self._threshold)
        if not len(boxes):
            return [[] for _ in letterboxes]
        rows = np.concatenate([pictures[:, None].astype("float32"), boxes, scores[:, None], points.reshape(-1, 10)], 1)
        host = self._ops.to_host(rows[self._tools.suppress(boxes, scores, pictures, _MOST_OVERLAP)])
        return [_detections(host[host[:, 0] == i, 1:], letterbox) for i, letterbox in enumerate(letterboxes)]


def canvas_of(outer: tuple[int, int], long_side: int) -> tuple[int, int]:
    """(width, height) of the canvas for an input of this size where few shapes should come, whatever the film's aspect:
    that of a picture of 16:9 or 9:16, else a square. (Of 150 frames of E01–E05 cut to 4:3 and to 2.39:1 as many faces
    are found in each, their boxes alike by .99 and .98 on the average, intersection over union. 2026-11-30)"""
    wide, high = Letterbox.fit((0, 0, 16, 9), long_side).outer
    fitting = (canvas for canvas in ((wide, high), (high, wide)) if outer[0] <= canvas[0] and outer[1] <= canvas[1])
    return next(fitting, (max(outer), max(outer)))


def _inside(maps: dict[str, Array], inner: tuple[int, int]) -> dict[str, Array]:
    """The part of the network's maps that shows the picture."""
    columns, rows = (-(-side // STRIDE_PX) for side in inner)
    return {name: maps[name][:, :, :rows, :columns] for name in ("heat", "size", "offset", "landmarks")}


def decode_maps(maps: dict[str, Array], threshold: float) -> tuple[Array, Array, Array, Array]:
    """Converts the network's maps to faces whose score is above `threshold`, in raster order, picture by picture.

    maps: heat (N, 1, h, w), size (N, 2, h, w), offset (N, 2, h, w), landmarks (N, 10, h, w), float32. Returns the index
    of each face's picture (K,) int64, boxes (K, 4) left, top, right, bottom, scores (K,), landmarks (K, 5, 2) x, y;
    float32, input pixels. Synchronises (on a device), because K must be known.
    """
    heat = maps["heat"][:, 0]
    pictures, rows, columns = np.nonzero(heat > threshold)
    size_yx, offset_yx, shares = (
        maps[name].transpose(0, 2, 3, 1)[pictures, rows, columns] for name in ("size", "offset", "landmarks")
    )
    cells = np.stack([columns, rows], 1).astype(np.float32)
    size = np.exp(size_yx[:, ::-1]) * STRIDE_PX
    centre = (cells + offset_yx[:, ::-1] + 0.5) * STRIDE_PX
    top_left = centre - size / 2
    relative = shares.reshape(len(shares), 5, 2)[:, :, ::-1]
    points = top_left[:, None] + relative * size[:, None]
    boxes = np.concatenate([top_left, top_left + size], 1)
    scores = heat[pictures, rows, columns].astype(np.float32)
    return pictures, boxes.astype(np.float32), scores, points.astype(np.float32)


def _detections(rows: np.ndarray, letterbox: Letterbox) -> list[Detection]:
    """Detections of (K, 15) rows: box, score and landmarks in input pixels."""
    corners = letterbox.to_displayed(rows[:, :4].reshape(-1, 2, 2))
    points = letterbox.to_displayed(rows[:, 5:].reshape(-1, 5, 2))
    faces = zip(corners, rows[:, 4], points, strict=True)
    return [Detection(_rect(c), float(score), landmarks) for c, score, landmarks in faces]


def _to_square(square: Rect, side: int) -> np.ndarray:
    """(1, 2, 3) matrix from displayed pixels to the pixels of the square, which becomes `side` pixels wide."""
    return np.array([[[1, 0, -square[0]], [0, 1, -square[1]]]]) * (side / square[2])


def _square(face: Detection, margin: float) -> Rect:
    x, y, width, height = face.box
    reach = margin * max(width, height)
    return x + (width - reach) / 2, y + (height - reach) / 2, reach, reach


def _same_face(face: Detection, closer: list[Detection]) -> Detection:
    """The new detection that overlaps the given face most, if by at least half; else the given face."""
    overlaps = [intersection_over_union(np.array([face.box]), np.array([c.box]))[0, 0] for c in closer]
    if not overlaps or max(overlaps) < 0.5:
        return face
    return closer[int(np.argmax(overlaps))]


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _rect(corners: np.ndarray) -> Rect:
    (left, top), (right, bottom) = corners.tolist()
    return left, top, right - left, bottom - top
