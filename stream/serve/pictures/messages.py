"""What the service and a picture process say to each other: one JSON object a line. Behind a line `Pictures` come the
bytes of the files that it announces.

To the process: `Begin` once, then requests, one at a time. From it: `Ready` once, then an answer to each request. Paths
are written as `stream.backfill.messages.path_out` writes them, times are seconds on the film's clock.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, FiniteFloat, TypeAdapter

from ...backfill.messages import Message

Side = Annotated[int, Field(ge=1, le=16384)]
"""Width or height of a picture, pixels."""
Extent = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Begin(Message):
    """threads: for decoding. films: how many stay open. idle_s: a film that nobody asked for so long is closed.
    cache_bytes: of finished JPEGs that are kept."""

    type: Literal["begin"] = "begin"
    threads: int
    films: int
    idle_s: float
    cache_bytes: int


class Frame(Message):
    """Asks for one whole frame, at most `width` pixels wide. Answered by one picture."""

    type: Literal["frame"] = "frame"
    video: str
    time_s: FiniteFloat
    width: Side


class Neighbours(Message):
    """Asks for the times of the frames before and after. Answered by two times."""

    type: Literal["neighbours"] = "neighbours"
    video: str
    time_s: FiniteFloat


class Spread(Message):
    """Asks for times of frames from `start_s` to before `end_s`. Answered by at most `count` times."""

    type: Literal["spread"] = "spread"
    video: str
    start_s: FiniteFloat
    end_s: FiniteFloat
    count: Annotated[int, Field(ge=1, le=1000)]


class Crop(Message):
    """One file to cut, see `stream.serve.pictures.source.CropOrder`."""

    time_s: FiniteFloat
    source: tuple[FiniteFloat, FiniteFloat, Extent, Extent]
    size: tuple[Side, Side]
    quality: Annotated[int, Field(ge=1, le=100)]


class Crops(Message):
    """Asks for files cut from full-size frames. Answered by as many pictures."""

    type: Literal["crops"] = "crops"
    video: str
    wanted: tuple[Crop, ...]


class Thumbnail(Message):
    """Asks for a smaller copy of a JPEG file. Answered by one picture."""

    type: Literal["thumbnail"] = "thumbnail"
    file: str
    width: Side


class Ready(Message):
    """All libraries are loaded."""

    type: Literal["ready"] = "ready"


class Pictures(Message):
    """JPEG files follow, one after another. sizes: bytes of each."""

    type: Literal["pictures"] = "pictures"
    sizes: tuple[int, ...]


class Times(Message):
    """Times of frames; None where there is no frame."""

    type: Literal["times"] = "times"
    times_s: tuple[float | None, ...]


class Refused(Message):
    """The request cannot be met. reason: `reason, what to do`, without the file's name."""

    type: Literal["refused"] = "refused"
    reason: str


Request = Frame | Neighbours | Spread | Crops | Thumbnail
Answer = Pictures | Times | Refused
TO_PROCESS: TypeAdapter[Begin | Request] = TypeAdapter(Annotated[Begin | Request, Field(discriminator="type")])
FROM_PROCESS: TypeAdapter[Ready | Answer] = TypeAdapter(Annotated[Ready | Answer, Field(discriminator="type")])
