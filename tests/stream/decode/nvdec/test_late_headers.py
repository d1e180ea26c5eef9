"""New sequence headers of AV1, which has no parameter sets, are asked like those."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from stream.decode.decoder import DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.nal_units import sequence_headers
from stream.decode.nvdec.late_headers import LateHeaders
from stream.decode.watch_anew import LateShapeError

BT709, BT601 = "1:1:1", "6:6:6"


def film(path: Path, colours: str) -> tuple[Path, list[bytes]]:
    """A film of AV1 and its key pictures. colours: numbers of primaries, transfer and matrix (H.273)."""
    primaries, transfer, matrix = colours.split(":")
    tagged = f"color-primaries={primaries}:transfer-characteristics={transfer}:matrix-coefficients={matrix}"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libsvtav1", rate=25, options={"preset": "12", "svtav1-params": tagged})
        stream.width, stream.height, stream.pix_fmt, stream.codec_context.gop_size = 96, 64, "yuv420p", 8
        frames = [av.VideoFrame.from_ndarray(np.full((64, 96, 3), 20 * n, np.uint8), "rgb24") for n in range(10)]
        for frame in frames:
            frame.color_primaries, frame.color_trc, frame.colorspace = int(primaries), int(transfer), int(matrix)
        for frame in [*frames, None]:
            container.mux(stream.encode(frame))
    with av.open(str(path)) as container:
        keys = [bytes(packet) for packet in container.demux(video=0) if packet.is_keyframe and packet.size]
    return path, keys


def test_a_part_of_av1_in_other_colours_is_told(tmp_path: Path) -> None:
    path, keys = film(tmp_path / "first.mkv", BT709)
    _, others = film(tmp_path / "second.mkv", BT601)
    info = AvDecoder(path, DecodeOptions(threads=1)).info
    headers = LateHeaders(info, b"", None)
    for time_s, key in enumerate(keys):
        headers.saw(sequence_headers(info.codec, key), key, float(time_s))
    assert sequence_headers(info.codec, keys[0]) != sequence_headers(info.codec, others[0]) != b""
    with pytest.raises(LateShapeError, match=r"change their colours at 9\.00 s"):
        headers.saw(sequence_headers(info.codec, others[0]), others[0], 9.0)


def test_what_breaks_off_has_no_headers() -> None:
    assert sequence_headers("av1", b"\x0a") == b""
