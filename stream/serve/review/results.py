"""What lies in the result folder of a title: its manifest, and the pictures that it names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from ...backfill.titles import result_below, video_below
from ...errors import KeyartError
from ...manifest import Manifest, read_manifest
from ...output.result_folder import MANIFEST
from ..problems import Problem, printable
from ..service import Service

CONTACT_SHEET = "contact_sheet.jpg"
_REMEMBERED = 4_000
"""Summaries that are kept: a title in the list then costs a look at its manifest's size and time."""
_AGAIN = "ask for it again"
"""By the page's button, or `POST /api/jobs` with the video's path."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What the list tells of a result. thumbnail: path of a picture inside the result; names: of all its pictures;
    mended: times of the film had to be corrected, so that its frames cannot be sought."""

    images: int = 0
    thumbnail: str | None = None
    names: frozenset[str] = frozenset()
    problem: str | None = None
    mended: bool = False


class _Crop(BaseModel):
    path: str


class _Image(BaseModel):
    crops: list[_Crop]


class _Character(BaseModel):
    image: str | None = None


class _Warning(BaseModel):
    code: str


class _Brief(BaseModel):
    """The parts of a manifest that a list needs; reading the others takes ten times as long."""

    schema_: Literal["keyart/manifest/1"] = Field(alias="schema")
    images: list[_Image]
    characters: list[_Character]
    warnings: list[_Warning]


def summary_of(out: Path, key: str) -> Summary:
    """What is in a title's result folder. Blocks; never raises."""
    file = result_below(out, key) / MANIFEST
    try:
        found = file.stat()
        return _summary(file, found.st_ino, found.st_mtime_ns, found.st_size)
    except OSError as error:
        return Summary(problem=printable(_unreadable(file, error)))


def manifest_of(out: Path, row: Any) -> Manifest:
    """The manifest of a title's result. Blocks. Raises KeyartError with what to do where it is gone, is no manifest or
    is about another content than the ledger's row."""
    file = result_below(out, row.key) / MANIFEST
    try:
        found = read_manifest(file)
    except OSError as error:
        raise KeyartError(_unreadable(file, error)) from error
    except ValueError as error:
        raise KeyartError(_no_manifest(file)) from error
    if row.content is not None and found.video.content_fingerprint != row.content:
        what = f"{file} is about another content of the file than the ledger"
        raise KeyartError(f"{what}, remove {file.parent} and {_AGAIN}")  # a whole result would be taken as it is
    return found


def picture_file(out: Path, key: str, name: str) -> Path:
    """The file of a picture that the manifest names. Blocks. Raises Problem 404 for any other, and for one that leads
    out of the result folder."""
    folder = result_below(out, key)
    file = folder / name
    if name not in summary_of(out, key).names:
        raise Problem(404, "No such picture", f"the result of {key} has no {name}")
    if not Path(os.path.realpath(file)).is_relative_to(os.path.realpath(folder)) or not os.path.isfile(file):
        raise Problem(404, "The picture is gone", f"{file} is not there, {_AGAIN}")
    return file


def picture_bytes(file: Path) -> bytes:
    """A picture file as it is. Blocks. Raises Problem 404 where it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise Problem(404, "The picture is gone", _unreadable(file, error)) from error


def unchanged_video(service: Service, row: Any) -> Path:
    """The video, as it was when the result was made of it. Blocks. Raises Problem: 404 where it is gone, 409 where it
    changed, for its frames may be others."""
    video = service.roots.video(row)
    try:
        found = video.stat()
    except OSError as error:
        raise Problem(404, "The video is gone", f"{video} cannot be read ({error.strerror}), put it back") from error
    if (found.st_size, found.st_mtime_ns) != (row.size_bytes, row.mtime_ns):
        detail = f"{video} changed since its result was made, {_AGAIN}; offered pictures can be approved as they are"
        raise Problem(409, "The video changed", detail)
    return video


def seekable_video(service: Service, row: Any) -> Path:
    """The video, for single frames of it. Blocks. Raises what `unchanged_video` does, Problem 409 where times had to
    be corrected: such times cannot be sought."""
    video = unchanged_video(service, row)
    if summary_of(service.out, row.key).mended:
        detail = "times of this film had to be corrected, so they cannot be sought; take a picture as it is offered"
        raise Problem(409, "Single frames cannot be had", detail)
    return video


def askable_video(service: Service, row: Any) -> str | None:
    """The absolute path of the video, as `POST /api/jobs` takes it; None where it is no printable text, or leads out of
    the roots. Blocks."""
    video = video_below(service.roots.first, row.key, row.path)
    text = os.path.abspath(video)
    return text if text.isprintable() and service.roots.allows(video) else None


def video_text(service: Service, row: Any) -> str:
    """The path of the video, for the record."""
    return os.fsencode(video_below(service.roots.first, row.key, row.path)).decode("utf-8", errors="replace")


@lru_cache(_REMEMBERED)
def _summary(file: Path, inode: int, mtime_ns: int, size: int) -> Summary:
    try:
        brief = _Brief.model_validate_json(file.read_bytes())
    except ValueError:
        return Summary(problem=printable(_no_manifest(file)))
    crops = [crop.path for image in brief.images for crop in image.crops]
    portraits = [person.image for person in brief.characters if person.image is not None]
    names = frozenset([*crops, *portraits, CONTACT_SHEET])
    mended = any(warning.code == "times_mended" for warning in brief.warnings)
    return Summary(len(brief.images), crops[0] if crops else None, names, mended=mended)


def _unreadable(file: Path, error: OSError) -> str:
    return f"{file} cannot be read ({error.strerror}), {_AGAIN}"


def _no_manifest(file: Path) -> str:
    return f"{file} is no manifest that this Keyart reads, {_AGAIN}"
