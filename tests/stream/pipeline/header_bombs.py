"""Small files that claim much: size, rate, length, number of streams."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

_SIZE = (64, 48)


def pictures_at(path: Path, ticks: list[int], ticks_a_second: int) -> Path:
    """A film of noise with a picture at each of these ticks."""
    rng = np.random.default_rng(3)
    with av.open(str(path), "w", options={"video_track_timescale": str(ticks_a_second)}) as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = *_SIZE, "yuv420p"
        time_base = Fraction(1, ticks_a_second)
        stream.time_base = stream.codec_context.time_base = Fraction(1, 25)
        packets = []
        for _ in ticks:
            picture = rng.integers(0, 255, (_SIZE[1] // 8, _SIZE[0] // 8, 3)).astype(np.uint8)
            packets += stream.encode(av.VideoFrame.from_ndarray(np.kron(picture, np.ones((8, 8, 1), np.uint8))))
        packets += stream.encode(None)
        for packet, tick in zip(packets, ticks, strict=True):
            packet.pts = packet.dts = tick
            packet.time_base = time_base
            container.mux(packet)
    return path


def huge_picture(path: Path, side: int = 16_383) -> Path:
    """A VP8 film whose pictures say in their own headers that they are this wide and high."""
    rng = np.random.default_rng(3)
    with av.open(str(path), "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = *_SIZE, "yuv420p", 1
        for _ in range(4):
            picture = rng.integers(0, 255, (_SIZE[1], _SIZE[0], 3)).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode(None))
    content = path.read_bytes()
    said = bytes((0x9D, 0x01, 0x2A)) + _SIZE[0].to_bytes(2, "little") + _SIZE[1].to_bytes(2, "little")
    assert said in content
    claimed = said[:3] + side.to_bytes(2, "little") * 2
    path.write_bytes(content.replace(said, claimed))
    return path


def many_streams(path: Path, count: int) -> Path:
    """A Matroska film with one track of pictures and many of sound, in which nothing is heard."""
    packets = _packets()
    size = _element(0xB0, _SIZE[0].to_bytes(1, "big")) + _element(0xBA, _SIZE[1].to_bytes(1, "big"))
    tracks = [_track(1, 1, b"V_VP8") + _element(0xE0, size)]
    tracks += [_track(number, 2, b"A_PCM/INT/LIT") for number in range(2, count + 1)]
    head = _element(0x1A45DFA3, _element(0x4282, b"webm"))
    described = _element(0x1654AE6B, b"".join(_element(0xAE, track) for track in tracks))
    blocks = [b"\x81" + (40 * at).to_bytes(2, "big") + b"\x80" + packet for at, packet in enumerate(packets)]
    cluster = _element(0x1F43B675, _element(0xE7, b"\x00") + b"".join(_element(0xA3, block) for block in blocks))
    path.write_bytes(head + _element(0x18538067, described + cluster))
    return path


def _packets() -> list[bytes]:
    """Four key frames of VP8."""
    encoder = av.CodecContext.create("libvpx", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt, encoder.gop_size = *_SIZE, "yuv420p", 1
    encoder.time_base = Fraction(1, 25)
    rng, packets = np.random.default_rng(3), []
    for number in range(4):
        frame = av.VideoFrame.from_ndarray(rng.integers(0, 255, (_SIZE[1], _SIZE[0], 3)).astype(np.uint8))
        frame.pts = number
        packets += encoder.encode(frame)
    return [bytes(packet) for packet in [*packets, *encoder.encode(None)]]


def _track(number: int, kind: int, codec: bytes) -> bytes:
    name = number.to_bytes(4, "big")
    return _element(0xD7, name) + _element(0x73C5, name) + _element(0x83, bytes([kind])) + _element(0x86, codec)


def _element(name: int, content: bytes) -> bytes:
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + (1 << 56 | len(content)).to_bytes(8, "big") + content
