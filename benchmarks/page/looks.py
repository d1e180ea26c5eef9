"""Renders how well look scores tell picks from refused frames as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterator

from ..report import Section
from .cells import table


def looks_tables(section: Section) -> str:
    """AUC of each look score by set; with refits their AUC on films left out and the range of their numbers."""
    without = section["without_face"]
    parts = [
        "## Looks",
        "AUC: how often an expert's pick has a higher score than a frame refused for a reason of the face; inside "
        "films only frames of one film are compared, and the pairs of all pooled. In brackets the 95 % bootstrap "
        f"interval over films. In no figure: {without['picked']} picks and {without['refused']} refused frames in "
        "which no face was found.",
        _table(section["scores"]),
        *_refits(section.get("leave_one_out", {})),
    ]
    return "\n\n".join(parts)


def _table(by_score: Section) -> str:
    rows = [
        [score, name, f"{s['picked']} + {s['refused']}", str(s["films"]), str(s["pairs_inside"]), _auc(s["whole"]),
         _auc(s["inside"]) + _brackets(s["inside_interval"], "low", "high"),
         _span(s["inside_without_one_film"])]
        for score, sets in by_score.items()
        for name, s in sets.items()
    ]  # fmt: skip
    head = ["score", "set", "picks + refused", "films", "pairs inside", "whole", "inside films", "without one film"]
    return table(head, rows)


def _refits(fits: Section) -> Iterator[str]:
    done = {name: fit for name, fit in fits.items() if "numbers" in fit}
    yield from (f"- {name}: {fit['why']}" for name, fit in fits.items() if name not in done)
    if not done:
        return
    yield "Refitted without each film in turn; the film is then judged by the fit that has not seen it."
    yield _table({f"{name}, {words}": fit[key] for name, fit in done.items()
                  for key, words in (("left_out", "left out"), ("fitted_on_all", "fitted on all"))})  # fmt: skip
    ranges = [[name, *(_span(fit["refits_on_all"][key]) for key in ("whole", "inside"))] for name, fit in done.items()]
    yield table(["refits judged on all films", "whole", "inside films"], ranges)
    for name, fit in done.items():
        rows = [[number, f"{v['all_films']:.3g}", f"{v['least']:.3g} – {v['greatest']:.3g}", f"{v['deviation']:.2g}"]
                for number, v in fit["numbers"].items()]  # fmt: skip
        yield table([name, "all films", "without one film", "deviation"], rows)


def _auc(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _brackets(interval: Section | None, low: str, high: str) -> str:
    return "" if interval is None else f" [{interval[low]:.3f}–{interval[high]:.3f}]"


def _span(span: Section | None) -> str:
    return "–" if span is None else f"{span['least']:.3f} – {span['greatest']:.3f}"
