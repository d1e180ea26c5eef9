"""Options that several commands have, and how options become settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..settings.model import Settings

DeviceOption = Annotated[
    str | None,
    typer.Option("--device", metavar="auto|cuda|cpu", help="Where pictures are decoded and measured."),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE.toml", help="Read settings from this file.", envvar="KEYART_CONFIG"),
]
ModelsOption = Annotated[
    Path | None,
    typer.Option("--models", metavar="DIR", help="Folder with the weights, for machines without network."),
]
ModelSetOption = Annotated[str | None, typer.Option("--model-set", metavar="NAME", help="Which set of weights to use.")]
LogOption = Annotated[
    Path | None,
    typer.Option("--log", metavar="FILE", help="Append what happens to this file, in JSON, with whole tracebacks."),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Say only what failed.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Any other setting; see `keyart config show`. Repeatable."),
]


def settings_from(config: Path | None, flags: Mapping[str, Any], assignments: Sequence[str] | None) -> Settings:
    """Settings from the `--config` file, the environment, `--set` options and a command's own flags; later ones win.

    `flags`: setting → value, None where the flag was not given. Raises SettingsError for a value that is not allowed.
    """
    from ..settings.load import load_settings, parse_assignment

    values = dict(parse_assignment(text) for text in assignments or ())
    values.update({name: value for name, value in flags.items() if value is not None})
    return load_settings(config, values)
