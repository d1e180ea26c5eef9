"""One picture: lines are read by every reader in several crops; what they agree on is said with how much they do."""

from __future__ import annotations

from decimal import Decimal

import pytest

from stream.episode.numbers import EpisodeNumber
from stream.episode.pages import COARSE_SIDE, FINE_SIDE, MOST_COST, Engines, Page, PageReader
from stream.episode.patterns import Patterns
from stream.episode.seasons import OpenSeason
from stream.episode.weighing import CROPS

from .scripted import Detector, Direction, Pictures, Reader, picture

CARD = {7: [(100, 100, 300, 40), (150, 200, 200, 60)]}


def _read(*readers: Reader, boxes=CARD, direction=None, series=None, part="whole", finer=True) -> Page:
    pages = PageReader(Engines(Detector(boxes), readers, direction), Patterns.shipped(), series)
    return pages.read(1.5, picture(7), part, finer)


def _card(number: int, place: tuple[int, int], margin: float) -> str:
    return {100: "THE HARBOUR LIGHT", 200: "EPISODE 3"}[place[1]]


def test_a_card_states_its_number() -> None:
    page = _read(Reader(_card))
    (said,) = page.said
    assert (said.number, said.kind, said.text) == (EpisodeNumber((Decimal(3),)), "this", "EPISODE 3")
    assert (said.time_s, said.box) == (1.5, (150, 200, 200, 60))
    assert (said.crops, said.second) == (1.0, None)
    assert said.height == pytest.approx(60 / 360)
    assert [line.text for line in page.lines] == ["THE HARBOUR LIGHT", "EPISODE 3"]


def test_only_lines_of_statements_are_read_in_further_crops() -> None:
    reader = Reader(_card)
    _read(reader)
    assert reader.asked == [(7, 2, 0.0), (7, 1, 0.0), *((7, 1, margin) for margin in CROPS[1:])]
    quiet = Reader(lambda number, place, margin: "SALT & TIMBER")
    assert _read(quiet).said == () and quiet.asked == [(7, 2, 0.0)]


def test_the_words_that_a_line_was_cut_from_are_read_too() -> None:
    """The detector found `第20回日本` of a line that is one and a half times as long."""

    def cut(number: int, place: tuple[int, int], margin: float) -> str:
        return "第20回日本アカデミー賞" if place[0] == 0 else "第20回日本"

    assert _read(Reader(cut), boxes={7: [(150, 200, 200, 60)]}).said == ()


def test_other_letters_beside_a_line_change_nothing() -> None:
    def beside(number: int, place: tuple[int, int], margin: float) -> str:
        return "EPISODE 3 HARBOUR" if place[0] == 0 else "EPISODE 3"

    (said,) = _read(Reader(beside), boxes={7: [(150, 200, 200, 60)]}).said
    assert (said.box, said.text, said.crops) == ((150, 200, 200, 60), "EPISODE 3", 1.0)


@pytest.mark.parametrize(("text", "season"), [("시즌 2", "시즌 2"), ("SALT & TIMBER", None), ("시즌 2 제3화", None)])
def test_a_card_may_name_a_season_alone(text: str, season: str | None) -> None:
    page = _read(Reader(lambda number, place, margin: text), boxes={7: [(150, 200, 200, 60)]})
    assert (None if page.season is None else page.season.text) == season


def test_crops_that_disagree_are_counted_and_a_minority_says_nothing() -> None:
    def unsteady(number: int, place: tuple[int, int], margin: float) -> str:
        return "Episode 12" if margin != CROPS[1] else "Episode 2"

    (said,) = _read(Reader(unsteady), boxes={7: [(150, 200, 200, 60)]}).said
    assert (str(said.number), said.crops) == ("12", pytest.approx(2 / 3))


@pytest.mark.parametrize(
    ("crop", "strength"),
    [("제19회 백상예술대상", 0.1), ("제19회 백□□대□", 0.1), ("제19회 끝", 1.0), ("15세 이상", 1.0)],
)
def test_a_number_that_its_reader_once_calls_an_awards_is_doubtful(crop: str, strength: float) -> None:
    def unsteady(number: int, place: tuple[int, int], margin: float) -> str:
        return crop if margin == CROPS[1] else "제19회"

    (said,) = _read(Reader(unsteady), boxes={7: [(150, 200, 300, 60)]}).said
    assert (str(said.number), said.strength) == ("19", pytest.approx(strength))
    silent = Reader(lambda number, place, margin: "제19회 백상예술대상", "hangul_recognition", 0.4)
    both = _read(Reader(lambda number, place, margin: "제19회"), silent, boxes={7: [(150, 200, 300, 60)]}).said
    assert [one.strength for one in both] == [pytest.approx(1.0)]


@pytest.mark.parametrize(("confidence", "strength"), [(0.95, 0.09), (0.8, 0.9)])
def test_a_number_that_another_reader_surely_calls_an_age_is_doubtful(confidence: float, strength: float) -> None:
    knows_little_han = Reader(lambda number, place, margin: "21회", "hangul_recognition", 0.99)
    other = Reader(lambda number, place, margin: "21岁", sure=confidence)
    (said,) = _read(knows_little_han, other, boxes={7: [(150, 200, 300, 60)]}).said
    assert (str(said.number), said.strength) == ("21", pytest.approx(strength))


def test_a_number_of_which_one_crop_shows_a_digit_more_is_doubtful() -> None:
    def unsteady(number: int, place: tuple[int, int], margin: float) -> str:
        return "S7 E52" if margin == CROPS[1] else "S7 E2"

    (said,) = _read(Reader(unsteady), boxes={7: [(150, 200, 300, 60)]}).said
    assert (str(said.number), said.strength) == ("S07E02", pytest.approx(0.1))


def test_a_wider_cut_that_makes_a_number_doubtful_takes_the_place_of_the_part() -> None:
    reader = Reader(lambda number, place, margin: "第19回日本" if place[0] < 150 else "第19回")
    (said,) = _read(reader, boxes={7: [(150, 200, 200, 60)]}).said
    assert said.strength <= 0.1


@pytest.mark.parametrize(
    ("other", "second"),
    [
        ("EPISODE 3", 1.0), ("刈3站", 1.0), ("EPISODE 8", 0.0), ("가나다", None), ("EPISODE II", 0.0),
        ("EPISODE III", 1.0), ("Es3", None), ("S7 Es3", 0.0), ("s3", 1.0),
    ],
)  # fmt: skip
def test_a_second_reader_agrees_by_its_digits_or_the_number_it_states(other: str, second: float | None) -> None:
    page = _read(Reader(_card), Reader(lambda number, place, margin: other, "hangul_recognition", 0.4))
    said = next(one for one in page.said if str(one.number) == "3" and one.kind == "this")
    assert said.second == second


@pytest.mark.parametrize(
    ("text", "other", "second"),
    [
        ("第12.5集", "□125□", None), ("第12.5集", "□12.5□", 1.0), ("第12.5集", "□135□", 0.0),
        ("第12.5集", "第125集", 0.0),
        ("第7-8話", "□78□", None), ("第7、8集", "□78□", None), ("第12集", "□125□", 0.0),
        ("여섯 번째 이야기", "0", None), ("여섯 번째 이야기", "刈7站", None), ("여섯 번째 이야기", "제7화", 0.0),
        ("EPISODE SIX", "7", 0.0),
    ],
)  # fmt: skip
def test_a_reader_that_does_not_know_the_words_has_no_say_by_what_it_lost(
    text: str, other: str, second: float | None
) -> None:
    readers = Reader(lambda number, place, margin: text), Reader(lambda number, place, margin: other, sure=0.4)
    page = _read(*readers, boxes={7: [(150, 200, 300, 60)]})
    assert next(one for one in page.said if one.text == text).second == second


@pytest.mark.parametrize(
    ("text", "wide", "other", "strength", "more"),
    [
        ("CHAPTER XI", "CHAPTER XI", "CHAPTER XI", 1.0, False), ("CHAPTER XI", "CHAPTER XII", "CHAPTER XI", 0.1, True),
        ("CHAPTER XI", "CHAPTER XI", "CHAPTER XII", 0.1, True), ("CHAPTER I", "CHAPTER III", "CHAPTER I", 0.1, True),
        ("CHAPTER XI", "CHAPTERXI", "C", 1.0, False), ("CHAPTER XI", "CHAPTER X", "", 0.1, False),
        ("PART XI", "PART XI", "PART XI", 0.6, False), ("CHAPTER XX", "CHAPTER XXI", "", 1.0, False),
        ("CHAPTER XIl", "CHAPTER XII", "CHAPTER XII", 0.1, False),
    ],
)  # fmt: skip
def test_strokes_at_a_numerals_end_are_counted_where_the_line_is_shown_wider(
    text: str, wide: str, other: str, strength: float, more: bool
) -> None:
    def says(words: str):
        return lambda number, place, margin: words

    readers = Reader(says(text), wider=says(wide)), Reader(says(text), "hangul_recognition", 0.4, wider=says(other))
    (said,) = _read(*readers, boxes={7: [(150, 200, 300, 60)]}).said
    assert (said.strength, said.more_strokes) == (pytest.approx(strength), more)


def test_only_lines_of_numerals_that_end_in_strokes_are_read_wider() -> None:
    plain, numeral = (Reader(lambda number, place, margin, text=text: text) for text in ("CHAPTER IX", "CHAPTER XI"))
    for reader in (plain, numeral):
        _read(reader, boxes={7: [(150, 200, 300, 60)]})
    assert len(numeral.asked) - len(plain.asked) == 2 * len(CROPS)


def _season(*readers: Reader, boxes=None) -> OpenSeason | None:
    page = _read(*readers, boxes=boxes or {7: [(150, 200, 300, 60)]})
    return next(one for one in page.said if one.kind == "this").season


def test_a_season_that_any_reading_names_is_open() -> None:
    silent = Reader(lambda number, place, margin: "EPISODE 8")

    def once(text: str) -> Reader:
        return Reader(lambda number, place, margin: text if margin == CROPS[2] else "EPISODE 8", sure=0.5)

    assert _season(silent, silent) is None
    assert _season(silent, once("SEASON s| EPISODE 8")) == OpenSeason("SEASON s| EPISODE 8", named=True)
    assert _season(silent, once("SEASON 5 | EPISODE 8")) == OpenSeason("SEASON 5 | EPISODE 8", named=True)


def test_a_line_beside_a_number_that_one_reader_reads_whole_is_no_season() -> None:
    korean = Reader(lambda number, place, margin: "□□□" if place[1] == 100 else "제8회", "hangul_recognition", 0.95)

    def chinese(sure: float) -> Reader:
        return Reader(lambda number, place, margin: "故人来" if place[1] == 100 else "8", sure=sure)

    boxes = {7: [(150, 100, 300, 60), (150, 200, 300, 60)]}
    assert _season(korean, chinese(0.95), boxes=boxes) is None
    assert _season(korean, chinese(0.8), boxes=boxes) == OpenSeason("□□□", named=False)


def test_the_line_of_a_number_is_read_for_a_season_as_one_that_states_it_does() -> None:
    korean = Reader(lambda number, place, margin: "□ 8□", "hangul_recognition", 0.95)
    chinese = Reader(lambda number, place, margin: "第8集", sure=0.7)
    assert _season(korean, chinese) is None
    assert _season(korean, Reader(lambda number, place, margin: "第二李 第8集", sure=0.7)) is not None


def test_a_line_that_is_too_low_to_be_read_may_be_a_season() -> None:
    reader = Reader(lambda number, place, margin: "EPISODE 8")
    low, far = (150, 190, 100, 8), (150, 300, 100, 8)
    assert _season(reader, boxes={7: [(150, 200, 100, 12), low]}) == OpenSeason("", named=False)
    assert _season(reader, boxes={7: [(150, 200, 100, 12), far]}) is None


def test_the_reader_that_knows_the_script_is_heard_beside_a_surer_one() -> None:
    korean = Reader(lambda number, place, margin: "제 7 화", "hangul_recognition", 0.9)
    page = _read(korean, Reader(lambda number, place, margin: "刈站", sure=0.97), boxes={7: [(150, 200, 200, 60)]})
    assert [str(one.number) for one in page.said if one.kind == "this"] == ["7"]


def test_a_doubtful_line_that_stands_upside_down_is_read_turned() -> None:
    reader = Reader(lambda number, place, margin: "EI8", sure=0.3, turned=lambda number, place: "EPISODE 3")
    boxes = {7: [(150, 200, 200, 60)]}
    assert [line.text for line in _read(reader, boxes=boxes, direction=Direction(0.95)).lines] == ["EPISODE 3"]
    assert [line.text for line in _read(reader, boxes=boxes, direction=Direction(0.5)).lines] == ["EI8"]
    sure = Reader(lambda number, place, margin: "6", turned=lambda number, place: "9")
    assert [line.text for line in _read(sure, boxes=boxes, direction=Direction(0.95)).lines] == ["6"]


def test_numbers_of_the_series_title_are_none_of_an_episode() -> None:
    boxes = {7: [(150, 200, 200, 60)]}
    reader = Reader(lambda number, place, margin: "24")
    assert [one.kind for one in _read(reader, boxes=boxes).said] == ["bare"]
    assert _read(reader, boxes=boxes, series="24").said == ()


def test_small_lines_are_sought_again_larger_where_that_is_paid_for() -> None:
    boxes = {7: [(20, 20, 60, 12), (500, 300, 60, 12)]}
    reader = Reader(lambda number, place, margin: "hello")
    detector = Detector(boxes)
    pages = PageReader(Engines(detector, [reader]), Patterns.shipped())
    assert pages.read(0.0, picture(7), finer=False).cost == 1
    assert pages.read(0.0, picture(7)).cost == MOST_COST
    assert [side for _, _, side in detector.asked] == [COARSE_SIDE, COARSE_SIDE, FINE_SIDE]
    detector.boxes = {7: [(20, 20, 60, 12)]}
    assert pages.read(0.0, picture(7)).cost == 2
    _, (x, y, width, height), side = detector.asked[-1]
    assert side == COARSE_SIDE and x == y == 0 and width < 120 and height < 60


def test_corners_are_searched_each_by_itself() -> None:
    boxes = {7: [(600, 10, 30, 20), (300, 180, 100, 30)]}
    page = _read(Reader(lambda number, place, margin: "7"), boxes=boxes, part="corners")
    assert (page.cost, [str(one.number) for one in page.said], len(page.lines)) == (4, ["7"], 1)


def test_a_finer_search_takes_one_larger_picture() -> None:
    detector = Detector(CARD)
    page = PageReader(Engines(detector, [Reader(_card)]), Patterns.shipped()).read(0.0, picture(7), "fine")
    assert (page.part, page.cost, [side for _, _, side in detector.asked]) == ("fine", 3, [FINE_SIDE])


def test_a_picture_without_lines_asks_no_reader() -> None:
    reader = Reader(_card)
    assert _read(reader, boxes={}) == Page(1.5, cost=1)
    assert not reader.asked and not Pictures(int).asked
