"""Encrypted films are refused; FFmpeg would decode noise."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.nvdec.packets import PacketReader
from stream.errors import KeyartError


@pytest.mark.testdata
def test_encrypted_samples_are_refused(testdata: Path):
    path = testdata / "field" / "cenc.mp4"
    with pytest.raises(KeyartError, match="is encrypted"):
        AvDecoder(path)
    reader = PacketReader(path)
    with pytest.raises(KeyartError, match="is encrypted"):
        list(reader.packets())
    reader.close()
