"""What `keyart bench episode` does: read cards and films, judge the verdicts on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from stream.episode.confidence import TABLE, Table, shipped_table
from stream.errors import KeyartError
from stream.settings.model import Settings

from ..labels import LabelError, read_folders
from ..report import Row, Section
from ..row_cache import RowCache
from ..survey import content_hash
from .films import KnownFilm, Read, decided_readings, films_decided, films_section, films_with_truth
from .fit import Fit, fitted
from .readings import Setup, code_hash, read_cards
from .scoring import cards_section, judged

OpenRead = Callable[[Settings, ExitStack], Read]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command was asked: numbers of test and calibration cards, folders of films, a sheet of decisions."""

    cards: int
    calibrate: int
    seed: int
    processes: int
    data: Sequence[Path] = ()
    labels: Path | None = None


def episode_section(
    asked: Asked, setup: Setup, settings: Settings, open_read: OpenRead, say: Callable[[str], None]
) -> tuple[Section, list[str]]:
    """The section of the report, and a line for each film that could not be judged. `open_read`: what reads films."""
    section: Section = {"seed": asked.seed}
    table, threshold = shipped_table(), settings.episode.threshold
    films, problems = _films(asked)
    if films:
        with ExitStack() as stack:
            kept = RowCache(setup.cache, say)
            how = {"code": code_hash(setup), "table": content_hash(TABLE), "looks": settings.episode.looks}
            read = open_read(settings, stack)
            section["films"], more = films_section(films, read, kept, settings.episode.threshold, **how)
        problems += more
    if asked.calibrate:
        decided = decided_readings(films, section.get("films", {}))
        cards = read_cards("calibration", asked.seed, asked.calibrate, setup, asked.processes, say)
        found = fitted(cards, decided)
        section["fit"], table, threshold = _fit_row(found), found.table, found.threshold
    if asked.cards:
        section["cards"] = _cards(asked, setup, table, threshold, say)
    if len(section) == 1:
        raise LabelError("nothing to do: give --cards, --data or --labels")
    return section, problems


def opened_read(settings: Settings, stack: ExitStack) -> Read:
    """What reads films, as `keyart episode` opens it."""
    from stream.pipeline.episode import open_reader

    return stack.enter_context(open_reader(settings))


def _cards(asked: Asked, setup: Setup, table: Table, threshold: float, say: Callable[[str], None]) -> Section:
    read = read_cards("test", asked.seed, asked.cards, setup, asked.processes, say)
    return cards_section([judged(one, table, threshold) for one in read], threshold, table.calibrated)


def _films(asked: Asked) -> tuple[list[KnownFilm], list[str]]:
    films: list[KnownFilm] = []
    problems: list[str] = []
    if asked.data:
        labelled = read_folders(asked.data)
        films, problems = films_with_truth(labelled.videos)
        problems = [*labelled.problems, *problems]
    if asked.labels is not None:
        try:
            decided, more = films_decided(asked.labels)
        except KeyartError as error:
            raise LabelError(str(error)) from None
        films, problems = [*films, *decided], [*problems, *more]
    return films, problems


def _fit_row(found: Fit) -> Row:
    return {**asdict(found), "table": found.table.model_dump()}
