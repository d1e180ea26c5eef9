"""The metrics of the service beside those of its workers, in one registry; the README lists them all."""

from __future__ import annotations

import re
from pathlib import Path

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

import stream.metrics
from stream.backfill.run_metrics import RunMetrics
from stream.metrics.flow import Levels
from stream.serve.metrics import ServeMetrics

from ..metrics.prometheus import samples


def both() -> RunMetrics:
    """Metrics of workers and of a service, as one process has them; one request was answered."""
    metrics = RunMetrics()
    metrics.flow.stands("gpu0-1", Levels(resident=1, device_used=1, device_size=2))
    serve = ServeMetrics(metrics.exposition.registry)
    serve.requests.labels("GET", "/review", "200").inc()
    serve.seconds.labels("GET", "/review").observe(0.1)
    return metrics


def test_series_begin_at_zero() -> None:
    ServeMetrics(registry := RunMetrics().exposition.registry)
    found = samples(registry)
    for key in (
        ("keyart_trouble_active", "ledger"), ("keyart_trouble_active", "paused"), ("keyart_reviews_total", "approved"),
        ("keyart_approved_images_total", "1"), ("keyart_approved_images_total", "none"),
        ("keyart_picture_seconds_count", "frame"), ("keyart_event_listeners",), ("keyart_review_seconds_count",),
    ):  # fmt: skip
        assert found[key] == 0


def test_the_readme_lists_what_there_is() -> None:
    readme = Path(stream.metrics.__file__).with_name("README.md").read_text()
    listed: dict[str, set[str]] = {}
    for row in (line for line in readme.splitlines() if line.startswith("| `keyart_")):
        names, labels, _ = (cell.strip() for cell in row.strip("|").split("|", 2))
        listed |= {name: set(filter(None, labels.split(", "))) for name in re.findall(r"`(\w+)`", names)}
    there = {
        family.name + ("_total" if family.type == "counter" else ""): {
            label for sample in family.samples for label in sample.labels if label != "le"
        }
        for family in text_string_to_metric_families(generate_latest(both().exposition.registry).decode())
    }
    assert listed == there
