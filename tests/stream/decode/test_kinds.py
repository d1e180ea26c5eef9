"""What is no film is refused in one line that names its kind by its content and says what to do."""

from __future__ import annotations

import gzip
import io
import tarfile
import tomllib
import zipfile
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stream.decode.addresses import as_typed
from stream.decode.container import open_container
from stream.decode.kinds import no_film
from stream.errors import KeyartError

from ..conftest import MakeFilm

ARCHIVE, DOCUMENT = "is an archive ({}), unpack it and give", "is a document ({}) and no video, give the videos"
DISC, INDEX = "is an image of a disc ({}), mount or unpack it", "is a list of what is on a disc ({}), give the videos"
PICTURE = "is a picture of a kind that is not opened ({}), convert it to JPEG or PNG"
ANSWER = "is the answer of a web server ({}) and no video, its download failed: fetch it again"
PROGRAM, REST = "is a program ({}) and no video", bytes(range(256))


def zipped(files: Mapping[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return whole.getvalue()


def tarred(content: bytes) -> bytes:
    whole, entry = io.BytesIO(), tarfile.TarInfo("film.ts")
    entry.size = len(content)
    with tarfile.open(fileobj=whole, mode="w") as archive:
        archive.addfile(entry, io.BytesIO(content))
    return whole.getvalue()


def on_a_disc(mark: bytes) -> bytes:
    return bytes(32768) + mark + bytes(4000)


FILES: Mapping[str, tuple[bytes, str]] = {
    "PDF": (b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", DOCUMENT),
    "Office Open XML": (zipped({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}), DOCUMENT),
    "OpenDocument": (zipped({"mimetype": b"application/vnd.oasis.opendocument.text"}), DOCUMENT),
    "EPUB": (zipped({"mimetype": b"application/epub+zip"}), DOCUMENT),
    "Microsoft Office before 2007": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + REST, DOCUMENT),
    "RTF": (rb"{\rtf1\ansi Text}", DOCUMENT),
    "ZIP": (zipped({"film.mp4": REST}), ARCHIVE),
    "RAR": (b"Rar!\x1a\x07\x01\x00" + REST, ARCHIVE),
    "7z": (b"7z\xbc\xaf\x27\x1c\x00\x04" + REST, ARCHIVE),
    "tar": (tarred(REST), ARCHIVE),
    "gzip": (gzip.compress(REST), ARCHIVE),
    "bzip2": (b"BZh91AY&SY" + REST, ARCHIVE),
    "xz": (b"\xfd7zXZ\x00" + REST, ARCHIVE),
    "Zstandard": (b"\x28\xb5\x2f\xfd" + REST, ARCHIVE),
    "ISO 9660": (on_a_disc(b"\x01CD001\x01"), DISC),
    "UDF": (on_a_disc(b"\x00BEA01\x01"), DISC),
    "IFO of a DVD": (b"DVDVIDEO-VTS" + bytes(4000), INDEX),
    "playlist of a Blu-ray disc": (b"MPLS0200" + bytes(400), INDEX),
    "index of a Blu-ray disc": (b"INDX0200" + bytes(400), INDEX),
    "VobSub": (b"# VobSub index file, v7\nsize: 720x480\n", "is a file of subtitles ({}), give the video"),
    "MIDI": (b"MThd\0\0\0\6\0\1\0\1\0\x60", "is a file of sound ({}), give a file with pictures"),
    "HEIF": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(400), PICTURE),
    "JPEG XL": (b"\xff\x0a" + REST, PICTURE),
    "Canon raw": (b"II*\0\x10\0\0\0CR\2\0" + REST, PICTURE),
    "web page": (b"\xef\xbb\xbf\r\n<!DOCTYPE html>\n<html><title>404</title></html>", ANSWER),
    "error in XML": (b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>', ANSWER),
    "torrent": (b"d8:announce18:udp://tracker:6969/4:infod6:length\xff", "is a torrent, which only names"),
    "ELF": (b"\x7fELF\2\1\1" + REST, PROGRAM),
    "Windows": (b"MZ\x90\0" + bytes(60) + b"PE\0\0" + REST, PROGRAM),
    "a Flash application": (b"CWS\x08" + REST, "is {} and no video"),
    "a database (SQLite)": (b"SQLite format 3\0" + REST, "is {} and no video"),
    "what macOS keeps beside a file (AppleDouble)": (b"\0\5\x16\7\0\2\0\0Mac OS X" + REST, "is {} and no video"),
}
"""Kind → a file of it, and the line about it."""


def reason(path: Path) -> str:
    with pytest.raises(KeyartError) as refused:
        open_container(path)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("name", ["film.mp4", "file.bin"])
@pytest.mark.parametrize("kind", FILES)
def test_what_is_no_film_is_named_by_its_content_whatever_its_name(tmp_path: Path, kind: str, name: str) -> None:
    content, line = FILES[kind]
    (tmp_path / name).write_bytes(content)
    assert reason(tmp_path / name).startswith(line.format(kind))


def test_every_kind_is_tried_and_only_its_own_file_is_called_so() -> None:
    table = tomllib.loads(resources.files("stream.decode").joinpath("kinds.toml").read_text(encoding="utf-8"))
    assert {kind["name"] for kind in table["kind"]} == set(FILES)
    for kind, (content, line) in FILES.items():
        assert (no_film(content) or "").startswith(line.format(kind))


@pytest.mark.parametrize("pack", [tarred, lambda film: bytes(32768) + b"\x01CD001\x01" + bytes(2041) + film])
def test_a_film_inside_an_archive_or_a_disc_is_not_taken_out_of_it(
    tmp_path: Path, make_film: MakeFilm, moving: Callable[..., list[np.ndarray]], pack: Callable[[bytes], bytes]
) -> None:
    film = make_film("film.ts", moving(12)).read_bytes()
    (tmp_path / "packed.ts").write_bytes(pack(film))
    assert "give the videos in it" in reason(tmp_path / "packed.ts")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"1\n00:00:01,000 --> 00:00:03,000\nHello\n\n2\n00:00:04,000 --> 00:00:05,000\nYou\n", "subtitles (SubRip)"),
        ("1\r\n00:00:01,000 --> 00:00:03,000\r\n안녕하세요\r\n".encode("cp949"), "subtitles (SubRip)"),
        (b"WEBVTT\n\n00:01.000 --> 00:03.000\nHello\n", "subtitles (WebVTT)"),
        (b"[Script Info]\nTitle: x\nScriptType: v4.00+\n\n[Events]\n", "subtitles (SSA"),
        (b"8BPS\0\1" + bytes(6) + b"\0\3\0\0\0\x20\0\0\0\x20\0\x08\0\3" + bytes(300), "picture of a kind that is not"),
        ("회의록, 오늘은 여기까지.\n".encode("cp949") * 9, "is a text and not a video"),
        ("Café déjà vu\n".encode("latin-1") * 9, "is a text and not a video"),
        (b"GIF89a", "is a picture that was cut off (GIF)"),
        (b"BM", "is a picture that was cut off (BMP)"),
        (b"BM\x36\0\0\0\0\0", "is a picture that was cut off (BMP)"),
        (b"BMW or not\n", "is a text and not a video"),
        (bytes(100_000), "begins with nothing but zeros"),
        (np.random.default_rng(3).bytes(5000), "is not a video or its index is cut off"),
    ],
)  # fmt: skip
def test_what_ffmpeg_tells_or_nobody_knows_is_named_too(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "film.mp4").write_bytes(content)
    assert words in reason(tmp_path / "film.mp4")


def test_an_icon_is_a_picture_that_is_not_opened(tmp_path: Path) -> None:
    Image.new("RGB", (32, 32)).save(tmp_path / "a.ico")
    assert reason(tmp_path / "a.ico") == PICTURE.format("ICO")


@pytest.mark.parametrize("suffix", [".part", ".crdownload", ".!qB"])
def test_a_download_that_did_not_finish_is_called_one_where_it_is_no_film_yet(
    tmp_path: Path, make_film: MakeFilm, moving: Callable[..., list[np.ndarray]], suffix: str
) -> None:
    film = make_film("film.mp4", moving(12)).read_bytes()
    for content in (b"", bytes(5000), film[: len(film) // 2]):
        (tmp_path / f"film.mp4{suffix}").write_bytes(content)
        assert reason(tmp_path / f"film.mp4{suffix}").startswith("is a download that did not finish (")
    whole = tmp_path / f"whole.mp4{suffix}"
    whole.write_bytes(film)
    with open_container(whole) as container:
        assert sum(1 for _ in container.decode(video=0)) == 12


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("http://127.0.0.1/film.mp4", "is an address, download it"),
        ("http:/host/film.mp4", "is an address, download it"),
        ("s3://bucket/film.mp4", "is an address, download it"),
        ("magnet:?xt=urn:btih:ab", "is an address, download it"),
        ("file:" + "///films/a.mp4", "is an address, give the path alone"),
        ("rtsp://camera/1", "is an address of a live stream, record it"),
        ("smb://nas/film.mp4", "is the address of a share, mount it"),
        ("C:/film.mp4", "does not exist"),
    ],
)
def test_addresses_are_told_from_paths(name: str, words: str) -> None:
    assert reason(Path(name)).startswith(words)


def test_an_address_is_shown_as_it_was_typed() -> None:
    for typed in ("http://127.0.0.1/film.mp4", "rtsp://camera/1", "file:" + "///films/a.mp4", "magnet:?xt=urn:btih:ab"):
        assert as_typed(Path(typed)) == typed


def test_a_file_below_a_folder_with_a_colon_is_shown_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "http:").mkdir()
    (tmp_path / "http:" / "a.mp4").touch()
    assert as_typed(Path("http:/a.mp4")) == "http:/a.mp4"
    assert as_typed(Path("C:/film.mp4")) == "C:/film.mp4"


def test_a_link_to_nothing_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").symlink_to(tmp_path / "gone.mp4")
    assert reason(tmp_path / "film.mp4") == "is a link to what does not exist, check where it leads"
