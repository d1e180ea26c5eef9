"""Makes pictures for the kernels' tests: textured planes with misleading padding, in the layouts that decoders use."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from kernels.surface import Colour, Geometry, Matrix, Rotation, Surface

PADDING = 0xA5


@dataclass(frozen=True)
class Kind:
    """What to make: stored `size` (width, height), chroma `subsampling` (x, y), coding and display."""

    size: tuple[int, int]
    rotation: Rotation = 0
    bit_depth: int = 8
    full_range: bool = False
    subsampling: tuple[int, int] = (2, 2)
    matrix: Matrix = "bt709"
    shown: tuple[int, int] | None = None
    interleaved: bool = False

    def __str__(self) -> str:
        words = [f"{self.size[0]}x{self.size[1]}", f"r{self.rotation}", f"{self.bit_depth}bit", self.matrix]
        return "-".join([*words, "full" if self.full_range else "limited", "{}{}".format(*self.subsampling)])

    @property
    def geometry(self) -> Geometry:
        width, height = self.shown or (self.size if self.rotation % 180 == 0 else self.size[::-1])
        return Geometry(width, height, self.rotation)


KINDS = (
    Kind((1920, 1080)),
    Kind((1280, 720), full_range=True, matrix="bt601"),
    Kind((1279, 719)),
    Kind((640, 360), rotation=90, interleaved=True),
    Kind((322, 242), rotation=180),
    Kind((1280, 720), rotation=270, bit_depth=10, matrix="bt2020"),
    Kind((720, 576), shown=(1048, 576), matrix="bt601"),
    Kind((400, 300), bit_depth=16, interleaved=True),
    Kind((100, 900), subsampling=(1, 1), bit_depth=12),
    Kind((500, 200), subsampling=(2, 1)),
    Kind((16, 16)),
    Kind((3, 5)),
    Kind((1, 1)),
)

SMALL_KINDS = tuple(kind for kind in KINDS if kind.size[0] * kind.size[1] < 250_000)


def surface_of(kind: Kind, seed: int = 0, padding: int = PADDING) -> Surface:
    """A picture of smooth blobs and noise; bytes beyond its right and lower edge are `padding`."""
    random = np.random.default_rng(seed)
    width, height = kind.size
    chroma = -(-width // kind.subsampling[0]), -(-height // kind.subsampling[1])
    y = padded(texture(random, kind.size, kind.bit_depth), padding)
    u, v = (texture(random, chroma, kind.bit_depth) for _ in range(2))
    if kind.interleaved:
        both = padded(np.stack([u, v], axis=-1).reshape(chroma[1], 2 * chroma[0]), padding)
        u, v = both[:, 0::2], both[:, 1::2]
    else:
        u, v = padded(u, padding), padded(v, padding)
    return Surface(y, u, v, kind.bit_depth, Colour(kind.matrix, kind.full_range), kind.geometry)


def texture(random: np.random.Generator, size: tuple[int, int], bit_depth: int) -> np.ndarray:
    """(h, w) uint8 or uint16 code values over the whole range."""
    top = (1 << bit_depth) - 1
    coarse = random.uniform(0, top, (max(2, size[1] // 12), max(2, size[0] // 12)))
    blobs = cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR)
    grain = random.normal(0, top / 60, (size[1], size[0]))
    return np.clip(blobs + grain, 0, top).astype(np.uint8 if bit_depth == 8 else np.uint16)


def padded(samples: np.ndarray, padding: int = PADDING) -> np.ndarray:
    """The samples inside a larger buffer, as decoders return them: rows with a pitch, and other bytes after them."""
    pitch = -(-(samples.shape[1] + 7) // 32) * 32
    whole = np.full((samples.shape[0] + 3, pitch), padding, samples.dtype)
    whole[: samples.shape[0], : samples.shape[1]] = samples
    return whole[: samples.shape[0], : samples.shape[1]]


def grey_surface(luma: np.ndarray, **colour: Any) -> Surface:
    """A picture without chroma, full range by default."""
    height, width = luma.shape
    return Surface(luma, None, None, 8, Colour(**{"full_range": True, **colour}), Geometry(width, height))


def mirrored(surface: Surface) -> Surface:
    """Left and right swapped."""
    planes = {name: np.ascontiguousarray(getattr(surface, name)[:, ::-1]) for name in ("y", "u", "v")}
    return replace(surface, **planes)


def placed(surface: Surface, device: str) -> Surface:
    """The surface on the device under test."""
    if device != "cuda":
        return surface
    from kernels.cuda.runtime import CupyRuntime

    runtime = CupyRuntime()
    y, u, v = (p if p is None else runtime.upload(np.ascontiguousarray(p)) for p in (surface.y, surface.u, surface.v))
    runtime.synchronise()  # the operations read them in a stream of their own
    return replace(surface, y=y, u=u, v=v)


COLOUR_BARS: tuple[tuple[Matrix, tuple[int, int, int], tuple[int, int, int]], ...] = (
    ("bt601", (81, 90, 240), (255, 0, 0)),
    ("bt709", (63, 102, 240), (255, 0, 0)),
    ("bt2020", (74, 97, 240), (255, 0, 0)),
    ("bt601", (145, 54, 34), (0, 255, 0)),
    ("bt709", (32, 240, 118), (0, 0, 255)),
    ("bt709", (235, 128, 128), (255, 255, 255)),
    ("bt709", (16, 128, 128), (0, 0, 0)),
)
"""Matrix, 8-bit limited-range codes and R'G'B' of 100 % colour bars (Rec. ITU-R BT.601, BT.709 and BT.2020)."""
