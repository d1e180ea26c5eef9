"""Options that several commands have, and how options become settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..settings.model import Settings

_TIME = "seconds or H:MM:SS"



def named_path(text: str) -> Path:
    """The path that was typed. Raises BadParameter for an empty one, which would be the folder one stands in: it comes
    from a shell variable that is not set."""
    if not text:
        raise typer.BadParameter("the name is empty, give a path")
    return Path(text)


OutOption = Annotated[
    Path,
    typer.Option("--out", "-o", metavar="DIR", help="Results go to DIR/<file name>/.", parser=named_path),
]
TopOption = Annotated[int | None, typer.Option("--top", metavar="N", help="How many images to choose. Default: 10.")]
FormatOption = Annotated[
    list[str] | None,
    typer.Option("--format", metavar="NAME", help="Format to cut; repeatable. Default: landscape, portrait."),
]
DecodeOption = Annotated[
    str | None,
    typer.Option("--decode", metavar="all|reference", help="Frames to decode; reference is faster. Default: all."),
]
StartOption = Annotated[
    str | None, typer.Option("--start", metavar="TIME", help=f"Begin so long after the first picture ({_TIME}).")
]
EndOption = Annotated[
    str | None, typer.Option("--end", metavar="TIME", help=f"Stop so long after the first picture ({_TIME}).")
]
SkipFirstOption = Annotated[
    str | None, typer.Option("--skip-first", metavar="TIME", help="Leave this much out at the start.")
]
SkipLastOption = Annotated[
    str | None, typer.Option("--skip-last", metavar="TIME", help="Leave this much out at the end.")
]
EpisodeOption = Annotated[
    bool | None,
    typer.Option(
        "--episode/--no-episode", help="Also compare the episode number in the picture.", show_default=False
    ),
]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", metavar="N", help="Threads; 0 is one for each core.")
]
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
LedgerOption = Annotated[
    str | None,
    typer.Option("--ledger", metavar="URL", help="Ledger in PostgreSQL (postgresql://…). Default: a file in DIR."),
]


def refuse_without_library_extra() -> None:
    """Raise UsageError where the packages that a ledger needs are not installed."""
    from ..errors import UsageError

    needed = {"sqlalchemy": "SQLAlchemy", "prometheus_client": "prometheus-client"}
    missing = [name for module, name in needed.items() if find_spec(module) is None]
    if missing:
        raise UsageError(f"this needs {' and '.join(missing)}, not installed: pip install 'keyart[library]'")


def settings_from(config: Path | None, flags: Mapping[str, Any], assignments: Sequence[str] | None) -> Settings:
    """Settings from the `--config` file, the environment, `--set` options and a command's own flags; later ones win.

    `flags`: setting → value, None where the flag was not given. Raises SettingsError for a value that is not allowed.
    """
    from ..settings.load import load_settings, parse_assignment

    values = dict(parse_assignment(text) for text in assignments or ())
    values.update({name: value for name, value in flags.items() if value is not None})
    return load_settings(config, values)
