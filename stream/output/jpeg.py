"""Encoding pictures as JPEG."""

from __future__ import annotations

from typing import Protocol

import cv2

from kernels.surface import Array

from ..errors import KeyartError


class Encoder(Protocol):
    """Encodes pictures that lie on its device."""

    def jpeg(self, rgb: Array, quality: int) -> bytes:
        """`rgb`, (H, W, 3) uint8, as a baseline JPEG (sRGB, no metadata). `quality`: JPEG quality, at most 100."""
        ...


class CpuEncoder:
    """libjpeg-turbo through OpenCV."""

    def jpeg(self, rgb: Array, quality: int) -> bytes:
        """See `Encoder`. Raises KeyartError when the picture cannot be encoded."""
        options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
        done, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)
        if not done:
            raise KeyartError(f"a picture of {rgb.shape[1]}x{rgb.shape[0]} could not be encoded, report this")
        return data.tobytes()
