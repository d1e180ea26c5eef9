"""What a supervisor and a worker say to each other: one JSON object a line, over the worker's stdin and stdout.

To the worker: `Begin` once, then films, leave to publish, films to drop. From it: `Ready` or `CannotStart` once, then
progress, reports, requests for leave to publish, and how each film ended.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ..manifest import EpisodeEntry
from ..metrics.flow import Levels
from .states import Kind

Trouble = Literal["output", "start", "device", "library"]
"""What is no film's fault: the result folder cannot be written (disk full, permissions), a worker cannot be started
(weights missing, no memory), the device is lost, the library is not there."""


def path_out(path: Path) -> str:
    """A path as text that JSON can hold, whatever its bytes are."""
    return os.fsencode(path).hex()


def path_in(text: str) -> Path:
    """The path that `path_out` wrote."""
    return Path(os.fsdecode(bytes.fromhex(text)))


class Message(BaseModel):
    """Base: immutable, and nothing that the other side does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def line(self) -> bytes:
        """As it is sent."""
        return self.model_dump_json().encode() + b"\n"


class Begin(Message):
    """The settings of the run, all of them, as JSON values. fingerprint: of all that can change a result
    (`stream.backfill.run.result_fingerprint`). redo_version: results of other versions of Keyart are made again.
    leased: see `stream.backfill.work.Work`."""

    type: Literal["begin"] = "begin"
    settings: dict[str, Any]
    fingerprint: str
    redo_version: bool = False
    leased: bool = True


class RunFilm(Message):
    """Work on one film. video, folder: paths as `path_out` writes them. number: the lease's fencing number. not_before:
    an earlier result that was published under a lower one is made anew. formats: those to cut, none for the settings'
    own."""

    type: Literal["run_film"] = "run_film"
    job: int
    number: int
    video: str
    folder: str
    not_before: int = 0
    formats: tuple[str, ...] = ()


class Publish(Message):
    """The answer to `MayPublish`. left_s: how long the lease lasts yet; negative: it is lost, drop the film."""

    type: Literal["publish"] = "publish"
    job: int
    left_s: float
    lease_s: float


class DropFilm(Message):
    """The lease is lost, or the job was cancelled: stop working on the film."""

    type: Literal["drop_film"] = "drop_film"
    job: int


class Ready(Message):
    """The engines are loaded. in_flight: films at a time. settings_fingerprint: of the settings as they arrived.
    notices: codes of the warnings that are about the run, not about one film."""

    type: Literal["ready"] = "ready"
    device: str
    in_flight: int
    settings_fingerprint: str
    notices: tuple[str, ...] = ()


class CannotStart(Message):
    """The engines could not be loaded; the process ends."""

    type: Literal["cannot_start"] = "cannot_start"
    reason: str


class Progress(Message):
    """A film went on. stage: as `stream.pipeline.reporter.Reporter.stage`."""

    type: Literal["progress"] = "progress"
    job: int
    stage: str
    frames: int
    total: int | None


class Report(Message):
    """What a worker's films did since its last report, and how it stands now; no word of any one film. counts: (what,
    its labels) and how much, as `stream.pipeline.statistics.Totals`: increments, so that a worker that dies takes along
    what it counted since its last report, and nothing is ever counted twice."""

    type: Literal["report"] = "report"
    counts: list[tuple[tuple[str, ...], float]]
    levels: Levels


class MayPublish(Message):
    """The film is finished and lies beside its place; asks for leave to put it there."""

    type: Literal["may_publish"] = "may_publish"
    job: int


class FilmDone(Message):
    """The result is in its place. unchanged: it was there already, and the file's content is the same."""

    type: Literal["film_done"] = "film_done"
    job: int
    content: str
    size_bytes: int
    mtime_ns: int
    version: str
    unchanged: bool = False
    wall_s: float = 0.0
    film_s: float | None = None
    frames: int = 0
    images: int = 0
    episode: EpisodeEntry | None = None


class FilmFailed(Message):
    """The film's own failure: a refusal, a limit, a failure inside Keyart. trace: the whole traceback."""

    type: Literal["film_failed"] = "film_failed"
    job: int
    kind: Kind
    reason: str
    trace: str | None = None


class FilmGone(Message):
    """The file is not there any more."""

    type: Literal["film_gone"] = "film_gone"
    job: int


class FilmGivenUp(Message):
    """Not finished through no fault of the film: cancelled, lease lost, or trouble that is nobody's."""

    type: Literal["film_given_up"] = "film_given_up"
    job: int
    trouble: Trouble | None = None
    reason: str = ""


ToWorker = Annotated[Begin | RunFilm | Publish | DropFilm, Field(discriminator="type")]
Said = Ready | CannotStart | Progress | Report | MayPublish | FilmDone | FilmFailed | FilmGone | FilmGivenUp
"""What a worker says."""
OF_NO_FILM = (Ready, CannotStart, Report)
"""What it says of itself; all else names a job."""
FromWorker = Annotated[Said, Field(discriminator="type")]
TO_WORKER: TypeAdapter[Begin | RunFilm | Publish | DropFilm] = TypeAdapter(ToWorker)
FROM_WORKER: TypeAdapter[Said] = TypeAdapter(FromWorker)
