"""The decoder on the host: FFmpeg through PyAV. Damaged places are skipped and noted."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path

import av
import numpy as np

from kernels.surface import Surface

from ...cores import usable_cores
from ...dataflow.cancellation import checkpoint
from ...errors import KeyartError
from ...records import FRAME_1080P_BYTES, FrameBatch, Notice, VideoInfo
from ..arrangement import arranged
from ..colour_parts import PartWatch, colours_seen
from ..colours import colour_like
from ..decoder import DecodeOptions, picture_bytes
from ..encrypted import refuse_scrambled
from ..film_end import is_restarted
from ..keys import key_before
from ..probe import notices_of, rate_of, track_end_s, video_info
from ..seeking import SAME_TIME_S, SEEK_BACK_OFF_S, PassSummary, is_among
from ..shapes import Shape, is_barred, shown_in
from ..times import FALLBACK_FPS, FrameClock
from .deinterlace import NEIGHBOURS, deinterlaced
from .demux_decode import AvPass
from .fitted_fields import FittedFields
from .opening import opening_of
from .scan import looked_at
from .side_by_side import SideBySide, pictures_ahead
from .surface import surface_of

Frames = Callable[[float | None], Iterator[av.VideoFrame]]
_Timed = tuple[Surface, float, int, bool, bool]
_KEPT_BYTES = 64 * FRAME_1080P_BYTES
"""Most memory for pictures that are decoded before their turn, bytes. Encoders make stretches of up to 250 pictures (in
E05, of 1080p, 94 on the average), and a decoder that may keep half of one seldom waits for its turn."""
_BATCH_BYTES = 128 * FRAME_1080P_BYTES
"""Of the pictures of a batch, after which it is handed on although more were to come: only where pictures grow far
beyond the first one in the middle of a film."""


def _some(pictures: Iterator[_Timed], most: int) -> Iterator[_Timed]:
    """The next pictures, `most` of them or less where they are large."""
    nbytes = 0
    for picture in islice(pictures, most):
        yield picture
        nbytes += picture[0].nbytes
        if nbytes >= _BATCH_BYTES:
            return


def _stored_s(reading: AvPass, both: tuple[av.VideoFrame, av.VideoFrame]) -> float | None:
    return reading.time_s(both[0])


class AvDecoder:
    """`stream.decode.decoder.Decoder` on the CPU. Raises KeyartError when no picture can be decoded."""

    name = "ffmpeg"

    def __init__(self, path: Path, options: DecodeOptions | None = None) -> None:
        self._path = path
        self._options = options or DecodeOptions()
        self._summary = PassSummary()
        self._fields = FittedFields()
        self._colours = PartWatch()
        first = self._probe()
        if first is None:
            refuse_scrambled(path)
            raise KeyartError("has a video stream of which no picture can be decoded, copy it again or repair it")
        info, self._shape = first
        looked = looked_at(info)
        main = looked.main()
        if main is not None and main[1] != self._shape and (found := self._first_of(*main)) is not None:
            # The first pictures have another shape than most.
            info = replace(found[0], first_pts_s=info.first_pts_s, duration_s=info.duration_s)
            self._shape = found[1]
        scan, colours = looked.scan_or(self._options.scan), colours_seen(looked.colours)
        self.info = replace(info, scan=scan, shapes=looked.variety, colours=colours)
        # Deinterlacing needs the pictures before and after each.
        self._beside = 0 if self.info.scan.kind == "progressive" else NEIGHBOURS
        self._lead_s = (self._beside + 1) / (self.info.fps or FALLBACK_FPS) if self._beside else 0.0
        self.notices: list[Notice] = notices_of(self.info)

    def batches(self) -> Generator[FrameBatch]:
        """All pictures of the range in presentation order. To be called once. Notices about damage, times and sizes are
        added to `notices` when the iterator ends."""
        first_s = self.info.first_pts_s
        start_s = first_s + self._options.range.start_s
        end_s = float("inf") if self._options.range.end_s is None else first_s + self._options.range.end_s
        threads = self._options.threads or usable_cores()
        ahead = pictures_ahead(self._path, _KEPT_BYTES, picture_bytes(self.info)) if threads > 1 else 0
        passes = self._passes(threads, 2 if ahead else 1)
        reading, contexts = passes[0], [one.context for one in passes]
        in_order = SideBySide(reading, contexts, ahead).frames if ahead else reading.frames
        pictures = self._pictures(reading, in_order, start_s, end_s)
        try:
            while (batch := self._batch(pictures)) is not None:
                yield batch
                batch = None  # or its pictures would be kept while the next ones are decoded
        finally:
            pictures.close()
            for one in passes:
                one.close()
        self.notices += self._summary.notices(self.info, reading.damage, track_end_s(reading.stream))
        self.notices += self._summary.encrypted_parts(self.info, reading) + self._colours.notices()

    def _batch(self, pictures: Iterator[_Timed]) -> FrameBatch | None:
        """The next pictures; None where there are no more."""
        chunk = list(_some(pictures, self._options.batch_of(self.info)))
        if not chunk:
            return None
        surfaces, pts_s, frames, damaged, keys = zip(*chunk, strict=True)
        return FrameBatch(
            list(surfaces),
            np.array(pts_s),
            np.array(frames, np.int32),
            np.array(damaged, np.bool_),
            self._fields.taken(),
            self._colours.taken(),
            np.array(keys, np.bool_),
        )

    def _passes(self, threads: int, count: int) -> list[AvPass]:
        """`count` passes over the file, each with an equal share of the threads."""
        passes: list[AvPass] = []
        mode = "all" if self._beside or self._summary.opening else self._options.mode
        try:
            while len(passes) < count:
                passes.append(AvPass(self._path, threads // count, mode, checked=not passes))
        except BaseException:
            for one in passes:
                one.close()
            raise
        return passes

    def _pictures(
        self, reading: AvPass, frames: Frames, start_s: float, end_s: float
    ) -> Generator[_Timed]:
        summary = self._summary
        from_start = self._options.range.start_s <= 0 or is_restarted(self.info)
        key_s = None if from_start else key_before(self._path, start_s - self._lead_s)
        clock = FrameClock(self.info.fps, summary.opening if key_s is None else None)
        summary.mended = clock.mended
        both = deinterlaced(frames(key_s), self.info.scan)
        for (frame, picture), pts_s in clock.timed(both, partial(_stored_s, reading)):
            checkpoint()
            summary.adjusted, shape = clock.adjusted, reading.shape(frame)
            if pts_s >= end_s:
                return
            if pts_s < start_s:
                continue
            summary.saw(pts_s)
            summary.shaped(pts_s, shape, self._shape)
            summary.names(pts_s, reading.own_aspect, shape)
            if self.info.scan.kind == "progressive":
                self._fields.saw(frame, pts_s, fitted=is_barred(shape, self._shape))
            number, surface = reading.number(frame, pts_s, clock.mended), self._surface(frame, picture, shape)
            self._colours.saw(frame, surface.colour, pts_s)
            yield surface, pts_s, number, reading.is_damaged(frame), reading.is_key(frame)
        summary.ended = True

    def _surface(self, frame: av.VideoFrame, picture: av.VideoFrame, shape: Shape) -> Surface:
        colour = colour_like(frame, self.info)
        surface = arranged(surface_of(picture, colour, self.info.geometry), self.info.arrangement)
        return shown_in(surface, shape, self._shape, self.info)

    def frame_at(self, pts_s: float) -> Surface:
        """See `Decoder`. Decodes from the key frame before `pts_s`, or from the start where seeking is not exact."""
        found = self._search(pts_s - SAME_TIME_S, pts_s + SAME_TIME_S, pts_s, rough=False)
        if not found:
            raise KeyartError(f"has no picture at {pts_s:.3f} s any more, was it replaced while it was read?")
        return min(found, key=lambda picture: abs(picture[0] - pts_s))[1]

    def between(self, first_s: float, last_s: float, *, fine: bool = False) -> list[tuple[float, Surface]]:
        """See `Decoder`. Decodes from the key frame before `first_s`, or from the start where seeking is not exact."""
        # Corrected times cannot be sought, and decoding the whole film for each span would take days.
        return [] if not self._is_found(first_s) else self._search(first_s, last_s, first_s, rough=not fine)

    def _search(self, first_s: float, last_s: float, seek_s: float, *, rough: bool) -> list[tuple[float, Surface]]:
        for start_s in self._starts(seek_s):
            found = self._scan(first_s, last_s, start_s, rough)
            if found is not None:
                return found
        return []

    def _scan(
        self, first_s: float, last_s: float, start_s: float | None, rough: bool
    ) -> list[tuple[float, Surface]] | None:
        """Pictures from `first_s` to `last_s`, decoded from `start_s` (None: from the beginning). None when the seek
        ended after `first_s` or found nothing, so that another start must be tried."""
        # Several threads may call this at once, so none of them may take all cores.
        reading = AvPass(self._path, max(1, self._options.threads // 2), "all", rough=rough)
        found: list[tuple[float, Surface]] = []
        whole = start_s is None
        before = 0
        all_wanted = self._summary.adjusted or self._beside or (whole and self._summary.opening)
        try:
            if start_s is not None:
                reading.seek(start_s)
            both = deinterlaced(reading.frames(wanted=None if all_wanted else first_s.__le__), self.info.scan)
            for (frame, picture), time_s in self._timed(reading, both, start_s):
                checkpoint()
                if time_s > last_s:
                    break
                before += time_s < first_s
                reached = time_s <= max(first_s, start_s or 0.0, self.info.first_pts_s) + SAME_TIME_S
                whole |= before >= self._beside if self._beside else reached
                if time_s >= first_s:
                    shape = reading.shape(frame, alone=True)
                    found.append((time_s, self._surface(frame, picture, shape)))
            return found if whole and (found or start_s is None) else None
        finally:
            reading.close()

    def at(self, times_s: Sequence[float]) -> list[tuple[float, Surface]]:
        """See `Decoder`. Decodes from the key frame before the first time, or from the start where seeking is not
        exact."""
        return [] if not times_s or not self._is_found(times_s[0]) else list(self.pictures_at(times_s))

    def pictures_at(self, times_s: Sequence[float]) -> Generator[tuple[float, Surface]]:
        """The pictures at increasing times, in one pass from the key frame before the first; those in between are only
        decoded where others need them. Times at which there is no picture are passed over. An open generator holds the
        file and a decoder."""
        for start_s in self._starts(times_s[0]):
            found = self._from(start_s, times_s)
            first = next(found, None)
            if first is not None:
                yield first
                yield from found
                return

    def _from(self, start_s: float | None, times_s: Sequence[float]) -> Generator[tuple[float, Surface]]:
        """The pictures at these times, decoded from `start_s` (None: from the beginning); none when the seek ended
        after the first."""
        reading = AvPass(self._path, max(1, self._options.threads // 2), "all")
        begun = start_s is None
        before = 0
        try:
            if start_s is not None:
                reading.seek(start_s)
            all_wanted = self._beside or (begun and self._summary.opening)
            wanted = None if all_wanted else partial(self._is_wanted, times_s)
            both = deinterlaced(reading.frames(wanted=wanted), self.info.scan)
            for (frame, picture), time_s in self._timed(reading, both, start_s):
                checkpoint()
                early = time_s < times_s[0] - SAME_TIME_S
                before += early
                reached = time_s <= max(times_s[0], self.info.first_pts_s) + SAME_TIME_S
                begun |= before >= self._beside if self._beside else reached
                if not (begun or early) or time_s > times_s[-1] + SAME_TIME_S:
                    return
                if is_among(times_s, time_s):
                    yield time_s, self._surface(frame, picture, reading.shape(frame, alone=True))
        finally:
            reading.close()

    def _is_wanted(self, times_s: Sequence[float], stored_s: float) -> bool:
        return is_among(times_s, stored_s) or is_among(times_s, self._summary.mended.get(stored_s, stored_s))

    def _starts(self, seek_s: float) -> list[float | None]:
        """From where to decode a picture at `seek_s`, in the order in which they are tried; None: from the
        beginning."""
        opening = self._summary.opening
        if self._summary.adjusted or (opening is not None and seek_s - self._lead_s < opening.known_s):
            return [None]
        return [seek_s - self._lead_s, seek_s - self._lead_s - SEEK_BACK_OFF_S, None]

    def _is_found(self, first_s: float) -> bool:
        """Whether pictures from `first_s` on are found without reading more than a search may."""
        opening = self._summary.opening
        if self._summary.adjusted or opening is None or first_s >= opening.known_s:
            return not self._summary.adjusted
        return opening.length_s <= SEEK_BACK_OFF_S

    def _timed(
        self, reading: AvPass, both: Iterator[tuple[av.VideoFrame, av.VideoFrame]], start_s: float | None
    ) -> Iterator[tuple[tuple[av.VideoFrame, av.VideoFrame], float]]:
        """The pictures of a search from `start_s` on (None: from the beginning) with their times."""
        return self._summary.timed(both, partial(_stored_s, reading), self.info.fps, whole=start_s is None)

    def close(self) -> None:
        """Does nothing: each call opens and closes the file itself."""

    def _first_of(self, near_s: float, shape: Shape) -> tuple[VideoInfo, Shape] | None:
        """`_probe` of the first picture of this shape from about `near_s` on, where the file can be sought exactly."""
        for from_s in (near_s, near_s - SEEK_BACK_OFF_S, None):
            if (found := self._probe(from_s, shape)) is not None:
                return found
        return None

    def _probe(self, from_s: float | None = None, wanted: Shape | None = None) -> tuple[VideoInfo, Shape] | None:
        """What the first picture from `from_s` on (None: of all) with the `wanted` shape (None: any) says of the film,
        and its shape. None where there is none."""
        reading = AvPass(self._path, self._options.threads, "all")
        try:
            if from_s is not None:
                reading.seek(from_s)
            frames = reading.frames()
            begin = list(islice(frames, 1))
            if from_s is None and begin and reading.time_s(begin[0]) is None:
                self._summary.opening = opening_of(self._path)
            opening = self._summary.opening
            clock = FrameClock(rate_of(reading.container, reading.stream), opening)
            for frame, first_s in clock.timed(chain(begin, frames), reading.time_s):
                shape = reading.shape(frame, alone=True)
                if wanted is None or shape == wanted:
                    container, stream = reading.container, reading.stream
                    info = video_info(self._path, container, stream, frame, first_s, reading.tags, shape.aspect)
                    info = replace(info, untimed=opening.count if opening is not None else 0)
                    return replace(info, duration_s=reading.length_from(first_s, info)), shape
            return None
        finally:
            reading.close()
