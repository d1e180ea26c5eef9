"""The published folder of a title that is no longer approved: taken out of its place whole, and removed."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from pydantic import BaseModel, Field, ValidationError

from ... import log
from ...backfill.titles import result_below
from ...output.leftovers import clean_up_leftovers, make_locked, remove, temporary_folders
from ...output.result_folder import sync_folder
from ..problems import Problem
from ..service import Service
from .record import APPROVAL, SCHEMA
from .store import Standing

_CANNOT = "The published pictures cannot be withdrawn"
_INSIDE = "withdrawn"


class _Approval(BaseModel):
    schema_: Literal["keyart/approval/1"] = Field(default=SCHEMA, alias="schema")
    key: str


class Withdrawal:
    """Context manager around the transaction that notes it. `begin` takes the folder out of its place; where the block
    then raises it comes back, else it is removed. All of it blocks.

    Out of its place it is inside a locked temporary folder, which is removed as a leftover, by the next decision about
    the title, when the process is killed in between: so nothing stays published that the ledger calls rejected.
    """

    def __init__(self, service: Service, row: Any) -> None:
        self._key = row.key
        self._target = result_below(service.publish, row.key) if service.publish is not None else None
        self._aside: Path | None = None
        self._lock: int | None = None

    def begin(self, before: Standing) -> None:
        """Take the folder away, where it is an approval of this title; anything else stays. before: what is to change.
        Raises Problem, 503 where it cannot be moved and 409 where it cannot be told whose it is; nothing is changed
        then."""
        if self._target is None:
            if before.state == "approved":
                raise Problem(409, _CANNOT, "start the service with --publish DIR, where they are")
            return
        try:
            if self._target.parent.is_dir():
                self._move(self._target)
        except OSError as error:
            reason = f"{self._target} cannot be moved away ({error.strerror or error})"
            raise Problem(503, _CANNOT, f"{reason}, so nothing was changed; mend that and try again") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if self._aside is not None and self._target is not None:
                if kind is not None and (self._aside / _INSIDE).is_dir():
                    (self._aside / _INSIDE).rename(self._target)
                remove(self._aside)
        except OSError as failed:  # it stays where a person finds it; the error of the block is the one to tell
            log.error("approved pictures not brought back, approve them again", failed, folder=self._aside)
        finally:
            if self._lock is not None:
                os.close(self._lock)

    def _move(self, target: Path) -> None:
        aside, _ = temporary_folders(target)
        self._aside = aside
        self._lock = make_locked(aside)
        clean_up_leftovers(target, aside, aside.stat().st_ctime)
        if _is_approval_of(target, self._key):
            target.rename(aside / _INSIDE)
            sync_folder(target.parent)


def _is_approval_of(folder: Path, key: str) -> bool:
    file = folder / APPROVAL
    try:
        return _Approval.model_validate_json(file.read_bytes()).key == key
    except (FileNotFoundError, NotADirectoryError):
        return False
    except ValidationError as error:
        detail = f"{file} cannot be read as an approval, so nothing was changed; move {folder} away and try again"
        raise Problem(409, _CANNOT, detail) from error
