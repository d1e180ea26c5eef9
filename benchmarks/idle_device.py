"""Stand-ins for the decoder chip, its memory and the kernels that do nothing, so that only the interpreter's work
remains; and a chip that takes its time, so that it shows where the interpreter is too late for it."""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Sequence
from multiprocessing import get_context
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from kernels.cuda.plane import DevicePlane
from kernels.surface import Array
from stream.decode.slots import Place, Rows

_BYTE = np.dtype(np.uint8)
_SOMEWHERE = 4096
_REORDERED = 6
"""Pictures that a decoder holds back because of B-frames."""
_AHEAD = 4
"""Packets of a film that a decoder takes before it waits for the first of them. Chosen by eye."""
_PROCESSES = get_context("spawn")
"""What processes share is made here and given to them when they begin."""


class IdlePicture(NamedTuple):
    """A decoded picture with the methods of PyNvVideoCodec's."""

    stamp: int
    format: Any = SimpleNamespace(name="NV12")

    def getPTS(self) -> int:
        return self.stamp

    def GetPtrToPlane(self, plane: int) -> int:
        return _SOMEWHERE


class IdleDecoder:
    """Returns one picture for each packet, in the order of presentation times."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._stamps: list[int] = []

    def GetWidth(self) -> int:
        return self._size[0] + self._size[0] % 2

    def GetHeight(self) -> int:
        return self._size[1]

    def Decode(self, packet: Any) -> list[IdlePicture]:
        if not packet.bsl:
            held, self._stamps = sorted(self._stamps), []
            return [IdlePicture(stamp) for stamp in held]
        heapq.heappush(self._stamps, packet.pts)
        return [IdlePicture(heapq.heappop(self._stamps))] if len(self._stamps) > _REORDERED else []


class _Names:
    def __getattr__(self, name: str) -> str:
        return name


class PacketData:
    """A packet, filled by the caller of `Decode`."""

    bsl_data = bsl = pts = 0


class IdleChip:
    """Stands in for the module PyNvVideoCodec, for films of one size."""

    PacketData = PacketData
    PyNvVCException = PyNvVCExceptionUnsupported = RuntimeError
    cudaVideoCodec = cudaVideoChromaFormat = _Names()

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size

    def GetDecoderCaps(self, **parameters: Any) -> dict[str, int]:
        least, most = {"width_min": 1, "height_min": 1}, {"width_max": 1 << 14, "height_max": 1 << 14}
        return {"supported": 1, "num_decoder_engines": 7, "mb_num_max": 1 << 20, **least, **most}

    def CreateDecoder(self, **parameters: Any) -> IdleDecoder:
        return IdleDecoder(self._size)


class Engine:
    """One decoder engine, which works on one picture after the other, whichever process gives them. Its clock lies in
    shared memory and is the machine's (`time.perf_counter` on Linux). A process that begins may be given it."""

    def __init__(self, fps: float) -> None:
        self._picture_s = 1 / fps
        self._free_s = _PROCESSES.RawValue("d", 0.0)
        self._lock = _PROCESSES.Lock()

    def take(self) -> float:
        """Work on a picture; when it will be decoded (`time.perf_counter`)."""
        with self._lock:
            ready_s: float = max(self._free_s.value, time.perf_counter()) + self._picture_s
            self._free_s.value = ready_s
            return ready_s


class PacedDecoder(IdleDecoder):
    """Waits for its engine as NVDEC does: without the interpreter lock, and some packets late."""

    def __init__(self, size: tuple[int, int], engine: Engine) -> None:
        super().__init__(size)
        self._engine = engine
        self._ready_s: deque[float] = deque()

    def Decode(self, packet: Any) -> list[IdlePicture]:
        pictures = super().Decode(packet)
        if packet.bsl:
            self._ready_s.append(self._engine.take())
            if len(self._ready_s) > _AHEAD:
                time.sleep(max(0.0, self._ready_s.popleft() - time.perf_counter()))
        return pictures


class PacedChip(IdleChip):
    """A chip whose engines decode `fps` pictures a second, all together; films take turns on them, those of all
    processes that are given it."""

    def __init__(self, size: tuple[int, int], engines: int, fps: float) -> None:
        super().__init__(size)
        self._engines = [Engine(fps / engines) for _ in range(engines)]
        self._opened = _PROCESSES.Value("q", 0)

    def CreateDecoder(self, **parameters: Any) -> PacedDecoder:
        with self._opened.get_lock():
            number, self._opened.value = self._opened.value, self._opened.value + 1
        return PacedDecoder(self._size, self._engines[number % len(self._engines)])


class IdleMemory:
    """A `stream.decode.slots.Memory` that allocates nothing."""

    stream = 1

    def reserve(self, nbytes: int) -> None: ...

    def allocate(self, nbytes: int) -> Any:
        return nbytes

    def bytes_of(self, block: Any, owner: object) -> Array:
        return DevicePlane(_SOMEWHERE, (block,), (1,), _BYTE, (block, owner))

    def planes(self, slot: Array, places: Sequence[Place]) -> list[Array]:
        return [DevicePlane(slot.address + p.begin, p.shape, p.strides, p.dtype, slot.owner) for p in places]

    def copy_rows(self, slot: Array, rows: Rows, source: int) -> None: ...

    def upload(self, target: Array, host: np.ndarray) -> None: ...

    def finish(self) -> None: ...

    def close(self) -> None: ...


class IdleRuntime:
    """A `kernels.cuda.runtime.Runtime` whose kernels write nothing."""

    def launch(self, kernel: str, grid: Any, block: Any, arguments: Any) -> None: ...

    def zeros(self, shape: tuple[int, ...], dtype: Any) -> Array:
        return np.zeros(shape, dtype)

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Array:
        return np.empty(shape, dtype)

    def upload(self, array: np.ndarray) -> Array:
        return array

    def copy(self, into: Array, source: Array) -> None: ...

    def download(self, array: Array) -> np.ndarray:
        return np.asarray(array)

    def address(self, array: Array) -> int:
        return array.address if type(array) is DevicePlane else _SOMEWHERE

    def plane(self, array: Array, begin: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
        return DevicePlane(begin, shape, strides, _BYTE, array)
