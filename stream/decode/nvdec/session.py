"""NVDEC through PyNvVideoCodec: what the chip can decode, and one decoding session on it.

This relies on the following, which was seen with version 2.2.4 of the module on a stand-in for the driver:

- `Decode` takes a `PacketData` whose fields may be set: `bsl_data` an address, `bsl` a number of bytes, `pts` any
  number, which comes back with the picture. It returns the pictures that are ready for display.
- An empty packet flushes the session; it can go on with another packet afterwards.
- With a CUDA stream of the caller's, the pictures are *queued* on it when `Decode` returns. They stay in NVDEC's
  buffers until the next call: rows of luma, then rows of interleaved chroma, without padding, an odd width rounded up
  to even.
- How much of a picture may be broken before the parser drops it cannot be set: `CreateDecoder` has no argument for it.
- Cropping that does not begin at the top left corner is ignored: such a film, none of which is known, would come out
  shifted.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, NamedTuple

from kernels.cuda.errors import out_of_memory

from ...errors import NO_ROOM, KeyartError
from ...records import VideoInfo
from ..slots import Memory
from .packets import Packet

NVDEC_CODECS = {
    "h264": "H264",
    "hevc": "HEVC",
    "mpeg1video": "MPEG1",
    "mpeg2video": "MPEG2",
    "vp8": "VP8",
    "vp9": "VP9",
    "av1": "AV1",
    "libdav1d": "AV1",
}
"""FFmpeg's names of the codecs whose packets NVDEC takes (H.264 and HEVC with start codes) → PyNvVideoCodec's names.
PyAV gives the decoder's name, and for AV1 FFmpeg takes another library's."""
_CHROMA = {
    "yuv420p": "420",
    "yuvj420p": "420",
    "gray": "Monochrome",
    "yuv422p": "422",
    "yuvj422p": "422",
    "yuv444p": "444",
    "yuvj444p": "444",
}
"""FFmpeg's pixel formats of eight bits → PyNvVideoCodec's names of chroma formats."""
_HELD = ("420", "Monochrome")
"""Chroma formats that come out as NV12 or P016; some chips decode others too."""
_SAID = re.compile(r"Error code : (-?\d+)\s+Error Type : (.+)")
_SURFACES = {"NV12": 1, "P016": 2}
"""Picture layouts for which there is a surface → bytes a sample."""


class RefusedError(Exception):
    """NVDEC cannot decode this film; the message says why."""


class NvdecError(Exception):
    """NVDEC failed on a packet; the message is its own."""


class UnsupportedError(NvdecError):
    """NVDEC turned out not to support this film."""


class Decoded(NamedTuple):
    """A picture in NVDEC's memory, overwritten at the next call. `address`: on the device; `width`: of a row, even."""

    stamp: int
    address: int
    width: int
    height: int
    sample_bytes: int


class Chip:
    """NVDEC of one GPU. `codec`: the module PyNvVideoCodec, or a peer of it in tests."""

    def __init__(self, codec: Any, device_id: int = 0) -> None:
        self._codec = codec
        self._device_id = device_id
        self._known: dict[tuple[str, str, int], dict[str, int]] = {}

    @cached_property
    def errors(self) -> tuple[type[Exception], ...]:
        """The exceptions that the module raises."""
        return (self._codec.PyNvVCException, self._codec.PyNvVCExceptionUnsupported, RuntimeError)

    def check(self, info: VideoInfo) -> None:
        """Ask whether NVDEC decodes the film. Raises RefusedError when not, KeyartError when memory is too short to
        ask."""
        name, chroma = NVDEC_CODECS.get(info.codec), _chroma_of(info.pixel_format)
        if name is None:
            raise RefusedError("the GPU has no decoder for it")
        if chroma is None:
            raise RefusedError(f"pictures of layout {info.pixel_format} stay with FFmpeg")
        can = self._capabilities(name, chroma, info.bit_depth)
        if not can["supported"]:
            raise RefusedError("the GPU does not decode it")
        if chroma not in _HELD:
            raise RefusedError(f"no surface for {':'.join(chroma)} yet")
        blocks = -(-info.width // 16) * -(-info.height // 16)
        fits = can["width_min"] <= info.width <= can["width_max"]
        if not fits or not can["height_min"] <= info.height <= can["height_max"] or blocks > can["mb_num_max"]:
            raise RefusedError(f"the GPU does not decode it at {info.width}x{info.height}")

    def engines(self) -> int:
        """How many NVDEC engines the GPU has, as it answers for H.264, which all of them decode. Raises RefusedError
        when the chip cannot be asked."""
        return int(self._capabilities("H264", "420", 8)["num_decoder_engines"])

    def open(self, codec: str, memory: Memory) -> NvSession:
        """A session on the memory's stream. `codec`: FFmpeg's name. Raises NvdecError when none can be made."""
        kind = getattr(self._codec.cudaVideoCodec, NVDEC_CODECS[codec])
        try:
            decoder = self._codec.CreateDecoder(
                gpuid=self._device_id, codec=kind, cudacontext=0, cudastream=memory.stream, usedevicememory=True
            )
        except self.errors as error:
            raise NvdecError(words_of(error)) from error
        return NvSession(self._codec, decoder, self.errors, memory)

    def _capabilities(self, codec: str, chroma: str, bit_depth: int) -> dict[str, int]:
        # Each question makes a CUDA context, which is slow: ask once for each kind of film.
        key = (codec, chroma, bit_depth)
        if key not in self._known:
            kinds = self._codec.cudaVideoCodec, self._codec.cudaVideoChromaFormat
            try:
                self._known[key] = self._codec.GetDecoderCaps(
                    gpuid=self._device_id,
                    codec=getattr(kinds[0], codec),
                    chromaformat=getattr(kinds[1], chroma),
                    bitdepth=bit_depth,
                )
            except self.errors as error:
                if out_of_memory(error):  # for the context
                    raise KeyartError(NO_ROOM) from error
                raise RefusedError(f"the GPU's decoder cannot be asked ({words_of(error)})") from error
        return self._known[key]


class NvSession:
    """One decoding session on NVDEC, on the stream of `memory`. Not safe for several threads."""

    def __init__(self, codec: Any, decoder: Any, errors: tuple[type[Exception], ...], memory: Memory) -> None:
        self._codec = codec
        self._decoder = decoder
        self._errors = errors
        self.sequence = b""
        """The sequence parameter sets in use."""
        self._form: tuple[int, int, int] | None = None
        # Attributes are freed in the order in which they were set: the stream must outlive the decoder that uses it.
        self._memory = memory

    def decode(self, packet: Packet, stamp: int) -> list[Decoded]:
        """Feed one packet and return the pictures that are ready, each with the stamp of its packet.

        Raises NvdecError; the session cannot be used after that.
        """
        data = self._codec.PacketData()
        data.bsl_data, data.bsl, data.pts = packet.address, packet.nbytes, stamp
        if packet.key:  # a stream changes its size at key frames only
            self._form = None
        return self._decode(data)

    def flush(self) -> list[Decoded]:
        """The pictures that are still inside. Afterwards the session can go on with a key frame. Raises NvdecError."""
        return self._decode(self._codec.PacketData())

    def _decode(self, data: Any) -> list[Decoded]:
        try:
            return [self._described(frame) for frame in self._decoder.Decode(data)]
        except self._codec.PyNvVCExceptionUnsupported as error:
            raise UnsupportedError(words_of(error)) from error
        except self._errors as error:
            raise NvdecError(words_of(error)) from error

    def _described(self, frame: Any) -> Decoded:
        if self._form is None:
            self._form = self._asked(frame)
        return Decoded(frame.getPTS(), frame.GetPtrToPlane(0), *self._form)

    def _asked(self, frame: Any) -> tuple[int, int, int]:
        """Width, height and bytes a sample of a picture; NVDEC is asked once for each key frame."""
        layout = frame.format.name
        if layout not in _SURFACES:
            raise UnsupportedError(f"pictures come as {layout}")
        return self._decoder.GetWidth(), self._decoder.GetHeight(), _SURFACES[layout]


def words_of(error: BaseException) -> str:
    """One line from PyNvVideoCodec's message of several lines (function, code, text, place): text and code."""
    found = _SAID.search(str(error))
    return f"{found[2].strip()}, error {found[1]}" if found else str(error).strip().partition("\n")[0]


def _chroma_of(pixel_format: str) -> str | None:
    """PyNvVideoCodec's chroma format for FFmpeg's pixel format; None for those that no chip decodes."""
    base = pixel_format.removesuffix("le").removesuffix("be")
    return _CHROMA.get(base if base in _CHROMA else base.removesuffix("10").removesuffix("12"))
