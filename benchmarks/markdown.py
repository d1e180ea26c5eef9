"""A report's sections as Markdown tables, which are also what the commands print."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Section = Mapping[str, Any]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, padded so that it reads well as text too; columns after the first align right."""
    cells = [list(head), *(list(row) for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]

    def line(row: Sequence[str]) -> str:
        padded = [c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        return f"| {' | '.join(padded)} |"

    rule = "|".join(("-" * (w + 1) + (":" if i else "-")) for i, w in enumerate(widths))
    return "\n".join([line(cells[0]), f"|{rule}|", *(line(row) for row in cells[1:])])


def tables_of(sections: Section) -> str:
    """All sections that there is a form for, in a fixed order."""
    return "\n\n".join(FORMS[name](sections[name]) for name in FORMS if sections.get(name))


def recall(section: Section) -> str:
    """Means with their intervals by method, then each video."""
    names = {
        "hit_at_10": "hit@10", "hit_at_3": "hit@3", "hit_at_1": "hit@1", "precision_at_10": "precision@10",
        "coverage": "coverage", "never": "never",
    }  # fmt: skip
    rows = [
        [method, *(_with_interval(figures[name]) for name in names)] for method, figures in section["summary"].items()
    ]
    videos = [
        [name, *(_number(video["keyart"][key]) for key in names), _number(video["ceiling"]["precision_at_10"])]
        for name, video in section["videos"].items()
    ]
    count, excluded = len(section["videos"]), section["excluded"]
    lines = [
        "## TOP-10 recall",
        f"{count} videos evaluated, {len(excluded)} left out; matcher {section['matcher']['fingerprint']}. "
        f"In brackets the 95 % bootstrap interval over videos. "
        f"Without duplicates no selection can exceed precision@10 {_number(section['ceiling'])}.",
        table(["choice", *names.values()], rows),
        table(["keyart on", *names.values(), "ceiling"], videos),
        *(f"- {name}: {reason}" for name, reason in excluded.items()),
    ]
    return "\n\n".join(lines)


def _with_interval(figure: Mapping[str, float]) -> str:
    return f"{_number(figure['mean'])} [{_number(figure['low'])}–{_number(figure['high'])}]"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


FORMS: dict[str, Callable[[Section], str]] = {"recall": recall}
