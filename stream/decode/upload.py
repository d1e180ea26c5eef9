"""For films that the GPU's decoder refuses, or whose colours the host maps: FFmpeg decodes them, and their planes are
copied to the GPU."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from threading import Lock

import numpy as np

from kernels.cpu_tone_mapping import mapped_surface
from kernels.surface import Surface
from kernels.tone_mapping import is_mapped

from ..dataflow.cancellation import lock_cancellably
from ..records import FrameBatch, Notice, VideoInfo, counted
from .decoder import DecodeOptions, Decoder
from .slots import Demand, FramePool, Memory, bytes_for, places_of


class UploadDecoder:
    """`stream.decode.decoder.Decoder` that copies the pictures of `inner`, a decoder on the host, to the GPU; those of
    high dynamic range or a wide gamut as pictures of standard range.

    why: the notice that FFmpeg decodes the film. After `batches` it also tells the number of frames.
    """

    name = "ffmpeg, uploaded"

    def __init__(self, inner: Decoder, options: DecodeOptions, memory: Memory, why: Notice) -> None:
        self.info: VideoInfo = inner.info
        self.notices: list[Notice] = [why]
        self._inner, self._memory = inner, memory
        self._one_search = Lock()
        self._demand = Demand(batch=options.batch_of(self.info), kept_1080p=options.kept_1080p)
        # Most bytes of a picture of this size: chroma planes as large as luma, unless the format is 4:2:0.
        is_8_bit = inner.info.bit_depth == 8 or all(map(is_mapped, (inner.info.colour, *inner.info.colours)))
        size = bytes_for([(inner.info.height, inner.info.width)] * 3, 1 if is_8_bit else 2)
        size = size // 2 if "420" in inner.info.pixel_format else size
        slots = self._demand.slots(size)
        memory.reserve(slots * size)
        self._pool = FramePool(memory, slots)

    def batches(self) -> Generator[FrameBatch]:
        """All pictures of the range in presentation order. To be called once. Synchronises once for each batch."""
        count = 0
        with closing(self._inner.batches()) as batches:
            for batch in batches:
                count += len(batch.surfaces)
                yield replace(batch, surfaces=self._uploaded(batch.surfaces))
                del batch
        why = self.notices[0]
        self.notices = [replace(why, message=f"{why.message}: {counted(count, 'frame')}"), *self._inner.notices]

    def frame_at(self, pts_s: float) -> Surface:
        """The picture with the time `pts_s`. Raises KeyartError when the file has none there. Synchronises."""
        surface = self._inner.frame_at(pts_s)
        with lock_cancellably(self._one_search):
            return self._uploaded([surface])[0]

    def between(self, first_s: float, last_s: float, *, fine: bool = False) -> list[tuple[float, Surface]]:
        """Every picture from `first_s` to `last_s`, with its time. Synchronises."""
        return self._uploaded_in_turn(self._inner.between(first_s, last_s, fine=fine))

    def at(self, times_s: Sequence[float]) -> list[tuple[float, Surface]]:
        """The pictures with these increasing times, each with its time. Synchronises."""
        return self._uploaded_in_turn(self._inner.at(times_s))

    def _uploaded_in_turn(self, found: Sequence[tuple[float, Surface]]) -> list[tuple[float, Surface]]:
        # One span at a time: two threads that each hold half of the slots would wait for each other.
        with lock_cancellably(self._one_search):
            surfaces = self._uploaded([surface for _, surface in found])
        return [(time_s, surface) for (time_s, _), surface in zip(found, surfaces, strict=True)]

    def close(self) -> None:
        """Give back the stream and the slots. Pictures that are still referred to stay valid. Synchronises."""
        self._inner.close()
        self._memory.close()
        self._pool.close()

    def _uploaded(self, surfaces: list[Surface]) -> list[Surface]:
        uploaded = [self._copy(surface, number) for number, surface in enumerate(surfaces)]
        self._memory.finish()
        return uploaded

    def _copy(self, surface: Surface, number: int) -> Surface:
        surface = mapped_surface(surface)
        host = [plane for plane in (surface.y, surface.u, surface.v) if plane is not None]
        shapes, dtype = [plane.shape for plane in host], np.dtype(surface.y.dtype)
        slot = self._pool.take(bytes_for(shapes, dtype.itemsize), beyond=number >= self._demand.beside)
        planes = self._memory.planes(slot, places_of(shapes, dtype))
        for target, plane in zip(planes, host, strict=True):
            self._memory.upload(target, plane)
        y, u, v = planes if len(planes) == 3 else (planes[0], None, None)
        return replace(surface, y=y, u=u, v=v)
