"""`keyart serve token`: who may use a service that others reach."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import options
from .exits import FAILED, errors_to_exit_codes, say
from .tables import print_table

if TYPE_CHECKING:
    from ..backfill.ledger import Ledger

token_app = typer.Typer(help="Who may use a service that others reach.", no_args_is_help=True)
OutOption = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="DIR", help="The folder of the results, as the service has it.")
]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Whose it is; stands in records of decisions.")]
_COLUMNS = ("name", "role", "created", "revoked")


class RoleName(StrEnum):
    """What a token allows."""

    viewer = "viewer"
    editor = "editor"


@token_app.callback()
def token_group() -> None:
    """Who may use a service that others reach."""


@token_app.command("add")
def add(
    name: NameArgument,
    role: Annotated[RoleName, typer.Option("--role", help="viewer looks, editor changes things, too.")],
    out: OutOption = None,
    url: options.LedgerOption = None,
) -> None:
    """Make a token and print it. It is shown this once: only its hash is kept."""
    with _opened(out, url, make=True) as ledger:
        from ..serve.tokens import Tokens

        token = Tokens(ledger.database).add(name, role.value)
        say(f"token of {name} ({role.value}) for the ledger {ledger.database.shown}; it is not shown again")
    print(token)


@token_app.command("list")
def list_tokens(out: OutOption = None, url: options.LedgerOption = None, as_json: options.JsonOption = False) -> None:
    """Whose tokens there are; the tokens themselves are kept nowhere."""
    with _opened(out, url) as ledger:
        from ..serve.tokens import Tokens

        lines = Tokens(ledger.database).lines()
    cells = [(one.name, one.role, _iso(one.created_s), _iso(one.revoked_s)) for one in lines]
    if as_json:
        named = [dict(zip(_COLUMNS, row, strict=True)) for row in cells]
        print(json.dumps(named, ensure_ascii=False))
        return
    print_table(_COLUMNS, [tuple(cell or "" for cell in row) for row in cells])


@token_app.command("revoke")
def revoke(name: NameArgument, out: OutOption = None, url: options.LedgerOption = None) -> None:
    """End a token and its logins, at once."""
    with _opened(out, url) as ledger:
        from ..serve.tokens import Tokens

        ended = Tokens(ledger.database).revoke(name)
    if not ended:
        say(f"keyart: {name} has no valid token; `keyart serve token list` has the names")
        raise typer.Exit(FAILED)
    print(f"token of {name} revoked")


@contextmanager
def _opened(out: Path | None, url: str | None, *, make: bool = False) -> Iterator[Ledger]:
    """The service's ledger. make: in a result folder that has none yet, it is made."""
    with errors_to_exit_codes():
        _refuse_without_serve_extra()
        from ..backfill.home import existing_ledger, open_ledger

        both = out is not None and url is not None
        ledger = open_ledger(out, url) if out is not None and (make or both) else existing_ledger(out, url)
        try:
            yield ledger
        finally:
            ledger.database.close()


def _refuse_without_serve_extra() -> None:
    from ..errors import UsageError

    if find_spec("sqlalchemy") is None:
        raise UsageError("this needs SQLAlchemy, not installed: pip install 'keyart[serve]'")


def _iso(at_s: float | None) -> str | None:
    return None if at_s is None else datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds")
