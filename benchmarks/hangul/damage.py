"""What happens to a picture between the title designer and the viewer: scaling, blur, noise, compression."""

from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np

from .texts import Random


def damaged(rng: Random, picture: np.ndarray, text_height_px: int) -> np.ndarray:
    """(H, W, 3) uint8 RGB like `picture`. Blur grows with the height of the text; text of few pixels is not made
    smaller still."""
    if rng.random() < 0.3 and text_height_px > 16:
        picture = _rescaled(rng, picture, text_height_px)
    if rng.random() < 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.01, 0.055) * text_height_px + 0.15)
    if rng.random() < 0.05:
        picture = _smeared(rng, picture, text_height_px)
    if rng.random() < 0.2:
        noise = rng.standard_normal(picture.shape, np.float32) * np.float32(rng.uniform(2, 14))
        picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    kind = rng.random()
    if kind < 0.45:
        return as_jpeg(picture, int(rng.integers(22, 96)))
    return as_h264(picture, int(rng.integers(18, 39))) if kind < 0.7 else picture


def compressed(rng: Random, picture: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 like `picture`: compressed as films and stills are that one looks at without annoyance."""
    kind = rng.random()
    if kind < 0.4:
        return as_jpeg(picture, int(rng.integers(55, 96)))
    return as_h264(picture, int(rng.integers(16, 31))) if kind < 0.7 else picture


def _rescaled(rng: Random, picture: np.ndarray, text_height_px: int) -> np.ndarray:
    """Made smaller and as large again, as films are from one release to the next."""
    factor = max(rng.uniform(0.4, 0.9), 13 / text_height_px)
    height, width = picture.shape[:2]
    small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def _smeared(rng: Random, picture: np.ndarray, text_height_px: int) -> np.ndarray:
    """Blurred by a motion along a row or a column."""
    length = max(2, int(rng.uniform(0.03, 0.1) * text_height_px))
    size = (length, 1) if rng.random() < 0.6 else (1, length)
    return cv2.blur(picture, size)


def as_jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    """(H, W, 3) uint8: compressed and decoded again; `quality` 1–100."""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))


def as_h264(picture: np.ndarray, quantiser: int) -> np.ndarray:
    """(H, W, 3) uint8: encoded as one picture of H.264 at a fixed quantiser (0–51) and decoded again."""
    height, width = picture.shape[:2]
    even = np.asarray(cv2.copyMakeBorder(picture, 0, -height % 16, 0, -width % 16, cv2.BORDER_REPLICATE), np.uint8)
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = even.shape[1], even.shape[0], "yuv420p"
    encoder.time_base, encoder.thread_count = Fraction(1, 25), 1
    encoder.options = {"qp": str(quantiser), "preset": "ultrafast", "tune": "zerolatency"}
    frame = av.VideoFrame.from_ndarray(even, format="rgb24").reformat(format="yuv420p", threads=1)
    packets = [*encoder.encode(frame), *encoder.encode()]
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    frames = [frame for packet in (*packets, None) for frame in decoder.decode(packet)]
    return np.asarray(frames[0].to_ndarray(format="rgb24", threads=1)[:height, :width])
