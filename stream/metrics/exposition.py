"""The registry of a process's metrics, and the ways out of it: a port, a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import OutputError, UsageError
from ..version import own_version

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


class Exposition:
    """A registry of its own, with which Keyart it is and when it last showed itself alive."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Gauge, disable_created_metrics

        # When each series began: as many series again, which nobody reads.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry: CollectorRegistry = CollectorRegistry()
        build = Gauge("keyart_build_info", "Which Keyart this is; always 1.", ["version"], registry=self.registry)
        build.labels(own_version()).set(1)
        beat = "keyart_heartbeat_timestamp_seconds"
        self._beat = Gauge(beat, "When the event loop last went round, seconds since 1970.", registry=self.registry)

    def beat(self) -> None:
        """The work goes on."""
        self._beat.set_to_current_time()

    @contextmanager
    def served(self, address: str, port: int) -> Iterator[int]:
        """Within the block requests to this address and port are answered; the port (0 takes a free one).

        Raises UsageError where it cannot be had.
        """
        from prometheus_client import start_http_server

        try:
            server, thread = start_http_server(port, addr=address, registry=self.registry)
        except (OSError, UnicodeError) as error:
            said = getattr(error, "strerror", None) or "is no address"
            raise UsageError(f"metrics on {address}, port {port}: {said}; choose another") from error
        try:
            yield server.server_port
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def write(self, file: Path) -> None:
        """Write a file for node_exporter's textfile collector, whole or not at all. Raises OutputError."""
        from prometheus_client import write_to_textfile

        try:
            write_to_textfile(str(file), self.registry)
        except OSError as error:
            raise OutputError(f"{file} cannot be written ({error.strerror}), make room") from error
