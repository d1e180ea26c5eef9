"""A film's result into its place, under a lease: never late, and never over a result of a higher number."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ..manifest import Manifest, read_manifest
from ..output.result_folder import MANIFEST, ResultFolder
from ..pipeline.film_run import Result
from ..pipeline.many import write_result
from ..settings.model import Settings
from .errors import LeaseLostError

LEASE_FILE = "lease.json"
"""In a result folder: the fencing number and the fingerprint it was published under."""
LEAST_SHARE_LEFT = 1 / 3
"""Of the lease, when a result takes its place: enough for a rename on a slow disk, whatever the clocks say."""


@dataclass(frozen=True, slots=True)
class Published:
    """Under what a result was published. fingerprint: as `stream.backfill.run.result_fingerprint`."""

    number: int
    fingerprint: str


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
    folder.write(LEASE_FILE, json.dumps(asdict(under)) + "\n")
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
        found = json.loads((folder / LEASE_FILE).read_text("utf-8"))
        return Published(int(found["number"]), str(found["fingerprint"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def holds_result(folder: Path, fingerprint: str) -> bool:
    """Whether a folder holds a result, and not one that was published under another fingerprint."""
    found = published(folder)
    return (folder / MANIFEST).is_file() and (found is None or found.fingerprint == fingerprint)


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
    try:
        manifest = read_manifest(folder / MANIFEST)
    except (OSError, ValueError):
        return None
    tool, under = manifest.tool, published(folder)
    same = (
        manifest.video.content_fingerprint == content
        and tool.settings_fingerprint == wanted.settings.settings_fingerprint
        and {role: model.sha256 for role, model in tool.models.items()} == wanted.models
        and wanted.version in (None, tool.version)
    )
    made_since = under is not None and under.fingerprint == wanted.fingerprint and under.number >= not_before
    return manifest if same and (not not_before or made_since) and _is_whole(folder, manifest) else None


def _is_whole(folder: Path, manifest: Manifest) -> bool:
    """Whether the pictures that a manifest names are there."""
    crops = [crop.path for image in manifest.images for crop in image.crops]
    portraits = [person.image for person in manifest.characters if person.image is not None]
    return all((folder / name).is_file() for name in (*crops, *portraits))
