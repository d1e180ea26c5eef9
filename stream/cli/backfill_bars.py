"""The state of a run over a library on a terminal: a bar for the run, one for each film in work."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from anyio import sleep
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ..backfill.run_metrics import RunMetrics
from ..backfill.tally import InWork, Tally
from ..records import counted
from .backfill_progress import Display, QuietDisplay
from .progress import one_line

_DRAW_EVERY_S = 0.5
_LEAST_FILMS = 3
"""Films in work that are shown on the smallest terminal."""
_BAR_WIDTH, _FRAMES_WIDTH = 16, 18
_LINES_LEFT = 4
"""Lines of the terminal that are left to what was said before."""


class RichDisplay(Display):
    """The state of the run and of the films in work, drawn anew twice a second; what is said scrolls above it."""

    def __init__(
        self, errors: TextIO, metrics: RunMetrics, tally: Tally | None = None, console: Console | None = None
    ) -> None:
        super().__init__(errors, metrics, tally)
        self._console = console or Console(file=errors)
        self._live = Live(console=self._console, transient=True, auto_refresh=False)

    def say(self, text: str, style: str | None = None) -> None:
        """One line above what is drawn."""
        self._console.print(one_line(text), style=style, markup=False, highlight=False, soft_wrap=True)

    async def _lines(self) -> None:
        with self._live:
            while True:
                self._live.update(self.picture(), refresh=True)
                await sleep(_DRAW_EVERY_S)

    def picture(self) -> RenderableType:
        """What is drawn."""
        whole = Table.grid(expand=True)
        whole.add_row(ProgressBar(total=max(self.tally.queued, self.tally.ended, 1), completed=self.tally.ended))
        whole.add_row(Text(self.line()))
        places = self._places()
        room = self._console.height - _LINES_LEFT - whole.row_count - places.row_count
        return Group(whole, places, self._films(max(_LEAST_FILMS, room)))

    def _places(self) -> Table:
        """A line for each place: device, films, hours of film an hour, workers that died."""
        table = Table.grid(padding=(0, 2))
        hours = self.tally.wall_s() / 3600
        for name, place in self.tally.places.items():
            films = f"{place.films:,} done, {place.film_s / 3600 / hours:.1f} h of film per hour" if place.films else ""
            died = f"{place.workers_ended} died" if place.workers_ended else ""
            table.add_row(Text(name), Text(place.device or "starting"), Text(films), Text(died, style="yellow"))
        return table

    def _films(self, room: int) -> Table:
        """A line for each film in work, as many as there is room for."""
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(width=_BAR_WIDTH)
        table.add_column(no_wrap=True, justify="right", min_width=_FRAMES_WIDTH)
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        films = list(self.tally.in_work.values())
        shown = films if len(films) <= room else films[: room - 1]
        for film in shown:
            table.add_row(_bar(film), Text(_how_far(film), style="cyan"), Text(one_line(film.video.name)))
        if len(shown) < len(films):
            table.add_row("", Text(f"and {len(films) - len(shown)} more", style="dim"), "")
        return table


def _bar(film: InWork) -> ProgressBar:
    return ProgressBar(total=film.total or 1, completed=min(film.frames, film.total or 0))


def _how_far(film: InWork) -> str:
    """Frames, or what is done after the last of them."""
    if film.stage not in ("", "watching"):
        return film.stage
    if not film.frames:
        return "opening"
    return f"{film.frames:,} of {film.total:,}" if film.total else counted(film.frames, "frame")


@contextmanager
def open_display(quiet: bool, metrics: RunMetrics, errors: TextIO | None = None) -> Iterator[Display]:
    """The display that fits `errors`, stderr by default."""
    stream = errors or sys.stderr
    if quiet:
        yield QuietDisplay(stream, metrics)
    else:
        yield RichDisplay(stream, metrics) if stream.isatty() else Display(stream, metrics)
