"""Encrypted films are refused; FFmpeg would decode noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stream.decode.encrypted import encrypted_parts
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


def scrambled_from(path: Path, begins: float, every: int = 1) -> Path:
    """A transport stream of noise of which, from that share on, one video packet of `every` is scrambled."""
    rng = np.random.default_rng(7)

    def noise(count: int, size: tuple[int, int]) -> np.ndarray:
        return rng.integers(0, 255, (count, size[1], size[0], 3), dtype=np.uint8)

    data = bytearray(write_film(path, noise, 60, codec="mpeg2video", size=(640, 480)).read_bytes())
    for number, place in enumerate(range(0, len(data), 188)):
        packet = data[place : place + 188]
        if place >= begins * len(data) and number % every == 0 and (packet[1] & 31) << 8 | packet[2] == 0x100:
            packet[3] |= 0x80
            packet[4:] = rng.bytes(184)
            data[place : place + 188] = packet
    path.write_bytes(data)
    assert len(data) > 1 << 20
    return path


def notices_of(path: Path) -> list[tuple[str, str]]:
    decoder = AvDecoder(path)
    for _ in decoder.batches():
        pass
    return [(notice.code, notice.message) for notice in decoder.notices]


def test_a_recording_that_is_encrypted_from_some_place_on_says_so(tmp_path: Path) -> None:
    assert notices_of(scrambled_from(tmp_path / "clear.ts", 2.0)) == []
    said = dict(notices_of(scrambled_from(tmp_path / "film.ts", 0.7)))
    share = said["encrypted_part"].removeprefix("about ").removesuffix("% of it is encrypted, used what is clear")
    assert 25 <= int(share) <= 35
    assert "encrypted_part" in dict(notices_of(scrambled_from(tmp_path / "one_in_four.ts", 0.0, every=4)))


def test_a_recording_most_of_which_is_encrypted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyartError, match=r"is encrypted.*the lesser part of it is clear"):
        notices_of(scrambled_from(tmp_path / "film.ts", 0.3))


def test_what_is_clear_is_not_looked_at_again(tmp_path: Path) -> None:
    """Where pictures go on to the end of the file."""
    path = write_film(tmp_path / "film.ts", lambda count, size: np.zeros((count, size[1], size[0], 3), np.uint8), 25)
    size = path.stat().st_size
    assert encrypted_parts(path, 0x100, size - 1000, damaged=False) == []
    assert encrypted_parts(path, 0x100, 0, damaged=True) == []
    with path.open("ab") as file:
        file.write(bytes(1 << 20))
    assert encrypted_parts(path, 0x100, size, damaged=False) == []
    path.unlink()
    with pytest.raises(KeyartError, match="cannot be read"):
        encrypted_parts(path, 0x100, 0, damaged=True)
