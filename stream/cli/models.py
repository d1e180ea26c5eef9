"""`keyart models`: list the weights and their sources, pull them, build TensorRT engines."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options
from .exits import FAILED, errors_to_exit_codes
from .tables import print_table

if TYPE_CHECKING:
    from engines.zoo import RoleStatus

app = typer.Typer(help="The weights: list them, pull what is missing, build engines.", no_args_is_help=True)


@app.command("list")
def list_models(
    device: options.DeviceOption = None,
    models: options.ModelsOption = None,
    model_set: options.ModelSetOption = None,
    config: options.ConfigOption = None,
    quiet: options.QuietOption = False,
    as_json: options.JsonOption = False,
) -> None:
    """Every role with its weights, their licence and whether they are here. Fetches nothing."""
    with errors_to_exit_codes():
        from ..device.models import zoo_of

        flags = {"device": device, "models": models, "model_set": model_set}
        lines = zoo_of(options.settings_from(config, flags, None)).status()
        if as_json:
            print(json.dumps([_as_json(line) for line in lines], indent=2, ensure_ascii=False))
        elif not quiet:
            _print_table(lines)
        for line in lines:
            if line.problem:
                print(f"keyart: {line.problem}", file=sys.stderr)
    if any(line.state == "broken" for line in lines):
        raise typer.Exit(FAILED)


@app.command("pull")
def pull(
    device: options.DeviceOption = None,
    models: options.ModelsOption = None,
    model_set: options.ModelSetOption = None,
    config: options.ConfigOption = None,
    quiet: options.QuietOption = False,
    as_json: options.JsonOption = False,
) -> None:
    """Bring every model of the set that is missing; each is verified by its hash."""
    with errors_to_exit_codes():
        from ..device.models import zoo_of

        flags = {"device": device, "models": models, "model_set": model_set}
        zoo = zoo_of(options.settings_from(config, flags, None))
        with _bars(quiet) as progress:
            zoo.ensure(progress=progress)
        if as_json:
            print(json.dumps([_as_json(line) for line in zoo.status()], indent=2, ensure_ascii=False))
        elif not quiet:
            print(f"{len(zoo.roles)} models ready in {zoo.folder}")


@app.command("build")
def build(
    context: typer.Context,
    again: Annotated[bool, typer.Option("--again", help="Also those that are built already.")] = False,
    models: options.ModelsOption = None,
    model_set: options.ModelSetOption = None,
    config: options.ConfigOption = None,
    assignments: options.SetOption = None,
    quiet: options.QuietOption = False,
    as_json: options.JsonOption = False,
) -> None:
    """Compile what is compiled at first use, then build TensorRT engines (FP16) for this GPU, once; later runs with
    --device cuda use them.

    An engine takes minutes, in a process of its own: Ctrl-C stops at once and leaves nothing half-built. Compiled loops
    and kernels are kept where NUMBA_CACHE_DIR and CUPY_CACHE_DIR say; such folders may be copied to like machines.
    """
    with errors_to_exit_codes():
        from ..device.tensorrt_engines import build_engines

        flags = {"models": models, "model_set": model_set}
        settings = options.settings_from(config, flags, assignments)
        with _bars(quiet) as progress:
            built = build_engines(settings, _print_nothing if quiet else _print_to_stderr, progress, again, context.obj)
        if as_json:
            rows = [{**asdict(one), "folder": str(one.folder)} for one in built]
            print(json.dumps(rows, indent=2, ensure_ascii=False))
        elif not quiet:
            print(f"engines of {len(built)} models ready in {built[0].folder.parent if built else 'no folder'}")


def _print_to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _print_nothing(line: str) -> None:
    """Used with --quiet."""


def _as_json(line: RoleStatus) -> dict[str, Any]:
    return {
        "role": line.role, "name": line.name, "state": line.state, "problem": line.problem, "licence": line.licence,
        "trained_on": line.trained_on, "size_bytes": line.size_bytes, "source_sha256": line.sha256,
        "path": str(line.model.path) if line.model else None, "sha256": line.model.sha256 if line.model else None,
        "origin": line.model.origin if line.model else None, "sources": list(line.sources),
    }  # fmt: skip


def _print_table(lines: list[RoleStatus]) -> None:
    cells = []
    for line in lines:
        size = "" if line.size_bytes is None else f"{line.size_bytes / 1e6:.1f}"
        cells.append([line.role, line.name, line.state, size, line.licence, *line.sources[:1]])
    print_table(["role", "weights", "state", "MB", "licence", "from"], cells)


@contextmanager
def _bars(quiet: bool) -> Iterator[Callable[[int, int, str], None]]:
    """A function that shows the bytes pulled for a role: a bar on a terminal, one line for each role elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield _FirstLines(quiet).show
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def advance(done: int, total: int, role: str) -> None:
            if role not in tasks:
                tasks[role] = bars.add_task(role)
            bars.update(tasks[role], completed=done, total=total or None)

        yield advance


class _FirstLines:
    """Prints one line when the pull of a role begins, unless quiet."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._said: set[str] = set()

    def show(self, done: int, total: int, role: str) -> None:
        if role not in self._said and not self._quiet:
            print(f"pulling {role}", file=sys.stderr, flush=True)
        self._said.add(role)
