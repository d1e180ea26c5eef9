"""The bodies of the review's answers and requests."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from ...backfill.titles import path_of
from ...manifest import Manifest
from ...settings.formats import Format
from .record import Choice, Draft, Part, Rank, Record
from .results import Summary
from .store import ReviewState, Standing, present
from .titles import shown_review

THUMBNAIL_WIDTH = 320
Version = Annotated[int, Field(ge=0, le=2**53)]


class Review(BaseModel):
    """Where a title's review stands. version: to be named by the next change; opened_by: another editor who has the
    title open; opened_s: since when; changed_by: who changed it last; record: of the last decision."""

    state: ReviewState
    version: int
    draft: Draft | None
    opened_by: str | None
    opened_s: float | None
    changed_by: str | None
    record: Record | None


class VideoLine(BaseModel):
    """A title in the list. version: of its review; images: how many are offered; thumbnail: address of a small
    picture; problem: what is wrong and what to do, in one line."""

    id: int
    key: str
    name: str
    state: str
    review: ReviewState
    version: int
    images: int
    opened_by: str | None
    opened_s: float | None
    decided_by: str | None
    decided_s: float | None
    film_s: float | None
    thumbnail: str | None
    problem: str | None


class VideoPage(BaseModel):
    """One page of titles. total: on all pages; pages: how many, at least one."""

    videos: list[VideoLine]
    total: int
    page: int
    pages: int


class FormatLine(BaseModel):
    """A format to choose a picture for. aspect: width to height; size: of the file, pixels."""

    name: str
    aspect: tuple[int, int]
    size: tuple[int, int]
    max_enlargement: float


class Video(BaseModel):
    """One title. manifest: null where it cannot be read, `problem` says why; video: absolute path of its file, to ask
    for it again by `POST /api/jobs`, null where that cannot be done; ledger_away: the ledger is out of reach, all this
    is as it was last known, and nothing can be changed; next, previous: waiting titles."""

    model_config = ConfigDict(populate_by_name=True)

    id: int
    key: str
    state: str
    problem: str | None
    ledger_away: bool
    video: str | None
    manifest: Manifest | None
    formats: list[FormatLine]
    review: Review
    next: int | None
    previous: int | None


class OnVersion(Part):
    """A change of the review of this version."""

    version: Version


class DraftChange(OnVersion):
    """Choices to keep."""

    draft: Draft


class Approval(OnVersion):
    """Choices to publish, one for each format that is wanted."""

    choices: dict[str, Choice] = Field(min_length=1, max_length=64)
    rejected: list[Rank] = Field(default_factory=list, max_length=1000)


class FrameNeighbours(BaseModel):
    """Times of the frames beside one, seconds; null at the film's ends."""

    previous: float | None
    next: float | None


class FrameTimes(BaseModel):
    """Times of frames, seconds, rising."""

    times: list[float]


def review_of(found: Standing, who: str) -> Review:
    """A standing, as one editor is told it."""
    there = found.present()
    return Review(
        state=found.state, version=found.version, draft=found.draft, opened_by=None if there == who else there,
        opened_s=found.opened_s, changed_by=found.changed_by, record=found.record,
    )  # fmt: skip


def line_of(row: Any, summary: Summary, now_s: float) -> VideoLine:
    """A row of `titles_page`."""
    review = shown_review(row)
    there = present(row.opened_by, row.opened_s, row.changed_by, row.changed_s, now_s)
    decided = review != "waiting"
    return VideoLine(
        id=row.id, key=row.key, name=shown_text(row.key).rpartition("/")[2], state=row.state, review=review,
        version=0 if row.version is None else row.version + (not row.same_file), images=summary.images,
        opened_by=there, opened_s=row.opened_s if there else None, decided_by=row.changed_by if decided else None,
        decided_s=row.decided_s if decided else None, film_s=row.film_s, thumbnail=_thumbnail(row.id, summary),
        problem=summary.problem,
    )  # fmt: skip


def _thumbnail(job: int, summary: Summary) -> str | None:
    if summary.thumbnail is None:
        return None
    return f"/api/videos/{job}/images/{quote(summary.thumbnail)}?width={THUMBNAIL_WIDTH}"


def format_line(form: Format) -> FormatLine:
    """A format."""
    return FormatLine(name=form.name, aspect=form.aspect, size=form.size, max_enlargement=form.max_enlargement)


def shown_text(key: str) -> str:
    """A key as people read it; bytes that are no UTF-8 as replacement characters."""
    return path_of(key).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
