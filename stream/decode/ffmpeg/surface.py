"""FFmpeg's frames as `Surface`. The planes are not copied where their layout allows it."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
from av.video.plane import VideoPlane

from kernels.colour import code_range
from kernels.surface import Colour, Geometry, Surface

# Formats whose planes can be used as they are: name → bit depth. Semi-planar ones have U and V interleaved.
_PLANAR = {
    **{f"yuv{j}4{s}p": 8 for j in ("", "j") for s in ("20", "22", "44", "40", "11", "10")},
    **{f"yuv4{s}p{bits}le": bits for s in ("20", "22", "44") for bits in (9, 10, 12, 14, 16)},
}
_SEMI_PLANAR = {"nv12": 8}
_WITH_ALPHA = frozenset({"yuva420p", "yuva422p", "yuva444p"})
_GREY = {"gray": 8, "gray10le": 10, "gray12le": 12}
_SAMPLES: tuple[np.dtype[Any], ...] = (np.dtype(np.uint8), np.dtype(np.uint16))


def surface_of(frame: av.VideoFrame, colour: Colour, geometry: Geometry) -> Surface:
    """The frame as a surface, which keeps the frame's memory alive. Planar YUV, NV12 and grey are views; other layouts
    (RGB, palettes) are converted to YUV 4:4:4, transparent ones over black."""
    name, planes = frame.format.name, frame.planes
    if name in _PLANAR:
        y, u, v = (_plane(plane, _PLANAR[name]) for plane in planes[:3])
        return Surface(y, u, v, _PLANAR[name], colour, geometry)
    if name in _SEMI_PLANAR:
        uv = _plane(planes[1], 8, samples=2)
        return Surface(_plane(planes[0], 8), uv[:, 0::2], uv[:, 1::2], 8, colour, geometry)
    if name in _GREY:
        return Surface(_plane(planes[0], _GREY[name]), None, None, _GREY[name], colour, geometry)
    if any(component.is_alpha for component in frame.format.components):
        return _over_black(frame, colour, geometry)
    return surface_of(_as_yuv444(frame, colour), colour, geometry)


def _over_black(frame: av.VideoFrame, colour: Colour, geometry: Geometry) -> Surface:
    """A picture with transparent parts in 8 bits, seen before black: planar YUV keeps its layout, others are 4:4:4."""
    shown = frame if frame.format.name in _WITH_ALPHA else _reformatted(frame, colour, "yuva444p")
    y, u, v, alpha = (_plane(plane, 8) for plane in shown.planes)
    opaque = alpha.astype(np.float32) / 255.0
    coarse = _shrunk(opaque, u.shape)
    grounds = ((y, opaque, code_range(colour).black), (u, coarse, 128.0), (v, coarse, 128.0))
    y, u, v = (_faded(plane, part, ground) for plane, part, ground in grounds)
    return Surface(y, u, v, 8, colour, geometry)


def _shrunk(plane: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The means of the blocks of a plane under the samples of one of this shape; the last blocks may stick out."""
    down, across = (-(-own // less) for own, less in zip(plane.shape, shape, strict=True))
    if (down, across) == (1, 1):
        return plane
    beyond = [(0, shape[0] * down - plane.shape[0]), (0, shape[1] * across - plane.shape[1])]
    padded = np.pad(plane, beyond, mode="edge")
    return np.asarray(padded.reshape(shape[0], down, shape[1], across).mean(axis=(1, 3)))


def _faded(plane: np.ndarray, opaque: np.ndarray, ground: float) -> np.ndarray:
    return np.asarray(np.rint((plane - np.float32(ground)) * opaque + np.float32(ground)), np.uint8)


def _plane(plane: VideoPlane, bit_depth: int, samples: int = 1) -> np.ndarray:
    dtype = _SAMPLES[bit_depth > 8]
    shape, strides = (plane.height, plane.width * samples), (plane.line_size, dtype.itemsize)
    return np.ndarray(shape, dtype, plane, 0, strides)  # type: ignore[arg-type]


def _as_yuv444(frame: av.VideoFrame, colour: Colour) -> av.VideoFrame:
    return _reformatted(frame, colour, "yuv444p10le" if frame.format.components[0].bits > 8 else "yuv444p")


def _reformatted(frame: av.VideoFrame, colour: Colour, layout: str) -> av.VideoFrame:
    matrix = {"bt601": "ITU601", "bt709": "ITU709", "bt2020": "BT2020"}[colour.matrix]
    # YUV stays in its own matrix, which `colour` tells; of pictures that name none FFmpeg takes BT.601 for it.
    own = None if frame.format.is_rgb else matrix
    span = "JPEG" if colour.full_range else "MPEG"
    return frame.reformat(format=layout, src_colorspace=own, dst_colorspace=matrix, dst_color_range=span)
