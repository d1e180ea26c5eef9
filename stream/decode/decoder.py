"""The Protocol of all decoders: every picture in order, or the pictures at given times."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from kernels.surface import Surface

from ..records import FRAME_1080P_BYTES, FrameBatch, Notice, Scan, VideoInfo

_LEAST_BATCH = 4
DecodeMode = Literal["all", "reference"]


@dataclass(frozen=True, slots=True)
class DecodeRange:
    """The part of the file to watch, in seconds from its first picture. `end_s` None: to the end of the file."""

    start_s: float = 0.0
    end_s: float | None = None


@dataclass(frozen=True, slots=True)
class DecodeOptions:
    """How to decode a film.

    `threads`: 0 means all cores the process may use. `batch`: pictures in a batch; batches of pictures larger than
    1920x1080 have fewer. `kept_1080p`: how many pictures of 1920x1080 the film keeps at most (`PicturePool`); a decoder
    with a bounded number of slots needs slots for them. `scan`: how the pictures were taken, where watching has shown
    it; None: to be found out. `on_host`: why FFmpeg decodes the film on a GPU, too, where watching has shown it.
    """

    mode: DecodeMode = "all"
    range: DecodeRange = DecodeRange()
    threads: int = 0
    batch: int = 32
    kept_1080p: int = 64
    scan: Scan | None = None
    on_host: str | None = None

    def batch_of(self, info: VideoInfo) -> int:
        """Pictures in a batch of this film.

        Large batches save time, because each is handed between threads twice at the cost of a tenth of decoding one
        picture. The limit in bytes keeps the memory between the stages independent of the picture size.
        """
        return min(self.batch, max(_LEAST_BATCH, self.batch * FRAME_1080P_BYTES // picture_bytes(info)))


def picture_bytes(info: VideoInfo) -> int:
    """About how many bytes a decoded picture of the film takes (as 4:2:0)."""
    return max(1, info.width * info.height * 3 // 2 * (1 if info.bit_depth == 8 else 2))


class Decoder(Protocol):
    """Decodes the pictures of one film to one device.

    `name`: "ffmpeg", "nvdec" or "ffmpeg, uploaded". `notices`: complete when the iterator of `batches` has ended.
    """

    name: str
    info: VideoInfo
    notices: list[Notice]

    def batches(self) -> Generator[FrameBatch]:
        """All pictures of the range in presentation order. To be called once.

        A caller that stops early closes the generator, on a worker thread: closing waits for what still decodes. On a
        worker thread a cancellation is heard within a second, also while a batch is waited for.
        """
        ...

    def frame_at(self, pts_s: float) -> Surface:
        """The picture with the presentation time `pts_s`. Raises KeyartError when the file has none there any more."""
        ...

    def between(self, first_s: float, last_s: float, *, fine: bool = False) -> list[tuple[float, Surface]]:
        """Every picture from `first_s` to `last_s`, both included, with its time; for spans of about a second.

        Without `fine` a decoder may skip steps that only improve the look of its pictures. Returns no pictures where
        times of the film had to be corrected, because such times cannot be sought.
        """
        ...

    def at(self, times_s: Sequence[float]) -> list[tuple[float, Surface]]:
        """The pictures with these increasing presentation times, each with its time, in one pass over the file; for
        some eight pictures. Times without a picture are passed over, and `between` says when there are none."""
        ...

    def close(self) -> None:
        """Give back memory and streams. Pictures that are still referred to stay valid."""
        ...
