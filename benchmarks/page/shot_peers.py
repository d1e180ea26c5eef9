"""Renders the shot boundaries of several detectors as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..report import Row, Section
from ..shot_detectors import OWN
from ..shot_matches import UNSAID
from ..timed_shots import UNCERTAIN
from .cells import table


def shot_peers_tables(section: Section) -> str:
    """F1 film by film, kinds of transition and wins for each set, and what could not be run."""
    parts = [
        "## Shots beside other detectors",
        "F1 of the boundaries of shots: within one frame of a cut and anywhere inside the extent of other transitions "
        "where the truth gives frames, within .25 s where it gives only times.",
        *(part for name, found in section["sets"].items() for part in _set(name, found)),
        *(f"- {name}: unavailable, {reason}" for name, reason in section["unavailable"].items()),
    ]
    return "\n\n".join(parts)


def _set(name: str, found: Section) -> Iterator[str]:
    title, detectors = name or "films", list(found["pooled"])
    pooled = {d: f"{row['f1']:.3f}" for d, row in found["pooled"].items()}
    films = {film: {d: f"{row['f1']:.3f}" for d, row in rows.items()} for film, rows in found["videos"].items()}
    rows = [[film, *(f1.get(d, "–") for d in detectors)] for film, f1 in [*films.items(), ("pooled", pooled)]]
    yield table([title, *detectors], rows)
    yield table(["detector", "films", "precision", "recall", "found", "missed", "invented", "seconds", "CPU seconds"],
                [_sums(d, row) for d, row in found["pooled"].items()])  # fmt: skip
    yield f"{title}: found, of all, of each kind of transition; after + those invented that the detector calls so."
    yield _kinds(found["pooled"])
    rows = [[peer, _films(wins["better"]), _films(wins["worse"]), str(len(wins["equal"]))]
            for peer, wins in found["against"].items()]  # fmt: skip
    if rows:
        yield table([f"{OWN} against", "better", "worse", "equal"], rows)
    faults = [line for film, by_detector in found["videos"].items() for line in _faults(film, by_detector[OWN])]
    if faults:
        yield f"Faults of {OWN}, in seconds:"
        yield "\n".join(faults)


def _sums(detector: str, row: Row) -> list[str]:
    return [
        detector, str(row["films"]), f"{row['precision']:.3f}", f"{row['recall']:.3f}",
        *(str(row[key]) for key in ("found", "missed", "invented")), f"{row['wall_s']:.1f}", f"{row['cpu_s']:.1f}",
    ]  # fmt: skip


def _kinds(pooled: Mapping[str, Row]) -> str:
    kinds = sorted({kind for row in pooled.values() for kind in (*row["by_kind"], *row["invented_by_kind"])})
    kinds.sort(key=lambda kind: (kind in (UNSAID, UNCERTAIN), kind))
    return table(["detector", *kinds], [[name, *(_kind(row, kind) for kind in kinds)] for name, row in pooled.items()])


def _kind(row: Row, kind: str) -> str:
    found, invented = row["by_kind"].get(kind), row["invented_by_kind"].get(kind, 0)
    cells = [f"{found[0]}/{found[1]}"] if found else []
    return " ".join([*cells, *([f"+{invented}"] if invented else [])]) or "–"


def _films(names: list[str]) -> str:
    return f"{len(names)}: {', '.join(names)}" if names else "0"


def _faults(film: str, row: Row) -> Iterator[str]:
    for what in ("missed", "invented"):
        if row[what]:
            places = ", ".join(f"{b['kind']} {b['time_s']:.2f}" for b in row[what])
            yield f"- {film}, {what}: {places}"
