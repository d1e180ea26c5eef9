"""The dashboard is well formed, and looks at what there is."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any

import yaml

from .watched import DASHBOARD, DOCKER, expressions, panels, rules, series_named, told

WANTED = (
    "keyart_films_total", "keyart_frames_total", "keyart_queue_films", "keyart_film_failures_total",
    "keyart_stage_seconds_total", "keyart_channel_depth", "keyart_process_resident_memory_bytes",
    "keyart_http_request_seconds_bucket", "keyart_reviews_total", "keyart_approved_images_total",
    "keyart_trouble_active",
)  # fmt: skip
"""What a person on duty asks for."""


def test_every_series_that_is_looked_at_is_told() -> None:
    known = set(told()) | {rule["record"] for rule in rules() if "record" in rule}
    looked_at = {name: title for title, expression in expressions() for name in series_named(expression)}
    looked_at |= {name: rule.get("alert", "recorded") for rule in rules() for name in series_named(rule["expr"])}
    assert {name: where for name, where in looked_at.items() if name not in known} == {}
    assert set(WANTED) <= set(looked_at)


def test_every_label_that_is_looked_at_is_told() -> None:
    names = told()
    from_scraping = {"job", "instance", "le"}
    for title, expression in (*expressions(), *((rule.get("alert", "recorded"), rule["expr"]) for rule in rules())):
        known = from_scraping.union(*(names.get(name, set()) for name in series_named(expression)))
        selected = re.findall(r"(\w+)(?:=~|!~|!=|=)\"", expression)
        grouped = [word for by in re.findall(r"\b(?:by|on) ?\(([^)]*)\)", expression) for word in by.split(", ")]
        assert set(selected) | set(grouped) <= known, f"{title}: {expression}"


def test_panels_are_told_apart_and_do_not_overlap() -> None:
    found = panels()
    assert len({panel["id"] for panel in found}) == len(found)
    assert len({panel["title"] for panel in found}) == len(found)
    cells = [(panel["title"], _cells(panel["gridPos"])) for panel in found]
    for (one, its), (other, others) in combinations(cells, 2):
        assert not its & others, f"{one} lies over {other}"
    assert max(x for _, cell in cells for x, _ in cell) == 23, "Grafana has 24 columns"


def test_every_panel_asks_the_source_that_is_provisioned() -> None:
    provisioned = yaml.safe_load((DOCKER / "grafana/provisioning/datasources/prometheus.yml").read_text())
    (source,) = provisioned["datasources"]
    for panel in panels():
        if panel["type"] in ("row", "alertlist"):
            continue
        assert panel["targets"], panel["title"]
        for asked in (panel, *panel["targets"]):
            assert asked["datasource"] == {"type": source["type"], "uid": source["uid"]}, panel["title"]


def test_the_folder_of_dashboards_is_the_one_that_compose_mounts() -> None:
    (provider,) = yaml.safe_load((DOCKER / "grafana/provisioning/dashboards/keyart.yml").read_text())["providers"]
    grafana = yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]["grafana"]
    mounted = f"./{DASHBOARD.parent.relative_to(DOCKER)}:{provider['options']['path']}:ro"
    assert mounted in grafana["volumes"]


def _cells(place: dict[str, Any]) -> set[tuple[int, int]]:
    columns = range(place["x"], place["x"] + place["w"])
    return {(x, y) for x in columns for y in range(place["y"], place["y"] + place["h"])}
