"""`keyart backfill`: a whole library in, a folder of results and a ledger out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import options
from .exits import errors_to_exit_codes


def backfill(
    library: Annotated[
        str, typer.Argument(metavar="LIBRARY", help="A folder (with all below it), a list (.txt, .csv) or a glob.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Results go to DIR/<folders below LIBRARY>/<file name>/.")
    ],
    ledger: options.LedgerOption = None,
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="Work on N films at most.")] = None,
    shard: Annotated[str | None, typer.Option(metavar="I/N", help="Only the I-th of N parts of the library.")] = None,
    newer_than: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only files changed since then (ISO time, or 3d, 12h).")
    ] = None,
    priority: Annotated[
        int, typer.Option(metavar="N", min=-1_000_000, max=1_000_000, help="Of these films; higher ones come first.")
    ] = 0,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Take nothing new from then on (06:00, or an ISO time).")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how many films, and about how long.")] = False,
    grace: Annotated[float, typer.Option(metavar="S", min=0, help="Seconds for films in work after a signal.")] = 30.0,
    workers_per_device: Annotated[
        int | None, typer.Option(metavar="N", help="Worker processes. Default: 1 on the CPU, 2 a GPU.")
    ] = None,
    in_flight: Annotated[int | None, typer.Option(metavar="N", help="Films at a time in a worker.")] = None,
    overwrite: Annotated[
        bool | None,
        typer.Option("--overwrite/--no-overwrite", help="Make every result anew.", show_default=False),
    ] = None,
    redo: Annotated[
        str | None, typer.Option(metavar="version", help="Also what another version of Keyart made.")
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Work on a Ray cluster's nodes: HOST:PORT, auto (of this node) or local (its own)."
        ),
    ] = None,
    metrics_port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT", min=1, max=65535, help="Answer Prometheus here while it runs, at backfill.metrics_address."
        ),
    ] = None,
    top: options.TopOption = None,
    formats: options.FormatOption = None,
    decode: options.DecodeOption = None,
    start: options.StartOption = None,
    end: options.EndOption = None,
    skip_first: options.SkipFirstOption = None,
    skip_last: options.SkipLastOption = None,
    episode: options.EpisodeOption = None,
    threads: options.ThreadsOption = None,
    device: options.DeviceOption = None,
    models: options.ModelsOption = None,
    model_set: options.ModelSetOption = None,
    config: options.ConfigOption = None,
    assignments: options.SetOption = None,
    log: options.LogOption = None,
    quiet: options.QuietOption = False,
    as_json: options.JsonOption = False,
) -> None:
    """Work through a whole library, unattended.

    Run it again after whatever happened: what is done stays, the rest goes on. Ctrl-C takes nothing new and gives films
    in work --grace; twice ends at once. Exit codes: 0 all well, 1 some films failed, 2 wrong usage, 3 stopped early
    (or not begun: ledger or weights out of reach), 130 or 143 a signal.
    """
    flags = {
        "top": top, "formats": formats or None, "decode": decode, "start_s": start, "end_s": end,
        "skip_first_s": skip_first, "skip_last_s": skip_last, "threads": threads, "device": device, "models": models,
        "model_set": model_set, "log": log, "episode.enabled": episode, "overwrite": overwrite,
        "backfill.workers_per_device": workers_per_device, "batching.in_flight": in_flight,
    }  # fmt: skip
    with errors_to_exit_codes() as interrupts:
        options.refuse_without_library_extra()
        from .backfill_run import BackfillRun, on_ray, plan_of, since_s

        settings = options.settings_from(config, flags, assignments)
        plan = plan_of(out, ledger, limit, shard, until, redo, grace, dry_run)
        run = BackfillRun(settings, plan, quiet=quiet, as_json=as_json, metrics_port=metrics_port)
        if ray is not None:
            run = on_ray(run, ray)
        code = run.work_through(library, priority, since_s(newer_than), interrupts)
    if code:
        raise typer.Exit(code)
