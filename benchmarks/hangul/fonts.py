"""Which of the fonts of Debian's packages are for training and which for the test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stream.errors import KeyartError

from ..debian_fonts import FontFace, cache_folder, font_files

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
class Fonts:
    """The faces for one purpose: `korean` have the syllables, `latin` draw digits and letters alone."""

    korean: tuple[FontFace, ...]
    latin: tuple[FontFace, ...]


def purpose_of(face: FontFace) -> Purpose:
    """What a face is for."""
    return "test" if face.path.name.startswith(TEST_DESIGNS) else "training"


def default_folder() -> Path:
    """Where fonts are unpacked unless told otherwise: in the user's cache folder."""
    return cache_folder("fonts")


def fonts_of(purpose: Purpose, folder: Path) -> Fonts:
    """The faces of one purpose below a folder, in the order of their file names; a file name counts once. Raises
    KeyartError when there is no Korean one."""
    faces = [_face(path) for name, path in font_files([folder]).items() if not name.startswith(_LEFT_OUT)]
    chosen = [face for face in faces if purpose_of(face) == purpose and face.draws("0123456789ES")]
    korean = tuple(face for face in chosen if face.draws("제화회부가나서울"))
    if not korean:
        raise KeyartError(f"no Korean font for {purpose}: `python -m benchmarks.hangul fonts` fetches Debian's")
    return Fonts(korean, tuple(face for face in chosen if face not in korean and not face.draws("가")))


def _face(path: Path) -> FontFace:
    return FontFace(path, next((at for stem, at in _KOREAN_INDEX.items() if path.name.startswith(stem)), 0))
