"""One title as it is shown, and whether it can be decided now. All of it blocks."""

from __future__ import annotations

from typing import Any

from ...errors import KeyartError
from ..problems import Problem, printable
from ..service import Service
from .answers import Video, format_line, review_of
from .choices import offered_formats
from .last_answers import Told
from .results import askable_video, manifest_of, unchanged_video
from .store import Reviews
from .titles import job_row, neighbours, newest_of

_LATER = {
    "queued": "it waits to be worked on, its pictures come later",
    "running": "it is worked on, its pictures come later",
    "cancelled": "it was cancelled, ask for it again",
    "gone": "its video is gone, put it back",
}
_AWAY = "the ledger is out of reach: the title is shown as it was last known, and decisions wait"


def title_row(service: Service, job: int) -> Any:
    """The columns of a job. Raises Problem 404 where there is none."""
    with service.ledger.database.reading() as connection:
        row = job_row(connection, service.ledger.library, job)
    if row is None:
        raise Problem(404, "No such title", f"there is no title {job}")
    return row


def ready_row(service: Service, job: int) -> Any:
    """The same of a title that can be decided. Raises Problem 404, and 409 for one without a result, or with a newer
    one."""
    row = title_row(service, job)
    why = _why_not(service, row)
    if why is not None:
        raise Problem(409, "The title cannot be decided now", why)
    return row


def known_row(service: Service, job: int) -> Any:
    """The columns of a job, to look at: those of before where the ledger is out of reach. Raises as `title_row`."""
    return service.rows.ask(job, lambda: title_row(service, job))[0]


def video_of(service: Service, job: int, who: str) -> Video:
    """All about one title, also where something is wrong with it; as it was last known where the ledger is out of
    reach. Raises Problem 404 where there is none."""
    told, ledger_away = service.titles.ask(job, lambda: _told(service, job))
    row, problem, manifest = told.row, told.why_not, None
    if row.state == "done":
        try:
            manifest = manifest_of(service.out, row)
            unchanged_video(service, row)
        except (KeyartError, Problem) as error:
            problem = problem or printable(str(error))
    formats = offered_formats(manifest, service.settings).values() if manifest else ()
    return Video(
        id=row.id, key=row.key, state=row.state, problem=problem or (_AWAY if ledger_away else None),
        ledger_away=ledger_away, manifest=manifest, video=askable_video(service, row),
        formats=[format_line(form) for form in formats],
        review=review_of(told.standing, who), next=told.following, previous=told.previous,
    )  # fmt: skip


def _told(service: Service, job: int) -> Told:
    row = title_row(service, job)
    service.rows.keep(job, row)
    with service.ledger.database.reading() as connection:
        previous, following = neighbours(connection, service.ledger.library, row)
    standing = Reviews(service.ledger.database).look(row)
    return Told(row, _why_not(service, row), previous, following, standing)


def _why_not(service: Service, row: Any) -> str | None:
    if row.state in ("failed", "quarantined"):
        return f"it failed: {row.reason or 'nobody knows why'}; ask for it again"
    if row.state != "done":
        return _LATER[row.state]
    with service.ledger.database.reading() as connection:
        newest = newest_of(connection, row, service.ledger.library)
    return None if newest == row.id else f"there is a newer result of it, open title {newest}"
