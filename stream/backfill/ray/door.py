"""Does a Ray cluster let in who has no token? `python -m stream.backfill.ray.door HOST:PORT`, with
RAY_AUTH_MODE=disabled, prints `open` or `shut`. A process of its own, for Ray reads its mode once.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from ray import _raylet
from ray.exceptions import AuthenticationError

from .access import MODE, TOKEN, TOKEN_PATH

_ANSWER_WITHIN_S = 15.0


def lets_in(address: str) -> bool:
    """Whether the cluster's head answers this process. Raises what Ray raises when it does not answer at all."""
    client: Any = _raylet  # untyped
    try:
        client.GcsClient(address=address)
    except AuthenticationError:
        return False
    return True


def lets_anyone_in(address: str) -> bool:
    """Whether it answers a process without a token; asked in one. Raises OSError when that cannot be found out."""
    bare = {name: value for name, value in os.environ.items() if name not in (TOKEN, TOKEN_PATH)}
    command = [sys.executable, "-m", "stream.backfill.ray.door", address]
    try:
        said = subprocess.run(
            command, env={**bare, MODE: "disabled"}, stdout=subprocess.PIPE, timeout=_ANSWER_WITHIN_S, check=False
        ).stdout.split()
    except subprocess.TimeoutExpired:
        raise OSError(f"no answer within {_ANSWER_WITHIN_S:g} s") from None
    if said not in ([b"open"], [b"shut"]):
        raise OSError("no answer that Ray gives")
    return said == [b"open"]


if __name__ == "__main__":
    print("open" if lets_in(sys.argv[1]) else "shut")
