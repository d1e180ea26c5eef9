"""CRC-32 of 0x04C11DB7 from zero with the highest bit first, as Ogg (RFC 3533) and FFV1 (RFC 9043) have it."""

from __future__ import annotations

import zlib

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def ends_with_crc32(data: bytes) -> bool:
    """Whether the last four bytes are the checksum of those before, highest byte first."""
    return _reversed_crc32(data) == 0


def crc32_msb_of(data: bytes) -> int:
    """The checksum."""
    return int(f"{_reversed_crc32(data):032b}"[::-1], 2)


def _reversed_crc32(data: bytes) -> int:
    # zlib's has the lowest bit first, begins with ones and ends by inverting.
    return zlib.crc32(data.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
