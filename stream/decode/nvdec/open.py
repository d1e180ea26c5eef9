"""Chooses the decoder of a film on a GPU: NVDEC where it can decode the film, else FFmpeg with an upload."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from kernels.cuda.errors import out_of_memory
from kernels.tone_mapping import is_mapped

from ... import log
from ...errors import NO_ROOM, KeyartError
from ...records import Notice, VideoInfo
from ..container import open_container
from ..decoder import DecodeOptions, Decoder
from ..ffmpeg.decoder import AvDecoder
from ..ffmpeg.scan import colours_of_large
from ..probe import picture_stream
from ..slots import Memory
from ..upload import UploadDecoder
from .decoder import NvDecoder
from .memory import CupyMemory, device_room
from .module import video_codec
from .session import Chip, RefusedError, words_of


def open_on_gpu(path: Path, options: DecodeOptions, share: float = 1.0) -> Decoder:
    """The decoder of a file on the first CUDA device. share: of its memory that this process may take.

    Raises KeyartError when the file has no picture that can be decoded, when PyNvVideoCodec or CuPy cannot be used, or
    when the device has no room.
    """
    try:
        chip, memory = chip_of_first_gpu(), CupyMemory(device_room(share))
    except RuntimeError as error:
        if out_of_memory(error):
            raise KeyartError(NO_ROOM) from error
        raise KeyartError(f"the GPU's decoder cannot be used ({words_of(error)}), use --device cpu") from error
    return open_on_chip(path, options, chip, lambda: memory)


def open_on_chip(path: Path, options: DecodeOptions, chip: Chip, make_memory: Callable[[], Memory]) -> Decoder:
    """NVDEC's decoder, or FFmpeg's with an upload when NVDEC refuses the film.

    Raises KeyartError when the file cannot be decoded or the device has no room.
    """
    # FFmpeg decodes the first picture to describe the film; on one thread, because other films run at the same time.
    info = AvDecoder(path, replace(options, threads=1)).info
    memory = make_memory()
    try:
        return _chips_or_uploads(info, options, chip, memory)
    except BaseException:
        memory.close()
        raise


def _chips_or_uploads(info: VideoInfo, options: DecodeOptions, chip: Chip, memory: Memory) -> Decoder:
    try:
        if options.on_host:
            raise RefusedError(options.on_host)
        colours = info.colours or colours_of_large(info)
        if any(map(is_mapped, (info.colour, *colours))):
            raise RefusedError("its colours are mapped to standard range by the CPU")
        if len(colours) > 1:
            raise RefusedError("its pictures change their colours, and each is converted by its own on the host")
        if info.scan.kind != "progressive":
            raise RefusedError("its pictures are woven of fields, which are put right on the host")
        if info.shapes > 1:
            raise RefusedError("its pictures change their shape, and are fitted to each other on the host")
        if info.untimed:
            raise RefusedError("it begins with pictures that have no presentation time")
        return NvDecoder(info, options, chip, memory)
    except RefusedError as refused:
        log.info("film not decoded by the GPU", reason=str(refused))
        why = Notice("decoded_on_cpu", f"{_words(info)}: {refused}; FFmpeg decoded it, slower")
        return UploadDecoder(AvDecoder(info.path, options), options, memory, why)


@lru_cache(maxsize=1)
def chip_of_first_gpu() -> Chip:
    """NVDEC of the first GPU. Raises RuntimeError when PyNvVideoCodec is missing or finds no driver."""
    try:
        return Chip(video_codec())
    except ImportError as error:
        raise RuntimeError(f"PyNvVideoCodec cannot be imported: {error}, install keyart[cuda]") from error


def _words(info: VideoInfo) -> str:
    with open_container(info.path) as container:
        profile = picture_stream(container).codec_context.profile
    return ", ".join(filter(None, (info.codec, profile, info.pixel_format, f"{info.bit_depth} bits")))
