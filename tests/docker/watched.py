"""What Prometheus and Grafana are told to look at: the expressions, and the names that a service tells."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from stream.backfill.run_metrics import RunMetrics
from stream.metrics.flow import Levels
from stream.serve.metrics import ServeMetrics

DOCKER = Path(__file__).resolve().parents[2] / "docker"
PROMETHEUS = DOCKER / "prometheus" / "prometheus.yml"
ALERTS = DOCKER / "prometheus" / "alerts.yml"
DASHBOARD = DOCKER / "grafana" / "dashboards" / "keyart.json"


def rules() -> Iterator[dict[str, Any]]:
    """All rules: those that record (`record`) and the alerts (`alert`)."""
    for group in yaml.safe_load(ALERTS.read_text())["groups"]:
        yield from group["rules"]


def panels() -> list[dict[str, Any]]:
    """Of the dashboard, rows too."""
    found = json.loads(DASHBOARD.read_text())["panels"]
    assert isinstance(found, list)
    return found


def expressions() -> list[tuple[str, str]]:
    """(title of the panel, expression) of the whole dashboard."""
    return [(panel["title"], target["expr"]) for panel in panels() for target in panel.get("targets", ())]


def series_named(expression: str) -> set[str]:
    """The names of Keyart's series in an expression, recorded ones (`keyart:…`) too."""
    return set(re.findall(r"\bkeyart[_:][\w:]+", expression))


def told() -> dict[str, set[str]]:
    """Name of each series that a service tells → its labels; a worker on a GPU and an answered request among them."""
    metrics = RunMetrics()
    metrics.flow.stands("gpu0-1", Levels(resident=1, device_used=1, device_size=2))
    serve = ServeMetrics(metrics.exposition.registry)
    serve.requests.labels("GET", "/review", "200").inc()
    serve.seconds.labels("GET", "/review").observe(0.1)
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(generate_latest(metrics.exposition.registry).decode()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found
