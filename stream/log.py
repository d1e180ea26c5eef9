"""The log: one line of JSON for each step and each error of a run, with whole tracebacks.

Nothing is written until a command opens a log:

    with opened(Path("keyart.jsonl"), complain):
        with about(film=path):
            info("film begun")
            error("film failed", failure, reason="is empty")

The log belongs to the task or thread that opened it, and to tasks and threads that these start through anyio. Other
threads have no log.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import UsageError
from .origin import stage_of

if TYPE_CHECKING:
    from structlog.typing import EventDict, FilteringBoundLogger, Processor

_current: ContextVar[FilteringBoundLogger | None] = ContextVar("keyart_log", default=None)
_FIRST = ("time", "level", "event")


@contextmanager
def opened(file: Path | int | None, complain: Callable[[str], None]) -> Iterator[None]:
    """Within the block lines are appended to `file`, which several processes may share, or written to an open
    descriptor; None: no log is written.

    complain: called once, with one line of text, when a line cannot be written; the block goes on. Raises UsageError
    when the file cannot be opened.
    """
    if file is None:
        yield
        return
    lines = _Lines(file, complain)
    try:
        with _as_current(_logger(lines).bind(host=socket.gethostname(), pid=os.getpid())):
            yield
    finally:
        lines.close()


@contextmanager
def about(**values: Any) -> Iterator[None]:
    """Within the block every line of the log also has these values."""
    logger = _current.get()
    if logger is None:
        yield
        return
    with _as_current(logger.bind(**values)):
        yield


def info(event: str, **values: Any) -> None:
    """Log one step of the work."""
    _write("info", event, None, values)


def warning(event: str, error: BaseException | None = None, **values: Any) -> None:
    """Log a problem that does not stop the work, with the error that caused it."""
    _write("warning", event, error, values)


def error(event: str, error: BaseException | None = None, **values: Any) -> None:
    """Log a failure with its traceback and causes, of a group with all its errors, and with its `stage` if known."""
    _write("error", event, error, values)


def _write(level: str, event: str, error: BaseException | None, values: dict[str, Any]) -> None:
    logger = _current.get()
    if logger is None:
        return
    if error is not None:
        stage = stage_of(error)
        values = ({} if stage is None else {"stage": stage}) | values | {"exc_info": error}
    getattr(logger, level)(event, **values)


@contextmanager
def _as_current(logger: FilteringBoundLogger) -> Iterator[None]:
    before = _current.set(logger)
    try:
        yield
    finally:
        _current.reset(before)


def _logger(lines: _Lines) -> FilteringBoundLogger:
    """A logger that does not change the global structlog settings of the program we run in."""
    import logging

    import structlog
    from structlog.tracebacks import ExceptionDictTransformer

    # No local variables, because they hold pictures. All stack frames, because ours are in the middle of a traceback.
    tracebacks = ExceptionDictTransformer(show_locals=False, max_frames=sys.maxsize)
    processors: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.ExceptionRenderer(tracebacks),
        _in_order,
        structlog.processors.JSONRenderer(json.dumps, default=str),
    ]
    wrapper = structlog.make_filtering_bound_logger(logging.INFO)
    logger: FilteringBoundLogger = structlog.wrap_logger(lines, processors, wrapper, cache_logger_on_first_use=True)
    return logger


def _in_order(logger: Any, method: str, event: EventDict) -> EventDict:
    """Put time, level and event first and the traceback last, for people who read the file."""
    last = ("exception",)
    middle = [key for key in event if key not in (*_FIRST, *last)]
    return {key: event[key] for key in (*_FIRST, *middle, *last) if key in event}


class _Lines:
    """Appends lines to a file, each with one system call, so that lines of several processes do not mix."""

    def __init__(self, file: Path | int, complain: Callable[[str], None]) -> None:
        self._file, self._complain = file, complain
        self._broken = False
        try:
            self._stream = open(file, "ab", buffering=0, closefd=isinstance(file, Path))  # noqa: SIM115
        except OSError as refused:
            reason = refused.strerror or refused
            raise UsageError(f"log {file} cannot be opened ({reason}), choose another --log") from refused

    def msg(self, line: str) -> None:
        """Append the line. Calls `complain` at the first line that cannot be written."""
        data = f"{line}\n".encode()
        try:
            whole, reason = self._stream.write(data) == len(data), "no space left"
        except OSError as refused:
            whole, reason = False, refused.strerror or str(refused)
        if not whole and not self._broken:
            self._broken = True
            self._complain(f"log {self._file} does not take all lines ({reason}), make room; work goes on")

    info = warning = error = msg

    def close(self) -> None:
        self._stream.close()
