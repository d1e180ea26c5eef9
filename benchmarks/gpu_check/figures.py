"""Computes the figures by which a GPU run is judged from the results of its parts. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..report import Row

TARGET_IN_FLIGHT = 14
BYTES_PER_FRAME = 512
DEVICE_MIB = 2048.0
FLAT_MIB = 64.0
"""Growth of memory over an hour of film that still counts as none."""
EPISODES = ("E01", "E02", "E03", "E04", "E05")
"""Figures over films are computed only when all of these were run."""
NON_REFERENCE_SHARE = 0.45


def figures(results: Mapping[str, Row]) -> list[Row]:
    """One row for each figure: name, value, target, met (None: not known). results: the results of each part, by the
    part's name."""
    rates = [*results.get("rates_h264", {}).get("rates", []), *results.get("rates_hevc", {}).get("rates", [])]
    memory, copied, cupti = _run_of_memory(results), *_bytes_to_host(results)
    rows = [
        _at_least("whole pipeline / raw decoder, 14 videos, H.264", _ratio(rates, "h264", "all"), 0.95),
        _at_least("whole pipeline / raw decoder, 14 videos, HEVC", _ratio(rates, "hevc", "all"), 0.95),
        _reference(rates),
        _at_most("device to host to measure a frame, bytes", copied.get("measured_a_frame"), BYTES_PER_FRAME),
        _at_most("device to host a frame beside the crops, bytes", copied.get("beside_crops_a_frame"), BYTES_PER_FRAME),
        _at_most(
            "device to host a frame beside the crops, by CUPTI, bytes",
            cupti.get("beside_crops_a_frame"),
            BYTES_PER_FRAME,
        ),
        _at_most("device memory for one 1080p film, MiB", _peak(memory), DEVICE_MIB),
        _at_most("device memory late in an hour of film beyond early, MiB", memory.get("grown_mib"), FLAT_MIB),
        *_parity(results.get("parity", {})),
        _true("clustering: cuML and scikit-learn agree on the films", _agree(results.get("clustering", {}))),
        _true("tests on the GPU pass", results.get("tests", {}).get("passed_all")),
        _at_most("nodes on the CPU, all models", _cpu_nodes(results.get("engines", {})), 0),
    ]
    return rows


def _run_of_memory(results: Mapping[str, Row]) -> Row:
    run: Row = results.get("memory", {}).get("run", {})
    return run


def _bytes_to_host(results: Mapping[str, Row]) -> tuple[Row, Row]:
    host_bytes = results.get("host_bytes", {})
    return host_bytes.get("doors", {}), host_bytes.get("cupti", {})


def _ratio(rates: list[Row], codec: str, mode: str) -> float | None:
    row = find_rate(rates, codec, mode, TARGET_IN_FLIGHT)
    return None if row is None or row["ratio"] is None else float(row["ratio"])


def find_rate(rates: list[Row], codec: str, mode: str, videos: int) -> Row | None:
    """The measurement of one condition; None when it was not made."""
    wanted = (codec, mode, videos)
    return next((row for row in rates if (row["codec"], row["mode"], row["videos"]) == wanted), None)


def _reference(rates: list[Row]) -> Row:
    """Source frames a second when non-reference packets are left out, against raw decoding of all."""
    row = _at_least(
        "`reference` / raw decoder of all frames, 14 videos, H.264", _ratio(rates, "h264", "reference"), 1.6
    )
    measured = find_rate(rates, "h264", "reference", TARGET_IN_FLIGHT)
    share = measured["non_reference_share"] if measured else None
    if share is not None and share < NON_REFERENCE_SHARE:
        row["met"] = None
        row["note"] = f"only {share:.0%} of the packets are non-reference, the target is for {NON_REFERENCE_SHARE:.0%}"
    return {**row, "non_reference_share": share}


def _peak(memory: Row) -> float | None:
    return float(memory["peak_mib"] - memory["bare_mib"]) if memory else None


def _parity(parity: Row) -> list[Row]:
    films = parity.get("films", {})
    known = [films[name] for name in EPISODES] if set(EPISODES) <= set(films) else []

    def of(key: str) -> list[Any]:
        return [film[key] for film in known]

    return [
        _true("CPU and CUDA: same shots", all(of("same_shots")) if known else None),
        _at_most("CPU and CUDA: bars apart, px", max(of("bars_apart_px")) if known else None, 1),
        _true("CPU and CUDA: same main characters", all(of("same_mains")) if known else None),
        _at_least("CPU and CUDA: images shared of ten", min(of("shared_of_ten")) if known else None, 8),
    ]


def _agree(clustering: Row) -> bool | None:
    """Whether the partitions of the films' sets are equal; None unless all faces of each film were compared."""
    equal = {name: run["equal"] for name, run in clustering.get("runs", {}).items() if run.get("of") == "films"}
    compared = {name.removesuffix("_faces") for name, same in equal.items() if same is not None}
    return all(equal.values()) if set(EPISODES) <= compared else None


def _cpu_nodes(engines: Row) -> int | None:
    counts = [model["cpu_nodes"] for model in engines.get("models", {}).values() if model.get("cpu_nodes") is not None]
    return sum(counts) if counts else None


def _at_least(name: str, value: float | None, target: float) -> Row:
    return {
        "name": name,
        "value": _short(value),
        "target": f">= {target}",
        "met": None if value is None else value >= target,
    }


def _at_most(name: str, value: float | None, target: float) -> Row:
    return {
        "name": name,
        "value": _short(value),
        "target": f"<= {target}",
        "met": None if value is None else value <= target,
    }


def _true(name: str, value: bool | None) -> Row:
    return {"name": name, "value": value, "target": "yes", "met": value}


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
