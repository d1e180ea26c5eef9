"""`keyart extract --workers-per-device N`: many files by worker processes, kept at work by the backfill's supervisor.

Its ledger is one of this run alone, in a temporary folder. Results, lines and outcomes are those of one process.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from anyio import Event, to_thread

from .. import log
from ..backfill.database import Database, sqlite_url
from ..backfill.leases import Lease, Leases
from ..backfill.ledger import Asked, Ledger
from ..backfill.links import Places
from ..backfill.messages import FilmDone, Progress, Ready, Report
from ..backfill.owner import own_name
from ..backfill.places import fixed, local_places, with_share
from ..backfill.run import result_fingerprint
from ..backfill.states import Kind, TroubleKind, WhyStarted
from ..backfill.stopping import RunStoppedError
from ..backfill.supervisor import supervise
from ..backfill.titles import Title, absolute_as_text, key_of, result_below
from ..backfill.work import Work
from ..manifest import read_manifest
from ..origin import errors_in
from ..output.result_folder import MANIFEST, refuse_equal_names, refuse_out, result_folder
from ..pipeline.many import skip, tell_warnings
from ..pipeline.reporter import Outcome, Reporter
from ..settings.model import Settings

_PATIENCE_S = 10.0
"""How long trouble that is no film's fault is waited for, at most: somebody waits."""


PlacesFor = Callable[[Settings, Path], Places]
"""(settings, folder for logs) → where workers run."""


async def extract_by_workers(
    files: Sequence[Path], out: Path, settings: Settings, report: Reporter, places_for: PlacesFor = local_places
) -> list[Outcome]:
    """`stream.pipeline.many.extract_files` by `backfill.workers_per_device` workers on each device. A worker that dies
    is replaced, and its films run again, each alone; one that dies with it then fails. Raises as that does, but for a
    lost device, which costs a worker."""
    refuse_equal_names(files)
    outcomes: dict[int, Outcome] = {}
    waiting = {i: path for i, path in enumerate(files) if not await skip(i, path, out, settings, report, outcomes)}
    if waiting:
        refuse_out(out)
        with TemporaryDirectory(prefix="keyart-extract-") as folder:
            watcher = _Reporting(report, out, {result_folder(out, path).name: path for path in waiting.values()})
            places = await to_thread.run_sync(places_for, settings, Path(folder))
            reason = await _work_through(list(waiting.values()), out, settings, watcher, places, Path(folder))
        for i, path in waiting.items():
            outcomes[i] = watcher.outcomes.get(path) or _failed(path, reason, report)
    return [outcomes[i] for i in range(len(files))]


def _failed(path: Path, reason: str, report: Reporter) -> Outcome:
    log.error("film failed", film=path, reason=reason)
    report.failed(path, reason)
    return Outcome(path, "failed", reason=reason)


async def _work_through(
    files: Sequence[Path], out: Path, settings: Settings, watcher: _Reporting, places: Places, folder: Path
) -> str:
    """Why the files that have no outcome have none. folder: for the ledger."""
    reason = "was not begun, report this"
    fingerprint = await to_thread.run_sync(result_fingerprint, settings)
    ledger = Ledger(Database(sqlite_url(folder / "ledger.sqlite")), "extract")
    try:
        asked = Asked(fingerprint, str(out), lambda key: False)
        await to_thread.run_sync(lambda: ledger.enqueue(asked, map(_title, range(len(files)), files)))
        leases = Leases(ledger.database, ledger.library, fingerprint, own_name(), settings.backfill.lease_s, None)
        work = Work(out, out, _for_workers(settings), ledger, leases, fixed(places), watcher, leased=False)
        await supervise(work, Event(), grace_s=0.0)
    except* RunStoppedError as group:
        reason = str(errors_in(group)[0])
        log.error("run stopped", reason=reason)
    finally:
        ledger.database.close()
    return reason


def _title(place: int, path: Path) -> Title:
    """The first file comes first."""
    try:
        status = path.stat()
        size, mtime_ns = status.st_size, status.st_mtime_ns
    except OSError:
        size = mtime_ns = 0  # the worker says why it cannot be read
    name = result_folder(Path(), path).name
    return Title(key_of(name), size, mtime_ns, absolute_as_text(path), priority=-place)


def _for_workers(settings: Settings) -> Settings:
    """One death alone is enough, failures stop nothing, and nobody waits long for what does not come back."""
    patience_s = min(settings.backfill.patience_s, _PATIENCE_S)
    changed = {"attempts": 1, "budget_percent": 100.0, "patience_s": patience_s}
    return with_share(settings.model_copy(update={"backfill": settings.backfill.model_copy(update=changed)}))


@dataclass(slots=True)
class _Reporting:
    """`stream.backfill.work.Watcher` that tells a `Reporter`, and keeps how each file ended. files: name of the result
    folder → the file as it was named."""

    report: Reporter
    out: Path
    files: dict[str, Path]
    outcomes: dict[Path, Outcome] = field(default_factory=dict)
    _about_the_run: set[str] = field(default_factory=set)
    _said: set[str] = field(default_factory=set)

    def starting(self, place: str, why: WhyStarted) -> None:
        log.info("worker started", place=place, why=why)

    def ready(self, place: str, ready: Ready) -> None:
        log.info("worker ready", place=place, device=ready.device, in_flight=ready.in_flight)
        self._about_the_run.update(ready.notices)

    def began(self, lease: Lease, video: Path) -> None:
        """Nothing is said."""

    def went_on(self, lease: Lease, progress: Progress) -> None:
        self.report.stage(self._file(lease), progress.stage, progress.frames, progress.total)

    def done(self, place: str, lease: Lease, video: Path, facts: FilmDone) -> None:
        file, folder = self._file(lease), result_below(self.out, lease.key)
        try:
            manifest = read_manifest(folder / MANIFEST)
        except (OSError, ValueError) as error:
            reason = f"{folder} cannot be read any more ({error}), was it removed?"
            self.outcomes[file] = _failed(file, reason, self.report)
            return
        with log.about(film=file):
            tell_warnings(file, manifest, self._about_the_run, self._said, self.report)
        self.report.finished(file, manifest, folder)
        self.outcomes[file] = Outcome(file, "done", folder)

    def failed(self, lease: Lease, video: Path, kind: Kind, reason: str, final: bool) -> None:
        if final:
            file = self._file(lease)
            self.report.failed(file, reason)
            self.outcomes[file] = Outcome(file, "failed", reason=reason)

    def gone(self, lease: Lease, video: Path) -> None:
        file = self._file(lease)
        self.outcomes[file] = _failed(file, f"{file}: {os.strerror(2)}, was it removed?", self.report)

    def given_back(self, lease: Lease, reason: str) -> None:
        log.warning("film given back", film=self._file(lease), reason=reason)

    def reported(self, place: str, report: Report) -> None:
        """Nothing is counted."""

    def worker_ended(self, place: str, how: str, last_words: str) -> None:
        log.warning("worker ended", place=place, how=how, last_words=last_words)

    def stopped(self, place: str) -> None:
        """Nothing is said."""

    def trouble(self, kind: TroubleKind, reason: str, wait_s: float) -> None:
        log.warning("trouble", kind=kind, reason=reason, wait_s=wait_s)

    def paused(self, paused: bool) -> None:
        """Nobody pauses a run of one command."""

    def _file(self, lease: Lease) -> Path:
        return self.files[result_below(Path(), lease.key).name]
