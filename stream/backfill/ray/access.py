"""How Ray is to be reached, and with which token. Ray listens on every interface whatever it is told, and runs what it
is sent, so nothing is done without its token authentication.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ...errors import UsageError

LOCAL = "local"
"""The address of a Ray of this run's own, on this machine."""
MODE, TOKEN, TOKEN_PATH = "RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"
_HOST_AND_PORT = re.compile(r"[\w.-]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}")


@dataclass(frozen=True, slots=True)
class Access:
    """Where Ray is. environment: what the process that speaks to it has beside the supervisor's own, its token mode and
    perhaps a token."""

    address: str
    environment: Mapping[str, str]


def access_to(address: str, environment: Mapping[str, str] = os.environ) -> Access:
    """How to reach `auto`, `local` or `host:port`. environment: the supervisor's. Raises UsageError where Ray is not
    installed, the address is none, authentication is turned off or there is no token."""
    if find_spec("ray") is None:
        raise UsageError("--ray needs Ray, not installed: pip install 'keyart[ray]'")
    if address not in (LOCAL, "auto") and not _HOST_AND_PORT.fullmatch(address):
        raise UsageError(f"--ray {address}: is no address, write auto, local or HOST:PORT of Ray's head (port 6379)")
    mode = environment.get(MODE, "token")
    if mode.lower() != "token":
        raise UsageError(
            f"--ray {address}: {MODE}={mode} turns Ray's authentication off, though it listens everywhere; unset it"
        )
    if address == LOCAL:
        return Access(address, {MODE: "token", TOKEN: secrets.token_hex(32)})
    if not _has_token(environment):
        raise UsageError(
            f"--ray {address}: there is no token for Ray's authentication; put the cluster's (`ray get-auth-token` "
            f"prints it on its nodes) into ~/.ray/auth_token, or into a file that {TOKEN_PATH} names"
        )
    return Access(address, {MODE: "token"})


def _has_token(environment: Mapping[str, str]) -> bool:
    """As Ray looks for it: the first of the three that is set."""
    if environment.get(TOKEN):
        return True
    file = Path(environment.get(TOKEN_PATH) or Path(environment.get("HOME", "~")).expanduser() / ".ray" / "auth_token")
    try:
        return bool(file.read_text().strip())
    except (OSError, ValueError):
        return False
