"""The commands of `keyart`, one module each. In: what was typed; out: calls of the rooms below, lines for people, an
exit code. Heavy imports happen inside the commands, so that `--help` is quick."""

from .app import build_app, main

__all__ = ["build_app", "main"]
