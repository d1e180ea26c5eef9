"""One pass of demuxer and NVDEC over a file, which goes on after damaged packets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from kernels.cuda.errors import out_of_memory
from kernels.surface import Surface

from ...dataflow.cancellation import checkpoint
from ...errors import NO_ROOM, KeyartError
from ...records import VideoInfo
from ..coded_sizes import CodedSizes, Size
from ..decoder import DecodeMode
from ..nal_units import sequence_headers
from ..slots import Memory
from ..watch_anew import LateShapeError
from .late_headers import LateHeaders
from .packets import Packet, PacketReader, content, with_headers
from .session import Chip, Decoded, NvdecError, NvSession, UnsupportedError

_MOST_FAILURES = 8
"""Sessions in a row that may fail at their first packet before the film is given up."""
_SILENT_PACKETS = 600
"""Packets without a picture after which the film is given up; no decoder delays pictures by so many packets."""
_MOST_IN_FLIGHT = 256
"""Packets whose pictures may still come; beyond that the oldest is forgotten."""
_OWN_STAMPS = -(1 << 62)
"""Stamps for packets that have no unique time: they count up from here, far below any time of a file."""


class _Expected(NamedTuple):
    """A packet that was fed and whose picture has not come yet."""

    pts: int | None
    key: bool
    shown: bool


class NvPicture(NamedTuple):
    """A picture in NVDEC's memory; valid until the pass is asked for the next one. `pts` in the stream's time base.
    `kept`: a copy of it that stays valid, where one was made."""

    decoded: Decoded
    pts: int | None
    key: bool
    kept: Surface | None = None


class NvPass:
    """The pictures of a file's picture stream in presentation order.

    After a packet that NVDEC refuses, a new session begins at the next key frame. Damage is known for packets that the
    demuxer marks and packets that NVDEC refuses; what NVDEC conceals without an error stays unknown. Pictures that are
    shown before the key frame at which decoding began are left out, because they need pictures that were not read.

    `session`: one to reuse. `info`: of the film, where it is to be noticed that size, colours or aspect change. Raises
    KeyartError when the file cannot be opened.
    """

    def __init__(
        self,
        path: Path,
        chip: Chip,
        memory: Memory,
        mode: DecodeMode = "all",
        session: NvSession | None = None,
        info: VideoInfo | None = None,
    ) -> None:
        self.reader = PacketReader(path, checked=info is not None)
        self._chip, self._memory, self._mode = chip, memory, mode
        self._session = session
        self._begun = False
        self._silent, self._spoke = 0, False
        self._first_pts: int | None = None
        self._expected: dict[int, _Expected] = {}
        self._own_stamp = _OWN_STAMPS
        self._failures = 0
        self._usual_sequence = usual = sequence_headers(self.reader.codec, self.reader.headers)
        aspect = self.reader.stream.codec_context.sample_aspect_ratio
        self._late_headers = None if info is None else LateHeaders(info, usual, aspect)
        self._sizes = None if info is None else CodedSizes(self.reader.codec)
        self._size: Size | None = None

    def close(self) -> None:
        """Close the demuxer and drop the session. Synchronises."""
        self.reader.close()
        self._drop_session()

    def _drop_session(self) -> None:
        """Let go of the session, whose pictures may still be read by copies that are queued: these end first.
        Synchronises."""
        session, self._session = self._session, None
        if session is not None:
            self._memory.finish()

    def give_session(self) -> NvSession | None:
        """The flushed session, for another pass to reuse; None when there is none that works."""
        try:
            if self._session is not None:
                self._session.flush()
        except NvdecError:
            self._drop_session()
        session, self._session = self._session, None
        return session

    def pictures(self, from_key_s: float | None = None, wanted_from_s: float | None = None) -> Iterator[NvPicture]:
        """The decoded pictures.

        Packets before the key frame at `from_key_s` are only counted. Before `wanted_from_s` pictures that no other one
        refers to are not decoded. Raises KeyartError when NVDEC gives up or the device has no room, LateShapeError at a
        packet of another size and as `LateHeaders` does.
        """
        self.reader.find_droppable = self._mode == "reference" or wanted_from_s is not None
        drop_before_s = float("inf") if self._mode == "reference" else wanted_from_s
        for packet in self.reader.packets():
            time_s = self.reader.time_s(packet.pts) or 0.0
            if from_key_s is not None and (not packet.key or time_s < from_key_s):
                checkpoint()
                continue
            from_key_s = None
            self._count_silence()
            dropped = packet.droppable and drop_before_s is not None and time_s < drop_before_s
            if not dropped and (self._begun or packet.key):
                yield from self._decoded(packet, time_s)
        yield from self._shown(self._flush())

    def time_s(self, picture: NvPicture) -> float | None:
        """See `PacketReader.time_s`."""
        return self.reader.time_s(picture.pts)

    def _decoded(self, packet: Packet, time_s: float) -> Iterator[NvPicture]:
        self._look_at_size(packet, time_s)
        sequence = sequence_headers(self.reader.codec, content(packet)) if packet.key else b""
        if self._late_headers is not None and sequence:
            self._late_headers.saw(sequence, content(packet), time_s)
        if not self._begun and not sequence:
            packet, sequence = with_headers(packet, self.reader.headers), self._usual_sequence
        if self._session is not None and sequence and sequence != self._session.sequence:
            # A session scales to the size it began with, or fails: another one begins at new parameter sets.
            yield from self._shown(self._flush())
            self._drop_session()
            self._begun = False
        yield from self._shown(self._fed(packet, sequence, time_s))

    def _look_at_size(self, packet: Packet, time_s: float) -> None:
        """Without parameter sets a session goes on when the size changes, and scales to the one it began with; what it
        says of its pictures stays the same."""
        if self._sizes is None or not (packet.key or self._sizes.at_any_picture):
            return
        size = self._sizes.of(content(packet))
        self._size = self._size or size
        if size is not None and size != self._size:
            raise LateShapeError(f"its pictures change their size at {time_s:.2f} s, and are fitted on the host")

    def _count_silence(self) -> None:
        self._silent += self._begun or not self._spoke
        if self._silent > _SILENT_PACKETS:
            raise KeyartError("gives no picture on the GPU's decoder, use --device cpu")

    def _fed(self, packet: Packet, sequence: bytes, time_s: float) -> list[Decoded]:
        begins_here, self._begun = not self._begun, True
        try:
            if self._session is None:
                self._session = self._chip.open(self.reader.codec, self._memory)
            self._session.sequence = sequence or self._session.sequence
            if begins_here:
                self._first_pts = packet.pts if packet.key else None
            surfaces = self._session.decode(packet, self._expect(packet))
        except NvdecError as error:
            self._fail(time_s, error, begins_here)
            return []
        self._failures = 0
        return surfaces

    def _expect(self, packet: Packet) -> int:
        """The stamp that NVDEC returns with the packet's picture: its time, or a new number if that is not unique."""
        stamp = packet.pts
        if stamp is None or stamp in self._expected:
            stamp = self._own_stamp = self._own_stamp + 1
        self._expected[stamp] = _Expected(packet.pts, packet.key, packet.shown)
        if len(self._expected) > _MOST_IN_FLIGHT:
            del self._expected[next(iter(self._expected))]
        return stamp

    def _fail(self, time_s: float, error: NvdecError, begins_here: bool) -> None:
        if out_of_memory(error):  # this is no damage, and the next key frame would find no room either
            raise KeyartError(NO_ROOM) from error
        self._drop_session()
        self._begun = False
        self._expected.clear()
        self.reader.damage.note(time_s, error)
        self._failures += begins_here
        if self._failures >= _MOST_FAILURES or (begins_here and isinstance(error, UnsupportedError)):
            raise KeyartError(f"fails on the GPU's decoder ({error}), use --device cpu") from error

    def _flush(self) -> list[Decoded]:
        try:
            return self._session.flush() if self._session is not None and self._begun else []
        except NvdecError as error:
            self._drop_session()
            self.reader.damage.note(None, error)
            return []

    def _shown(self, surfaces: list[Decoded]) -> Iterator[NvPicture]:
        for surface in surfaces:
            self._silent, self._spoke = 0, True
            expected = self._expected.pop(surface.stamp, None)
            if expected is not None and expected.shown and not self._leads(expected.pts):
                yield NvPicture(surface, expected.pts, expected.key)

    def _leads(self, pts: int | None) -> bool:
        return pts is not None and self._first_pts is not None and pts < self._first_pts
