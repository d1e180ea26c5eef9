"""Device errors: which are sticky, in the form of each library, and which end only one film."""

from __future__ import annotations

import pytest

from kernels.cuda.errors import out_of_memory, sticky


class CUDARuntimeError(RuntimeError):
    """Like CuPy's: a status, and its name and message as text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


ENDS = {
    "cupy": (CUDARuntimeError(700, "cudaErrorIllegalAddress: an illegal memory access"), "IllegalAddress"),
    "cupy driver": (RuntimeError("CUDA_ERROR_LAUNCH_FAILED: the words do not count"), "LaunchFailure"),
    "onnxruntime": (
        RuntimeError("Non-zero status code returned while running Conv: CUDA failure 719: unspecified launch failure"),
        "LaunchFailure",
    ),
    "torch": (RuntimeError("CUDA error: an illegal memory access was encountered\nCompile with DSA"), "IllegalAddress"),
    "decoder": (RuntimeError("NvDecoder: cuvidMapVideoFrame, CUDA_ERROR_ECC_UNCORRECTABLE"), "ECCUncorrectable"),
}
GOES_ON = [
    CUDARuntimeError(2, "cudaErrorMemoryAllocation: out of memory"),
    CUDARuntimeError(1, "cudaErrorInvalidValue: invalid argument"),
    RuntimeError("the file is damaged at byte 700"),
    ValueError("unspecified launch failure of the second stage of a rocket"),
    RuntimeError("detector: [ONNXRuntimeError] : 2 : INVALID_ARGUMENT : Got invalid dimensions"),
]
NO_ROOM = [
    CUDARuntimeError(2, "cudaErrorMemoryAllocation: out of memory"),
    RuntimeError("CUDA failure 2: out of memory ; GPU=0"),
    RuntimeError("BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 8388608"),
]


@pytest.mark.parametrize("source", ENDS)
def test_what_ends_the_device_is_known_from_every_library(source: str) -> None:
    error, name = ENDS[source]
    assert sticky(error) == name
    assert not out_of_memory(error)


@pytest.mark.parametrize("error", GOES_ON, ids=str)
def test_what_does_not_end_the_device_is_left_to_its_film(error: Exception) -> None:
    assert sticky(error) is None


@pytest.mark.parametrize("error", NO_ROOM, ids=str)
def test_no_room_is_not_the_end(error: Exception) -> None:
    assert out_of_memory(error) and sticky(error) is None
    assert not out_of_memory(MemoryError("Unable to allocate 3 GiB"))


def test_it_is_found_under_other_errors_and_in_groups() -> None:
    lost = ENDS["cupy"][0]
    outer = ValueError("cannot decode")
    outer.__cause__ = lost
    assert sticky(ExceptionGroup("tasks", [KeyError("other"), outer])) == "IllegalAddress"
    outer.__cause__.__context__ = outer
    assert sticky(outer) == "IllegalAddress"
