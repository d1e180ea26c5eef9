"""Encrypted films are refused; FFmpeg would decode noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.nvdec.packets import PacketReader
from stream.errors import KeyartError

from .decoders import watched, write_film


@pytest.mark.testdata
def test_encrypted_samples_are_refused(testdata: Path):
    path = testdata / "field" / "cenc.mp4"
    with pytest.raises(KeyartError, match="is encrypted"):
        AvDecoder(path)
    reader = PacketReader(path)
    with pytest.raises(KeyartError, match="is encrypted"):
        list(reader.packets())
    reader.close()


def test_an_encrypted_matroska_track_is_refused(tmp_path, moving):
    """The codec's header gives way to ContentEncodings with a key's name, and a Void element."""
    path = write_film(tmp_path / "film.mkv", moving, 12, codec="mpeg4")
    assert len(watched(AvDecoder(path))[0]) == 12
    data = bytearray(path.read_bytes())
    place = data.index(b"\x63\xa2")
    length = 3 + (data[place + 2] & 0x7F)
    encryption = b"\x50\x35\x87" + b"\x47\xe2\x84abcd"
    encoding = b"\x50\x33\x81\x01" + encryption
    encodings = b"\x62\x40" + bytes([0x80 | len(encoding)]) + encoding
    new = b"\x6d\x80" + bytes([0x80 | len(encodings)]) + encodings
    data[place : place + length] = (new + b"\xec" + bytes([0x80 | (length - len(new) - 2)])).ljust(length, b"\0")
    path.write_bytes(data)
    with pytest.raises(KeyartError, match="is encrypted"):
        AvDecoder(path)


@pytest.mark.parametrize("before", [0, 4])
def test_a_scrambled_transport_stream_is_refused(tmp_path, moving, before):
    """`before`: bytes before each packet, as in M2TS."""
    path = write_film(tmp_path / "film.ts", moving, 25)
    data, scrambled = path.read_bytes(), bytearray()
    noise = np.random.default_rng(7)
    for place in range(0, len(data), 188):
        packet = bytearray(data[place : place + 188])
        if (packet[1] & 31) << 8 | packet[2] == 0x100:  # the video; the tables are clear
            packet[3] |= 0x80
            packet[4:] = noise.bytes(184)
        scrambled += bytes(before) + packet
    path.write_bytes(scrambled)
    with pytest.raises(KeyartError, match="is encrypted"):
        AvDecoder(path)
