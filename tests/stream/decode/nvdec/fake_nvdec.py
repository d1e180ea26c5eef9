"""A fake of PyNvVideoCodec on the host, with FFmpeg: the same calls, and surfaces that the next call overwrites."""

from __future__ import annotations

import ctypes
from enum import Enum
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
from av.error import FFmpegError

from ..host_memory import STREAM

Codecs = Enum("Codecs", ["MPEG1", "MPEG2", "H264", "HEVC", "VP8", "VP9", "AV1"])
Chroma = Enum("Chroma", {"Monochrome": 0, "420": 1, "422": 2, "444": 3})
Layout = Enum("Layout", ["NV12", "YUV444", "P016", "NV16"])
_NAMES = {"MPEG1": "mpeg1video", "MPEG2": "mpeg2video", "AV1": "libdav1d"}
_START_CODES = (b"\0\0\0\1", b"\0\0\1")
_GARBAGE = 0xA5


class FakeError(Exception):
    """The exception that the module raises."""


class FakeUnsupportedError(Exception):
    """The exception that it raises for a film that the chip does not support."""


def said(function: str, code: int, words: str) -> str:
    """An error message in the form that the module has."""
    return f"{function} : \nError code : {code}\nError Type : {words}\nat /project/src/NvDecoder.cpp:1\n"


class PacketData:
    """A packet; the caller sets its fields."""

    def __init__(self) -> None:
        self.bsl_data = 0
        self.bsl = 0
        self.pts = 0


class FakeNvdec:
    """The module. `refused`: codecs the chip does not take; `fail_after`: packets until a decoder breaks, each time one
    is made; `largest`: width and height; `chroma`: what the chip takes of it; `no_room`: calls that find the device's
    memory full; `lie`: says it takes what it refuses; `make`: the class of its decoders."""

    PacketData = PacketData
    PyNvVCException = FakeError
    PyNvVCExceptionUnsupported = FakeUnsupportedError
    cudaVideoCodec = Codecs
    cudaVideoChromaFormat = Chroma

    def __init__(
        self,
        refused: set[str] | None = None,
        fail_after: list[int] | None = None,
        largest: tuple[int, int] = (4096, 4096),
        lie: bool = False,
        chroma: frozenset[str] = frozenset(name for name in Chroma.__members__),
        no_room: frozenset[str] = frozenset(),
        make: type[FakeDecoder] | None = None,
    ) -> None:
        self.make = make or FakeDecoder
        self.refused, self.fail_after, self.largest, self.lie = refused or set(), fail_after or [], largest, lie
        self.chroma, self.no_room = chroma, no_room
        self.decoders: list[FakeDecoder] = []
        self.asked: list[tuple[str, str, int]] = []

    def GetDecoderCaps(self, gpuid: int, codec: Codecs, chromaformat: Chroma, bitdepth: int) -> dict[str, int]:
        self.asked.append((codec.name, chromaformat.name, bitdepth))
        self._find_room("GetDecoderCaps")
        strange = chromaformat.name not in self.chroma
        deep_h264 = codec is Codecs.H264 and bitdepth > 8
        return {
            "supported": int(self.lie or not (codec.name in self.refused or deep_h264 or strange)),
            "width_min": 16, "height_min": 16, "width_max": self.largest[0], "height_max": self.largest[1],
            "mb_num_max": 65536, "num_decoder_engines": 7,
        }  # fmt: skip

    def CreateDecoder(
        self, gpuid: int, codec: Codecs, cudacontext: int, cudastream: int, usedevicememory: bool
    ) -> FakeDecoder:
        assert cudastream == STREAM and usedevicememory
        self._find_room("CreateDecoder")
        breaks_at = self.fail_after.pop(0) if self.fail_after else None
        self.decoders.append(self.make(codec, breaks_at, refuses=codec.name in self.refused))
        self.decoders[-1].no_room = "Decode" in self.no_room
        return self.decoders[-1]

    def _find_room(self, call: str) -> None:
        if call in self.no_room:
            raise FakeError(said(call, 2, "CUDA_ERROR_OUT_OF_MEMORY"))


class FakeDecoder:
    """One decoding session. As on the chip a picture larger than the first makes it fail, and any other is scaled to
    the first one's size without a word."""

    def __init__(self, codec: Codecs, breaks_at: int | None, refuses: bool) -> None:
        self._name = _NAMES.get(codec.name, codec.name.lower())
        self._annex_b = codec in (Codecs.H264, Codecs.HEVC)
        self._context = self._fresh()
        self._breaks_at, self._refuses = breaks_at, refuses
        self._size: tuple[int, int] | None = None
        self._buffers: list[np.ndarray] = []
        self.no_room = False
        self.packets = 0
        self.flushes = 0

    def GetWidth(self) -> int:
        assert self._size is not None
        return self._size[0] + self._size[0] % 2

    def GetHeight(self) -> int:
        assert self._size is not None
        return self._size[1]

    def Decode(self, packet: PacketData) -> list[Any]:
        for buffer in self._buffers:
            buffer[...] = _GARBAGE
        self._buffers.clear()
        if self._refuses:
            raise FakeUnsupportedError(said("HandleVideoSequence", 801, "Codec not supported on this GPU"))
        if self.no_room:
            raise FakeError(said("HandleVideoSequence", 2, "cuvidCreateDecoder(&m_hDecoder, &info) returned error 2"))
        if not packet.bsl:
            self.flushes += 1
            frames = self._context.decode(None)
            self._context = self._fresh()
            return self._handed_out(frames)
        self.packets += 1
        if self._breaks_at is not None and self.packets > self._breaks_at:
            raise FakeError(said("Decode", 1, "m_api.cuvidParseVideoData(m_hParser, &packet) returned error 1"))
        data = ctypes.string_at(packet.bsl_data, packet.bsl)
        assert not self._annex_b or data.startswith(_START_CODES), "the chip wants start codes"
        return self._handed_out(self._frames(data, packet.pts))

    def _frames(self, data: bytes, pts: int) -> list[av.VideoFrame]:
        fed = av.Packet(data)
        fed.pts = pts
        try:
            return self._context.decode(fed)
        except FFmpegError:
            return []  # the chip conceals

    def _handed_out(self, frames: list[av.VideoFrame]) -> list[Any]:
        frames = [self._in_first_size(frame) for frame in frames]
        arrays = [semi_planar(frame) for frame in frames]
        self._buffers += arrays
        return [_decoded_frame(array, frame.pts) for array, frame in zip(arrays, frames, strict=True)]

    def _in_first_size(self, frame: av.VideoFrame) -> av.VideoFrame:
        width, height = self._size = self._size or (frame.width, frame.height)
        if (frame.width, frame.height) == self._size:
            return frame
        if frame.width > width or frame.height > height:
            raise FakeError(said("ReconfigureDecoder", 801, "Reconfigure Not supported"))
        scaled = frame.reformat(width, height)
        scaled.pts = frame.pts
        return scaled

    def _fresh(self) -> av.VideoCodecContext:
        context = av.CodecContext.create(self._name, "r")
        context.thread_count = 1
        return context


def _decoded_frame(array: np.ndarray, pts: int) -> Any:
    layout = Layout.NV12 if array.dtype == np.uint8 else Layout.P016
    return SimpleNamespace(format=layout, getPTS=lambda: pts, GetPtrToPlane=lambda plane: array.ctypes.data)


def semi_planar(frame: av.VideoFrame) -> np.ndarray:
    """Rows of luma, then of interleaved chroma, of an even width; uint8, or uint16 with the bits at its upper end."""
    bits = frame.format.components[0].bits
    dtype = np.dtype(np.uint8 if bits == 8 else np.uint16)
    height, width = frame.height, frame.width + frame.width % 2
    out = np.zeros((height + (height + 1) // 2, width), dtype)
    planes = [
        np.frombuffer(plane, dtype).reshape(-1, plane.line_size // dtype.itemsize)[: plane.height, : plane.width]
        for plane in frame.planes
    ]
    out[:height, : frame.width] = planes[0]
    out[height:, 0::2], out[height:, 1::2] = (planes[1], planes[2]) if len(planes) == 3 else (128, 128)
    return out << (16 - bits) if bits > 8 else out
