"""Tables for people: fitted to the width of a terminal; elsewhere each row is one line."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print `rows` under `columns` on stdout; a row may be shorter than the columns."""
    if sys.stdout.isatty():
        _print_fitted(columns, rows)
        return
    cells = [columns, *rows]
    widths = [max((len(row[i]) for row in cells if i < len(row)), default=0) for i in range(len(columns))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip())


def _print_fitted(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def films(count: int) -> str:
    """`1 film`, `2 films`."""
    return f"{count:,} film{'s' if count != 1 else ''}"
