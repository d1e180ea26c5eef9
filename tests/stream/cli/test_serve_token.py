"""`keyart serve token`: made, listed, revoked; the token on stdout alone, and once."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from stream.backfill.database import Database
from stream.backfill.home import existing_ledger
from stream.cli.serve_token import token_app
from stream.serve.tokens import Tokens


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(token_app, [str(argument) for argument in arguments])


def test_a_token_is_printed_once_and_works_until_it_is_revoked(tmp_path: Path) -> None:
    made = run("add", "ann", "--role", "editor", "--out", tmp_path)
    token = made.stdout.strip()
    assert made.exit_code == 0 and token not in made.stderr and "ann" in made.stderr
    database = existing_ledger(tmp_path, None).database
    assert Tokens(database).holder(token) == ("ann", "editor")
    listed = run("list", "--json", "--out", tmp_path)
    (line,) = json.loads(listed.stdout)
    assert (line["name"], line["role"], line["revoked"]) == ("ann", "editor", None)
    assert token not in listed.output and token not in run("list", "--out", tmp_path).output
    assert run("revoke", "ann", "--out", tmp_path).exit_code == 0
    assert Tokens(database).holder(token) is None
    assert json.loads(run("list", "--json", "--out", tmp_path).stdout)[0]["revoked"] is not None
    database.close()


def test_a_ledger_in_a_database_is_named_by_its_url(ledger_url: str, tmp_path: Path) -> None:
    assert run("add", "ann", "--role", "viewer", "--out", tmp_path / "out", "--ledger", ledger_url).exit_code == 0
    token = run("add", "bob", "--role", "viewer", "--ledger", ledger_url).stdout.strip()
    database = Database(ledger_url)
    assert Tokens(database).holder(token) == ("bob", "viewer")
    database.close()


def test_what_cannot_be_done_is_one_line_and_an_exit_code(tmp_path: Path) -> None:
    run("add", "ann", "--role", "editor", "--out", tmp_path)
    for arguments, code in (
        (("add", "ann", "--role", "viewer", "--out", tmp_path), 2),
        (("revoke", "bob", "--out", tmp_path), 1),
        (("list", "--out", tmp_path / "none"), 2),
        (("list",), 2),
    ):
        found = run(*arguments)
        assert (found.exit_code, found.stdout) == (code, "")
        assert found.stderr.startswith("keyart: ") and found.stderr.count("\n") == 1
