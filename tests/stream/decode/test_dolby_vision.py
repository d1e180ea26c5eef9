"""Dolby Vision is known by its record or its metadata."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import av
import pytest
from av.sidedata.sidedata import Type

from stream.decode.dolby_vision import dolby_vision
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.errors import KeyartError
from stream.records import DolbyVision

from .test_colours import write_hdr

NO_PICTURE = SimpleNamespace(side_data={}, color_trc=2)


def record(profile: int, compatibility: int) -> bytes:
    """A configuration record of level 6 with metadata and base layer."""
    return bytes([1, 0, profile << 1, 6 << 3 | 0b101, compatibility << 4]) + bytes(19)


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def with_record(film: Path, configuration: bytes) -> Path:
    """The film (MP4 that ends with its index) with the record in its sample entry."""
    data = film.read_bytes()
    added = box(b"dvvC", configuration)
    for kind in (b"hvcC", b"hev1", b"stsd", b"stbl", b"minf", b"mdia", b"trak", b"moov"):
        at = data.rindex(kind if kind != b"hev1" else next(k for k in (b"hev1", b"hvc1") if k in data)) - 4
        size = int.from_bytes(data[at : at + 4])
        if kind == b"hvcC":
            data = data[: at + size] + added + data[at + size :]
        else:
            data = data[:at] + struct.pack(">I", size + len(added)) + data[at + 4 :]
    film.write_bytes(data)
    return film


def rpu(profile: int, full_range: bool) -> bytes:
    """The first bytes of an RPU: rpu_type 2, the two things that are read, and what stands between."""
    bits = f"{2:06b}{18:011b}{profile:04b}{1:04b}" + "1" + "0" + "00" + "00100" + "01" + f"{full_range:b}"
    return b"\x19" + int(bits.ljust(160, "0"), 2).to_bytes(20)


@pytest.mark.parametrize(
    ("profile", "compatibility", "words"),
    [(8, 1, "HDR10"), (8, 4, "HLG"), (8, 2, "SDR"), (7, 6, "HDR10"), (8, 0, "HDR10"), (9, 2, "SDR")],
)
def test_profiles_with_a_base_are_shown_as_that(tmp_path: Path, profile: int, compatibility: int, words: str) -> None:
    film = with_record(write_hdr(tmp_path / "film.mp4", claims=":max-cll=700,100"), record(profile, compatibility))
    decoder = AvDecoder(film)
    assert len(next(decoder.batches()).surfaces) == 3
    assert decoder.info.dolby_vision is not None
    assert decoder.info.dolby_vision.profile == profile
    (notice,) = decoder.notices
    assert notice.code == "dolby_vision_base"
    assert f"profile {profile}" in notice.message
    assert words in notice.message


@pytest.mark.parametrize("profile", [5, 10])
def test_profiles_without_a_base_are_refused(tmp_path: Path, profile: int) -> None:
    film = with_record(write_hdr(tmp_path / "film.mp4"), record(profile, 0))
    with pytest.raises(KeyartError, match=f"Dolby Vision of profile {profile}"):
        AvDecoder(film)


def test_a_base_without_tags_is_taken_for_what_the_record_says(tmp_path: Path) -> None:
    film = with_record(write_hdr(tmp_path / "film.mp4", tagged=False), record(8, 4))
    assert AvDecoder(film).info.colour.transfer == "hlg"


def test_the_record_of_another_video_stream_says_nothing_of_the_film(tmp_path: Path) -> None:
    """The first track is the film, the record is the second one's."""
    path = tmp_path / "film.mp4"
    with ExitStack() as opened, av.open(str(path), "w") as out:
        sizes = {"large": (192, 128), "small": (96, 64)}
        made = [write_hdr(tmp_path / f"{name}.mp4", size=size) for name, size in sizes.items()]
        films = [opened.enter_context(av.open(str(film))) for film in made]
        streams = [out.add_stream_from_template(film.streams.video[0]) for film in films]
        for film, stream in zip(films, streams, strict=True):
            for packet in film.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    out.mux(packet)
    info = AvDecoder(with_record(path, record(8, 1))).info
    assert (info.width, info.dolby_vision) == (192, None)
    assert dolby_vision(path, "mov,mp4", NO_PICTURE, 1, 1) == DolbyVision(8, 1)  # type: ignore[arg-type]


def element(name: str, content: bytes) -> bytes:
    """An element of Matroska with a size of two bytes."""
    return bytes.fromhex(name) + struct.pack(">H", 0x4000 | len(content)) + content


@pytest.mark.parametrize("kind", [b"dvcC", b"dvvC", b"avcE"])
@pytest.mark.parametrize("type_first", [True, False])
def test_the_record_of_matroska_is_read(tmp_path: Path, kind: bytes, type_first: bool) -> None:
    parts = element("41e7", kind), element("41ed", record(5, 0))
    other = element("41e4", element("41e7", b"\x04") + element("41ed", record(8, 1)))
    mapping = element("41e4", b"".join(parts if type_first else parts[::-1]))
    track = element("ae", element("83", b"\1") + other + mapping)
    film = tmp_path / "film.mkv"
    film.write_bytes(element("1a45dfa3", b"") + element("18538067", element("1654ae6b", track)))
    found = dolby_vision(film, "matroska,webm", NO_PICTURE)  # type: ignore[arg-type]
    assert found == (None if kind == b"avcE" else DolbyVision(5, 0))


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (rpu(0, True), DolbyVision(5, 0)),
        (rpu(0, False), None),
        (rpu(1, False), DolbyVision(8, 4)),
        (b"\x19\x08", None),
        (b"", None),
    ],
)
def test_the_metadata_beside_a_picture_tell_the_profile(tmp_path: Path, data: bytes, found: DolbyVision | None) -> None:
    picture = SimpleNamespace(side_data={Type.DOVI_RPU_BUFFER: data}, color_trc=18)
    assert dolby_vision(tmp_path / "film.ts", "mpegts", picture) == found  # type: ignore[arg-type]


@pytest.mark.testdata
def test_a_film_of_profile_5_is_refused_by_name(testdata: Path) -> None:
    with pytest.raises(KeyartError, match=r"Dolby Vision of profile 5, .* give a version with an HDR10"):
        AvDecoder(testdata / "field" / "dv_p5.mp4")


@pytest.mark.testdata
@pytest.mark.debian
def test_the_record_that_ffmpeg_writes_into_matroska_is_read(
    testdata: Path, tmp_path: Path, debian_tool: Callable[[str, str], Path]
) -> None:
    source, film = testdata / "field" / "dv_p5.mp4", tmp_path / "film.mkv"
    ffmpeg = str(debian_tool("ffmpeg", "ffmpeg"))
    command = [ffmpeg, "-v", "error", "-i", str(source), "-c", "copy", "-strict", "unofficial", str(film)]
    subprocess.run(command, check=True)
    with pytest.raises(KeyartError, match="Dolby Vision of profile 5"):
        AvDecoder(film)
