"""What goes on inside of films: counted once, and gone with the process where it says how things stand."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from stream.metrics.flow import FlowMetrics, Known, Levels

from .prometheus import samples

KNOWN = Known(("ffmpeg",), ("h264",), ("decode",), ("shots",), ("eyes",), ("dark",), ("mismatch",))


def test_series_begin_at_zero() -> None:
    FlowMetrics(registry := CollectorRegistry(), KNOWN)
    found = samples(registry)
    assert {
        ("keyart_frames_total", "h264", "ffmpeg"),
        ("keyart_stage_seconds_total", "decode"),
        ("keyart_stage_items_total", "decode"),
        ("keyart_rejections_total", "dark"),
        ("keyart_episode_verdicts_total", "mismatch"),
        ("keyart_channel_items_total", "shots"),
        ("keyart_channel_blocked_seconds_total", "shots", "put"),
        ("keyart_channel_blocked_seconds_total", "shots", "get"),
        ("keyart_channel_depth", "shots"),
        ("keyart_channel_capacity", "shots"),
        ("keyart_batch_size_count", "eyes"),
    } <= set(found)
    assert set(found.values()) == {0.0}


def test_reports_add_up() -> None:
    flow = FlowMetrics(registry := CollectorRegistry(), KNOWN)
    for _ in range(2):
        flow.add([
            (("frames", "ffmpeg", "vp9"), 100), (("stage_seconds", "decode"), 1.5), (("stage_items", "decode"), 64),
            (("rejections", "dark"), 3), (("channel_items", "shots"), 2), (("put_seconds", "shots"), 0.25),
            (("get_seconds", "shots"), 0.5), (("episodes", "mismatch"), 1),
            (("batches", "eyes", "3"), 2), (("batches", "eyes", "200"), 1),
        ])  # fmt: skip
    found = samples(registry)
    assert found["keyart_frames_total", "vp9", "ffmpeg"] == 200
    assert (found["keyart_stage_seconds_total", "decode"], found["keyart_stage_items_total", "decode"]) == (3, 128)
    assert (found["keyart_rejections_total", "dark"], found["keyart_channel_items_total", "shots"]) == (6, 4)
    assert found["keyart_episode_verdicts_total", "mismatch"] == 2
    blocked = "keyart_channel_blocked_seconds_total"
    assert (found[blocked, "shots", "put"], found[blocked, "shots", "get"]) == (0.5, 1)
    buckets = [found["keyart_batch_size_bucket", "eyes", limit] for limit in ("2.0", "4.0", "128.0", "+Inf")]
    assert buckets == [0, 4, 4, 6]
    assert found["keyart_batch_size_sum", "eyes"] == 412


def test_channels_are_summed_over_processes_and_go_with_them() -> None:
    flow = FlowMetrics(registry := CollectorRegistry(), KNOWN)
    flow.stands("cpu-1", Levels({"shots": (1, 4), "new": (1, 1)}, resident=10))
    flow.stands("cpu-2", Levels({"shots": (2, 4)}, resident=20, device_used=5, device_size=8))
    found = samples(registry)
    assert (found["keyart_channel_depth", "shots"], found["keyart_channel_capacity", "shots"]) == (3, 8)
    assert found["keyart_channel_depth", "new"] == 1
    assert found["keyart_process_resident_memory_bytes", "cpu-2"] == 20
    assert found["keyart_device_memory_used_bytes", "cpu-2"] == 5
    assert found["keyart_device_memory_size_bytes", "cpu-2"] == 8
    assert ("keyart_device_memory_used_bytes", "cpu-1") not in found
    flow.stands("cpu-2", None)
    found = samples(registry)
    assert (found["keyart_channel_depth", "shots"], found["keyart_channel_capacity", "shots"]) == (1, 4)
    assert not [key for key in found if "cpu-2" in key], "names of processes that are gone must not pile up"


def test_what_is_not_counted_here_is_an_error() -> None:
    flow = FlowMetrics(CollectorRegistry(), KNOWN)
    with pytest.raises(KeyError):
        flow.add([(("posters",), 1)])
