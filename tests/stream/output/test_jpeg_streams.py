"""In which stream of the device a picture is encoded, how many at a time, and what becomes of errors; on stand-ins."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Lock
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kernels.cuda.errors import out_of_memory, sticky
from stream.errors import KeyartError
from stream.output.jpeg_cuda import CudaEncoder

PICTURE = np.zeros((20, 30, 3), np.uint8)


class Tensor:
    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def permute(self, *axes: int) -> Tensor:
        return Tensor(self.array.transpose(axes))

    def contiguous(self) -> Tensor:
        return Tensor(np.ascontiguousarray(self.array))


class Machine:
    """PyTorch, CuPy's runtime and a library in one, which note in which order what is asked of them."""

    name, stream, device_id = "peer", 77, 3

    def __init__(self, in_stream: bool, error: Exception | None = None, broken: Exception | None = None) -> None:
        self.in_stream, self._error, self._broken = in_stream, error, broken
        self.said: list[str] = []
        self.given: list[tuple[tuple[int, ...], int]] = []
        self.cuda = SimpleNamespace(
            device=lambda number: self._within(f"device {number}"),
            stream=lambda stream: self._within(f"stream {stream}"),
            ExternalStream=lambda stream, device: f"{stream} of {device}",
        )

    def queue(self) -> Any:
        return self._within("queue")

    @contextmanager
    def _within(self, what: str) -> Iterator[None]:
        self.said.append(what)
        try:
            yield
        finally:
            self.said.append(f"end of {what}")

    def from_dlpack(self, array: np.ndarray) -> Tensor:
        return Tensor(array)

    def upload(self, array: np.ndarray) -> np.ndarray:
        self.said.append("upload")
        return array

    def synchronise(self) -> None:
        self.said.append("wait")
        if self._broken:
            raise self._broken

    def encode(self, planes: Tensor, quality: int) -> bytes:
        self.said.append("encode")
        self.given.append((planes.array.shape, quality))
        if self._error:
            raise self._error
        return b"JPEG"


class CUDARuntimeError(RuntimeError):
    """As CuPy's."""

    status = 700


@pytest.fixture
def encoder_of(monkeypatch: pytest.MonkeyPatch) -> Any:
    def make(machine: Any) -> CudaEncoder:
        monkeypatch.setitem(sys.modules, "torch", machine)
        return CudaEncoder(machine, machine)

    return make


def test_a_library_that_knows_streams_works_in_the_pictures_own(encoder_of: Any) -> None:
    machine = Machine(in_stream=True)
    assert encoder_of(machine).jpeg(PICTURE, 92) == b"JPEG"
    assert machine.given == [((3, 20, 30), 92)]
    assert machine.said == [
        "upload", "device 3", "stream 77 of 3", "queue", "end of queue", "encode", "end of stream 77 of 3",
        "end of device 3",
    ]  # fmt: skip


def test_before_one_that_does_not_the_picture_is_waited_for(encoder_of: Any) -> None:
    machine = Machine(in_stream=False)
    assert encoder_of(machine).jpeg(PICTURE, 40) == b"JPEG"
    assert machine.given == [((3, 20, 30), 40)]
    assert machine.said == [
        "upload", "device 3", "stream 77 of 3", "queue", "end of queue", "end of stream 77 of 3", "wait", "encode",
        "end of device 3",
    ]  # fmt: skip


def test_two_pictures_are_encoded_at_a_time(encoder_of: Any) -> None:
    class Meeting(Machine):
        """Lets a call go on when another has come; notes how many were there."""

        pair, lock, inside, most = Barrier(2), Lock(), 0, 0

        def encode(self, planes: Tensor, quality: int) -> bytes:
            with self.lock:
                self.inside += 1
                self.most = max(self.most, self.inside)
            self.pair.wait(30)
            with self.lock:
                self.inside -= 1
            return b"JPEG"

    machine = Meeting(in_stream=True)
    encoder = encoder_of(machine)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: encoder.jpeg(PICTURE, 92), range(32))) == [b"JPEG"] * 32
    assert machine.most == 2


def test_what_cannot_be_encoded_is_one_line_without_places_in_sources(encoder_of: Any) -> None:
    machine = Machine(True, RuntimeError("encode, /a/b, c/EncodeJpegCuda.cpp:204, Failed to encode image: 2\nmore"))
    with pytest.raises(KeyartError) as told:
        encoder_of(machine).jpeg(PICTURE, 92)
    assert str(told.value) == (
        "a picture of 30x20 could not be encoded by nvJPEG (Failed to encode image: 2), use --device cpu"
    )
    assert machine.said[-1] == "wait"


def test_lack_of_memory_is_known_as_that(encoder_of: Any) -> None:
    machine = Machine(True, RuntimeError("encode, /b/EncodeJpegCuda.cpp:9, Failed to encode image: 5"))
    with pytest.raises(RuntimeError, match="out of memory") as told:
        encoder_of(machine).jpeg(PICTURE, 92)
    assert out_of_memory(told.value) and not sticky(told.value) and not isinstance(told.value, KeyartError)


def test_torchs_own_lack_of_memory_passes_as_it_is(encoder_of: Any) -> None:
    lacking = RuntimeError("CUDA out of memory. Tried to allocate 40.00 MiB")
    machine = Machine(True, lacking)
    with pytest.raises(RuntimeError) as told:
        encoder_of(machine).jpeg(PICTURE, 92)
    assert told.value is lacking and out_of_memory(lacking)


def test_a_device_that_failed_is_known_by_its_own_error(encoder_of: Any) -> None:
    """nvJPEG's number (6: execution failed) does not tell it from a refused picture."""
    refused = RuntimeError("encode, /b/EncodeJpegCuda.cpp:9, Failed to encode image: 6")
    machine = Machine(True, refused, CUDARuntimeError("cudaErrorIllegalAddress: an illegal memory access"))
    with pytest.raises(CUDARuntimeError) as told:
        encoder_of(machine).jpeg(PICTURE, 92)
    assert sticky(told.value) == "IllegalAddress" and told.value.__context__ is refused
