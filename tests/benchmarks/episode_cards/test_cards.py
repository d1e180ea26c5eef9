"""What cards say follows from seed and number; calibration and test share neither fonts nor films."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.episode_cards import number_words
from benchmarks.episode_cards.cards import plan
from benchmarks.episode_cards.fonts import PURPOSES, designs
from benchmarks.episode_cards.footage import FILMS
from benchmarks.episode_cards.wording import SCRIPTS, own_number, wording
from stream.episode.numbers import EpisodeNumber, parse_number

COUNT = 400


def test_a_card_follows_from_purpose_seed_and_number() -> None:
    assert [plan("test", 0, i) for i in range(50)] == [plan("test", 0, i) for i in range(50)]
    assert plan("test", 0, 4) != plan("test", 1, 4)
    assert plan("test", 0, 4).lines != plan("calibration", 0, 4).lines


def test_scripts_take_turns_and_a_fifth_states_no_number() -> None:
    cards = [plan("test", 3, i) for i in range(COUNT)]
    assert [card.script for card in cards[:4]] == list(SCRIPTS)
    without = sum(card.stated is None or not card.stated.episodes for card in cards)
    assert 0.14 * COUNT < without < 0.26 * COUNT
    assert 0.3 * COUNT < sum(any(line.role == "beside" for line in card.lines) for card in cards) < 0.75 * COUNT
    assert {card.place for card in cards} == {"centre", "corner", "end", "lower third"}


def test_the_line_of_the_number_says_the_number_that_the_card_states() -> None:
    cards = [plan("calibration", 5, i) for i in range(COUNT)]
    plainly = [card for card in cards if card.style in ("EPISODE 3", "제 7 화", "第12集", "第12話", "7회", "Ep. 9")]
    assert len(plainly) > 10
    for card in plainly:
        (number,) = (line.text for line in card.lines if line.role == "number")
        assert str(card.stated) == "".join(character for character in number if character.isdecimal())


def test_numbers_beside_are_told_apart_from_the_file_s() -> None:
    cards = [card for i in range(COUNT) if (card := plan("test", 7, i)).others]
    assert len(cards) > 50
    assert all(str(number) in " ".join(line.text for line in card.lines) for card in cards for number in card.others)


def test_no_other_episode_is_named_beside_a_finale() -> None:
    finales = [card for i in range(4000) if (card := plan("test", 2, i)).style == "finale"]
    assert len(finales) > 40
    words = ("next", "previous", "다음", "지난", "예고", "预告", "上集", "下一集", "前情", "次回", "前回", "つづく")
    assert not [card for card in finales if any(word in line.text.lower() for line in card.lines for word in words)]
    assert all(card.stated == EpisodeNumber((), finale=True) for card in finales)


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_style_can_be_written(script: str) -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        said = own_number(rng, script)  # type: ignore[arg-type]
        assert "{" not in said.text
        assert isinstance(said.number, EpisodeNumber)
        assert parse_number(str(said.number)) == said.number
    styles = [style["style"] for style in wording()[script]["numbers"]]
    assert len(set(styles)) == len(styles)


def test_number_words() -> None:
    assert [number_words.english(number) for number in (0, 12, 20, 42)] == ["zero", "twelve", "twenty", "forty-two"]
    assert [number_words.roman(number) for number in (4, 9, 14, 39)] == ["IV", "IX", "XIV", "XXXIX"]
    assert [number_words.sino_korean(number) for number in (7, 10, 12, 23)] == ["칠", "십", "십이", "이십삼"]
    assert [number_words.han(number) for number in (5, 10, 12, 40)] == ["五", "十", "十二", "四十"]
    assert number_words.native_korean(2) == "두"


def test_calibration_and_test_share_no_film() -> None:
    assert not set(FILMS["calibration"]) & set(FILMS["test"])
    assert all(len(FILMS[purpose]) > 5 for purpose in PURPOSES)


def test_calibration_and_test_share_no_design() -> None:
    """No beginning of a file name of one side begins one of the other: no file is on both."""
    sides = [
        {design.partition("#")[0] for designs_of in designs()[purpose].values() for design in designs_of}
        for purpose in PURPOSES
    ]
    pairs = [(one, other) for one in sides[0] for other in sides[1]]
    same = [(one, other) for one, other in pairs if one.startswith(other) or other.startswith(one)]
    assert same == []
    assert all(designs()[purpose][script] for purpose in PURPOSES for script in SCRIPTS)
