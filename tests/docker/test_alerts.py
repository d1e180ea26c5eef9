"""Each alert fires when its fault is made, is silent just before, and no other fires then. `promtool` computes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from .watched import ALERTS, DOCKER, PROMETHEUS, rules

ALERT_RULES = [rule for rule in rules() if "alert" in rule]
WELL = 240
"""Minutes during which all is well, and which tell what is usual. The fault begins then."""
AFTER = 200
_WAITS = 'keyart_trouble_total{kind="output"}'


def rising(a_minute: float, then: float | None = None) -> str:
    """A counter's values, one a minute; from the fault on it rises by `then`."""
    later = a_minute if then is None else then
    return f"0+{a_minute}x{WELL} {a_minute * WELL + later}+{later}x{AFTER}"


def level(before: float, *then: float) -> str:
    """A gauge's values, one a minute; from the fault on those of `then`, the last of them to the end."""
    *some, last = then or (before,)
    return " ".join([f"{before}x{WELL}", *map(str, some), f"{last}x{AFTER}"])


ALL_WELL = {
    "up": level(1),
    "keyart_queue_films": level(3),
    "keyart_queue_oldest_seconds": level(600),
    "keyart_films_in_work": level(2),
    'keyart_films_total{state="done"}': rising(1),
    'keyart_films_total{state="failed"}': rising(0),
    'keyart_frames_total{codec="h264"}': rising(6000),
    'keyart_stage_items_total{stage="decode"}': rising(6000),
    'keyart_stage_seconds_total{stage="decode"}': rising(60),
    "keyart_worker_deaths_total": rising(0),
    _WAITS: rising(0),
    'keyart_trouble_active{kind="ledger"}': level(0),
    'keyart_trouble_active{kind="paused"}': level(0),
    'keyart_http_requests_total{status="200"}': rising(10),
    'keyart_http_requests_total{status="500"}': rising(0),
    'keyart_http_requests_total{status="503"}': rising(0),
}
"""Series of a service at work → its values, one a minute."""
STILL = {
    'keyart_frames_total{codec="h264"}': rising(6000, 0),
    'keyart_films_total{state="done"}': rising(1, 0),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """after_min: minutes from the fault until its alert fires. almost: what must not make it fire, at the same time."""

    after_min: int
    made: Mapping[str, str]
    almost: Mapping[str, str]


FAULTS = {
    "KeyartDown": Fault(3, {"up": level(1, 0)}, {"up": level(1, 1, 1, 0)}),
    "KeyartRestarts": Fault(10, {"up": level(1, 0, 1, 0, 1)}, {"up": level(1, 0, 1)}),
    "KeyartNoProgress": Fault(
        25, STILL, STILL | {"keyart_queue_films": level(3, 0), "keyart_films_in_work": level(2, 0)}
    ),
    "KeyartFilmsFail": Fault(
        30, {'keyart_films_total{state="failed"}': rising(0, 1)}, {'keyart_films_total{state="failed"}': rising(0, 0.4)}
    ),
    "KeyartQueueOld": Fault(
        20, {"keyart_queue_oldest_seconds": level(600, 90000)}, {"keyart_queue_oldest_seconds": level(600, 80000)}
    ),
    "KeyartWorkersDie": Fault(
        25, {"keyart_worker_deaths_total": rising(0, 0.2)}, {"keyart_worker_deaths_total": rising(0, 0.1)}
    ),
    "KeyartDecodeSlow": Fault(
        60,
        {'keyart_stage_seconds_total{stage="decode"}': rising(60, 150)},
        {'keyart_stage_seconds_total{stage="decode"}': rising(60, 100)},
    ),
    "KeyartTrouble": Fault(
        3,
        {'keyart_trouble_active{kind="ledger"}': level(0, 1)},
        {'keyart_trouble_active{kind="ledger"}': level(0, 1, 1, 0)},
    ),
    "KeyartWaits": Fault(14, {_WAITS: rising(0, 0.5)}, {_WAITS: rising(0, 0.1)}),
    "KeyartErrors": Fault(
        10,
        {'keyart_http_requests_total{status="500"}': rising(0, 1)},
        {'keyart_http_requests_total{status="503"}': rising(0, 1)},
    ),
}

def series(name: str) -> str:
    """With the labels of where it was scraped."""
    place = 'job="keyart",instance="keyart:9464"'
    return f"{name[:-1]},{place}}}" if name.endswith("}") else f"{name}{{{place}}}"


def firing(values: Mapping[str, str], minute: int, expected: Mapping[str, int]) -> dict[str, Any]:
    """promtool's own form of one test: selector of alerts → how many of them fire `minute` minutes after the fault."""
    return {
        "interval": "1m",
        "input_series": [{"series": series(name), "values": held} for name, held in values.items()],
        "promql_expr_test": [
            {
                "expr": f'count(ALERTS{{alertstate="firing",{selector}}}) or vector(0)',
                "eval_time": f"{WELL + minute}m",
                "exp_samples": [{"labels": "{}", "value": count}],
            }
            for selector, count in expected.items()
        ],
    }


@pytest.fixture
def promtool(tmp_path: Path, debian_tool: Callable[[str, str], Path]) -> Callable[..., None]:
    binary = debian_tool("prometheus", "promtool")

    def run(*tests: dict[str, Any]) -> None:
        file = tmp_path / "tests.yml"
        file.write_text(yaml.safe_dump({"rule_files": [str(ALERTS)], "tests": list(tests)}))
        ran = subprocess.run([binary, "test", "rules", file], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr

    return run


def test_every_alert_has_a_fault_here() -> None:
    assert [rule["alert"] for rule in ALERT_RULES] == list(FAULTS)


def test_every_alert_has_a_line_in_the_runbook() -> None:
    runbook = (DOCKER / "RUNBOOK.md").read_text()
    for rule in ALERT_RULES:
        assert rule["annotations"]["runbook"] == f"docker/RUNBOOK.md#{rule['alert'].lower()}"
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["labels"]["severity"] in ("warning", "critical")
    assert [line.removeprefix("## ") for line in runbook.splitlines() if line.startswith("## Keyart")] == list(FAULTS)


@pytest.mark.debian
@pytest.mark.parametrize("alert", FAULTS)
def test_an_alert_fires_when_its_fault_is_made(alert: str, promtool: Callable[..., None]) -> None:
    fault = FAULTS[alert]
    expected = {f'alertname="{alert}"': 1, f'alertname!="{alert}"': 0}
    promtool(firing(ALL_WELL | fault.made, fault.after_min, expected))


@pytest.mark.debian
@pytest.mark.parametrize("alert", FAULTS)
def test_an_alert_is_silent_before_it(alert: str, promtool: Callable[..., None]) -> None:
    fault = FAULTS[alert]
    silent = {'alertname=~".+"': 0}
    promtool(
        firing(ALL_WELL | fault.almost, fault.after_min, silent),
        firing(ALL_WELL | fault.made, -1, silent),
    )


@pytest.mark.debian
def test_nothing_fires_while_all_is_well(promtool: Callable[..., None]) -> None:
    silent = {'alertname=~".+"': 0}
    promtool(*(firing(ALL_WELL, minute, silent) for minute in (10 - WELL, 60 - WELL, -1, AFTER)))


@pytest.mark.debian
def test_a_film_found_unchanged_is_progress(promtool: Callable[..., None]) -> None:
    values = ALL_WELL | STILL | {'keyart_films_total{state="unchanged"}': rising(0, 1)}
    promtool(firing(values, FAULTS["KeyartNoProgress"].after_min, {'alertname=~".+"': 0}))


@pytest.mark.debian
def test_a_paused_queue_is_no_trouble(promtool: Callable[..., None]) -> None:
    values = ALL_WELL | STILL | {'keyart_trouble_active{kind="paused"}': level(0, 1)}
    promtool(firing(values, FAULTS["KeyartNoProgress"].after_min, {'alertname=~".+"': 0}))


@pytest.mark.debian
def test_prometheus_takes_the_files(debian_tool: Callable[[str, str], Path]) -> None:
    promtool = debian_tool("prometheus", "promtool")
    for what, file in (("rules", ALERTS), ("config", PROMETHEUS)):
        ran = subprocess.run([promtool, "check", what, file], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
