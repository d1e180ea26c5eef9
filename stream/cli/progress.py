"""Reporters for people and programs: progress bars on a terminal, plain lines elsewhere, nothing, or JSON."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.progress import Progress as RichProgress
from rich.text import Text

from ..decode.addresses import as_typed
from ..manifest import Manifest, read_manifest
from ..pipeline.reporter import Reporter
from ..records import counted


class QuietReporter:
    """Prints one line on `errors` for each video that failed, and nothing else. Base of `PlainReporter`."""

    def __init__(self, errors: TextIO) -> None:
        self._errors = errors
        self._lock = threading.Lock()

    def stage(self, video: Path, stage: str, frames_done: int, frames_total: int | None) -> None:
        """Prints nothing."""

    def finished(self, video: Path, manifest: Manifest, folder: Path) -> None:
        """Prints nothing."""

    def skipped(self, video: Path, folder: Path) -> None:
        """Prints nothing."""

    def failed(self, video: Path, reason: str) -> None:
        """Print the reason as one line."""
        self._line(failure_line(video, reason))

    def warning(self, video: Path, code: str, message: str) -> None:
        """Prints nothing; the manifest has the warning."""

    def _line(self, text: str) -> None:
        with self._lock:
            print(text, file=self._errors, flush=True)


@dataclass(slots=True)
class _VideoProgress:
    """Progress of one video. `said_s`: time of its last line."""

    started_s: float
    said_s: float
    stage: str
    frames: int = 0

    def rate(self, now_s: float) -> float:
        return self.frames / max(now_s - self.started_s, 1e-6)


class PlainReporter(QuietReporter):
    """Prints lines: for each video one at each new stage, and one of progress at most every `every_s` seconds."""

    def __init__(self, errors: TextIO, every_s: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(errors)
        self._every_s = every_s
        self._clock = clock
        self._progress: dict[Path, _VideoProgress] = {}

    def stage(self, video: Path, stage: str, frames_done: int, frames_total: int | None) -> None:
        """Print a line when the stage is new (apart from its text in brackets) or the last line is `every_s` old."""
        now_s = self._clock()
        with self._lock:
            progress = self._progress.get(video)
            kind = stage.partition(" (")[0]
            is_new = progress is None or progress.stage != kind
            if progress is None:
                progress = self._progress[video] = _VideoProgress(now_s, now_s, kind)
            progress.frames = max(progress.frames, frames_done)
            if not is_new and now_s - progress.said_s < self._every_s:
                return
            progress.said_s, progress.stage = now_s, kind
        speed = _rate(progress.rate(now_s))
        self._line(f"{one_line(video.name)}: {stage}, {_frames(frames_done, frames_total)}{speed}")

    def finished(self, video: Path, manifest: Manifest, folder: Path) -> None:
        """Print where the images are and how long it took."""
        self._line(finished_line(video, manifest, folder))

    def skipped(self, video: Path, folder: Path) -> None:
        """Print one line."""
        self._line(skipped_line(video, folder))

    def warning(self, video: Path, code: str, message: str) -> None:
        """Print one line."""
        self._line(f"{one_line(video.name)}: warning: {one_line(message)} [{code}]")


class _Rate(ProgressColumn):
    """Frames a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} fps" if task.speed else "", style="cyan")


@dataclass(slots=True)
class RichReporter:
    """One bar for each video in flight: stage, frames and rate. Use as `with reporter.live():`."""

    console: Console
    _bars: RichProgress = field(init=False)
    _tasks: dict[Path, TaskID] = field(init=False, default_factory=dict)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._bars = RichProgress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            _Rate(),
            TextColumn("{task.fields[stage]}", style="dim", markup=False),
            console=self.console,
            transient=True,
        )

    @contextmanager
    def live(self) -> Iterator[None]:
        """Draw while the block runs."""
        with self._bars:
            yield

    def stage(self, video: Path, stage: str, frames_done: int, frames_total: int | None) -> None:
        """Move the bar of this video."""
        with self._lock:
            if video not in self._tasks:
                self._tasks[video] = self._bars.add_task(one_line(video.name), total=frames_total, stage=stage)
            self._bars.update(self._tasks[video], completed=frames_done, total=frames_total, stage=stage)

    def finished(self, video: Path, manifest: Manifest, folder: Path) -> None:
        """Replace the bar with a line."""
        self._end(video, finished_line(video, manifest, folder))

    def skipped(self, video: Path, folder: Path) -> None:
        """Print one line."""
        self._end(video, skipped_line(video, folder))

    def failed(self, video: Path, reason: str) -> None:
        """Replace the bar with the reason."""
        self._end(video, failure_line(video, reason), style="red")

    def warning(self, video: Path, code: str, message: str) -> None:
        """Print a line above the bars."""
        self._say(f"{one_line(video.name)}: warning: {one_line(message)} [{code}]", style="yellow")

    def _end(self, video: Path, text: str, style: str | None = None) -> None:
        with self._lock:
            task = self._tasks.pop(video, None)
            if task is not None:
                self._bars.remove_task(task)
        self._say(text, style)

    def _say(self, text: str, style: str | None = None) -> None:
        self.console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


class JsonReporter:
    """Prints each manifest as one line of JSON on `out` and passes every call on to the reporter `inner`.

    For a skipped video it prints the manifest of the result that is already there.
    """

    def __init__(self, inner: Reporter, out: TextIO) -> None:
        self._inner = inner
        self._out = out
        self._lock = threading.Lock()

    def stage(self, video: Path, stage: str, frames_done: int, frames_total: int | None) -> None:
        """Pass the call on."""
        self._inner.stage(video, stage, frames_done, frames_total)

    def finished(self, video: Path, manifest: Manifest, folder: Path) -> None:
        """Print the manifest and pass the call on."""
        self._print(manifest)
        self._inner.finished(video, manifest, folder)

    def skipped(self, video: Path, folder: Path) -> None:
        """Print the manifest that is already there and pass the call on."""
        try:
            self._print(read_manifest(folder / "manifest.json"))
        except ValueError:
            reason = f"{folder / 'manifest.json'} is no manifest of this version, replace it with --overwrite"
            self._inner.warning(video, "unreadable_result", reason)
        self._inner.skipped(video, folder)

    def failed(self, video: Path, reason: str) -> None:
        """Pass the call on."""
        self._inner.failed(video, reason)

    def warning(self, video: Path, code: str, message: str) -> None:
        """Pass the call on."""
        self._inner.warning(video, code, message)

    def _print(self, manifest: Manifest) -> None:
        with self._lock:
            self._out.write(manifest.dump_json(indent=None))
            self._out.flush()


@contextmanager
def open_reporter(quiet: bool, as_json: bool, errors: TextIO | None = None) -> Iterator[Reporter]:
    """A reporter: bars when `errors` (default: stderr) is a terminal, else lines; only failures with `quiet`.

    With `as_json` it also prints manifests on stdout.
    """
    stream = errors or sys.stderr
    if quiet or not stream.isatty():
        plain = QuietReporter(stream) if quiet else PlainReporter(stream)
        yield JsonReporter(plain, sys.stdout) if as_json else plain
        return
    bars = RichReporter(Console(file=stream))
    with bars.live():
        yield JsonReporter(bars, sys.stdout) if as_json else bars


def one_line(text: str) -> str:
    """The text as one line: runs of spaces, line breaks and unprintable characters become one space."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(shown.split())


def failure_line(video: Path, reason: str) -> str:
    """`keyart: FILE: reason`, always one line."""
    return f"keyart: {one_line(as_typed(video))}: {one_line(reason)}"


def finished_line(video: Path, manifest: Manifest, folder: Path) -> str:
    """`NAME: count of images, folder, seconds and frames a second`."""
    wall_s, frames = manifest.timings.wall_s, manifest.funnel.frames
    speed = f", {frames / wall_s:,.0f} fps" if wall_s > 0 else ""
    images = counted(len(manifest.images), "image")
    return f"{one_line(video.name)}: {images} in {one_line(str(folder))} ({wall_s:.1f} s{speed})"


def skipped_line(video: Path, folder: Path) -> str:
    """`NAME: already in FOLDER, skipped`."""
    return f"{one_line(video.name)}: already in {one_line(str(folder))}, skipped (--overwrite replaces it)"


def _frames(done: int, total: int | None) -> str:
    return counted(done, "frame") if total is None else f"{done:,} of {counted(total, 'frame')}"


def _rate(frames_per_s: float) -> str:
    return f", {frames_per_s:,.0f} fps" if 0 < frames_per_s < 1e6 else ""
