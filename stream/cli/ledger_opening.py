"""How commands open a ledger that is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import options
from .exits import errors_to_exit_codes

if TYPE_CHECKING:
    from ..backfill.ledger import Ledger

OutOption = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="DIR", help="The folder of the results, with a ledger in a file.")
]


@contextmanager
def opened(out: Path | None, url: str | None) -> Iterator[Ledger]:
    """The ledger in the folder `out` or at `url`; errors within the block become exit codes."""
    with errors_to_exit_codes():
        options.refuse_without_library_extra()
        from ..backfill.home import existing_ledger

        ledger = existing_ledger(out, url)
        try:
            yield ledger
        finally:
            ledger.database.close()
