"""Services for `gpu_check` that count all bytes that reach the host: rows, results of models, files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from kernels.balance import PixelBox
from kernels.cuda.meter import CudaMeter
from kernels.ops import Meter, Ops, Part, Warps
from kernels.surface import Array, Geometry, Rect, Surface
from stream.device.kit import Kit, MakeKit
from stream.device.open import open_kit
from stream.output.jpeg import Encoder
from stream.pipeline.services import Services, open_services
from stream.settings.model import Settings

from ..report import Row
from .counting import CountingRuntime
from .tally import FILES, ROWS, Tally, kind_by_caller


class CountingMeter:
    """A `Meter` that passes calls on and counts the bytes that reach the host for rows and borders.

    crossed: returns the bytes that have reached the host so far, for a meter on a device; without it the returned
    arrays are counted.
    """

    def __init__(self, inner: Meter, tally: Tally, crossed: Callable[[], int] | None = None) -> None:
        self._inner, self._tally, self._crossed = inner, tally, crossed

    def measure(self, surfaces: list[Surface], pts_s: np.ndarray, frames: np.ndarray) -> np.ndarray:
        """Passes the call on and counts the bytes of the rows."""
        before = self._crossed() if self._crossed else 0
        rows = self._inner.measure(surfaces, pts_s, frames)
        self._tally.add(ROWS, self._crossed() - before if self._crossed else rows.nbytes + self._inner.borders().nbytes)
        return rows

    def small(self, place: int) -> Surface:
        """Passes the call on. The picture stays where it is."""
        return self._inner.small(place)

    def thumbnails(self) -> Array:
        """Passes the call on. The pictures stay where they are."""
        return self._inner.thumbnails()

    def borders(self) -> np.ndarray:
        """Passes the call on. These bytes came with the rows."""
        return self._inner.borders()


class CountingOps:
    """An `Ops` that passes calls on and counts the bytes of `to_host`, by the module that calls it."""

    def __init__(self, inner: Ops, tally: Tally) -> None:
        self._inner, self._tally = inner, tally

    def meter(self, geometry: Geometry) -> Meter:
        """A meter that counts too."""
        return CountingMeter(self._inner.meter(geometry), self._tally)

    def rgb(
        self, surface: Surface, rect: Rect | None = None, size: tuple[int, int] | None = None, fine: bool = False
    ) -> Array:
        """Passes the call on. The result stays on the device."""
        return self._inner.rgb(surface, rect, size, fine)

    def rgb_all(self, parts: Sequence[Part], size: tuple[int, int]) -> Array:
        """Passes the call on. The result stays on the device."""
        return self._inner.rgb_all(parts, size)

    def warp(self, parts: Sequence[Warps], size: int) -> Array:
        """Passes the call on. The result stays on the device."""
        return self._inner.warp(parts, size)

    def balance(self, picture: Array, subject: PixelBox) -> Array:
        """Passes the call on. The result stays on the device."""
        return self._inner.balance(picture, subject)

    def detail(self, picture: Array, size: tuple[int, int]) -> Array:
        """Passes the call on. The result stays on the device."""
        return self._inner.detail(picture, size)

    def field_votes(self, first: Surface, second: Surface) -> Array:
        """Passes the call on. The result stays on the device."""
        return self._inner.field_votes(first, second)

    def copy(self, surface: Surface) -> Surface:
        """Passes the call on. The result stays on the device."""
        return self._inner.copy(surface)

    def to_host(self, array: Array) -> np.ndarray:
        """Passes the call on and counts the bytes. Synchronises (on a device)."""
        host = self._inner.to_host(array)
        self._tally.add(kind_by_caller(), host.nbytes)
        return host

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class CountingEncoder:
    """An `Encoder` that passes calls on and counts the bytes of its files, which are the crops."""

    def __init__(self, inner: Encoder, tally: Tally) -> None:
        self._inner, self._tally = inner, tally

    def jpeg(self, rgb: Array, quality: int) -> bytes:
        """Passes the call on and counts the bytes."""
        data = self._inner.jpeg(rgb, quality)
        self._tally.add(FILES, len(data))
        return data


def counted_kit(kit: Kit, tally: Tally) -> Kit:
    """The kit with everything that brings data to the host counted."""
    return replace(
        kit,
        ops=CountingOps(kit.ops, tally),
        engine_ops=CountingOps(kit.engine_ops, tally),
        meter=lambda geometry: counted_meter(kit, geometry, tally),
        encoder=CountingEncoder(kit.encoder, tally),
    )


def counted_meter(kit: Kit, geometry: Geometry, tally: Tally) -> CountingMeter:
    """The kit's meter, counted. On a GPU the meter gets a counting runtime, because what it returns is more than what
    was copied."""
    if kit.device == "cpu":
        return CountingMeter(kit.meter(geometry), tally)
    from kernels.cuda.runtime import CupyRuntime

    return device_meter(geometry, CountingRuntime(CupyRuntime()), tally)


def device_meter(geometry: Geometry, runtime: CountingRuntime, tally: Tally) -> CountingMeter:
    """A meter on this runtime, counted by the bytes that the runtime copies to the host."""
    return CountingMeter(CudaMeter(geometry, runtime), tally, lambda: runtime.to_host_bytes)


@asynccontextmanager
async def counted_services(
    settings: Settings, make_kit: MakeKit = open_kit
) -> AsyncIterator[tuple[Services, Callable[[], Row]]]:
    """`open_services` with a counted kit, and a function that returns the counts so far."""
    tally = Tally()
    async with open_services(settings, make_kit=lambda chosen: counted_kit(make_kit(chosen), tally)) as services:
        yield services, tally.row


def field_values(record: Any) -> list[Any]:
    """The values of a record's fields."""
    return [getattr(record, name) for name in record.__dataclass_fields__]
