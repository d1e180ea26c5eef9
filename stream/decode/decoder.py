"""What every decoder offers: all frames in order, or one frame at one time."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Literal, Protocol

from kernels.surface import Surface

from ..records import FRAME_1080P_BYTES, FrameBatch, Notice, VideoInfo

_LEAST_BATCH = 4
DecodeMode = Literal["all", "reference"]


@dataclass(frozen=True, slots=True)
class DecodeRange:
    """Which part of the file is watched, in seconds from its first picture."""

    start_s: float = 0.0
    end_s: float | None = None


@dataclass(frozen=True, slots=True)
class DecodeOptions:
    """`threads` 0 means all cores the process may use. `batch`: pictures a batch, fewer of pictures larger than 1080p.
    `kept_1080p`: how many pictures of 1920x1080 the film keeps at most (`PicturePool`), which a decoder with a bounded
    number of slots must know."""

    mode: DecodeMode = "all"
    range: DecodeRange = DecodeRange()
    threads: int = 0
    batch: int = 32
    kept_1080p: int = 64

    def batch_of(self, info: VideoInfo) -> int:
        """Pictures a batch of this film. Each batch changes threads twice, which costs a tenth of decoding one picture;
        how many bytes wait between the stages must not depend on the film."""
        return min(self.batch, max(_LEAST_BATCH, self.batch * FRAME_1080P_BYTES // picture_bytes(info)))


def picture_bytes(info: VideoInfo) -> int:
    """Bytes of a picture of the film, about."""
    return max(1, info.width * info.height * 3 // 2 * (1 if info.bit_depth == 8 else 2))


class Decoder(Protocol):
    """One file's pictures on one device. `name` says who decodes: "ffmpeg", "nvdec" or "ffmpeg, uploaded"."""

    name: str
    info: VideoInfo
    notices: list[Notice]

    def batches(self) -> Generator[FrameBatch]:
        """All pictures of the range, once, in presentation order.

        Who leaves early closes the generator, on a worker thread: closing waits for whatever still decodes. On a worker
        thread a cancellation is heard within a second, while a batch is waited for too.
        """
        ...

    def frame_at(self, pts_s: float) -> Surface:
        """The picture shown exactly at `pts_s`. Raises KeyartError when the file has none there (any more)."""
        ...

    def between(self, first_s: float, last_s: float, *, fine: bool = False) -> list[tuple[float, Surface]]:
        """Every picture with its time from `first_s` to `last_s`, both included; for stretches of a second or so.

        To look at, not to print, unless `fine`: a decoder may leave out the finish of its pictures here. None where
        times had to be mended, because they cannot be sought.
        """
        ...

    def close(self) -> None: ...
