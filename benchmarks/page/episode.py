"""Renders how far the reading of episode numbers can be trusted as Markdown tables."""

from __future__ import annotations

from collections.abc import Mapping

from ..report import Row, Section
from .cells import number, table

_HELP = (
    "`coverage`: of cards that state their file's number, those whose right number is confirmed. `false confirmed`: "
    "cards of which a wrong number was confirmed, with the upper 95 % bound of their rate, which counts cards and not "
    "the numbers tried. `sure and wrong`: cards of which a number they do not state was read above the threshold. "
    "`false mismatch`: cards whose right number was contradicted."
)
_HEAD = ("cards", "coverage", "false confirmed", "bound", "sure and wrong", "false mismatch")


def episode_tables(section: Section) -> str:
    """Coverage and faults of cards, whole and by script, place and style; the curve; misreadings; films."""
    parts = ["## Episode numbers"]
    if cards := section.get("cards"):
        parts += [_HELP, *_fit(section.get("fit")), *_cards(cards)]
    if films := section.get("films"):
        parts += [_films(films)]
    return "\n\n".join(parts)


def _fit(fit: Row | None) -> list[str]:
    if fit is None:
        return []
    return [
        f"Weights fitted to {fit['cards']} calibration cards: {fit['readings']} readings, {fit['wrong']} of them "
        f"wrong. At the threshold {fit['faults']} are sure and wrong (at most {fit['bound']:.4f}), coverage "
        f"{fit['coverage']:.3f}."
    ]


def _cards(cards: Section) -> list[str]:
    known = "calibrated" if cards["calibrated"] else "not calibrated"
    precisions = ", ".join(f"{value:.4f} at {coverage}" for coverage, value in cards["precision_at"].items())
    tried = [[name, str(row["trials"]), str(row["confirmed"])] for name, row in cards["mistakes"].items()]
    return [
        f"Threshold {cards['threshold']:g}, weights {known}. AURC {cards['aurc']:.5f}. Precision by coverage: "
        f"{precisions}.",
        _figures("script", {**cards["by_script"], "all": cards["all"]}),
        _figures("place", cards["by_place"]),
        table(["wrong numbers", "tried", "confirmed"], tried),
        _figures("style", cards["by_style"]),
        *(["The surest wrong readings:", "\n".join(map(_misread, cards["worst"]))] if cards["worst"] else []),
    ]


def _figures(name: str, rows: Mapping[str, Row]) -> str:
    return table([name, *_HEAD], [[key, *_cells(row)] for key, row in rows.items()])


def _cells(row: Row) -> list[str]:
    covered = f"{row['confirmed']} of {row['stated']} ({number(row['coverage'])})"
    counted = [str(row[key]) for key in ("sure_and_wrong", "false_mismatch")]
    return [str(row["cards"]), covered, str(row["false_confirmed"]), f"{row['false_confirmed_bound']:.4f}", *counted]


def _misread(row: Row) -> str:
    says = " / ".join(row["says"])
    stated = "no number" if row["stated"] is None else row["stated"]
    return f"- {row['card']}: “{says}” states {stated}, read {row['read']} ({row['confidence']:.3f})"


def _films(films: Section) -> str:
    words = ("confirmed", "mismatch", "unverified")
    head = ["film", "states", "file", "read", "confidence", "own number", f"wrong numbers: {', '.join(words)}"]
    rows = [
        [name, row["stated"] or "–", row["file"], row["read"] or "–", f"{row['confidence']:.3f}", row["own"],
         ", ".join(str(row["wrong"][word]) for word in words)]
        for name, row in films["films"].items()
    ]  # fmt: skip
    return table(head, rows)
