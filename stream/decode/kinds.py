"""What a file is that is no film, by its content, and what to do with it (`kinds.toml`).

The packages on the index that know such beginnings (filetype, puremagic) were tried: they take a file of zeros for
embroidery and a text for a manual, and do not know Blu-ray discs, subtitles and failed downloads. What to do stands in
none of them.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from av.container import InputContainer
from av.stream import Disposition

HEAD_BYTES = 36 * 1024
"""So many bytes of a file are looked at: the marks of discs come behind 32 KiB."""
_TEXT_BYTES = 4096
_UNFINISHED = frozenset({
    ".part", ".partial", ".crdownload", ".download", ".opdownload", ".filepart", ".!ut", ".!qb", ".aria2",
})  # fmt: skip
"""The suffixes that browsers and other programs give to what they have not fetched to its end."""
ATTACHED_PICTURE = Disposition.attached_pic
"""Of the streams that are covers."""
_PICTURE_FORMATS = frozenset({"ico", "fits"})
"""FFmpeg's formats of pictures whose name does not end in `_pipe`."""
_PICTURES = {b"GIF87a": "GIF", b"GIF89a": "GIF", b"BM": "BMP"}
"""How pictures begin whose first bytes could be a text's, and what they are called."""
_LEAST_PICTURE_BYTES = 26
"""No picture of these kinds is shorter: the headers alone take 13 and 26 bytes."""
_BOM = b"\xef\xbb\xbf"
_GIVE = "give MP4, Matroska, MPEG-TS or the like"
TEXT = "is a text and not a video, give the videos themselves"


class _Kind(NamedTuple):
    """`said`: the line about a file of this kind; `begins` stands at the byte `at`, of texts behind white space."""

    said: str
    at: int
    begins: re.Pattern[bytes]
    is_text: bool


def no_film(head: bytes) -> str | None:
    """The line about a file that begins so, without its name; None where nothing speaks against a film."""
    text = head[:_TEXT_BYTES].removeprefix(_BOM).lstrip()
    for kind in _kinds()[0]:
        if kind.begins.match(text) if kind.is_text else kind.begins.match(head, kind.at):
            return kind.said
    return None


def other_format(container: InputContainer) -> str:
    """The line about a file that FFmpeg can read and that holds no film: sound, subtitles, a picture, or what else."""
    format_, classes = container.format, _kinds()[1]
    # A cover makes no film of a file of sound.
    types = {stream.type for stream in container.streams if not stream.disposition & ATTACHED_PICTURE}
    if format_.name.endswith("_pipe") or format_.name in _PICTURE_FORMATS:
        return classes["picture"].format(name=format_.name.removesuffix("_pipe").upper())
    if types in ({"audio"}, {"subtitle"}):
        name = format_.long_name.removesuffix(" subtitle").removesuffix(" subtitle format")
        return classes["sound" if types == {"audio"} else "subtitles"].format(name=name)
    return f"is none of the kinds of video that are opened ({format_.long_name}), {_GIVE}"


def unreadable(file: Path, head: bytes, otherwise: str) -> str:
    """The line about a file that FFmpeg cannot read: a text, an unfinished download; else `otherwise`."""
    unfinished = unfinished_download(file)
    if unfinished is not None:
        return unfinished
    if not head.strip(b"\0"):
        return "begins with nothing but zeros, as a download that did not finish: copy or fetch it again"
    a_text = is_text(head[:_TEXT_BYTES])
    for begins, name in _PICTURES.items():
        if head.startswith(begins) and len(head) < _LEAST_PICTURE_BYTES and (head == begins or not a_text):
            return f"is a picture that was cut off ({name}), copy or fetch it again"
    return TEXT if a_text else otherwise


def unfinished_download(file: Path) -> str | None:
    """The line about a file whose name says that it was not fetched to its end; None for others."""
    suffix = file.suffix.lower()
    return f"is a download that did not finish ({suffix}), fetch it to its end" if suffix in _UNFINISHED else None


def is_text(head: bytes) -> bool:
    """Whether a file begins as texts do: nothing but what can be printed, and white space; in UTF-8, UTF-16, or in
    eight bits or two bytes a character, where control characters do not come."""
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = head.decode(encoding, "replace").rstrip("\ufffd")  # a character may be cut off at the end
    if text and "\ufffd" not in text:
        return all(char.isprintable() or char.isspace() for char in text)
    return bool(text) and encoding != "utf-16" and not re.search(rb"[\x00-\x08\x0e-\x1f\x7f]", head)


@cache
def _kinds() -> tuple[list[_Kind], dict[str, str]]:
    """The kinds in their order, and the line of each class."""
    table = tomllib.loads(resources.files(__package__).joinpath("kinds.toml").read_text(encoding="utf-8"))
    classes: dict[str, str] = table["classes"]
    kinds = []
    for entry in table["kind"]:
        is_a_text = entry.get("text", False)
        begins = re.compile(entry["begins"].encode("latin-1"), re.DOTALL | (re.IGNORECASE if is_a_text else 0))
        kinds.append(_Kind(classes[entry["class"]].format(name=entry["name"]), entry.get("at", 0), begins, is_a_text))
    return kinds, classes
