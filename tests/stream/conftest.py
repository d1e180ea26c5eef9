"""Small films that the tests make themselves, and ledgers of each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from .ledgers import cluster, file_ledger, ledger, ledger_url

__all__ = ["cluster", "file_ledger", "ledger", "ledger_url"]
MakeFilm = Callable[..., Path]


@pytest.fixture
def make_film(tmp_path: Path) -> MakeFilm:
    """`make_film(name, pictures, fps=25, times=None, **options)` writes RGB pictures as H.264 and returns the path.

    times: presentation times in milliseconds, for films whose frames do not come evenly.
    """

    def make(
        name: str,
        pictures: Iterable[np.ndarray],
        fps: int = 25,
        times: list[int] | None = None,
        sample_aspect: Fraction | None = None,
        gop: int = 12,
        codec: str = "libx264",
        title: str = "",
        preset: str = "medium",
    ) -> Path:
        path = tmp_path / name
        pictures = list(pictures)
        height, width = pictures[0].shape[:2]
        with av.open(str(path), "w") as container:
            if title:
                container.metadata["title"] = title
            stream = container.add_stream(codec, rate=fps, options={"preset": preset} if codec == "libx264" else {})
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.codec_context.gop_size = gop
            if sample_aspect is not None:
                stream.codec_context.sample_aspect_ratio = sample_aspect
            if times is not None:
                stream.codec_context.time_base = Fraction(1, 1000)
            for number, picture in enumerate(pictures):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                if times is not None:
                    frame.pts, frame.time_base = times[number], Fraction(1, 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return make


@pytest.fixture
def moving() -> Callable[..., list[np.ndarray]]:
    """`moving(count, seed=0, size=(96, 64))`: a textured picture that slides by two pixels a frame."""

    def make(count: int, seed: int = 0, size: tuple[int, int] = (96, 64)) -> list[np.ndarray]:
        width, height = size
        noise = np.random.default_rng(seed).integers(30, 220, (height // 8 + 2, width // 8 + count // 4 + 4, 3))
        wide = np.kron(noise, np.ones((8, 8, 1))).astype(np.uint8)
        return [np.ascontiguousarray(wide[:height, 2 * i : 2 * i + width]) for i in range(count)]

    return make
