"""The one place where films are opened: every file by its own content, and no file but the one that was named."""

from __future__ import annotations

import os
import re
import socket
import struct
import wave
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.format import formats_available
from PIL import Image

from stream.decode.container import FORMATS, open_container
from stream.decode.decoder import DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.keys import key_before
from stream.decode.nvdec.packets import PacketReader
from stream.errors import KeyartError

from ..conftest import MakeFilm

OPENERS: tuple[Callable[[Path], object], ...] = (
    open_container,
    lambda path: AvDecoder(path, DecodeOptions()),
    lambda path: key_before(path, 0.0),
    PacketReader,
)
LISTS = {
    "upload.mp4": "ffconcat version 1.0\nfile secret.ts\n",
    "list.ffconcat": "ffconcat version 1.0\nfile secret.ts\n",
    "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\nsecret.ts\n#EXT-X-ENDLIST\n",
    "cut.edl": "TITLE: Film\nFCM: NON-DROP FRAME\n\n001  A V C 00:00:00:00 00:00:05:00 00:00:00:00 00:00:05:00\n",
    "disc.cue": 'REM GENRE Drama\nPERFORMER "A"\nTITLE "B"\nFILE "secret.ts" BINARY\n  TRACK 01 MODE2/2352\n',
    "marked.m3u8": "\ufeff#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\nsecret.ts\n#EXT-X-ENDLIST\n",
    "list.pls": "[playlist]\nFile1=secret.ts\nNumberOfEntries=1\n",
    "manifest.mpd": '<?xml version="1.0"?>\n<!-- a film -->\n<MPD><Period><BaseURL>secret.ts</BaseURL></Period></MPD>',
    "list.asf": "[Reference]\r\nRef1=secret.ts\r\n",
    "list.asx": '<ASX version="3.0"><entry><ref href="secret.ts"/></entry></ASX>',
    "list.xspf": '<?xml version="1.0"?><playlist version="1"><trackList/></playlist>',
}


@pytest.fixture
def secret(tmp_path: Path, make_film: MakeFilm, moving: Callable[..., list[np.ndarray]]) -> Path:
    """A film of 12 frames that lies beside the file that is opened, and that nobody named."""
    return make_film("secret.ts", moving(12))


def frames_of(path: Path) -> int:
    """How many frames are in what is opened under this path."""
    with open_container(path) as container:
        return sum(1 for _ in container.decode(video=0))


@pytest.mark.parametrize("opener", OPENERS, ids=["container", "decoder", "key frames", "packets"])
@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_other_files_is_refused_wherever_films_are_opened(
    tmp_path: Path, secret: Path, opener: Callable[[Path], object], name: str
) -> None:
    listed = tmp_path / name
    listed.write_text(LISTS[name], encoding="utf-8")
    with pytest.raises(KeyartError, match=r"is a list of other files \(.+\), give the videos it names"):
        opener(listed)


@pytest.mark.parametrize(
    "name",
    [
        "13:19:57.mp4", "http:film.mp4", "file:film.mp4", "concat:a.ts|b.ts", "pipe:0", "-i.mp4", "two\nlines.mp4",
        "100%.mp4", "%d.mp4", "what?*.mp4", "no suffix", os.fsdecode(b"caf\xe9.mp4"), "n" * 250,
    ],
)  # fmt: skip
def test_any_name_is_the_name_of_a_file(
    tmp_path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for other in ("a.ts", "b.ts", "1.mp4"):
        (tmp_path / other).write_bytes(b"no film")
    secret.rename(tmp_path / name)
    assert frames_of(Path(name)) == frames_of(tmp_path / name) == 12


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"), ("a.mov", "libx264"), ("a.mkv", "libx264"), ("a.ts", "libx264"), ("a.m2ts", "libx264"),
        ("a.avi", "mpeg4"), ("a.flv", "libx264"), ("a.nut", "mpeg4"), ("a.mxf", "mpeg2video"), ("a.mpg", "mpeg2video"),
        ("a.vob", "mpeg2video"), ("a.wmv", "msmpeg4v3"), ("a.h264", "libx264"),
        ("a.m2v", "mpeg2video"), ("a.m4v", "mpeg4"), ("a.hevc", "libx265"), ("a.webm", "libvpx-vp9"),
        ("a.ivf", "libvpx-vp9"), ("a.rm", "rv10"), ("a.y4m", "wrapped_avframe"), ("a.ogv", "libvpx"),
    ],
)  # fmt: skip
def test_containers_of_films_are_let_in(
    make_film: MakeFilm, moving: Callable[..., list[np.ndarray]], name: str, codec: str
) -> None:
    assert frames_of(make_film(name, moving(12, size=(128, 96)), codec=codec)) >= 10


@pytest.mark.parametrize("name", ["img%02d.png", "img%%02d.jpg", "img%*.png", "what?.png", "{a,b}.jpg", "still.png"])
def test_a_picture_with_the_name_of_a_series_is_that_picture(tmp_path: Path, name: str) -> None:
    for other in ("img00.png", "img01.png", "img02.png", "img%02d.jpg", "whata.png", "a.jpg", "b.jpg"):
        cv2.imwrite(str(tmp_path / other), np.full((48, 64, 3), 250, np.uint8))
    grey = cv2.imencode(Path(name).suffix, np.full((48, 64, 3), 60, np.uint8))[1].tobytes()
    (tmp_path / name).write_bytes(grey)
    with open_container(tmp_path / name) as container:
        (picture,) = container.decode(video=0)
    assert picture.to_ndarray(format="rgb24").max() < 70


def test_a_film_with_the_name_of_a_series_is_that_film(tmp_path: Path, secret: Path) -> None:
    cv2.imwrite(str(tmp_path / "img01.png"), np.zeros((48, 64, 3), np.uint8))
    assert frames_of(secret.rename(tmp_path / "img%02d.png")) == 12


def test_a_link_leads_to_its_film(tmp_path: Path, secret: Path) -> None:
    (tmp_path / "link.mp4").symlink_to(secret)
    assert frames_of(tmp_path / "link.mp4") == 12


def quicktime_that_names(film: Path) -> bytes:
    """The film's header alone, which says that the pictures lie in the film (a Macintosh alias)."""
    path = f":{film.name}".encode()
    path += b"\0" * (len(path) % 2)
    alias = bytes(10) + bytes(28) + bytes(12) + bytes(64) + bytes(16) + struct.pack(">HH", 1, 1) + bytes(16)
    alias += struct.pack(">HH", 2, len(path)) + path + struct.pack(">Hxx", 0xFFFF)
    entry = struct.pack(">I4sI", 12 + len(alias), b"alis", 0) + alias
    header = film.read_bytes()
    header = header[header.index(b"moov") - 4 :]
    own = struct.pack(">I4sI", 12, b"url ", 1)
    at = header.index(own)
    grown = bytearray(header[:at] + entry + header[at + len(own) :])
    for box in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        start = grown.index(box) - 4
        (size,) = struct.unpack_from(">I", grown, start)
        struct.pack_into(">I", grown, start, size + len(entry) - len(own))
    return struct.pack(">I4s4sI4s", 20, b"ftyp", b"qt  ", 512, b"qt  ") + bytes(grown)


def test_a_quicktime_file_cannot_show_the_pictures_of_another(
    tmp_path: Path, make_film: MakeFilm, moving: Callable[..., list[np.ndarray]]
) -> None:
    film = make_film("secret.mov", moving(12))
    naming = tmp_path / "naming.mov"
    naming.write_bytes(quicktime_that_names(film))
    with av.open(str(naming), container_options={"enable_drefs": "1"}) as followed:
        assert sum(1 for _ in followed.decode(video=0)) == 12
    assert frames_of(naming) == 0


def test_a_pipe_a_socket_a_device_and_a_folder_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    reasons = {tmp_path / "pipe.mp4": "is a pipe, give a file", Path(os.devnull): "is a device, give a file"}
    reasons[tmp_path] = "is a folder, name the video files in it"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        for path, reason in {**reasons, tmp_path / "s": "is a socket, give a file"}.items():
            with pytest.raises(KeyartError) as refused:
                open_container(path)
            assert str(refused.value) == reason


def test_what_is_no_path_of_a_file_gives_one_line(tmp_path: Path) -> None:
    for path, reason in {
        tmp_path / ("n" * 300): "cannot be opened (File name too long), check the file",
        Path("https://127.0.0.1/film.mp4"): "is an address, download it and give the file",
        Path("-"): "does not exist, check the path",
    }.items():
        with pytest.raises(KeyartError) as refused:
            open_container(path)
        assert str(refused.value) == reason


def sound(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16000))


def subtitles(path: Path) -> None:
    path.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello.\n\n2\n00:00:03,000 --> 00:00:04,000\nBye.\n")


@pytest.mark.parametrize(("write", "kind"), [(sound, "sound (WAV"), (subtitles, "subtitles (SubRip")])
def test_other_kinds_of_files_are_named_and_not_called_broken(
    tmp_path: Path, write: Callable[[Path], None], kind: str
) -> None:
    for name in ("film.mp4", "film.srt"):
        write(tmp_path / name)
        with pytest.raises(KeyartError, match=rf"is a file of {re.escape(kind)}.*\), give"):
            open_container(tmp_path / name)


def test_what_ffmpeg_says_of_a_file_stands_behind_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "cut.mp4"
    file.write_bytes(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(100))
    with pytest.raises(KeyartError, match="is not a video") as caught:
        open_container(file)
    assert isinstance(caught.value.__cause__, av.error.InvalidDataError)
    assert caught.value.__suppress_context__ and caught.value.__cause__ is caught.value.__context__


def test_a_moving_webp_is_refused_by_name_and_a_still_one_is_a_picture(tmp_path: Path) -> None:
    pictures = [Image.new("RGB", (64, 48), (shade, 0, 0)) for shade in (0, 120, 240)]
    pictures[0].save(tmp_path / "still.webp")
    pictures[0].save(tmp_path / "moving.webp", save_all=True, append_images=pictures[1:])
    assert frames_of(tmp_path / "still.webp") == 1
    with pytest.raises(KeyartError, match="is an animated WebP, which FFmpeg cannot decode, convert it to MP4 first"):
        open_container(tmp_path / "moving.webp")


def test_what_is_let_in_exists_and_reads_no_other_file() -> None:
    known = {name for names in formats_available for name in names.split(",")}
    assert known >= FORMATS
    assert FORMATS.isdisjoint(
        {"concat", "hls", "dash", "imf", "sdp", "rtsp", "webm_dash_manifest", "image2", "mlv", "vobsub", "lavfi", "tty"}
    )


@pytest.mark.testdata
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("concat/upload.mp4", "is a list of other files"),
        ("concat/upload_abs.mp4", "is a list of other files"),
        ("concat/list.m3u8", "is a list of other files"),
        ("anim.webp", "is an animated WebP"),
    ],
)
def test_what_was_met_in_the_field_is_refused(testdata: Path, name: str, reason: str) -> None:
    with pytest.raises(KeyartError, match=reason):
        AvDecoder(testdata / "field" / name, DecodeOptions())


@pytest.mark.testdata
def test_a_film_named_after_the_time_opens_by_a_relative_path(
    testdata: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "13:19:57.mp4").write_bytes((testdata / "field" / "colon.mp4").read_bytes())
    monkeypatch.chdir(tmp_path)
    assert frames_of(Path("13:19:57.mp4")) == 144


@pytest.mark.parametrize(
    "content",
    [
        b"/films/a.mp4\n/films/b.mp4\n",
        b"# my list\nffconcat version 1.0\nfile a.mp4\n",
        "#EXTM3U\na.ts\n".encode("utf-16"),
        "얼굴\n".encode() * 3000,
    ],
    ids=["paths", "list after a comment", "UTF-16", "cut within a character"],
)
def test_a_text_is_called_a_text(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "list.mp4"
    path.write_bytes(content)
    with pytest.raises(KeyartError, match=r"^is a text and not a video, give the videos themselves$"):
        open_container(path)


def test_a_name_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(KeyartError, match="a name that no file can have"):
        open_container(Path("a\0b.mp4"))
