"""What `keyart episode` shows: progress on stderr, a table or lines of JSON on stdout."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from ..episode.folder import SeasonSurvey
from ..episode.numbers import EpisodeNumber
from ..episode.report import LabelsEntry, gaps, plain
from ..episode.verify import Verdict
from .progress import one_line
from .tables import films, print_table

COLUMNS = ("file", "verdict", "read", "expected", "confidence", "why")
Say = Callable[[str], None]


@contextmanager
def progress(count: int, quiet: bool) -> Iterator[tuple[Callable[[Path], None], Say]]:
    """(tell which film is looked at, print a line) on stderr: with a bar on a terminal, else as lines; with `quiet`
    nothing but lines that are printed."""
    if quiet or not sys.stderr.isatty():
        seen = iter(range(1, count + 1))

        def tell(film: Path) -> None:
            if not quiet:
                _print(f"{one_line(film.name)}: looking for its number ({next(seen)} of {count})")

        yield tell, _print
        return
    console = Console(file=sys.stderr)
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(bar_width=24))
    with Progress(*columns, MofNCompleteColumn(), console=console, transient=True) as bar:
        task = bar.add_task("", total=count, completed=-1)
        yield (
            lambda film: bar.update(task, advance=1, description=one_line(film.name)),
            lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True),
        )


def pulling() -> Callable[[int, int, str], None]:
    """Tells of models that are pulled, one line for each: (bytes done, bytes in all, role)."""
    told: set[str] = set()

    def tell(done: int, total: int, role: str) -> None:
        if role not in told:
            told.add(role)
            _print(f"pulling {role} ({total >> 20} MiB)")

    return tell


def print_verdicts(verdicts: Sequence[tuple[Path, Verdict]]) -> None:
    """A table of the films, named below the folder that all of them share; then how many have which verdict."""
    shared = os.path.commonpath([film.absolute().parent for film, _ in verdicts]) if verdicts else ""
    if verdicts:
        print_table(COLUMNS, [_row(os.path.relpath(film, shared), verdict) for film, verdict in verdicts])
    counts = [(word, sum(one.verdict == word for _, one in verdicts)) for word in _VERDICTS]
    print(", ".join(f"{count} {word}" for word, count in counts if count) or "no film was looked at")


def print_seasons(seasons: Sequence[SeasonSurvey]) -> None:
    """One line for each duplicate and for the gaps of each season."""
    for season in seasons:
        named = one_line(str(season.folder)) + ("" if season.season is None else f", season {season.season}")
        for episode, paths in season.duplicates.items():
            print(f"{named}: episode {plain(episode)} is {len(paths)} files: {_names(paths)}")
        if season.gaps:
            print(f"{named}: missing {', '.join(gaps(season))}")


def print_labels(compared: LabelsEntry) -> None:
    """How the pictures agree with labels, in one line."""
    print(
        f"labels: {films(compared.labelled)}, the picture says the same in {compared.right}, something else in "
        f"{compared.wrong}, nothing sure in {compared.unread}"
    )


_VERDICTS = ("confirmed", "mismatch", "unverified")


def _row(name: str, verdict: Verdict) -> tuple[str, ...]:
    sure = "" if verdict.read is None else f"{verdict.confidence:.3f}"
    cells = (name, verdict.verdict, _text(verdict.read), _text(verdict.expected), sure, verdict.why)
    return tuple(one_line(cell) for cell in cells)


def _names(paths: Sequence[Path]) -> str:
    return ", ".join(one_line(path.name) for path in paths)


def _text(number: EpisodeNumber | None) -> str:
    return "-" if number is None else str(number)


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
