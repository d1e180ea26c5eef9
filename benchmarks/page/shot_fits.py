"""Renders what the shot splitter finds with weights that were fitted without each film as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import starmap

from ..report import Row, Section
from .cells import table

_HELP = (
    "The weights that tell cuts from motion are fitted to all other films, and the whole splitter looks at the film "
    "with them (`left out`), beside those that ship. `alone`: without a second opinion. F1 within one frame of a cut "
    "and anywhere inside the extent of other transitions where the truth gives frames, within .25 s where it gives "
    "only times."
)


def shot_fits_tables(section: Section) -> str:
    """F1 by film and set, faults of each film without the fit having seen it, and the range of each weight."""
    head = "## Shots without each film"
    if "why" in section:
        return f"{head}\n\nNot judged: {section['why']}."
    every = section["candidates"]["all films"]
    parts = [
        head, f"{_HELP} {every['rows']} rows that change much, {every['cuts']} of them cuts.",
        *(part for name, found in section["sets"].items() for part in _set(name or "films", found)),
        table(["weight", "shipped", "all films", "without one film"], [*starmap(_weight, section["weights"].items())]),
    ]  # fmt: skip
    return "\n\n".join(parts)


def _set(name: str, found: Section) -> Iterator[str]:
    rows = {**found["films"], "pooled": found["pooled"]}
    ways = list(found["pooled"])
    yield table([name, *ways], [[film, *(f"{row[way]['f1']:.3f}" for way in ways)] for film, row in rows.items()])
    counted = ("found", "missed", "invented")
    yield table([name, *counted], [[way, *(str(of[key]) for key in counted)] for way, of in found["pooled"].items()])
    lines = [line for film, row in found["films"].items() for line in _faults(film, row["left out"])]
    if lines:
        yield "\n".join(lines)


def _faults(film: str, row: Row) -> Iterator[str]:
    for what in ("missed", "invented"):
        if row[what]:
            places = ", ".join(f"{boundary['kind']} {boundary['time_s']:.2f} s" for boundary in row[what])
            yield f"- {film}, left out, {what}: {places}"


def _weight(name: str, of: Mapping[str, float]) -> list[str]:
    return [name, f"{of['shipped']:g}", f"{of['all_films']:.3f}", f"{of['least']:.3f} – {of['greatest']:.3f}"]
