"""`keyart serve`: the service, its tokens."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options
from .exits import STOPPED, errors_to_exit_codes, say
from .serve_token import token_app

if TYPE_CHECKING:
    from ..settings.model import Settings
    from .interrupt import Interrupts

app = typer.Typer(help="Answer over HTTP, work on new titles, let editors choose.", no_args_is_help=True)
app.add_typer(token_app, name="token")
_STDERR = 2
_PACKAGES = {
    "sqlalchemy": "SQLAlchemy", "prometheus_client": "prometheus-client", "fastapi": "fastapi", "jinja2": "jinja2",
    "limits": "limits", "python_multipart": "python-multipart", "uvicorn": "uvicorn", "watchfiles": "watchfiles",
}  # fmt: skip


@app.callback(invoke_without_command=True)
def serve(
    context: typer.Context,
    roots: Annotated[
        list[Path] | None,
        typer.Option("--root", metavar="LIBRARY", help="Folder that titles may come from; repeatable."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Results go to DIR/<folders>/<file name>/.")
    ] = None,
    publish: Annotated[
        Path | None, typer.Option("--publish", metavar="DIR", help="What editors approve goes to DIR.")
    ] = None,
    watch: Annotated[
        list[Path] | None,
        typer.Option("--watch", metavar="FOLDER", help="Queue what comes into FOLDER, below a root; repeatable."),
    ] = None,
    ledger: options.LedgerOption = None,
    port: Annotated[int, typer.Option("--port", metavar="PORT", min=0, max=65535, help="Where it answers.")] = 8000,
    metrics_port: Annotated[
        int,
        typer.Option("--metrics-port", metavar="PORT", min=0, max=65535, help="/metrics, /healthz, /readyz."),
    ] = 9464,
    top: options.TopOption = None,
    formats: options.FormatOption = None,
    decode: options.DecodeOption = None,
    start: options.StartOption = None,
    end: options.EndOption = None,
    skip_first: options.SkipFirstOption = None,
    skip_last: options.SkipLastOption = None,
    threads: options.ThreadsOption = None,
    device: options.DeviceOption = None,
    models: options.ModelsOption = None,
    model_set: options.ModelSetOption = None,
    config: options.ConfigOption = None,
    assignments: options.SetOption = None,
    log: options.LogOption = None,
) -> None:
    """Answer on http://127.0.0.1:PORT: jobs for new titles (/api), and a page on which editors choose (/review).

    SIGTERM and Ctrl-C begin nothing new and give films in work serve.drain_s seconds; what is not done then goes back
    to the queue. SIGHUP reads the settings anew. The log goes to stderr as JSON, or to --log FILE. Exit codes: 0 ended
    as asked, 2 wrong usage, 3 could not begin (ledger or weights out of reach).
    """
    if context.invoked_subcommand is not None:
        return
    flags = {
        "top": top, "formats": formats or None, "decode": decode, "start_s": start, "end_s": end,
        "skip_first_s": skip_first, "skip_last_s": skip_last, "threads": threads, "device": device, "models": models,
        "model_set": model_set, "log": log,
    }  # fmt: skip
    from .interrupt import ignored_hangups

    with ignored_hangups(), errors_to_exit_codes() as interrupts:
        _refuse_without_extra()
        read = partial(options.settings_from, config, flags, assignments)
        settings = read()
        from ..errors import UsageError
        from ..serve.roots import Roots
        from ..serve.run import Asked

        if not roots or out is None:
            raise UsageError("keyart serve wants --root LIBRARY and --out DIR")
        asked = Asked(Roots(roots), out.absolute(), publish, ledger, tuple(watch or ()), port, metrics_port)
        code = _serve(asked, settings, read, interrupts)
    if code:
        raise typer.Exit(code)


def _serve(asked: Any, settings: Settings, read: Callable[[], Settings], interrupts: Interrupts) -> int:
    from anyio import Event

    from .. import log
    from ..backfill.errors import LedgerUnavailableError, WeightsUnavailableError
    from ..errors import OutputError
    from ..serve.run import opened, run
    from .interrupt import Interrupted, hangups

    stop: list[Event] = []

    def when_asked() -> None:
        say(f"keyart: nothing new is begun, films in work have {settings.serve.drain_s:g} s; once more ends at once")
        for event in stop:
            event.set()

    async def work() -> None:
        stop.append(Event())
        with hangups() as asked_anew:
            await run(running, stop[0], asked_anew)
        ended.append(True)

    ended: list[bool] = []
    try:
        with (
            log.opened(settings.log or _STDERR, lambda line: say(f"keyart: {line}")),
            opened(asked, settings, read, say) as running,
        ):
            _announce(settings, running.ports)
            interrupts.run(work, when_asked=when_asked)
    except (LedgerUnavailableError, WeightsUnavailableError, OutputError) as error:
        say(f"keyart: {error}; start again")
        return STOPPED
    except Interrupted:
        if not ended:
            raise
    return 0


def _announce(settings: Settings, ports: list[int]) -> None:
    places = [settings.serve.address, settings.backfill.metrics_address]
    shown = [f"http://{f'[{one}]' if ':' in one else one}:{port}" for one, port in zip(places, ports, strict=True)]
    say(f"keyart: answers on {shown[0]}, metrics on {shown[1]}/metrics")


def _refuse_without_extra() -> None:
    from ..errors import UsageError

    missing = [name for module, name in _PACKAGES.items() if find_spec(module) is None]
    if missing:
        raise UsageError(f"this needs {' and '.join(missing)}, not installed: pip install 'keyart[serve]'")
