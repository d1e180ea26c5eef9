"""`Decoder` on NVDEC: pictures stay on the device; times and frame numbers are the same as on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from functools import lru_cache, partial
from itertools import chain, islice
from threading import Lock
from typing import Any, NamedTuple

import numpy as np

from kernels.cuda.errors import out_of_memory
from kernels.surface import Surface

from ...dataflow.cancellation import checkpoint, lock_cancellably
from ...errors import KeyartError
from ...records import FrameBatch, Notice, VideoInfo
from ..decoder import DecodeOptions
from ..film_end import is_restarted
from ..keys import key_before
from ..probe import notices_of, track_end_s
from ..seeking import SAME_TIME_S, SEEK_BACK_OFF_S, PassSummary, is_among
from ..slots import Demand, FramePool, Memory, Place, Rows, bytes_for, places_of
from ..stamps import rule_of
from ..times import FrameClock
from ..watch_anew import LateShapeError
from .demux_decode import NvPass, NvPicture
from .session import Chip, Decoded, NvSession, RefusedError, words_of

_SAMPLES: dict[int, np.dtype[Any]] = {1: np.dtype(np.uint8), 2: np.dtype(np.uint16)}
"""Bytes a sample → dtype."""
_DECODERS_OWN = 24
"""Pictures in NVDEC's own memory: up to sixteen reference pictures, and those that wait for display."""
_Timed = tuple[Surface, float, int, bool, bool]
"""(picture, pts_s, frame number or -1, damaged)"""


class NvDecoder:
    """`stream.decode.decoder.Decoder` on NVDEC. Surfaces are NV12 (8 bits) or P016 (`bit_depth` 16), on the device.

    `info`: what FFmpeg says of the file. The constructor decodes the first picture, so that a film that the chip cannot
    decode raises RefusedError here. Raises KeyartError when there is too little device memory; that is no refusal,
    because pictures that FFmpeg decodes would need as much.
    """

    name = "nvdec"

    def __init__(self, info: VideoInfo, options: DecodeOptions, chip: Chip, memory: Memory) -> None:
        chip.check(info)
        if rule_of(info.path).by_dts:
            # NVDEC returns a picture with its own packet's time, and that is the time of another picture.
            raise RefusedError("its container keeps no presentation times")
        if not info.arrangement.is_plain:
            raise RefusedError("its pictures are mirrored, cropped by flags or stereo 3D")
        self.info = info
        self.notices: list[Notice] = notices_of(info)
        self._options, self._chip, self._memory = options, chip, memory
        self._demand = Demand(batch=options.batch_of(self.info), kept_1080p=options.kept_1080p)
        layout = _layout(info.width + info.width % 2, info.height, 1 if info.bit_depth == 8 else 2, info.width)
        slots = self._demand.slots(layout.nbytes)
        memory.reserve((slots + _DECODERS_OWN) * layout.nbytes)
        self._pool = FramePool(memory, slots)
        self._summary = PassSummary()
        self._idle: NvSession | None = None
        self._closed = False
        self._one_search = Lock()
        self._begun: tuple[NvPass, Iterator[_Timed]] | None = self._first_look()

    def batches(self) -> Generator[FrameBatch]:
        """All pictures of the range, once, in presentation order. When the iterator ends, `notices` is complete.

        Raises KeyartError when the chip gives up or the device has no room, LateShapeError at a picture of another
        size, colour or aspect. Synchronises once a batch.
        """
        reading, pictures = self._begun or self._begin()
        self._begun = None
        try:
            while chunk := list(islice(pictures, self._options.batch_of(self.info))):
                self._memory.finish()
                yield _batch_of(chunk)
        finally:
            self._keep_session(reading)
            reading.close()
        reader = reading.reader
        end_s = track_end_s(reader.stream)
        self.notices += self._summary.notices(self.info, reader.damage, end_s)
        self.notices += self._summary.encrypted_parts(self.info, reader)

    def frame_at(self, pts_s: float) -> Surface:
        """The picture shown at `pts_s`. Decodes from the key frame before it, or from the start where seeking is not
        exact. Raises KeyartError when the file has no picture there. Synchronises."""
        found = self._search(pts_s - SAME_TIME_S, pts_s + SAME_TIME_S, pts_s)
        if not found:
            raise KeyartError(f"has no picture at {pts_s:.3f} s any more, was it replaced while it was read?")
        return min(found, key=lambda picture: abs(picture[0] - pts_s))[1]

    def between(self, first_s: float, last_s: float, *, fine: bool = False) -> list[tuple[float, Surface]]:
        """The pictures from `first_s` to `last_s`, with their times. Decodes from the key frame before `first_s`, or
        from the start where seeking is not exact. NVDEC's pictures are always fine. Synchronises."""
        # Times that were mended cannot be found by seeking, and decoding the whole film each time would take hours.
        return [] if self._summary.adjusted else self._search(first_s, last_s, first_s)

    def at(self, times_s: Sequence[float]) -> list[tuple[float, Surface]]:
        """The pictures with these increasing times. Decodes from the key frame before the first, or from the start
        where seeking is not exact. Synchronises."""
        if self._summary.adjusted or not times_s:
            return []
        first_s, last_s = times_s[0] - SAME_TIME_S, times_s[-1] + SAME_TIME_S
        return self._search(first_s, last_s, times_s[0], partial(is_among, times_s))

    def close(self) -> None:
        """Give back decoder, stream and slots. Pictures that are still referred to stay valid. Synchronises."""
        self._closed = True
        if self._begun is not None:
            self._begun[0].close()
            self._begun = None
        self._memory.finish()
        self._idle = None
        self._memory.close()
        self._pool.close()

    def _first_look(self) -> tuple[NvPass, Iterator[_Timed]]:
        """A pass that has decoded its first picture; `batches` goes on with it. Raises RefusedError, also where size or
        colours change before that picture: nothing was watched yet that would have to be watched anew."""
        reading, pictures = self._begin()
        try:
            first = next(pictures, None)
        except KeyartError as error:
            reading.close()
            if out_of_memory(error):
                raise
            raise RefusedError(f"the GPU's decoder fails on it ({words_of(error.__cause__ or error)})") from error
        except LateShapeError as error:
            reading.close()
            raise RefusedError(str(error)) from error
        except BaseException:
            reading.close()
            raise
        if first is not None:
            return reading, chain([first], pictures)
        if self._options.range.start_s > 0:
            return reading, pictures
        reading.close()
        raise RefusedError("the GPU decodes no picture of it")

    def _begin(self) -> tuple[NvPass, Generator[_Timed]]:
        self._summary = PassSummary()
        reading = NvPass(self.info.path, self._chip, self._memory, self._options.mode, info=self.info)
        return reading, self._pictures(reading)

    def _pictures(self, reading: NvPass) -> Generator[_Timed]:
        first_s, wanted = self.info.first_pts_s, self._options.range
        start_s = first_s + wanted.start_s
        end_s = float("inf") if wanted.end_s is None else first_s + wanted.end_s
        clock, summary = FrameClock(self.info.fps), self._summary
        from_start = wanted.start_s <= 0 or is_restarted(self.info)
        key_s = None if from_start else key_before(self.info.path, start_s)
        summary.mended = clock.mended
        read = clock.timed(reading.pictures(key_s), reading.time_s, self._held)
        for picture, pts_s in read:
            summary.adjusted = clock.adjusted
            if pts_s >= end_s:
                return
            if pts_s < start_s:
                continue
            summary.saw(pts_s)
            if not _is_size(picture.decoded, self.info):
                raise LateShapeError(f"its pictures change their size at {pts_s:.2f} s, and are fitted on the host")
            damaged = reading.reader.damage.holds(pts_s, key=picture.key)
            number = reading.reader.number(picture.pts, pts_s, clock.mended)
            yield picture.kept or self._kept(picture.decoded), pts_s, number, damaged, picture.key
        summary.ended = True

    def _held(self, picture: NvPicture) -> NvPicture:
        """The picture with a copy that stays when NVDEC's own memory is used again."""
        return picture._replace(kept=self._kept(picture.decoded, beyond=True))

    def _kept(self, decoded: Decoded, beyond: bool = False) -> Surface:
        """Queue a copy of the picture into a slot and return the slot as a surface. `beyond`: see `FramePool.take`."""
        info = self.info
        shown = info.width if _is_size(decoded, info) else decoded.width
        layout = _layout(decoded.width, decoded.height, decoded.sample_bytes, shown)
        slot = self._pool.take(layout.nbytes, beyond)
        self._memory.copy_rows(slot, layout.rows, decoded.address)
        y, u, v = self._memory.planes(slot, layout.places)
        return Surface(y, u, v, 8 * decoded.sample_bytes, info.colour, info.geometry)

    def _search(
        self, first_s: float, last_s: float, seek_s: float, kept: Callable[[float], bool] = lambda time_s: True
    ) -> list[tuple[float, Surface]]:
        starts = [None] if self._summary.adjusted else [seek_s, seek_s - SEEK_BACK_OFF_S, None]
        # One search at a time: two that each hold half of the slots would wait for each other.
        with lock_cancellably(self._one_search):
            for start_s in starts:
                found = self._scan(first_s, last_s, start_s, kept)
                if found is not None:
                    self._memory.finish()
                    return found
        return []

    def _scan(
        self, first_s: float, last_s: float, start_s: float | None, kept: Callable[[float], bool]
    ) -> list[tuple[float, Surface]] | None:
        """The pictures of the range at the times that are `kept`, read from `start_s` (None: the beginning); None when
        the seek landed after its first picture."""
        idle, self._idle = self._idle, None
        reading = NvPass(self.info.path, self._chip, self._memory, session=idle)
        found: list[tuple[float, Surface]] = []
        whole = start_s is None
        try:
            if start_s is not None:
                reading.reader.seek(start_s)
            pictures = reading.pictures(wanted_from_s=None if self._summary.adjusted else first_s)
            for picture, time_s in self._summary.timed(pictures, reading.time_s, self.info.fps, self._held):
                checkpoint()
                if time_s > last_s:
                    break
                whole |= time_s <= max(first_s, start_s or 0.0, self.info.first_pts_s) + SAME_TIME_S
                if time_s >= first_s and kept(time_s):
                    beyond = len(found) >= self._demand.beside
                    found.append((time_s, picture.kept or self._kept(picture.decoded, beyond)))
            self._keep_session(reading)
            return found if whole and (found or start_s is None) else None
        finally:
            reading.close()

    def _keep_session(self, reading: NvPass) -> None:
        """Keep the pass's NVDEC session for the next search: making one takes longer than most searches. After `close`
        there is no next search, and the session goes with the pass."""
        if not self._closed:
            self._idle = reading.give_session()


def _batch_of(chunk: list[_Timed]) -> FrameBatch:
    """The chunk as a batch. The list is emptied, so that it does not keep slots in use."""
    surfaces, pts_s, frames, damaged, keys = zip(*chunk, strict=True)
    chunk.clear()
    return FrameBatch(
        list(surfaces),
        np.array(pts_s),
        np.array(frames, np.int32),
        np.array(damaged, np.bool_),
        keys=np.array(keys, np.bool_),
    )


class _Layout(NamedTuple):
    """How NVDEC's picture lies in a slot; used for every frame and therefore computed once a film."""

    nbytes: int
    rows: Rows
    """Luma and, after it, chroma. Both have the same width and pitch, so one copy transfers both."""
    places: tuple[Place, Place, Place]
    """Y (its first `shown` columns), U and V, which are interleaved."""


@lru_cache(maxsize=64)
def _layout(width: int, height: int, sample_bytes: int, shown: int) -> _Layout:
    """The layout of NV12 (`sample_bytes` 1) or P016 (2). `width` is even; `shown`: columns of the picture."""
    dtype, shapes = _SAMPLES[sample_bytes], [(height, width), ((height + 1) // 2, width)]
    luma, pairs = places_of(shapes, dtype)
    half, apart = (pairs.shape[0], width // 2), (pairs.strides[0], 2 * sample_bytes)
    u, v = (pairs._replace(begin=pairs.begin + i * sample_bytes, shape=half, strides=apart) for i in (0, 1))
    rows = Rows(height + half[0], width * sample_bytes, luma.strides[0])
    return _Layout(bytes_for(shapes, sample_bytes), rows, (luma._replace(shape=(height, shown)), u, v))


def _is_size(decoded: Decoded, info: VideoInfo) -> bool:
    return (decoded.width, decoded.height) == (info.width + info.width % 2, info.height)
