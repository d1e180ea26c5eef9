"""Log lines about a run as a whole: its beginning and its end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextvars import copy_context
from pathlib import Path
from typing import TYPE_CHECKING

from .. import log
from ..errors import device_lost
from ..version import own_version
from .exits import say
from .interrupt import Interrupted, Interrupts

if TYPE_CHECKING:
    from ..pipeline.reporter import Outcome
    from ..settings.model import Settings


def run_logged(
    work: Callable[[], list[Outcome]], settings: Settings, files: Sequence[Path], out: Path, interrupts: Interrupts
) -> list[Outcome]:
    """Run `work` and return its outcomes. Logs the beginning and the end of the run to `settings.log`, if that is set.

    Raises UsageError, before any work, when the log cannot be opened; errors of `work` pass.
    """
    with log.opened(settings.log, lambda line: say(f"keyart: {line}")):
        log.info("run begun", **_settings(settings), files=len(files), out=out)
        started_s = time.perf_counter()
        context = copy_context()  # `before_end` is called on a plain thread, which has no log of its own
        interrupts.before_end = lambda number: context.run(_interrupted, "ended, for work did not let go", number)
        try:
            with interrupts.as_interrupted():
                outcomes = work()
        except BaseException as error:
            _failed(error)
            raise
        finally:
            interrupts.before_end = None
        log.info("run finished", **_counts(outcomes), wall_s=round(time.perf_counter() - started_s, 3))
        return outcomes


def _settings(settings: Settings) -> dict[str, object]:
    return {
        "version": own_version(), "device": settings.device, "settings_fingerprint": settings.settings_fingerprint,
        "settings": settings.non_default(),
    }  # fmt: skip


def _counts(outcomes: Sequence[Outcome]) -> dict[str, int]:
    found = Counter(outcome.status for outcome in outcomes)
    return {"done": found["done"], "skipped": found["skipped"], "failed": found["failed"]}


def _failed(error: BaseException) -> None:
    if isinstance(error, Interrupted):
        _interrupted("work was cancelled", error.exit_code - 128)
    elif device_lost(error) is not None:
        log.error("device lost", error)
    else:
        log.error("run failed", error)


def _interrupted(how: str, signal_number: int) -> None:
    log.warning("run interrupted", signal=signal_number, how=how)
