"""The command line: `keyart …`."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import EntryPoint
from typing import Annotated

import typer

from ..version import own_version
from . import config, ledger, models, serve
from .backfill import backfill
from .doctor import doctor
from .episode import episode
from .exits import exit_without_teardown, full_output_to_exit_code
from .extract import extract
from .plugins import add_plugins, plugin_entry_points

HELP = "Finds the poster frames of a video library: one video in, ten finished crops out. A person decides."
OWN_COMMANDS = ("extract", "episode", "backfill", "serve", "ledger", "models", "config", "doctor")


def build_app(plugins: Iterable[EntryPoint]) -> typer.Typer:
    """Build the command line with Keyart's commands and those of the given plugins."""
    app = typer.Typer(
        name="keyart",
        help=HELP,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(help=HELP)(_root)
    app.command("extract", no_args_is_help=True)(extract)
    app.command("episode", no_args_is_help=True)(episode)
    app.command("backfill", no_args_is_help=True)(backfill)
    app.add_typer(serve.app, name="serve")
    app.add_typer(ledger.app, name="ledger")
    app.add_typer(models.app, name="models")
    app.add_typer(config.app, name="config")
    app.command("doctor")(doctor)
    add_plugins(app, plugins, OWN_COMMANDS)
    return app


def run_app() -> None:
    """Run the command that was typed, and end the process with its exit code."""
    with exit_without_teardown(), full_output_to_exit_code():
        build_app(plugin_entry_points())()


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"keyart {own_version()}")
        raise typer.Exit()


def _root(
    show_version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Print the version and stop.")
    ] = False,
) -> None:
    """Options of `keyart` itself."""
