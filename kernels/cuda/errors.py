"""Tells device errors that end only the current work from errors after which every further call fails.

Libraries report them in different ways: CuPy by a status number, ONNX Runtime and the decoder by a number or name
inside a message, PyTorch by a message alone. All of them mean the numbers of `cudaError_t`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

STICKY = {
    "DevicesUnavailable": (46, "devices are busy or unavailable"),
    "ECCUncorrectable": (214, "uncorrectable ECC error"),
    "NvlinkUncorrectable": (220, "uncorrectable NVLink error"),
    "IllegalAddress": (700, "an illegal memory access was encountered"),
    "LaunchTimeout": (702, "the launch timed out and was terminated"),
    "ContextIsDestroyed": (709, "context is destroyed"),
    "Assert": (710, "device-side assert triggered"),
    "HardwareStackError": (714, "hardware stack error"),
    "IllegalInstruction": (715, "an illegal instruction was encountered"),
    "MisalignedAddress": (716, "misaligned address"),
    "InvalidAddressSpace": (717, "operation not supported on global/shared address space"),
    "InvalidPc": (718, "invalid program counter"),
    "LaunchFailure": (719, "unspecified launch failure"),
    "SystemNotReady": (802, "system not yet initialized"),
    "Unknown": (999, "unknown error"),
}
"""Name → number and message of the `cudaError_t` values that leave a process without a usable device."""

OUT_OF_MEMORY = 2

_CUDA_ERRORS = ("CUDARuntimeError", "CUDADriverError", "CUBLASError", "NVRTCError", "AcceleratorError")
_NUMBER = re.compile(r"\b(?:CUDA failure|CUDA error|cudaError|CUresult|error code)\D{0,3}(\d{1,3})\b", re.IGNORECASE)
_NAME = re.compile(r"\b(?:cudaError([A-Z]\w+)|CUDA_ERROR_([A-Z_]+))")
_CUDA = re.compile(r"cuda|cudnn|cublas|nvdec|gpu", re.IGNORECASE)
_MEMORY = re.compile(r"out of memory|failed to allocate memory for requested buffer", re.IGNORECASE)
_NAMES = {name.upper(): name for name in STICKY} | {
    "LAUNCHFAILED": "LaunchFailure",
    "DEVICEUNAVAILABLE": "DevicesUnavailable",
}
"""Names in capitals without underscores → names in `STICKY`. The driver has other names for two of them."""
_BY_NUMBER = {number: name for name, (number, _) in STICKY.items()}


def sticky(error: BaseException) -> str | None:
    """Name of the first sticky error in the exception's chain or group, None when there is none. After a sticky error
    no call to the device succeeds."""
    return next((name for found in _all_of(error) if (name := _sticky_name(found)) is not None), None)


def out_of_memory(error: BaseException) -> bool:
    """Whether the device ran out of memory. Nothing is broken then, and work that needs less memory can go on."""
    return any(_is_out_of_memory(found) for found in _all_of(error))


def cuda_message(error: BaseException) -> str | None:
    """First line of the first exception in the chain or group that a CUDA library raised; None when there is none."""
    for found in _all_of(error):
        if type(found).__name__ in _CUDA_ERRORS:
            return (str(found).strip().splitlines() or [type(found).__name__])[0]
    return None


def _all_of(error: BaseException) -> Iterator[BaseException]:
    """The exception, its causes and contexts, and the members of groups; each once."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        found = waiting.pop()
        if found is None or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        waiting += [found.__cause__, found.__context__]
        if isinstance(found, BaseExceptionGroup):
            waiting += found.exceptions


def _sticky_name(error: BaseException) -> str | None:
    if isinstance(error, BaseExceptionGroup):
        return None
    number = _number(error)
    if number is not None:
        return _BY_NUMBER.get(number)
    text = str(error)
    for match in _NAME.finditer(text):
        name = _NAMES.get((match[1] or match[2]).replace("_", "").upper())
        if name is not None:
            return name
    said = text.lower() if _CUDA.search(text) else ""
    return next((name for name, (_, words) in STICKY.items() if name != "Unknown" and words.lower() in said), None)


def _number(error: BaseException) -> int | None:
    """The status number, from CuPy's attribute or from the message."""
    status = getattr(error, "status", None)
    if isinstance(status, int):
        return status if "cuda" in type(error).__name__.lower() else None
    match = _NUMBER.search(str(error))
    return int(match[1]) if match else None


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return False
    from_device = "cupy" in type(error).__module__ or "torch" in type(error).__module__
    text = str(error)
    if _MEMORY.search(text) and (from_device or not isinstance(error, MemoryError)):
        return True
    return _number(error) == OUT_OF_MEMORY
