"""What editors choose, and the record of what they decided, as `keyart_reviews` and `approval.json` hold it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ...manifest import ImageEntry

SCHEMA: Literal["keyart/approval/1"] = "keyart/approval/1"
APPROVAL = "approval.json"
"""The file of the record beside the published pictures."""
Decision = Literal["approved", "rejected"]
_MOST_FORMATS = 64
_MOST_RANKS = 1000
Rank = Annotated[int, Field(ge=1)]
Rect = tuple[float, float, float, float]
"""x, y, width, height in pixels of the displayed frame, before bars are cut."""


class Part(BaseModel):
    """Base of every part: immutable, refuses NaN and fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


class Choice(Part):
    """The picture of one format. rank: of the image it was, null for another frame; time_s: of the frame, seconds."""

    rank: Rank | None = None
    time_s: float
    source_rect: Rect


class Draft(Part):
    """What an editor has chosen so far: format → its picture; and the ranks that are out."""

    choices: dict[str, Choice] = Field(default_factory=dict, max_length=_MOST_FORMATS)
    rejected: list[Rank] = Field(default_factory=list, max_length=_MOST_RANKS)


class ApprovedImage(Part):
    """One published file. rank: of the offered image whose frame it is, null for another frame of the film.

    moved: the editor placed the crop. Of an offered frame: it differs from the crop that was offered for the format. Of
    another frame, which has none: it lies neither where the format's crop of an offered image does, nor in the middle
    of the picture as large as it can be, which are what the page begins with.
    """

    format: str
    rank: Rank | None
    time_s: float
    shot: int | None
    source_rect: Rect
    width: int
    height: int
    path: str
    moved: bool


class OfferedImage(Part):
    """An image that the editor had to choose from, as the manifest has it."""

    rank: Rank
    time_s: float
    shot: int
    score: float
    components: dict[str, float]


class Record(Part):
    """A decision. opened, decided: ISO 8601, UTC."""

    schema_: Literal["keyart/approval/1"] = Field(default=SCHEMA, alias="schema")
    job: int
    key: str
    video: str
    content_fingerprint: str | None
    state: Decision
    who: str
    opened: str | None
    decided: str
    images: list[ApprovedImage]
    rejected: list[Rank]
    offered: list[OfferedImage]

    def dump_json(self, indent: int | None = None) -> str:
        """As it is kept."""
        return self.model_dump_json(by_alias=True, indent=indent)


def offered(images: list[ImageEntry]) -> list[OfferedImage]:
    """What a manifest offers."""
    return [
        OfferedImage(rank=one.rank, time_s=one.time_s, shot=one.shot, score=one.score, components=one.components)
        for one in images
    ]


def iso(at_s: float) -> str:
    """Seconds since 1970 as ISO 8601, UTC, to the millisecond."""
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds")
