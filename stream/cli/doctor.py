"""`keyart doctor`: what would be used here, and what is missing."""

from __future__ import annotations

import json

import typer

from . import options
from .exits import FAILED, errors_to_exit_codes

_MARKS = {"ok": ("ok", "green"), "note": ("note", "yellow"), "missing": ("MISSING", "red")}


def doctor(
    device: options.DeviceOption = None,
    models: options.ModelsOption = None,
    model_set: options.ModelSetOption = None,
    config: options.ConfigOption = None,
    quiet: options.QuietOption = False,
    as_json: options.JsonOption = False,
) -> None:
    """Which device, codecs, providers and models would be used, and what is missing.

    Exit code 1 when `keyart extract` could not run; --quiet shows only what is missing.
    """
    with errors_to_exit_codes():
        from ..device.doctor import diagnose

        flags = {"device": device, "models": models, "model_set": model_set}
        findings = diagnose(options.settings_from(config, flags, None))
        if as_json:
            print(json.dumps([finding.as_dict() for finding in findings], indent=2, ensure_ascii=False))
        else:
            from rich.console import Console
            from rich.text import Text

            for finding in findings:
                if quiet and finding.state != "missing":
                    continue
                word, style = _MARKS[finding.state]
                line = Text.assemble((f"{word:<8}", style), f"{finding.name:<14} {finding.found}")
                line.append(f"; {finding.advice}" if finding.advice else "")
                Console().print(line, soft_wrap=True)
    if any(finding.state == "missing" for finding in findings):
        raise typer.Exit(FAILED)
