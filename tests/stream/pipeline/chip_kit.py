"""A kit whose films are decoded as on a GPU, by FFmpeg in the place of the chip; all else is the host's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from stream.decode.decoder import DecodeOptions, Decoder
from stream.decode.nvdec.open import open_on_chip
from stream.decode.nvdec.session import Chip
from stream.device.kit import Concurrency, Kit
from stream.device.kit_cpu import host_kit
from stream.settings.model import Settings

from ..decode.host_memory import HostMemory
from ..decode.nvdec.fake_nvdec import FakeNvdec


class ChipKit:
    """A kit as a GPU's in its decoder and its concurrency; `memories`: one of each film."""

    def __init__(self) -> None:
        self.memories: list[HostMemory] = []

    def __call__(self, settings: Settings) -> Kit:
        concurrency = Concurrency(max_batch=32, readers=2, in_flight=4)
        return replace(host_kit(settings), open_decoder=self._open, concurrency=concurrency)

    def _open(self, path: Path, options: DecodeOptions) -> Decoder:
        return open_on_chip(path, replace(options, threads=1), Chip(FakeNvdec()), self._memory)

    def _memory(self) -> HostMemory:
        self.memories.append(HostMemory())
        return self.memories[-1]
