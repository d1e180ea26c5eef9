"""Tables and numbers in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, padded so that it reads well as plain text. Columns after the first are aligned right."""
    cells = [list(head), *(list(row) for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]

    def line(row: Sequence[str]) -> str:
        padded = [c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        return f"| {' | '.join(padded)} |"

    rule = "|".join(("-" * (w + 1) + (":" if i else "-")) for i, w in enumerate(widths))
    return "\n".join([line(cells[0]), f"|{rule}|", *(line(row) for row in cells[1:])])


def figure(found: Mapping[str, float] | None, videos: int) -> str:
    """A mean, with its interval when there is more than one video."""
    if found is None or videos < 2:
        return number(None if found is None else found["mean"])
    return f"{number(found['mean'])} [{number(found['low'])}–{number(found['high'])}]"


def number(value: float | None) -> str:
    """Two decimals at most; a dash for what is not known."""
    return "–" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")
