"""What lines of text state: a table for each language, noise of reading, lines that belong together, properties."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.episode.patterns import Line, Patterns

from .cards import read, said, stacked

SURE = 0.85
"""A counter on a card of its own is at least as strong."""

ENGLISH = (
    ("EPISODE 3", "3"),
    ("Episode 12", "12"),
    ("Ep. 9", "9"),
    ("EP09", "9"),
    ("EP.12", "12"),
    ("[EP 12]", "12"),
    ("EPISODE #4", "4"),
    ("Episode No. 4", "4"),
    ("Épisode 3", "3"),
    ("Episode 0", "0"),
    ("EPISODE 1234", "1234"),
    ("EPISODE 2001", "2001"),
    ("EPISODE 12.5", "12.5"),
    ("S02E05", "S02E05"),
    ("S02·E05", "S02E05"),
    ("S02 • E05", "S02E05"),
    ("S02|E05", "S02E05"),
    ("S02/E05", "S02E05"),
    ("SEASON 6|EPISODE 6", "S06E06"),
    ("SEASON 6 | EPISODE 6", "S06E06"),
    ("S02 E05", "S02E05"),
    ("s2:e5", "S02E05"),
    ("2x05", "S02E05"),
    ("S2024E100", "S2024E100"),
    ("Season 2 Episode 5", "S02E05"),
    ("Season One, Episode Ten", "S01E10"),
    ("Second Season - Episode 3", "S02E03"),
    ("Chapter Four", "4"),
    ("CHAPTER ONE HUNDRED AND TWO", "102"),
    ("EPISODE TWENTY-ONE", "21"),
    ("EPISODE TWENTY ONE", "21"),
    ("EPISODE IV", "4"),
    ("Episode Ⅻ", "12"),
    ("Chapter XXIX", "29"),
    ("Episodes 7 & 8", "7-8"),
    ("EPISODE 10 - 11", "10-11"),
    ("Episode Seven and Eight", "7-8"),
    ("Episodes 1-3", "1-3"),
    ("S01E01-E02", "S01E01-E02"),
    ("S01E01E02", "S01E01-E02"),
    ("S01E01 - S01E02", "S01E01-E02"),
    ("Episode 3: The Road", "3"),
    ("EPISODE 7 THE LONG ROAD", "7"),
    ("EPISODE 3 24 HOURS", "3"),
    ("Season Finale", "finale"),
    ("SERIES FINALE", "finale"),
    ("The Final Episode", "finale"),
    ("Episode Nine: Finale", "9 finale"),
)
KOREAN = (
    ("제 7 화", "7"),
    ("제7화", "7"),
    ("제 12 회", "12"),
    ("7회", "7"),
    ("제12장", "12"),
    ("제 100 회", "100"),
    ("제1234화", "1234"),
    ("제12.5화", "12.5"),
    ("제0화", "0"),
    ("에피소드 3", "3"),
    ("시즌 2 제 5 화", "S02E05"),
    ("시즌2 5화", "S02E05"),
    ("시즌 2 5화", "S02E05"),
    ("시즌 2 - 15회", "S02E15"),
    ("제 십이 화", "12"),
    ("십이회", "12"),
    ("이십삼 화", "23"),
    ("백이십회", "120"),
    ("제칠화", "7"),
    ("제 이십 회", "20"),
    ("제백이십삼회", "123"),
    ("첫 번째 이야기", "1"),
    ("두번째 이야기", "2"),
    ("세 번째 이야기", "3"),
    ("열두 번째 이야기", "12"),
    ("스무 번째 이야기", "20"),
    ("서른세 번째 밤", "33"),
    ("3번째 이야기", "3"),
    ("제7-8화", "7-8"),
    ("제7화 - 제8화", "7-8"),
    ("제7, 8회", "7-8"),
    ("최종회", "finale"),
    ("마지막 회", "finale"),
    ("마지막회", "finale"),
    ("16회 (최종회)", "16 finale"),
    ("- 제 12 화 -", "12"),
    ("<12회>", "12"),
    ("시즌1 EP.07", "S01E07"),
    ("S1 EP7", "S01E07"),
    ("제 3 화 돌아온 편지", "3"),
    ("제7화 1부", "7"),
)
CHINESE = (
    ("第12集", "12"),
    ("第 12 集", "12"),
    ("第12话", "12"),
    ("第十二集", "12"),
    ("第二〇集", "20"),
    ("第二十集", "20"),
    ("第一百零五集", "105"),
    ("第貳拾集", "20"),
    ("第四章", "4"),
    ("第十講", "10"),
    ("第2季第5集", "S02E05"),
    ("第二季 第五集", "S02E05"),
    ("第1-2集", "1-2"),
    ("第七、八集", "7-8"),
    ("第1集 第2集", "1-2"),
    ("《第12集》", "12"),
    ("大结局", "finale"),
    ("大結局", "finale"),
    ("第四十集 大结局", "40 finale"),
    ("第40集（终）", "40 finale"),
    ("第0集", "0"),
    ("第1234集", "1234"),
)
JAPANESE = (
    ("第十二話", "12"),
    ("第12話", "12"),
    ("第１２話", "12"),
    ("第百二十話", "120"),
    ("第拾弐話", "12"),
    ("第三夜", "3"),
    ("第1回", "1"),
    ("第1話「出会い」", "1"),
    ("エピソード 3", "3"),
    ("シーズン2 第5話", "S02E05"),
    ("第2期 第5話", "S02E05"),
    ("第1・2話", "1-2"),
    ("第12.5話", "12.5"),
    ("最終回", "finale"),
    ("最終話", "finale"),
    ("第壱夜", "1"),
    ("第12話 (最終回)", "12 finale"),
)
MISREAD = (
    ("EPIS0DE 3", "3"),
    ("EPlSODE 3", "3"),
    ("EP1SODE 7", "7"),
    ("EPI SODE 3", "3"),
    ("E P I S O D E 3", "3"),
    ("E P I S O D E  T H R E E", "3"),
    ("EPISODE3", "3"),
    ("EPISODETHREE", "3"),
    ("EPlSODE FlVE", "5"),
    ("EPISODE O5", "5"),
    ("EPISODE l2", "12"),
    ("EPISODE I2", "12"),
    ("EPISODE lV", "4"),
    ("EPISODE lll", "3"),
    ("ePiSoDe 3", "3"),
    ("ＥＰＩＳＯＤＥ　３", "3"),
    ("SO2EO5", "S02E05"),
    ("S02E0S", "S02E05"),
    ("제 1 2 화", "12"),
    ("제l2회", "12"),
    ("제 12희", "12"),
    ("에 피소드 3", "3"),
    ("시 즌 2 제 5 화", "S02E05"),
    ("최 종 회", "finale"),
    ("第l2集", "12"),
    ("第 1 2 集", "12"),
    ("第ニ集", "2"),
    ("第ー集", "1"),
    ("笫12集", "12"),
    ("第12隼", "12"),
    ("EPISODE ll", None),
    ("EPISODE 3 - 2", "3"),
    ("Episode 3 - 12 Angry Men", "3"),
)
DOUBTFUL = (
    ("제7화와 제8화", "7-8"),
    ("1부", "1"),
    ("Part II", "2"),
    ("Part 2 of 3", "2"),
    ("Parts One and Two", "1-2"),
    ("Parts 3 & 4", "3-4"),
    ("ACT II", "2"),
    ("第2期", "2"),
    ("第一部", "1"),
    ("Volume 3", "3"),
    ("#12", "12"),
    ("E12", "12"),
    ("The Fourth Episode", "4"),
    ("twenty-first episode", "21"),
    ("episode i", "1"),
    ("EPISODE l", "1"),
    ("その3", "3"),
    ("其ノ三", "3"),
    ("巻之二", "2"),
    ("Mission:12", "12"),
    ("세 번째", "3"),
    ("영화 3편", "3"),
    ("We're on episode three already", "3"),
    ("In chapter 7 of the book", "7"),
    ("대회 3회 우승", "3"),
    ("It was the second part of it", "2"),
)


@pytest.mark.parametrize(("text", "number"), [*ENGLISH, *KOREAN, *CHINESE, *JAPANESE])
def test_a_counter_with_a_number_states_the_episode(text: str, number: str) -> None:
    (statement,) = [one for one in read(text) if one.kind != "total"]
    assert (statement.kind, str(statement.number)) == ("this", number)
    assert statement.strength >= SURE * (0.9 if text in {"7회"} else 1)
    assert statement.lines == (0,)


@pytest.mark.parametrize(("text", "number"), MISREAD)
def test_what_was_read_with_usual_faults_is_understood_or_left(text: str, number: str | None) -> None:
    assert said(read(text)) == ([] if number is None else [f"this {number}"])


@pytest.mark.parametrize(("text", "number"), DOUBTFUL)
def test_words_that_may_mean_something_else_are_weak(text: str, number: str) -> None:
    first = read(text)[0]
    assert (first.kind, str(first.number)) == ("this", number)
    assert first.strength < SURE


@pytest.mark.parametrize(("text", "number"), [("7", "7"), ("07", "7"), ("VII", "7"), ("SEVEN", "7"), ("十二", "12")])
def test_a_bare_number_is_weak(text: str, number: str) -> None:
    (statement,) = read(text)
    assert (statement.kind, str(statement.number)) == ("bare", number)
    assert statement.strength <= 0.2


def test_a_statement_names_what_was_read_and_its_line() -> None:
    (statement,) = read("등대로 가는 길", "제 ７ 화  돌아온 편지")
    assert (statement.text, statement.lines) == ("제 ７ 화", (1,))


def test_words_around_a_statement_make_it_weaker() -> None:
    card, beside, inside = (read(text)[0].strength for text in ("7회", "7회 우승", "올해 7회 우승"))
    assert card > beside > inside
    assert read("제7화를")[0].strength < read("제7화")[0].strength


@pytest.mark.parametrize(
    ("weak", "strong"),
    [
        ("EPISODE O5", "EPISODE 05"),
        ("EPISODE lV", "EPISODE IV"),
        ("제 1 2 화", "제 12 화"),
        ("Episode 3 - 12 Angry Men", "Episode 3: The Road"),
        ("Part I played", "Part I: The Road"),
        ("제 7 희", "제 7 회"),
        ("EPISODE I", "EPISODE IV"),
        ("EPISODE II", "EPISODE IV"),
        ("Episode 1. 5", "Episode 1.5"),
    ],
)
def test_what_may_mean_another_number_is_weaker(weak: str, strong: str) -> None:
    assert read(weak)[0].strength < read(strong)[0].strength


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (("SEASON 2", "EPISODE 5"), ["this S02E05"]),
        (("SEASON 2", "EPISODE 5", "SEASON 3"), ["this 5"]),
        (("제16화", "최종회"), ["this 16 finale"]),
        (("제7화", "1부"), ["this 7"]),
        (("Episode 3", "Part II"), ["this 3"]),
        (("EPISODE 3", "OF 16"), ["this 3", "total 16"]),
        (("EPISODE 3 OF 16",), ["this 3", "total 16"]),
        (("EPISODE 3/16",), ["this 3", "total 16"]),
        (("제 7 화", "전 16부작"), ["this 7", "total 16"]),
        (("제 7 화", "15세 이상 관람가", "서울, 1998"), ["this 7"]),
    ],
)
def test_lines_of_one_card_are_read_together(texts: tuple[str, ...], told: list[str]) -> None:
    assert said(read(*texts)) == told


@pytest.mark.parametrize(
    ("texts", "number", "lines"),
    [
        (("EPISODE", "3"), "3", (0, 1)),
        (("CHAPTER", "Four"), "4", (0, 1)),
        (("Ep.", "9"), "9", (0, 1)),
        (("제", "7", "화"), "7", (0, 1, 2)),
        (("제 7", "화"), "7", (0, 1)),
        (("第", "十二", "集"), "12", (0, 1, 2)),
        (("第12", "集"), "12", (0, 1)),
        (("12", "화"), "12", (0, 1)),
        (("3", "EPISODE"), "3", (1, 0)),
        (("SEASON", "2", "EPISODE", "5"), "S02E05", (2, 3)),
    ],
)
def test_a_counter_may_stand_on_another_line(texts: tuple[str, ...], number: str, lines: tuple[int, ...]) -> None:
    (statement,) = read(*texts)
    assert (statement.kind, str(statement.number), statement.lines) == ("this", number, lines)


def test_a_counter_beside_its_number_belongs_to_it_and_a_far_one_does_not() -> None:
    counter = Line("EPISODE", 0.05, (0.3, 0.4, 0.2, 0.05))
    beside, below, aside, under = (
        Line("3", 0.2, box)
        for box in (
            (0.52, 0.35, 0.05, 0.2),
            (0.38, 0.5, 0.05, 0.2),
            (0.9, 0.05, 0.05, 0.03),
            (0.38, 0.8, 0.05, 0.05),
        )
    )
    shipped = Patterns.shipped()
    assert said(shipped.read([counter, beside])) == ["this 3"]
    assert said(shipped.read([counter, below])) == ["this 3"]
    assert said(shipped.read([counter, aside])) == ["bare 3"]
    assert said(shipped.read([counter, under])) == ["bare 3"]


def test_numbers_of_different_episodes_are_all_told() -> None:
    assert sorted(said(read("제 7 화", "제 9 화"))) == ["this 7", "this 9"]


DIGITS = (
    "제 {} 화",
    "제{}회",
    "{}회",
    "EPISODE {}",
    "Ep.{}",
    "第{}集",
    "第{}話",
    "에피소드 {}",
    "Chapter {}",
    "시즌 3 {}화",
)


@given(st.sampled_from(DIGITS), st.integers(0, 9999))
def test_every_number_in_digits_is_read(form: str, number: int) -> None:
    (statement,) = read(form.format(number))
    assert statement.number.episodes == (Decimal(number),)


@given(st.integers(0, 99), st.integers(0, 999))
def test_every_season_and_episode_is_read(season: int, number: int) -> None:
    for text in (f"S{season:02d}E{number:02d}", f"SEASON {season} EPISODE {number}", f"시즌 {season} 제{number}화"):
        (statement,) = read(text)
        assert (statement.number.season, statement.number.episodes) == (season, (Decimal(number),))


LOOK_ALIKE = {"0": "O", "1": "lI|", "2": "Z", "5": "S", "8": "B"}


@given(st.integers(1, 1999), st.sampled_from(DIGITS[:-1]), st.data())
def test_digits_read_as_letters_give_no_other_number_surely(number: int, form: str, data: st.DataObject) -> None:
    noisy = "".join(data.draw(st.sampled_from(digit + LOOK_ALIKE.get(digit, ""))) for digit in str(number))
    for statement in read(form.format(noisy)):
        roman = noisy in {"I", "II", "III"}
        assert statement.number.episodes == (Decimal(number),) or statement.strength < SURE or roman


@given(st.lists(st.text(max_size=40), max_size=5), st.none() | st.text(max_size=10))
def test_any_text_is_read_without_an_error(texts: list[str], series: str | None) -> None:
    for statement in Patterns.shipped().read(stacked(*texts), series=series):
        assert 0 < statement.strength <= 1
        assert all(0 <= line < len(texts) for line in statement.lines)


@given(st.lists(st.sampled_from("제화회1234567890- 第集話EPISODEs:x/.,of&전부작시즌lOI"), max_size=24).map("".join))
def test_any_heap_of_such_signs_is_read_without_an_error(text: str) -> None:
    assert all(0 < statement.strength <= 1 for statement in read(text, text))
