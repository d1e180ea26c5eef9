"""What editors decided about results, as the ledger keeps it in its reviews: who chose which of the images offered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import or_, select

from .ledger import Ledger
from .schema import jobs, reviews

DECIDED = ("approved", "rejected")
_BATCH = 1000


class _Part(BaseModel):
    """Unknown fields are ignored, NaN is refused."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Offered(_Part):
    """One image of the result, as the editor was shown it. components: its score's, 0–1 each, by name."""

    rank: int = Field(ge=1)
    time_s: float
    shot: int | None = None
    components: dict[str, float] = {}


class Approved(_Part):
    """One frame that was approved for one format. rank: of the image offered; None for another frame of the film."""

    format: str
    rank: int | None = None
    time_s: float
    shot: int | None = None


class Decision(_Part):
    """The record of one decision. key: the title's in the ledger; video: the absolute path of its file; rejected: ranks
    of images that were turned down one by one."""

    schema_: Literal["keyart/approval/1"] = Field(alias="schema")
    key: str
    video: str
    state: Literal["approved", "rejected"]
    images: list[Approved] = []
    rejected: list[int] = []
    offered: list[Offered] = []


def stored_records(ledger: Ledger) -> Iterator[tuple[str, str]]:
    """(key of the title, record as JSON) of every decision that still holds, in the order of jobs: not of titles that
    were opened again, nor of those whose file has changed since."""
    of_this_file = or_(reviews.c.content.is_(None), jobs.c.content.is_(None), reviews.c.content == jobs.c.content)
    asked = (
        select(jobs.c.id, jobs.c.key, reviews.c.record)
        .join(reviews, reviews.c.job == jobs.c.id)
        .where(jobs.c.library == ledger.library, reviews.c.state.in_(DECIDED), of_this_file)
        .order_by(jobs.c.id)
        .limit(_BATCH)
    )
    after = 0
    while True:
        with ledger.database.reading() as connection:
            rows = connection.execute(asked.where(jobs.c.id > after)).all()
        yield from ((row.key, row.record or "") for row in rows)
        if len(rows) < _BATCH:
            return
        after = rows[-1].id


def read_records(texts: Iterable[tuple[str, str]]) -> tuple[list[Decision], list[str]]:
    """The decisions in records, each given with a name for messages, and one line for each record that is none."""
    found: list[Decision] = []
    problems: list[str] = []
    for name, text in texts:
        try:
            found.append(Decision.model_validate_json(text))
        except ValidationError as error:
            problems.append(f"{name}: its record cannot be read ({_why(error)}); left out, decide on the title again")
    return found, problems


def record_line(text: str) -> str:
    """A record as one line of JSON, whole. text: one that `read_records` took."""
    tree: Any = json.loads(text)
    return json.dumps(tree, ensure_ascii=False) + "\n"


def _why(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return " ".join(f"{place}: {first['msg']}".removeprefix(": ").split())
