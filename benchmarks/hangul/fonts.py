"""Finds the fonts of Debian's packages, and says which are for training and which for the test."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import platformdirs
from PIL import ImageFont

from stream.errors import KeyartError

KOREAN_PACKAGES = (
    "fonts-alee", "fonts-baekmuk", "fonts-lexi-gulim", "fonts-lexi-saebom", "fonts-nanum", "fonts-nanum-eco",
    "fonts-nanum-extra", "fonts-naver-d2coding", "fonts-noto-cjk", "fonts-noto-cjk-extra", "fonts-unfonts-core",
    "fonts-unfonts-extra", "fonts-unifont", "fonts-woowa-bm",
)  # fmt: skip
LATIN_PACKAGES = (
    "fonts-bebas-neue", "fonts-cabin", "fonts-cantarell", "fonts-comfortaa", "fonts-courier-prime", "fonts-dejavu-core",
    "fonts-dejavu-extra", "fonts-ebgaramond", "fonts-gfs-didot", "fonts-goudybookletter", "fonts-junction",
    "fonts-lato", "fonts-liberation2", "fonts-linuxlibertine", "fonts-lobster", "fonts-open-sans", "fonts-play",
    "fonts-quicksand", "fonts-roboto-unhinted", "fonts-tomsontalks", "fonts-urw-base35", "fonts-yanone-kaffeesatz",
)  # fmt: skip
"""Titles set their numbers in fonts of their own; these draw digits and letters beside Korean syllables."""

TEST_DESIGNS = (
    "batang", "dotum", "gulim", "hline", "NanumMyeongjo", "NanumSquareRound", "BMJUA", "BMHANNA", "UnGraphic", "UnPen",
    "LexiSaebom", "Bangwool",
    "Lato", "Cabin", "LinBiolinum", "YanoneKaffeesatz", "Comfortaa", "EBGaramond",
)  # fmt: skip
"""Beginnings of the file names of the designs that are never trained on: all weights of a design are on one side."""
_LEFT_OUT = (
    "unifont_", "Symbol", "Dingbats", "D050000L", "StandardSymbols", "DejaVuMath", "LinLibertineI", "LinBiolinum_K",
)  # fmt: skip
_KOREAN_INDEX = {"NotoSansCJK": 1, "NotoSerifCJK": 1}
"""Collections that have a face for each language: the index of the Korean one."""
Purpose = Literal["training", "test"]


@dataclass(frozen=True, slots=True)
class FontFile:
    """One face of a font file."""

    path: Path
    index: int = 0

    @property
    def purpose(self) -> Purpose:
        """What the face is for."""
        return "test" if self.path.name.startswith(TEST_DESIGNS) else "training"

    def at(self, size_px: int) -> ImageFont.FreeTypeFont:
        """The face at a size in pixels (of its em square)."""
        return _opened(self.path, self.index, size_px)

    def draws(self, text: str) -> bool:
        """Whether it has a glyph for every character of `text`."""
        return all(c == " " or _has_glyph(self.path, self.index, c) for c in text)


@dataclass(frozen=True, slots=True)
class Fonts:
    """The faces for one purpose: `korean` have the syllables, `latin` draw digits and letters alone."""

    korean: tuple[FontFile, ...]
    latin: tuple[FontFile, ...]


@lru_cache(maxsize=1024)
def _opened(path: Path, index: int, size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size_px, index=index, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=200_000)
def _has_glyph(path: Path, index: int, character: str) -> bool:
    """Whether the character is drawn, and not as the box that stands for a missing glyph."""
    font = _opened(path, index, 24)
    mask = bytes(font.getmask(character))
    return any(mask) and mask != bytes(font.getmask("\U0010fffe"))


def default_folder() -> Path:
    """Where `fetch` unpacks fonts unless told otherwise: in the user's cache folder."""
    return Path(platformdirs.user_cache_dir("keyart")) / "fonts"


def fonts_of(purpose: Purpose, folder: Path) -> Fonts:
    """The faces of one purpose below a folder, in the order of their file names; a file name counts once. Raises
    KeyartError when there is no Korean one."""
    found = {path.name: path for path in sorted(folder.rglob("*.[to]t[fc]"))}
    faces = [_face(path) for name, path in sorted(found.items()) if not name.startswith(_LEFT_OUT)]
    chosen = [face for face in faces if face.purpose == purpose and face.draws("0123456789ES")]
    korean = tuple(face for face in chosen if face.draws("제화회부가나서울"))
    if not korean:
        raise KeyartError(f"no Korean font for {purpose}: `python -m benchmarks.hangul fonts` fetches Debian's")
    return Fonts(korean, tuple(face for face in chosen if face not in korean and not face.draws("가")))


def _face(path: Path) -> FontFile:
    return FontFile(path, next((at for stem, at in _KOREAN_INDEX.items() if path.name.startswith(stem)), 0))


def fetch(folder: Path) -> None:
    """Downloads Debian's packages with apt and unpacks them below `folder`; installs nothing. Raises KeyartError."""
    for package in (*KOREAN_PACKAGES, *LATIN_PACKAGES):
        if (folder / package).is_dir():
            continue
        with tempfile.TemporaryDirectory() as scratch:
            _run(["apt-get", "-qq", "download", package], scratch)
            for archive in Path(scratch).glob("*.deb"):
                _run(["dpkg", "-x", str(archive), str(folder / package)], scratch)


def _run(command: list[str], folder: str) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise KeyartError(f"{command[0]} is not there: fonts are fetched on Debian alone") from error
    except subprocess.CalledProcessError as error:
        raise KeyartError(f"{' '.join(command)}: {error.stderr.strip()}") from error
