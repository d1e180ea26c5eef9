"""Whether the container is well: exit code 0 when `keyart serve` answers at /healthz of its metrics port.

Any other command has no such port and is well as long as it runs. Needs only Python's own library.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.request import urlopen

PATIENCE_S = 4.0
DEFAULT_PORT = 9464
FIRST_PROCESS = "/proc/1/cmdline"


def metrics_port(command: Sequence[str]) -> int | None:
    """The metrics port of a command line; None where it is not `keyart serve`."""
    words = [word for argument in command for word in argument.split("=", 1)]
    if "serve" not in words or "token" in words:
        return None
    return int(words[words.index("--metrics-port") + 1]) if "--metrics-port" in words else DEFAULT_PORT


def main(command: Path) -> None:
    """Ask once. Raises OSError when nobody answers in time, or answers with an error."""
    port = metrics_port(command.read_bytes().decode(errors="replace").split("\0"))
    if port is not None:
        urlopen(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE_S).close()


if __name__ == "__main__":
    try:
        main(Path(*sys.argv[1:] or [FIRST_PROCESS]))
    except OSError as error:
        sys.exit(f"keyart serve is not well: {error}")
