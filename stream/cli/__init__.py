"""The commands of `keyart`, one module each. In: the command line; out: calls of the lower packages, lines for people,
an exit code. The commands import heavy modules when they run, so that `--help` is quick."""

from .app import build_app, main

__all__ = ["build_app", "main"]
