"""What a run over a library tells Prometheus. Workers are scripted."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio import create_task_group, fail_after

from stream.backfill.errors import LedgerUnavailableError
from stream.backfill.ledger import Ledger, Standing
from stream.backfill.messages import FROM_WORKER, Report
from stream.backfill.run_metrics import LOOK_EVERY_S, RunMetrics
from stream.backfill.states import STATES
from stream.cli.backfill_progress import Display
from stream.metrics.flow import Levels

from ..metrics.prometheus import Samples, samples
from .scripted import Script, Ticking, run, settings_of, work_of
from .shelf import FINGERPRINT, enqueue, titles

REPORT = Report(
    counts=[(("frames", "ffmpeg", "h264"), 100.0), (("batches", "eyes", "4"), 2.0)],
    levels=Levels(channels={"shots": (1, 2)}, resident=1 << 30),
)


@pytest.fixture
def ran(file_ledger: Ledger, tmp_path: Path) -> Callable[..., Samples]:
    """Run films of these names, and what Prometheus would read at the end."""

    def go(script: Script, *keys: str, **backfill: Any) -> Samples:
        enqueue(file_ledger, [title for i, key in enumerate(keys) for title in titles(key, size_bytes=1000 - i)])
        work = work_of(file_ledger, script, tmp_path, settings_of(**backfill), clock=Ticking(0.5))
        work.watcher = display = Display(io.StringIO(), RunMetrics())
        run(work)
        return samples(display.metrics.exposition.registry)

    return go


def test_reports_are_messages() -> None:
    assert FROM_WORKER.validate_json(REPORT.line()) == REPORT


def test_what_workers_report_is_counted_once(ran: Callable[..., Samples]) -> None:
    script = Script({"bad": "killed done"}, in_flight=2)
    script.report = REPORT
    found = ran(script, "a", "bad", "c")
    assert found["keyart_frames_total", "h264", "ffmpeg"] == 100 * 3
    assert found["keyart_batch_size_count", "eyes"] == 6
    assert (found["keyart_films_total", "done"], found["keyart_worker_deaths_total",]) == (3, 1)
    assert found["keyart_channel_depth", "shots"] == 0, "no worker is left"
    assert not [key for key in found if key[0] == "keyart_process_resident_memory_bytes"]


def test_why_workers_start(ran: Callable[..., Samples]) -> None:
    script = Script({"bad": "killed done"}, in_flight=1)
    found = ran(script, *"abc", "bad", "d", recycle_films=3)
    assert script.workers == [["a", "b", "c"], ["bad"], ["bad"], ["d"]]
    assert [found["keyart_worker_starts_total", why] for why in ("first", "recycled", "alone", "died", "idle")] == [
        1, 1, 1, 1, 0,
    ]  # fmt: skip


def test_failures_by_kind_and_trouble(ran: Callable[..., Samples]) -> None:
    found = ran(Script({"a": "refused", "b": "inside", "c": "gone", "d": "full done"}), *"abcd")
    assert found["keyart_film_failures_total", "refused"] == found["keyart_film_failures_total", "inside"] == 1
    assert (found["keyart_film_retries_total",], found["keyart_films_total", "failed"]) == (1, 2)
    assert found["keyart_trouble_total", "output"] >= 1
    assert found["keyart_trouble_total", "ledger"] == 0


def test_the_ledgers_word_is_taken_over(file_ledger: Ledger) -> None:
    metrics = RunMetrics()
    before = samples(metrics.exposition.registry)
    assert {key[2] for key in before if key[0] == "keyart_library_films"} == set(STATES)
    enqueue(file_ledger, titles("a", "b"))
    metrics.stand(file_ledger.standing(FINGERPRINT))
    found = samples(metrics.exposition.registry)
    assert (found["keyart_library_films", "", "queued"], found["keyart_queue_films",]) == (2, 2)
    assert 0 <= found["keyart_queue_oldest_seconds",] < 60


def test_a_ledger_out_of_reach_does_not_end_the_look() -> None:
    metrics, asked = RunMetrics(), list[int]()
    waits: list[float] = []

    def ask() -> Standing:
        asked.append(1)
        if len(asked) == 1:
            raise LedgerUnavailableError("away")
        return Standing(queued=7)

    async def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            tasks.cancel_scope.cancel()
        await anyio.lowlevel.checkpoint()

    async def look() -> None:
        nonlocal tasks
        with fail_after(10):
            async with create_task_group() as tasks:
                await metrics.look(ask, wait)

    tasks: Any = None
    anyio.run(look)
    assert samples(metrics.exposition.registry)["keyart_queue_films",] == 7
    assert waits == [LOOK_EVERY_S, LOOK_EVERY_S]


def test_a_slow_ledger_is_asked_less_often() -> None:
    metrics, waits, now = RunMetrics(), list[float](), [0.0]

    def ask() -> Standing:
        now[0] += 2.0
        return Standing()

    async def wait(seconds: float) -> None:
        waits.append(seconds)
        raise TimeoutError

    with pytest.raises(TimeoutError):
        anyio.run(metrics.look, ask, wait, lambda: now[0])
    assert waits == [200.0], "a hundredth of the time"


@pytest.mark.debian
def test_prometheus_finds_nothing_to_complain_of(tmp_path: Path, debian_tool: Callable[[str, str], Path]) -> None:
    promtool = debian_tool("prometheus", "promtool")
    metrics = RunMetrics()
    metrics.reported("cpu-1", REPORT)
    metrics.flow.stands("gpu0-1", Levels(resident=1, device_used=1, device_size=2))
    metrics.exposition.write(tmp_path / "metrics.prom")
    with (tmp_path / "metrics.prom").open() as told:
        checked = subprocess.run(
            [promtool, "check", "metrics"], stdin=told, capture_output=True, text=True, check=False
        )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
