"""Commands that other packages add through the entry-point group `keyart.commands`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer

GROUP = "keyart.commands"


def plugin_entry_points() -> list[EntryPoint]:
    """The installed plugins in order of their names; the first one found of each name."""
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=GROUP):
        found.setdefault(entry.name, entry)
    return [found[name] for name in sorted(found)]


def add_plugins(app: typer.Typer, entries: Iterable[EntryPoint], taken: Iterable[str]) -> None:
    """Add each plugin (a Typer app or a function) under its name. A plugin that cannot be loaded becomes a command that
    says so and exits with 1.

    Keyart's own commands keep their names: a plugin of such a name is left out, with a line on stderr.
    """
    own = set(taken)
    for entry in entries:
        if entry.name in own:
            print(f"keyart: plugin {entry.name} ({entry.value}) has the name of a command, left out", file=sys.stderr)
            continue
        try:
            _add(app, entry.name, entry.load())
        # The import of another package may raise anything; the other commands must work all the same.
        except Exception as error:
            _add_broken(app, entry, error)


def _add(app: typer.Typer, name: str, plugin: Any) -> None:
    if isinstance(plugin, typer.Typer):
        app.add_typer(plugin, name=name)
    elif callable(plugin):
        app.command(name)(plugin)
    else:
        raise TypeError(f"is a {type(plugin).__name__}, neither a Typer app nor a function")


def _add_broken(app: typer.Typer, entry: EntryPoint, error: Exception) -> None:
    reason = " ".join(f"{type(error).__name__}: {error}".split())

    def broken(arguments: list[str] = typer.Argument(None, hidden=True)) -> None:  # noqa: B008
        print(f"keyart: {entry.name}: cannot be loaded from {entry.value} ({reason}), reinstall it", file=sys.stderr)
        raise typer.Exit(1)

    app.command(
        entry.name,
        help=f"Cannot be loaded ({reason}).",
        add_help_option=False,
        context_settings={"ignore_unknown_options": True},
    )(broken)
