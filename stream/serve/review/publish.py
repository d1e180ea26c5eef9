"""What editors approved, into the target folder: one folder a title with its pictures and `approval.json`, whole or
not at all. The record in the ledger is written when the files are in their place."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from anyio import CancelScope, to_thread

from ...backfill.titles import result_below
from ...errors import KeyartError, OutputError
from ...manifest import Manifest
from ...output.result_folder import MANIFEST, FolderKind, ResultFolder
from ..metrics import RANKS
from ..pictures.source import CropOrder
from ..problems import Problem
from ..service import Service
from .answers import Approval
from .choices import Settled, checked, settled
from .record import APPROVAL, ApprovedImage, Decision, Draft, Record, iso, offered
from .results import manifest_of, picture_bytes, picture_file, seekable_video, video_text
from .store import Reviews, Standing, refuse_other_version
from .withdrawal import Withdrawal

APPROVED_FOLDER = FolderKind("approved pictures", (APPROVAL,), "--publish", "move it away")
_Identity = tuple[int, int, int] | None
"""Which file that is; None where there is none."""
_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """An approval, checked, with the files that are there already (name → content). seen: which manifest that was."""

    manifest: Manifest
    draft: Draft
    images: list[Settled]
    files: dict[str, bytes]
    before: Standing
    seen: _Identity = None


async def approve(service: Service, row: Any, asked: Approval, who: str) -> Standing:
    """Publish the choices and note them. Raises Problem: 409 for another version, a title that changed, no target or
    one that holds something else; 422 for choices that cannot be made; 503 and 507 where the target cannot be written.
    """
    if service.publish is None:
        raise Problem(409, "Nothing can be published", "start the service with --publish DIR, where pictures go")
    ready = await service.writer.read(partial(_prepared, service, row, asked))
    files = {**ready.files, **await _cut(service, row, ready)}
    await service.writer.read(partial(_refuse_new_result, service, row, ready))
    record = _record(service, row, who, "approved", ready.before, ready)
    files[APPROVAL] = (record.dump_json(indent=2) + "\n").encode()
    folder = ResultFolder(result_below(service.publish, row.key), overwrite=True, kind=APPROVED_FOLDER)
    try:
        await to_thread.run_sync(_written, folder, files)
        place = partial(_placed, service, row, folder, asked.version, record, ready.draft)
        done = await service.writer.write(place)
    finally:
        with CancelScope(shield=True):
            await to_thread.run_sync(folder.abandon)
    _count(service, record, ready.before.opened_for(who), done)
    return done


async def reject(service: Service, row: Any, version: int, who: str) -> Standing:
    """Note that nothing of a title is wanted: every rank that was offered is rejected. What was published is withdrawn.
    Raises Problem 409 for another version, and what `Withdrawal.begin` does."""
    reviews = Reviews(service.ledger.database)

    def decided() -> Standing:
        before = reviews.look(row)
        record = _record(service, row, who, "rejected", before, _offer(service, row))
        with Withdrawal(service, row) as withdrawal, reviews.deciding(row, version, who) as decide:
            withdrawal.begin(before)
            return decide("rejected", record, Draft(rejected=record.rejected))

    done = await service.writer.write(decided)
    service.metrics.reviews.labels("rejected").inc()
    return done


async def reopen(service: Service, row: Any, version: int, who: str) -> Standing:
    """Let a decided title wait again, with the choices it was decided with. What was published is withdrawn; the record
    stays in the ledger. Raises as `reject`."""

    def opened() -> Standing:
        with Withdrawal(service, row) as withdrawal:
            return Reviews(service.ledger.database).reopen(row, version, who, withdrawal.begin)

    return await service.writer.write(opened)


def _prepared(service: Service, row: Any, asked: Approval) -> _Prepared:
    before = Reviews(service.ledger.database).look(row)
    refuse_other_version(before, asked.version)
    file = result_below(service.out, row.key) / MANIFEST
    seen, manifest = _identity(file), usable_manifest(service, row)
    draft = checked(Draft(choices=asked.choices, rejected=asked.rejected), manifest, service.settings)
    images = settled(draft.choices, manifest, service.settings)
    files = {_name(one): picture_bytes(picture_file(service.out, row.key, one.own)) for one in images if one.own}
    return _Prepared(manifest, draft, images, files, before, seen)


def _offer(service: Service, row: Any) -> _Prepared | None:
    """What a title offers; None where that cannot be read, which is no reason to keep it."""
    try:
        manifest = manifest_of(service.out, row)
    except KeyartError:
        return None
    rejected = Draft(rejected=[image.rank for image in manifest.images])
    return _Prepared(manifest, rejected, [], {}, Standing("waiting", 0, 0.0))


def usable_manifest(service: Service, row: Any) -> Manifest:
    """The manifest of a title. Blocks. Raises Problem 409 with what to do where there is none."""
    try:
        return manifest_of(service.out, row)
    except KeyartError as error:
        raise Problem(409, "The result cannot be used", str(error)) from error


async def _cut(service: Service, row: Any, ready: _Prepared) -> dict[str, bytes]:
    """The files that the result does not have."""
    wanted = [one for one in ready.images if one.own is None]
    if not wanted:
        return {}
    video = await service.writer.read(partial(seekable_video, service, row))
    orders = [CropOrder(one.time_s, one.source, one.size, service.settings.jpeg_quality) for one in wanted]
    with service.metrics.pictures.labels("crop").time():
        cut = await service.pictures.crops(video, orders)
    return {_name(one): content for one, content in zip(wanted, cut, strict=True)}


def _written(folder: ResultFolder, files: Mapping[str, bytes]) -> None:
    with refusals_of_target():
        folder.__enter__()
        for name, content in files.items():
            folder.write(name, content)


def _placed(service: Service, row: Any, folder: ResultFolder, version: int, record: Record, draft: Draft) -> Standing:
    """Where the ledger fails after the renaming, the files are there without a record: approving again mends that."""
    with Reviews(service.ledger.database).deciding(row, version, record.who) as decide:
        with refusals_of_target():
            folder.commit()
        return decide("approved", record, draft)


def _count(service: Service, record: Record, opened_s: float | None, done: Standing) -> None:
    service.metrics.reviews.labels("approved").inc()
    for one in record.images:
        rank = "none" if one.rank is None else str(one.rank)
        service.metrics.approved.labels(rank if rank in (*RANKS, "none") else "other").inc()
    if opened_s is not None and done.decided_s is not None:
        service.metrics.decided.observe(done.decided_s - opened_s)


@contextmanager
def refusals_of_target() -> Iterator[None]:
    """What the target folder refuses within the block, as problems: 507 where it is full, 503 where it cannot be
    written, 409 where it holds something else."""
    try:
        yield
    except OutputError as error:
        full = isinstance(error.__cause__, OSError) and error.__cause__.errno in _FULL
        raise Problem(507 if full else 503, "The target folder cannot be written", str(error)) from error
    except KeyartError as error:
        raise Problem(409, "The target folder is taken", str(error)) from error


def _record(
    service: Service, row: Any, who: str, decision: Decision, before: Standing, ready: _Prepared | None
) -> Record:
    opened_s = before.opened_for(who)
    return Record(
        job=row.id, key=row.key, video=video_text(service, row), content_fingerprint=row.content, state=decision,
        who=who, opened=None if opened_s is None else iso(opened_s), decided=iso(before.at_s),
        images=[_image(one) for one in ready.images] if ready else [],
        rejected=ready.draft.rejected if ready else [], offered=offered(ready.manifest.images) if ready else [],
    )  # fmt: skip


def _image(one: Settled) -> ApprovedImage:
    return ApprovedImage(
        format=one.format, rank=one.rank, time_s=one.time_s, shot=one.shot, source_rect=one.source, width=one.size[0],
        height=one.size[1], path=_name(one), moved=one.moved,
    )  # fmt: skip


def _name(one: Settled) -> str:
    return f"{one.format}.jpg"


def _refuse_new_result(service: Service, row: Any, ready: _Prepared) -> None:
    """What was read may be of two results where one took the other's place meanwhile."""
    if _identity(result_below(service.out, row.key) / MANIFEST) != ready.seen:
        raise Problem(409, "The title changed", "its result was made anew meanwhile, look at it again")


def _identity(file: Path) -> _Identity:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
