from pathlib import Path

import pytest

from benchmarks.debian_fonts import FontFace
from benchmarks.episode_cards.fonts import PURPOSES, designs
from benchmarks.hangul.backgrounds import FOOTAGE
from benchmarks.hangul.fonts import TEST_DESIGNS, fonts_of, purpose_of
from stream.errors import KeyartError

NANUM = "/usr/share/fonts/truetype/nanum/NanumGothic.ttf"


@pytest.mark.parametrize(
    "design", ["NanumMyeongjo", "NanumSquareRound", "BMHANNA", "Lato-", "NotoSansCJK-", "NanumGothic"]
)
def test_all_weights_of_a_design_are_on_one_side(design: str) -> None:
    faces = [FontFace(Path(f"{design}{weight}.ttf")) for weight in ("", "Bold", "ExtraBold", "Light")]
    assert len({purpose_of(face) for face in faces}) == 1


def test_some_designs_are_held_out_and_some_are_not() -> None:
    held_out, trained = ("NanumMyeongjoBold.ttf", "batang.ttf"), ("NanumGothic.ttf", "UnBatang.ttf")
    assert {purpose_of(FontFace(Path(name))) for name in held_out} == {"test"}
    assert {purpose_of(FontFace(Path(name))) for name in trained} == {"training"}


def test_cards_are_in_korean_designs_that_the_reader_was_not_trained_on() -> None:
    korean = [design for purpose in PURPOSES for design in designs()[purpose]["hangul"]]
    assert [design for design in korean if not design.startswith(TEST_DESIGNS)] == []


def test_no_film_is_on_both_sides() -> None:
    films = {purpose: {name.split("_")[0] for name in names} for purpose, names in FOOTAGE.items()}
    assert not films["training"] & films["test"]


def test_without_fonts_it_says_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(KeyartError, match=r"no Korean font for test: `python -m benchmarks.hangul fonts`"):
        fonts_of("test", tmp_path)


@pytest.mark.debian
def test_a_face_knows_what_it_can_draw(debian_file) -> None:
    face = FontFace(debian_file("fonts-nanum", NANUM))
    assert face.draws("제 7 화 S02E05")
    assert not face.draws("제\U0001f600화")


@pytest.mark.debian
def test_training_and_test_share_no_face(debian_file) -> None:
    folder = debian_file("fonts-nanum", NANUM).parent
    training, test = fonts_of("training", folder), fonts_of("test", folder)
    assert training.korean and test.korean
    assert not {face.path for face in training.korean} & {face.path for face in test.korean}
