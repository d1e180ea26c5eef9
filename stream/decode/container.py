"""The only place where films are opened: each as that one file, never as an address, a list or a pattern.

FFmpeg takes `concat:a|b` and `13:19:57.mp4` for addresses and `img%02d.png` for a series of pictures. It also reads the
files that a playlist names. Whoever can write to a film library could so get other files of this machine into the
posters.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.error import ArgumentError, FFmpegError, InvalidDataError

from ..errors import KeyartError
from .addresses import address_line
from .kinds import HEAD_BYTES, no_film, other_format, unfinished_download, unreadable

_CONTAINERS = (
    "mov", "matroska", "mpegts", "mpeg", "avi", "flv", "live_flv", "kux", "asf", "ogg", "mxf", "gxf", "lxf", "rm",
    "nut", "ivf", "dv", "wtv", "ty", "nsv", "nuv", "pva", "yuv4mpegpipe",
)  # fmt: skip
_BARE_STREAMS = (
    "h264", "hevc", "vvc", "evc", "av1", "obu", "m4v", "mpegvideo", "vc1", "vc1test", "h261", "h263", "dirac", "mjpeg",
    "dnxhd", "apv", "cavsvideo", "avs2", "avs3",
)  # fmt: skip
_PICTURES = ("gif", "apng", "jpeg_pipe", "png_pipe", "webp_pipe", "bmp_pipe", "tiff_pipe")
FORMATS = frozenset((*_CONTAINERS, *_BARE_STREAMS, *_PICTURES))
"""The demuxers of FFmpeg that are allowed: those of film formats that read only the file itself.

Not allowed are demuxers that read files named in the file (concat, hls, dash, imf, sdp, rtsp, webm_dash_manifest) or
found beside it (image2, mlv, vobsub), that record from a device or generate pictures (v4l2, x11grab, lavfi), also from
text (tty), that run a script (avisynth, vapoursynth), or that fetch what a drawing refers to (svg_pipe). Formats of
sound, subtitles, games and other still pictures are not allowed either, because films do not come in them.
"""
MOST_PIXELS = 16_384 * 8_704
"""Width times height of the largest picture that FFmpeg may allocate, whatever a file says: of a file of a few hundred
bytes it would take gigabytes. The settings' `limits` allow less."""
_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": ",".join(sorted(FORMATS)),
    # QuickTime files may refer to another file for their pictures.
    "enable_drefs": "0",
    "use_absolute_path": "0",
}
# No decoder is let in, and without one more packets would be read in vain.
_NO_LOOK = {"codec_whitelist": "none", "probesize": "32"}

_GIVE = "give MP4, Matroska, MPEG-TS or the like"
_NO_FILES = (
    (stat.S_ISDIR, "is a folder, name the video files in it"),
    (stat.S_ISFIFO, "is a pipe, give a file"),
    (stat.S_ISSOCK, "is a socket, give a file"),
    (stat.S_ISCHR, "is a device, give a file"),
    (stat.S_ISBLK, "is a device, give the files on it"),
)
# A film must open although its title is not UTF-8. PyAV 19 and later need no option for that.
_ANY_TITLES: dict[str, Any] = {"metadata_errors": "ignore"} if int(av.__version__.split(".")[0]) < 19 else {}
_LIST_BYTES = 4096
_XML_LISTS = rb"MPD|SmoothStreamingMedia|smil|asx|playlist|CompositionPlaylist|AssetMap"
_LISTS = {
    "ffconcat": re.compile(rb"ffconcat\b"),
    "M3U playlist": re.compile(rb"#EXTM3U\b"),
    "Windows Media playlist": re.compile(rb"\[reference\]", re.IGNORECASE),
    "PLS playlist": re.compile(rb"\[playlist\]", re.IGNORECASE),
    "edit decision list": re.compile(rb"TITLE:[^\n]*\n\s*(?:FCM:|\d{3,6}\s)"),
    "cue sheet": re.compile(rb"(?:(?:REM|CATALOG|PERFORMER|TITLE)\s[^\n]*\n\s*)*FILE\s[^\n]+\s(?:WAVE|MP3|BINARY)\b"),
    "playlist in XML": re.compile(rb"<(?:.*?<)?(?:\w+:)?(?:" + _XML_LISTS + rb")\b", re.IGNORECASE | re.DOTALL),
}
"""How lists of other files begin, after white space: name of the kind → pattern."""
_WEBP_ANIMATION = 0b10


def open_container(path: Path, *, look: bool = True) -> InputContainer:
    """Open the film at `path`; the caller closes the container. `look`: FFmpeg decodes a few pictures meanwhile and
    completes what the container says of its streams; False: it may not.

    Raises KeyartError, with reason and what to do, when it does not exist, cannot be read, or is no film.
    """
    with _explained(path):
        file = path.absolute()
        _refuse_without_opening(file)
        try:
            return _opened(file, _OPTIONS if look else _OPTIONS | _NO_LOOK)
        except InvalidDataError as error:
            broken = "is not a video or its index is cut off, copy it again or repair it"
            raise KeyartError(unreadable(file, _head(file), broken)) from error


def refuse_at_once(path: Path) -> None:
    """Raise KeyartError, as `open_container` would, for what is seen to be no film without FFmpeg: what does not exist
    or cannot be read, folders and the like, and files that begin as other kinds do."""
    with _explained(path):
        _refuse_without_opening(path.absolute())


def _refuse_without_opening(file: Path) -> None:
    _refuse_no_files(file)
    _refuse_by_content(_head(file))


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    if "\0" in str(path):
        raise KeyartError("has a name that no file can have, check the path")
    try:
        yield
    except FileNotFoundError as error:
        raise KeyartError(_missing(path)) from error
    except PermissionError as error:
        raise KeyartError("cannot be read, check its permissions") from error
    except (FFmpegError, OSError) as error:
        reason = error.strerror or errno.errorcode.get(error.errno or 0, str(error))
        raise KeyartError(f"cannot be opened ({reason}), check the file") from error


def _missing(path: Path) -> str:
    """The line about what does not exist."""
    if path.is_symlink():
        return "is a link to what does not exist, check where it leads"
    return address_line(path) or "does not exist, check the path"


def _refuse_no_files(file: Path) -> None:
    """Raise KeyartError for folders, pipes, sockets, devices and empty files. Reading a pipe could wait for ever."""
    status = file.stat()
    for is_kind, reason in _NO_FILES:
        if is_kind(status.st_mode):
            raise KeyartError(reason)
    if status.st_size == 0:
        raise KeyartError(unfinished_download(file) or "is empty (zero bytes), copy it again from its source")


def _refuse_by_content(head: bytes) -> None:
    """Raise KeyartError for lists of other files, so that the reason is clear (`FORMATS` alone would refuse them
    without one), for animated WebP, which FFmpeg opens but cannot decode, and for what is no film: FFmpeg would find
    one in many an archive or disc. `head`: the file's first bytes."""
    text = head[:_LIST_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip()
    for name, beginning in _LISTS.items():
        if beginning.match(text):
            raise KeyartError(f"is a list of other files ({name}), give the videos it names")
    if head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and len(head) > 20 and head[20] & _WEBP_ANIMATION:
        raise KeyartError("is an animated WebP, which FFmpeg cannot decode, convert it to MP4 first")
    found = no_film(head)
    if found is not None:
        raise KeyartError(found)


def _opened(file: Path, options: dict[str, str]) -> InputContainer:
    """Open the file with an allowed format. Raises KeyartError for other formats, FFmpegError for what FFmpeg
    refuses."""
    try:
        return _open(f"file:{file}", options)
    except ArgumentError:
        # The format is not allowed. FFmpeg may have taken it from the name of a picture, so look at the content alone.
        name = _format_of_content(file)
    return _open(f"file:{file}", options, name)


def _format_of_content(file: Path) -> str:
    """The format that FFmpeg finds in the content alone, without the file's name. Raises KeyartError for one that is
    not allowed, or where it finds none."""
    # Opened by descriptor, because PyAV gives FFmpeg the name of a file object that was opened by path.
    with open(os.open(file, os.O_RDONLY), "rb") as nameless:
        try:
            with _open(nameless, {"protocol_whitelist": "none"}) as container:
                if FORMATS.isdisjoint(container.format.name.split(",")):
                    raise KeyartError(other_format(container))
                return container.format.name
        except FFmpegError as error:
            otherwise = f"is broken or none of the kinds of video that are opened, {_GIVE}"
            raise KeyartError(unreadable(file, _head(file), otherwise)) from error


def _open(file: Any, options: dict[str, str], format_name: str | None = None) -> InputContainer:
    # FFmpeg decodes a few pictures while it opens a file.
    bounded = {"max_pixels": str(MOST_PIXELS)}
    container: InputContainer = av.open(
        file, "r", format=format_name, options=bounded, container_options=options, **_ANY_TITLES
    )
    return container


def _head(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(HEAD_BYTES)
