"""A run over a library: scan, queue, supervise, sum up."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from anyio import Event, create_task_group, sleep, to_thread

from engines.errors import ModelError

from ..device.models import roles_of, zoo_of
from ..errors import UsageError
from ..manifest import SCHEMA
from ..origin import errors_in
from ..output.leftovers import FoldersWithLeftovers
from ..settings.model import Settings
from ..version import own_version
from .errors import LedgerUnavailableError, WeightsUnavailableError
from .home import is_home_of
from .leases import Leases
from .ledger import Asked, Ledger, Scan
from .links import AskPlaces
from .owner import is_known_dead, own_name
from .places import with_share
from .plan import Plan
from .publishing import holds_result
from .stopping import RunStoppedError
from .supervisor import supervise
from .titles import Title, bucket_of, result_below
from .walker import Library
from .work import Watcher, Work


@dataclass(slots=True)
class Ended:
    """How a run ended. stopped: why it ended before its work did, None when all was done. left: jobs still queued, None
    when the ledger cannot be asked."""

    counts: dict[str, int] = field(default_factory=dict)
    stopped: str | None = None
    left: int | None = 0
    time_is_up: bool = False


def result_fingerprint(settings: Settings) -> str:
    """32 hex digits over all that can change a result but the film: settings, models, the manifest's schema.

    Raises WeightsUnavailableError when the models cannot be had. Pulls those that are missing.
    """
    try:
        zoo = zoo_of(settings)
        roles = roles_of(settings)
        zoo.ensure(roles)
        hashes = {role: zoo.model(role).sha256 for role in roles}
    except ModelError as error:
        raise WeightsUnavailableError(str(error)) from error
    told = json.dumps([settings.settings_fingerprint, hashes, SCHEMA], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def scan_library(ledger: Ledger, library: Library, plan: Plan, settings: Settings, fingerprint: str) -> Scan:
    """Bring the ledger up to date with the files, and remove what killed runs left beside results; with `plan.dry` only
    count. Blocks. Raises UsageError when the library is empty and was not before."""
    seen: set[int] = set()
    root, left_by_killed = str(library.root), FoldersWithLeftovers()

    def titles() -> Iterator[Title]:
        for title in library.scan():
            if plan.shard is None or bucket_of(title.key) % plan.shard[1] == plan.shard[0]:
                seen.add(hash(title.key))
                if not plan.dry:
                    left_by_killed.clean_up(result_below(plan.out, title.key))
                yield title

    asked = Asked(
        fingerprint=fingerprint,
        root=root,
        has_result=lambda key: holds_result(result_below(plan.out, key), fingerprint),
        redo_version=own_version() if plan.redo_version else None,
        redo_all=settings.overwrite,
    )
    scan = ledger.enqueue(asked, titles(), dry=plan.dry)
    if plan.dry:
        return scan
    ledger.note_fingerprint(fingerprint)
    ledger.note_limits(settings.limits.model_dump_json(exclude={"no_progress_s"}))
    if library.whole and not library.unread and plan.shard is None:
        if not seen and any(ledger.counts(fingerprint).values()):
            raise UsageError(f"{root} holds no film any more, is it mounted? `keyart ledger` knows what was there")
        scan.changes["gone"] += ledger.gone(fingerprint, root, lambda key: hash(key) in seen)
    return scan


async def run_library(work: Work, plan: Plan, stop: Event) -> Ended:
    """Work through what is queued until nothing is left, `stop` is set or the time is up. Jobs of owners that are known
    dead on this machine are taken back first. Why a run stopped is in `Ended.stopped`, not raised."""
    ended = Ended()
    try:
        dead = [owner for owner in await work.asked(work.leases.owners) if is_known_dead(owner)]
        await work.asked(lambda: work.leases.take_from(dead))
        async with create_task_group() as tasks:
            tasks.start_soon(_stop_at, plan.until, stop, ended)
            await supervise(work, stop, plan.grace_s)
            tasks.cancel_scope.cancel()
    except* RunStoppedError as group:
        ended.stopped = str(errors_in(group)[0])
    try:
        counts = await to_thread.run_sync(work.ledger.counts, work.leases.fingerprint)
        ended.counts = {str(state): count for state, count in counts.items()}
        ended.left = await to_thread.run_sync(work.leases.left)
    except LedgerUnavailableError as error:
        ended.stopped, ended.left = ended.stopped or str(error), None
    if ended.stopped is None and stop.is_set() and ended.left:
        ended.stopped = "the time of --until has come" if ended.time_is_up else "stopped as asked"
    return ended


def new_work(
    settings: Settings,
    ledger: Ledger,
    root: Path,
    plan: Plan,
    fingerprint: str,
    places: AskPlaces,
    watch: Watcher,
    **more: Any,
) -> Work:
    """The work of a run, under a name that no other living process has; `more` are further fields of `Work`."""
    lease_s = settings.backfill.lease_s
    leases = Leases(ledger.database, ledger.library, fingerprint, own_name(), lease_s, plan.shard)
    return Work(
        root=root,
        out=plan.out,
        settings=with_share(settings),
        ledger=ledger,
        leases=leases,
        places=places,
        watcher=watch,
        out_is_there=partial(is_home_of, plan.out, ledger.library),
        redo_version=plan.redo_version,
        most=plan.limit,
        **more,
    )


async def _stop_at(until: datetime | None, stop: Event, ended: Ended) -> None:
    while until is not None and not stop.is_set():
        left_s = (until - datetime.now(until.tzinfo)).total_seconds()
        if left_s <= 0:
            ended.time_is_up = True
            stop.set()
            return
        await sleep(min(left_s, 30.0))  # the wall clock may be set meanwhile
