"""What Prometheus is told."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from stream.errors import OutputError
from stream.metrics import KINDS, STATES, Metrics


def samples(text: str) -> dict[tuple[str, str], float]:
    """(name, labels' values in the order of their names) → value."""
    return {
        (sample.name, ",".join(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_series_begin_at_zero_and_count(tmp_path: Path) -> None:
    metrics, file = Metrics(), tmp_path / "metrics.prom"
    metrics.write(file)
    before = samples(file.read_text())
    assert {before["keyart_films_total", state] for state in STATES} == {0.0}
    assert {before["keyart_film_failures_total", kind] for kind in KINDS} == {0.0}
    metrics.film_done(
        unchanged=False, wall_s=4.0, film_s=60.0, frames=1500, decoder="ffmpeg", codec="h264",
        stages={"decode": (1500, 2.5)}, rejected={"dark": 3},
    )  # fmt: skip
    metrics.film_failed("inside", final=False)
    metrics.film_failed("refused", final=True)
    metrics.write(file)
    after = samples(file.read_text())
    assert after["keyart_films_total", "done"] == after["keyart_films_total", "failed"] == 1.0
    assert after["keyart_film_retries_total", ""] == 1.0
    assert after["keyart_frames_total", "h264,ffmpeg"] == 1500.0
    assert after["keyart_stage_seconds_total", "decode"] == 2.5
    assert after["keyart_rejections_total", "dark"] == 3.0
    assert after["keyart_film_wall_seconds_bucket", "5.0"] == 1.0


def test_a_port_that_is_taken_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OutputError, match="--metrics-port"):
        Metrics().serve(taken.getsockname()[1])
