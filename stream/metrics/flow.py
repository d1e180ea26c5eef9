"""What goes on inside of films: frames, stages, channels, batches, pictures turned down, memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128)


@dataclass(frozen=True, slots=True)
class Known:
    """Labels that are known before anything has happened."""

    decoders: tuple[str, ...]
    codecs: tuple[str, ...]
    stages: tuple[str, ...]
    channels: tuple[str, ...]
    engines: tuple[str, ...]
    rejections: tuple[str, ...]
    verdicts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Levels:
    """How a process stands now. channels: name → items in it and how many it can hold, of all its films together.
    resident, device_used, device_size: bytes; None where they are not known."""

    channels: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    resident: int | None = None
    device_used: int | None = None
    device_size: int | None = None


class FlowMetrics:
    """Of all processes that work on films; each has a name, such as its place on a device."""

    def __init__(self, registry: CollectorRegistry, known: Known) -> None:
        from prometheus_client import Counter, Gauge, Histogram

        here: dict[str, Any] = {"registry": registry}
        stages, channel = ["stage"], ["channel"]
        blocked = "keyart_channel_blocked_seconds_total"
        self._blocked = Counter(blocked, "Seconds that one side of a channel waited.", ["channel", "side"], **here)
        self._counters = {
            "frames": Counter("keyart_frames_total", "Frames watched.", ["decoder", "codec"], **here),
            "stage_seconds": Counter("keyart_stage_seconds_total", "Seconds of work in a stage.", stages, **here),
            "stage_items": Counter("keyart_stage_items_total", "Items that a stage worked on.", stages, **here),
            "rejections": Counter("keyart_rejections_total", "Pictures turned down.", ["reason"], **here),
            "episodes": Counter("keyart_episode_verdicts_total", "Verdicts on episode numbers.", ["verdict"], **here),
            "channel_items": Counter("keyart_channel_items_total", "Items through a channel.", channel, **here),
        }
        size = "Items in a batch of an engine."
        self._batches = Histogram("keyart_batch_size", size, ["engine"], buckets=BATCH_BUCKETS, **here)
        self._depth = Gauge("keyart_channel_depth", "Items in a channel now, of all films in work.", channel, **here)
        room = "Items that a channel can hold, of all films in work."
        self._capacity = Gauge("keyart_channel_capacity", room, channel, **here)
        self._memory = _memory_gauges(registry)
        self._levels: dict[str, Levels] = {}
        self._channels = known.channels
        self._begin(known)

    def add(self, counts: Iterable[tuple[tuple[str, ...], float]]) -> None:
        """Add what was counted since the last call: (what, its labels) and how much, see
        `stream.pipeline.statistics.Totals`. Raises KeyError for what is not counted here."""
        for (what, *labels), more in counts:
            if what == "batches":
                for _ in range(round(more)):
                    self._batches.labels(labels[0]).observe(float(labels[1]))
            elif what in ("put_seconds", "get_seconds"):
                self._blocked.labels(labels[0], what.removesuffix("_seconds")).inc(more)
            else:
                self._counters[what].labels(*labels).inc(more)

    def stands(self, process: str, levels: Levels | None) -> None:
        """How a process stands now; None when it is gone, and its series with it."""
        if levels is None:
            self._levels.pop(process, None)
        else:
            self._levels[process] = levels
        for channel in dict.fromkeys((*self._channels, *(levels.channels if levels else ()))):
            found = [held.channels.get(channel, (0, 0)) for held in self._levels.values()]
            self._depth.labels(channel).set(sum(depth for depth, _ in found))
            self._capacity.labels(channel).set(sum(capacity for _, capacity in found))
        for name, gauge in self._memory.items():
            held = None if levels is None else getattr(levels, name)
            if held is not None:
                gauge.labels(process).set(held)
            else:
                with suppress(KeyError):
                    gauge.remove(process)

    def _begin(self, known: Known) -> None:
        """Let the series that are known begin at 0."""
        for decoder in known.decoders:
            for codec in known.codecs:
                self._counters["frames"].labels(decoder, codec)
        for name, labels in (("stage_seconds", known.stages), ("stage_items", known.stages),
                             ("rejections", known.rejections), ("episodes", known.verdicts),
                             ("channel_items", known.channels)):  # fmt: skip
            for label in labels:
                self._counters[name].labels(label)
        for channel in known.channels:
            for gauge in (self._depth, self._capacity):
                gauge.labels(channel)
            for side in ("put", "get"):
                self._blocked.labels(channel, side)
        for engine in known.engines:
            self._batches.labels(engine)


def _memory_gauges(registry: CollectorRegistry) -> dict[str, Any]:
    """A field of `Levels` → its gauge."""
    from prometheus_client import Gauge

    name, process = "keyart_device_memory", ["process"]
    used, size = "Bytes of the GPU's memory in use, by whatever uses it.", "Bytes of the GPU's memory."
    return {
        "resident": Gauge(
            "keyart_process_resident_memory_bytes", "Bytes that a worker holds.", process, registry=registry
        ),
        "device_used": Gauge(f"{name}_used_bytes", used, process, registry=registry),
        "device_size": Gauge(f"{name}_size_bytes", size, process, registry=registry),
    }
