"""Pictures and sessions for the models' tests: plain NumPy where the real thing would need a decoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from skimage.data import astronaut

from engines.session import FakeSession
from engines.tools import HostTools
from kernels.ops import Part, Warps
from kernels.surface import Colour, Geometry, Rect, Surface


class FewShapes(HostTools):
    """The host's tools, with inputs on canvases as on a device."""

    few_shapes = True


class PictureOps:
    """`kernels.ops.Ops` for surfaces made by `surface_of`: their pixels are kept as RGB without loss."""

    def __init__(self) -> None:
        self.pictures: dict[int, np.ndarray] = {}

    def surface_of(self, picture: np.ndarray) -> Surface:
        """A surface for the pixels (h, w, 3) uint8 RGB."""
        luma = np.ascontiguousarray(picture[..., 1])
        self.pictures[id(luma)] = picture
        height, width = luma.shape
        return Surface(luma, None, None, 8, Colour(), Geometry(width, height))

    def meter(self, geometry: Geometry) -> Any:
        raise NotImplementedError("the engines measure nothing")

    def rgb(self, surface: Surface, rect: Rect | None = None, size: tuple[int, int] | None = None) -> np.ndarray:
        picture = self.pictures[id(surface.y)]
        if rect is not None:
            left, top, width, height = (round(edge) for edge in rect)
            picture = picture[top : top + height, left : left + width]
        return cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if size else picture

    def rgb_all(self, parts: Sequence[Part], size: tuple[int, int]) -> np.ndarray:
        return np.stack([self.rgb(surface, rect, size) for surface, rect in parts])

    def warp(self, parts: Sequence[Warps], size: int) -> np.ndarray:
        return np.stack([_warp(self.pictures[id(s.y)], matrix, size) for s, matrices in parts for matrix in matrices])

    def to_host(self, array: np.ndarray) -> np.ndarray:
        return array


def _warp(picture: np.ndarray, matrix: np.ndarray, size: int) -> np.ndarray:
    """Bilinear, after an area reduction when the chip is less than half as large."""
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < 0.5:
        height, width = picture.shape[:2]
        small = (max(1, round(width * scale)), max(1, round(height * scale)))
        matrix = matrix @ np.diag([width / small[0], height / small[1], 1])
        picture = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.warpAffine(picture, matrix, (size, size), flags=cv2.INTER_LINEAR))


def blank_maps(height: int, width: int) -> dict[str, np.ndarray]:
    """CenterFace's output for a (1, 3, height, width) input without faces."""
    grid = (height // 4, width // 4)
    channels = {"heat": 1, "size": 2, "offset": 2, "landmarks": 10}
    maps = {name: np.zeros((1, count, *grid), np.float32) for name, count in channels.items()}
    return maps | {"features": np.zeros((1, 96, height // 16, width // 16), np.float32)}


def put_face(maps: dict[str, np.ndarray], cell: tuple[int, int], size: tuple[float, float], score: float) -> None:
    """Adds a face at the centre of `cell` (row, column), `size` (height, width) input pixels, with landmarks at fixed
    shares of it."""
    row, column = cell
    maps["heat"][0, 0, row, column] = score
    maps["size"][0, :, row, column] = np.log(np.array(size) / 4)
    shares = np.array([(0.4, 0.3), (0.4, 0.7), (0.6, 0.5), (0.8, 0.35), (0.8, 0.65)])
    maps["landmarks"][0, :, row, column] = shares.reshape(-1)


def fake_detector(*faces: tuple[tuple[int, int], tuple[float, float], float]) -> FakeSession:
    """A detector that finds the same `faces` (cell, size, score) in every input, wherever they fit."""

    def answer(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        height, width = inputs["image"].shape[2:]
        maps = blank_maps(height, width)
        for cell, size, score in faces:
            put_face(maps, cell, size, score)
        return maps

    return FakeSession("detector", answer)


def portrait(side: int) -> np.ndarray:
    """(side, side, 3) uint8 RGB of a woman who smiles at the camera: scikit-image's photograph of an astronaut."""
    return np.asarray(cv2.resize(astronaut(), (side, side), interpolation=cv2.INTER_CUBIC))
