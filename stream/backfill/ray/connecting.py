"""The way into a Ray cluster, or to one of this run's own. Blocks; for the main thread of the driver's process."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import ray
from ray._private.services import canonicalize_bootstrap_address

from ...errors import KeyartError
from .access import LOCAL
from .door import lets_anyone_in, lets_in
from .messages import Connect

_OBJECT_STORE_BYTES = 80 << 20
"""Nothing but lines goes through Ray; it takes no less."""
_REACHED_WITHIN_S = 5.0


class RayRefusedError(KeyartError):
    """There is no way into Ray; one line with what to do."""


@contextmanager
def connected(connect: Connect) -> Iterator[None]:
    """Within the block Ray can be used. Raises RayRefusedError."""
    if connect.address == LOCAL:
        with _own_ray(connect.own_cores):
            yield
        return
    found = _found(connect.address)
    _refuse_open(connect.address, found)
    _init(connect.address, found)
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _own_ray(cores: int) -> Iterator[None]:
    """A Ray on this machine, whose processes end with this one."""
    os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_worker_niceness="0")
    folder = tempfile.mkdtemp(prefix="keyart-ray-")  # short: sockets are made in it
    try:
        room = {"num_cpus": cores, "object_store_memory": _OBJECT_STORE_BYTES}
        _init(LOCAL, "local", include_dashboard=False, _temp_dir=folder, **room)
        try:
            yield
        finally:
            ray.shutdown()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _found(address: str) -> str:
    """HOST:PORT of a cluster's head that can be reached."""
    try:
        found = str(canonicalize_bootstrap_address(address))
        host, _, port = found.rpartition(":")
        socket.create_connection((host.strip("[]"), int(port)), _REACHED_WITHIN_S).close()
    except ConnectionError as error:
        if address == "auto":
            raise RayRefusedError("--ray auto: no Ray runs here, give HOST:PORT of its head, or local") from error
        raise _unreachable(address, error) from error
    except OSError as error:
        raise _unreachable(address, error) from error
    return found


def _unreachable(address: str, error: OSError) -> RayRefusedError:
    return RayRefusedError(f"--ray {address}: cannot be reached ({error.strerror or error}), is Ray running there?")


def _refuse_open(address: str, found: str) -> None:
    try:
        if lets_anyone_in(found):
            raise RayRefusedError(
                f"--ray {address}: this Ray lets in whoever asks, and it listens on every interface; start it anew "
                "with RAY_AUTH_MODE=token on every node"
            )
        if not lets_in(found):
            raise RayRefusedError(
                f"--ray {address}: refuses the token; `ray get-auth-token` prints the right one on the cluster's nodes"
            )
    except OSError as error:
        reason = f"--ray {address}: does not answer as Ray does ({error}), give the address of its head"
        raise RayRefusedError(reason) from None


def _init(address: str, found: str, **more: object) -> None:
    try:
        ray.init(address=found, log_to_driver=False, configure_logging=False, **more)
    except Exception as error:  # of many kinds, and what to do about each is in its text
        said = " ".join(str(error).split())
        raise RayRefusedError(f"--ray {address}: {type(error).__name__}, {said[:400]}") from error
