"""VP8 and VP9 with alpha are seen before black, in watching and in searches, where libvpx is at hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from stream.decode.alpha import decoder_with_alpha, is_transparent
from stream.decode.container import open_container
from stream.decode.decoder import DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.ffmpeg.demux_decode import AvPass, decode
from stream.decode.picture_times import picture_times
from stream.decode.probe import notices_of, picture_stream

from .decoders import open_kind, shown, watched

CODECS = ("libvpx", "libvpx-vp9")
SIZE = (97, 65)
ALPHAS = (255, 128, 0)
COUNT = 40


def pictures() -> Iterator[np.ndarray]:
    """RGBA: a texture that moves and brightens, opaque on the left, half transparent in the middle, clear on the
    right."""
    width, height = SIZE
    for number in range(COUNT):
        rgba = np.empty((height, width, 4), np.uint8)
        rgba[..., :3] = (100 + 3 * number, 60, 40)
        rgba[(np.arange(height) + number) % 16 < 4, :, :3] //= 2
        for part, alpha in zip(np.array_split(rgba, 3, axis=1), ALPHAS, strict=True):
            part[..., 3] = alpha
        yield rgba


def transparent(path: Path, codec: str) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options={"auto-alt-ref": "0", "crf": "4", "b": "2M"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuva420p"
        stream.codec_context.gop_size = 12
        stream.metadata["alpha_mode"] = "1"
        for rgba in pictures():
            frame = av.VideoFrame.from_ndarray(rgba, format="rgba").reformat(format="yuva420p")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module", params=CODECS)
def film(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return transparent(tmp_path_factory.mktemp("transparent") / "film.webm", request.param)


def thirds(picture: np.ndarray) -> list[np.ndarray]:
    """The parts of one transparency, without their borders."""
    return [part[4:-4, 4:-4] for part in np.array_split(picture, 3, axis=1)]


def test_what_is_transparent_is_seen_before_black(film: Path) -> None:
    decoder = AvDecoder(film, DecodeOptions(threads=2))
    assert decoder.info.pixel_format == "yuva420p" and not decoder.info.alpha_left_out
    surfaces = [surface for batch in decoder.batches() for surface in batch.surfaces]
    assert decoder.notices == [] and len(surfaces) == COUNT
    for surface, rgba in zip(surfaces, pictures(), strict=True):
        expected = rgba[..., :3].astype(float) * (rgba[..., 3:] / 255)
        for part, wanted in zip(thirds(shown(surface)), thirds(expected), strict=True):
            np.testing.assert_allclose(part.mean(axis=(0, 1)), wanted.mean(axis=(0, 1)), atol=6)


def test_times_numbers_and_pictures_are_those_of_the_film_however_they_are_reached(film: Path) -> None:
    decoder = AvDecoder(film, DecodeOptions(threads=1))
    pts_s, frames, _, kept = watched(decoder)
    assert frames == list(range(COUNT))
    assert pts_s == pytest.approx([number / 25 for number in range(COUNT)])
    assert list(picture_times(film, 0.0, 99.0).times_s) == pytest.approx(pts_s)
    for place in (0, 13, 29, COUNT - 1):
        np.testing.assert_array_equal(shown(decoder.frame_at(pts_s[place])), kept[place])
    between = decoder.between(pts_s[13], pts_s[20])
    assert [time for time, _ in between] == pytest.approx(pts_s[13:21])
    for (_, surface), place in zip(between, range(13, 21), strict=True):
        np.testing.assert_array_equal(shown(surface), kept[place])
    found = decoder.at([pts_s[5], pts_s[30]])
    np.testing.assert_array_equal(shown(found[1][1]), kept[30])


def test_after_a_seek_the_decoder_begins_anew(film: Path) -> None:
    with closing(AvPass(film, 1, "all")) as reading:
        for _ in range(2):
            reading.seek(0.0)
            assert sum(1 for _ in reading.frames()) == COUNT


def test_after_a_damaged_place_the_next_key_picture_is_trusted_again(film: Path) -> None:
    """libvpx does not say which of its frames are key frames."""
    with closing(AvPass(film, 1, "all")) as reading:
        damaged = []
        for number, packet in enumerate(reading.packets()):
            packet.is_corrupt = number == 3
            damaged += [reading.is_damaged(frame) for frame in reading.decoded(decode(reading.context, packet))]
    assert damaged == [3 <= number < 12 for number in range(COUNT)]


def test_the_chip_leaves_it_to_ffmpeg_and_says_so(film: Path) -> None:
    uploaded = open_kind("nvdec", film, name="ffmpeg, uploaded")
    assert uploaded.notices[0].code == "decoded_on_cpu" and "stay with FFmpeg" in uploaded.notices[0].message
    for one, other in zip(watched(uploaded)[3], watched(AvDecoder(film))[3], strict=True):
        np.testing.assert_array_equal(one, other)
    assert uploaded.notices[0].message.endswith(f": {COUNT} frames")


def test_without_libvpx_that_is_said_once(film: Path) -> None:
    with open_container(film) as container:
        stream = picture_stream(container)
        assert is_transparent(stream)
        assert decoder_with_alpha(stream, {"vp8", "vp9"}) is None
    (notice,) = notices_of(replace(AvDecoder(film).info, alpha_left_out=True))
    assert notice.code == "alpha_left_out"


def test_tracks_without_alpha_keep_their_own_decoder(tmp_path: Path, make_film, moving) -> None:
    with closing(AvPass(make_film("plain.webm", moving(3), codec="libvpx-vp9"), 1, "all")) as reading:
        assert reading.context is reading.stream.codec_context
