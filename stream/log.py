"""The log: what a run does and what goes wrong in it, a line of JSON each, with whole tracebacks.

Nothing is written until a command opens a log, and nobody but this module sets one up:

    with opened(Path("keyart.jsonl"), complain):
        with about(film=path):
            info("film begun")
            error("film failed", failure, reason="is empty")

The log belongs to the task or thread that opened it and to what these begin through anyio; plain threads have none.
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
def opened(file: Path | None, complain: Callable[[str], None]) -> Iterator[None]:
    """Within the block lines are appended to `file`, which several processes may share; None: there is no log.

    complain: told once, in one line, when the file takes no more lines; work goes on. Raises UsageError when the file
    cannot be opened.
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
    """Within the block every line says this as well."""
    logger = _current.get()
    if logger is None:
        yield
        return
    with _as_current(logger.bind(**values)):
        yield


def info(event: str, **values: Any) -> None:
    """One step of the work."""
    _write("info", event, None, values)


def warning(event: str, error: BaseException | None = None, **values: Any) -> None:
    """Something that somebody should know, with the error it came from; work goes on."""
    _write("warning", event, error, values)


def error(event: str, error: BaseException | None = None, **values: Any) -> None:
    """A failure, with its traceback, its causes and, of a group, all its errors; `stage` where it is known."""
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
    """A logger of our own: that of a program we work in is not touched."""
    import logging

    import structlog
    from structlog.tracebacks import ExceptionDictTransformer

    # No local variables: they hold pictures. All frames: the middle of a traceback is where we are.
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
    """When and what first, for people who read the file; a traceback last."""
    last = ("exception",)
    middle = [key for key in event if key not in (*_FIRST, *last)]
    return {key: event[key] for key in (*_FIRST, *middle, *last) if key in event}


class _Lines:
    """Appends lines to a file, each by one call of the system, so that those of several processes do not mix."""

    def __init__(self, file: Path, complain: Callable[[str], None]) -> None:
        self._file, self._complain = file, complain
        self._broken = False
        try:
            self._stream = file.open("ab", buffering=0)
        except OSError as refused:
            reason = refused.strerror or refused
            raise UsageError(f"log {file} cannot be opened ({reason}), choose another --log") from refused

    def msg(self, line: str) -> None:
        """Append it. A file that refuses is complained of once."""
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
