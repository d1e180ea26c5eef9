"""Services whose every door to the host counts what passes, for `gpu_check`: rows, results of engines, files."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from kernels.bars import Darkness
from kernels.ops import Meter, Ops
from kernels.surface import Array, Geometry, Rect, Surface
from stream.encode import Encoder
from stream.kit import Kit, MakeKit, open_kit
from stream.services import Services, open_services
from stream.settings import Settings

from .gpu_check import Row

CROPS = "files"
EACH_FRAME = "rows"
"""What is sent of every frame; the rest is sent of a shot, of a probe, of a winner."""


class Tally:
    """Bytes by what they were. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.bytes: Counter[str] = Counter()

    def add(self, what: str, count: int) -> None:
        """Count so many bytes."""
        with self._lock:
            self.bytes[what] += count

    def row(self) -> Row:
        """For a report: all, what every frame sends, and all but the finished files."""
        beside = sum(count for what, count in self.bytes.items() if what != CROPS)
        return {"by_kind": dict(self.bytes), "each_frame_bytes": self.bytes[EACH_FRAME], "beside_crops_bytes": beside}


class CountingMeter:
    """A `Meter`: rows and profiles count as what they take on the host."""

    def __init__(self, inner: Meter, tally: Tally) -> None:
        self._inner, self._tally = inner, tally

    def measure(self, surfaces: list[Surface], pts_s: np.ndarray, frames: np.ndarray) -> np.ndarray:
        """Passed on."""
        rows = self._inner.measure(surfaces, pts_s, frames)
        self._tally.add(EACH_FRAME, rows.nbytes)
        return rows

    def take_darkness(self) -> Darkness:
        """Passed on."""
        taken = self._inner.take_darkness()
        self._tally.add("profiles", sum(part.nbytes for part in vars_of(taken) if isinstance(part, np.ndarray)))
        return taken


class CountingOps:
    """An `Ops`: what `to_host` gives counts, under the name given."""

    def __init__(self, inner: Ops, tally: Tally, name: str) -> None:
        self._inner, self._tally, self._name = inner, tally, name

    def meter(self, geometry: Geometry) -> Meter:
        """A meter that counts too."""
        return CountingMeter(self._inner.meter(geometry), self._tally)

    def rgb(
        self, surface: Surface, rect: Rect | None = None, size: tuple[int, int] | None = None, fine: bool = False
    ) -> Array:
        """Passed on; stays on the device."""
        return self._inner.rgb(surface, rect, size, fine)

    def warp(self, surface: Surface, matrices: np.ndarray, size: int) -> Array:
        """Passed on; stays on the device."""
        return self._inner.warp(surface, matrices, size)

    def to_host(self, array: Array) -> np.ndarray:
        """Passed on and counted."""
        host = self._inner.to_host(array)
        self._tally.add(self._name, host.nbytes)
        return host

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class CountingEncoder:
    """An `Encoder`: its files are the crops."""

    def __init__(self, inner: Encoder, tally: Tally) -> None:
        self._inner, self._tally = inner, tally

    def jpeg(self, rgb: Array, quality: int) -> bytes:
        """Passed on and counted."""
        data = self._inner.jpeg(rgb, quality)
        self._tally.add(CROPS, len(data))
        return data


def counted_kit(kit: Kit, tally: Tally) -> Kit:
    """The same kit with its doors to the host counted."""
    return replace(
        kit,
        ops=CountingOps(kit.ops, tally, "pictures"),
        engine_ops=CountingOps(kit.engine_ops, tally, "engines"),
        meter=lambda geometry: CountingMeter(kit.meter(geometry), tally),
        encoder=CountingEncoder(kit.encoder, tally),
    )


@asynccontextmanager
async def counted_services(
    settings: Settings, make_kit: MakeKit = open_kit
) -> AsyncIterator[tuple[Services, Callable[[], Row]]]:
    """`open_services` with a counted kit, and what says how much has passed so far."""
    tally = Tally()
    async with open_services(settings, make_kit=lambda chosen: counted_kit(make_kit(chosen), tally)) as services:
        yield services, tally.row


def vars_of(record: Any) -> list[Any]:
    """The fields of a record."""
    return [getattr(record, name) for name in record.__dataclass_fields__]
