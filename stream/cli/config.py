"""`keyart config show`: every setting, its value and where that came from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options
from .exits import errors_to_exit_codes
from .tables import print_table

if TYPE_CHECKING:
    from ..settings.model import Settings

app = typer.Typer(help="The settings: values, sources, help.", no_args_is_help=True)


@app.callback()
def config_group() -> None:
    """The settings: values, sources, help."""


@app.command("show")
def show(
    device: options.DeviceOption = None,
    models: options.ModelsOption = None,
    model_set: options.ModelSetOption = None,
    config: options.ConfigOption = None,
    assignments: options.SetOption = None,
    only_changed: Annotated[bool, typer.Option("--changed", help="Only what differs from the defaults.")] = False,
    quiet: options.QuietOption = False,
    as_json: options.JsonOption = False,
) -> None:
    """Every setting with its value, unit, source and help.

    Flags win over the environment (KEYART_TOP, KEYART_PROBES__PER_SHOT), that over --config FILE.toml, that over the
    defaults.
    """
    with errors_to_exit_codes():
        flags = {"device": device, "models": models, "model_set": model_set}
        settings = options.settings_from(config, flags, assignments)
        rows = [row for row in _rows(settings) if not only_changed or row["source"] != "default"]
        if as_json:
            print(json.dumps(rows, indent=2, ensure_ascii=False))
        else:
            _print_table(rows, with_help=not quiet)


def _rows(settings: Settings) -> list[dict[str, Any]]:
    from ..settings.model import setting_metadata

    return [
        {
            "name": name,
            "value": value,
            "unit": setting_metadata(name)["unit"],
            "source": settings.source_of(name),
            "help": setting_metadata(name)["help"],
        }
        for name, value in settings.values().items()
    ]


def _print_table(rows: list[dict[str, Any]], with_help: bool) -> None:
    columns = ["setting", "value", "source", *(["help"] if with_help else [])]
    cells = [[row["name"], _shown(row), row["source"], *([row["help"]] if with_help else [])] for row in rows]
    print_table(columns, cells)


def _shown(row: dict[str, Any]) -> str:
    if row["value"] is None:
        return "not set"
    value = json.dumps(row["value"], ensure_ascii=False)
    return f"{value} {row['unit']}" if row["unit"] else value
