"""What Prometheus would read."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

Samples = dict[tuple[str, ...], float]
"""(name, labels' values in the order of their names) → value."""


def parsed(text: str) -> Samples:
    """Of a whole answer."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def samples(registry: CollectorRegistry) -> Samples:
    """Of a registry, as it would answer now."""
    return parsed(generate_latest(registry).decode())
