"""A film's result into its place, under a lease: never late, and never over a result of a higher number."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ..manifest import Manifest, read_manifest
from ..output.result_folder import LEASE, MANIFEST, ResultFolder
from ..pipeline.film_run import Result
from ..pipeline.many import write_result
from ..settings.model import Settings
from .errors import LeaseLostError

LEAST_SHARE_LEFT = 1 / 3
"""Of the lease, when a result takes its place: enough for a rename on a slow disk, whatever the clocks say."""


@dataclass(frozen=True, slots=True)
class Published:
    """Under what a result was published. fingerprint: as `stream.backfill.run.result_fingerprint`. files: name → bytes
    of each file of the result, none where that is not known."""

    number: int
    fingerprint: str
    files: Mapping[str, int] = field(default_factory=dict, compare=False)


class Permission:
    """Leave to publish until a time of this process's own clock (`time.monotonic`)."""

    def __init__(self, left_s: float, lease_s: float, asked_at: float) -> None:
        self._until = asked_at + left_s - LEAST_SHARE_LEFT * lease_s

    def holds(self) -> bool:
        """Whether a third of the lease is left yet."""
        return time.monotonic() < self._until


def publish(folder: ResultFolder, result: Result, under: Published, permission: Permission) -> None:
    """Write a result into an open `folder` that takes its place when its block ends.

    Then raises LeaseLostError when the permission ended or the place holds a result of a higher number; KeyartError on
    what the disk refuses.
    """
    contents = {**result.files, MANIFEST: result.manifest.dump_json()}
    files = {name: len(text.encode() if isinstance(text, str) else text) for name, text in contents.items()}
    folder.write(LEASE, json.dumps(asdict(replace(under, files=files))) + "\n")
    write_result(folder, result)
    folder.before_rename = _guard(folder.target, under, permission)


def _guard(target: Path, under: Published, permission: Permission) -> Callable[[], None]:
    def check() -> None:
        found = published(target)
        if found is not None and found.fingerprint == under.fingerprint and found.number > under.number:
            raise LeaseLostError(f"a result of number {found.number} is there, this one has {under.number}")
        if not permission.holds():
            raise LeaseLostError("the lease is too near its end to publish under it")

    return check


def published(folder: Path) -> Published | None:
    """Under what the result in a folder was published; None where `keyart extract` made it, or none is there."""
    try:
        found = json.loads((folder / LEASE).read_text("utf-8"))
        files = {str(name): int(size) for name, size in found.get("files", {}).items()}
        return Published(int(found["number"]), str(found["fingerprint"]), files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def holds_result(folder: Path, fingerprint: str) -> bool:
    """Whether a folder holds a whole result, and not one that was published under another fingerprint."""
    found = published(folder)
    if found is not None and found.files:
        has_pictures = any("/" in name for name in found.files)
        return found.fingerprint == fingerprint and has_pictures and _is_as_published(folder, found)
    manifest = _readable_manifest(folder)
    ours = found is None or found.fingerprint == fingerprint
    return ours and manifest is not None and _is_whole(folder, manifest)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run makes of a film. models: role → sha256. fingerprint: of all of it, as in `Published`. version: of
    Keyart; None when results of any will do."""

    settings: Settings
    models: Mapping[str, str]
    fingerprint: str
    version: str | None = None


def adoptable(folder: Path, content: str, wanted: Wanted, not_before: int = 0) -> Manifest | None:
    """The manifest in a result folder when it is whole and what this run would make of the same content; None
    otherwise. not_before: above 0 it must have been published under this number or a higher one."""
    manifest = _readable_manifest(folder)
    if manifest is None:
        return None
    tool, under = manifest.tool, published(folder)
    same = (
        manifest.video.content_fingerprint == content
        and tool.settings_fingerprint == wanted.settings.settings_fingerprint
        and {role: model.sha256 for role, model in tool.models.items()} == wanted.models
        and wanted.version in (None, tool.version)
    )
    made_since = under is not None and under.fingerprint == wanted.fingerprint and under.number >= not_before
    whole = _is_whole(folder, manifest) and (under is None or _is_as_published(folder, under))
    return manifest if same and (not not_before or made_since) and whole else None


def _readable_manifest(folder: Path) -> Manifest | None:
    try:
        return read_manifest(folder / MANIFEST)
    except (OSError, ValueError):
        return None


def _is_as_published(folder: Path, under: Published) -> bool:
    """Whether each file is there, as large as it was; nothing is read."""
    try:
        return all((folder / name).stat().st_size == size for name, size in under.files.items())
    except OSError:
        return False


def _is_whole(folder: Path, manifest: Manifest) -> bool:
    """Whether the pictures that a manifest names are there. One without any is no result: earlier versions
    wrote such a folder for a film of which nothing could be used."""
    crops = [crop.path for image in manifest.images for crop in image.crops]
    portraits = [person.image for person in manifest.characters if person.image is not None]
    return bool(crops) and all((folder / name).is_file() for name in (*crops, *portraits))
