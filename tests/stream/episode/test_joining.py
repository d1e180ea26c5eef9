"""Frames of one card are one statement; words of other episodes never count, and what contradicts lowers confidence."""

from __future__ import annotations

import pytest

from stream.episode.joining import MOST_EVIDENCE, MOST_FRAMES, cards_of, finding_of, open_season_of, reading_of
from stream.episode.numbers import parse_number
from stream.episode.pages import Page
from stream.episode.patterns import Line
from stream.episode.records import Kind
from stream.episode.seasons import OpenSeason
from stream.episode.weighing import Said


def _said(time_s: float, number: str, kind: Kind = "this", **changes) -> Said:
    usual = {
        "strength": 1.0, "text": f"EPISODE {number}", "box": (100.0, 200.0, 300.0, 40.0), "height": 0.1,
        "confidence": 0.99, "weakest": 0.98, "crops": 1.0, "second": None,
    }  # fmt: skip
    return Said(time_s, parse_number(number), kind, **{**usual, **changes})


def _pages(*said: Said) -> list[Page]:
    line = Line("words", 0.1, (0.1, 0.1, 0.2, 0.1))
    return [Page(one.time_s, (line,), (0.99,), (one,)) for one in said]


def test_frames_of_a_card_agree() -> None:
    pages = _pages(*(_said(time_s, "3") for time_s in (8.0, 8.5, 9.0, 10.0)))
    (card,) = cards_of(pages)
    assert len(card.said) == 4
    reading = reading_of(pages)
    assert str(reading.number) == "3" and [one.time_s for one in reading.evidence] == [8.0, 8.5, 9.0, 10.0]
    assert reading.confidence > reading_of(pages[:1]).confidence > 0.3
    assert "EPISODE 3" in reading.why and "4 frames" in reading.why


def test_the_same_number_later_is_another_card() -> None:
    pages = _pages(_said(8.0, "3"), _said(8.5, "3"), _said(300.0, "3"))
    assert [len(card.said) for card in cards_of(pages)] == [2, 1]
    found = finding_of(pages)
    assert found is not None and found.features.places == 0.5 and not found.against


def test_a_finale_without_its_number_is_no_evidence_for_one() -> None:
    """As of "Series Finale", beside which one frame reads a number that is not there."""
    finale = [_said(time_s, "finale") for time_s in (8.0, 8.5, 9.0, 9.5)]
    misread = _said(8.0, "1", strength=0.5, box=(100.0, 80.0, 300.0, 60.0))
    found = finding_of([*_pages(misread), *_pages(*finale)])
    assert found is not None and str(found.number) == "1"
    assert (found.features.frames, found.features.places, found.features.strength) == (0.0, 0.0, 0.5)
    assert "“EPISODE 1” in one frame" in reading_of([*_pages(misread), *_pages(*finale)]).why


def test_what_most_frames_show_behind_a_number_makes_it_doubtful() -> None:
    """As of "第19回日本アカデミー賞", of which one frame shows the beginning alone."""
    doubtful = [_said(time_s, "19", strength=0.1, text="第19回") for time_s in (8.0, 8.5, 9.0)]
    found = finding_of(_pages(*doubtful, _said(9.5, "19", text="第 19回")))
    assert found is not None and found.features.strength == 0.1
    surer = finding_of(_pages(*doubtful, _said(9.5, "19", text="EPISODE 19", strength=0.9)))
    assert surer is not None and surer.features.strength == 0.9


def test_a_season_that_few_frames_name_has_little_evidence() -> None:
    """As of "SEASON 9 | EPISODE 11", of which one frame takes the stroke for a digit."""
    pages = _pages(_said(8.0, "S91E11"), *(_said(time_s, "11") for time_s in (8.5, 9.0, 9.5, 10.0)))
    found = finding_of(pages)
    assert found is not None and (found.features.frames, found.features.same_frames) == (0.0, 0.2)
    named = finding_of(_pages(*(_said(time_s, "S09E11") for time_s in (8.0, 8.5, 9.0))))
    assert named is not None and named.features.same_frames == 1.0


@pytest.mark.parametrize("kind", ["next", "previous", "total"])
def test_another_episodes_number_never_counts(kind: Kind) -> None:
    pages = _pages(_said(300.0, "4", kind))
    reading = reading_of(pages)
    assert (reading.number, reading.confidence) == (None, 0.0)
    assert "only a number of" in reading.why and reading.evidence[0].kind == kind
    both = reading_of(_pages(_said(8.0, "3"), *(_said(time_s, "4", kind) for time_s in (300.0, 301.0, 302.0))))
    assert str(both.number) == "3" and both.confidence == reading_of(_pages(_said(8.0, "3"))).confidence


@pytest.mark.parametrize("kind", ["next", "previous"])
def test_a_number_that_one_frame_calls_another_episodes_is_not_this_files(kind: Kind) -> None:
    """As of "Previously in Episode 39", of which three frames lose the first words."""
    lost = [_said(time_s, "39") for time_s in (8.0, 9.0, 9.5)]
    whole = _said(8.5, "39", kind, box=(20.0, 200.0, 380.0, 40.0))
    assert reading_of(_pages(*lost, whole)).number is None
    elsewhere = _said(8.5, "39", kind, box=(100.0, 300.0, 300.0, 40.0))
    assert str(reading_of(_pages(*lost, elsewhere)).number) == "39"
    later = _said(300.0, "39", kind)
    assert str(reading_of(_pages(*lost, later)).number) == "39"


def test_a_number_that_one_frame_calls_how_many_there_are_is_not_this_files() -> None:
    """As of 18集电视连续剧, of which others read 18集 alone; `8 of 8` says both by the same words."""
    lost = [_said(time_s, "18", text="18集") for time_s in (8.0, 9.0)]
    whole = _said(8.5, "18", "total", text="18集电视连续剧", box=(100.0, 200.0, 500.0, 40.0))
    assert reading_of(_pages(*lost, whole)).number is None
    last = [_said(8.0, "8", text="8 of 8"), _said(8.5, "8", "total", text="8 of 8")]
    assert str(reading_of(_pages(*last)).number) == "8"


def test_the_next_episode_is_on_no_card_of_this_one() -> None:
    pages = _pages(_said(8.0, "3"), _said(8.5, "3", "next"), _said(9.0, "3"))
    assert [[one.kind for one in card.said] for card in cards_of(pages)] == [["this", "this"], ["next"]]


def test_words_come_before_a_bare_number() -> None:
    bare_ones = [_said(time_s, "9", "bare") for time_s in (1.0, 2.0, 3.0)]
    found = finding_of(_pages(*bare_ones, _said(8.0, "3", strength=0.6)))
    assert found is not None and (str(found.number), found.kind) == ("3", "this")
    bare = reading_of(_pages(_said(1.0, "9", "bare", strength=0.2)))
    assert str(bare.number) == "9" and bare.confidence < 0.5 and "without a word" in bare.why


def test_two_numbers_of_this_file_lower_the_confidence_and_are_both_shown() -> None:
    three = [_said(time_s, "3") for time_s in (8.0, 8.5, 9.0)]
    alone = reading_of(_pages(*three))
    reading = reading_of(_pages(*three, _said(60.0, "5")))
    assert str(reading.number) == "3" and reading.confidence < alone.confidence - 0.05
    assert {str(one.number) for one in reading.evidence} == {"3", "5"}
    assert "but “EPISODE 5”" in reading.why


def test_the_heavier_number_leads_whatever_the_order() -> None:
    said = [_said(60.0, "5"), *(_said(time_s, "3") for time_s in (8.0, 8.5, 9.0))]
    assert str(reading_of(_pages(*said)).number) == str(reading_of(_pages(*said[::-1])).number) == "3"


def test_a_logo_that_stands_in_all_frames_counts_as_three() -> None:
    """A bug in the corner, read weakly in twenty frames, does not outweigh a card."""
    corner = [_said(20.0 + time_s, "5", strength=0.5) for time_s in range(20)]
    (card,) = cards_of(_pages(*corner))
    assert card.weight == pytest.approx(MOST_FRAMES * 0.5 * 0.99)
    assert str(reading_of(_pages(*corner, *(_said(time_s, "3") for time_s in (8.0, 8.5, 9.0)))).number) == "3"


def test_a_number_with_its_season_and_one_without_are_one() -> None:
    reading = reading_of(_pages(_said(8.0, "S02E05"), _said(200.0, "5")))
    assert str(reading.number) == "S02E05" and "but" not in reading.why
    assert str(reading_of(_pages(_said(8.0, "5"), _said(200.0, "S02E05"))).number) == "S02E05"


def test_frames_of_a_card_that_say_something_else_are_counted() -> None:
    found = finding_of(_pages(_said(8.0, "12"), _said(8.5, "2"), _said(9.0, "12")))
    assert found is not None and str(found.number) == "12"
    assert found.features.same_frames == pytest.approx(2 / 3) and found.features.against == pytest.approx(1 / 3)


def test_a_second_reader_that_disagrees_lowers_the_confidence() -> None:
    confidences = [
        reading_of(_pages(*(_said(time_s, "3", second=second) for time_s in (8.0, 8.5)))).confidence
        for second in (0.0, None, 1.0)
    ]
    assert confidences == sorted(set(confidences))


def test_evidence_is_bounded_and_shows_every_card() -> None:
    pages = _pages(*(_said(8 + 0.1 * i, "3") for i in range(40)), _said(60.0, "5"))
    evidence = reading_of(pages).evidence
    assert len(evidence) == MOST_EVIDENCE and evidence[-1].time_s == 60.0


def test_why_nothing_is_read() -> None:
    assert reading_of([]).why == "no picture could be looked at"
    assert reading_of([Page(1.0)]).why == "no text was found"
    words = Page(1.0, (Line("서울", 0.1, (0, 0, 1, 1)),), (0.9,))
    assert reading_of([words]).why == "text was found, but no episode number"


def test_a_season_is_open_where_one_frame_names_it_or_most_show_something_unread() -> None:
    named, unread = OpenSeason("SEASON", named=True), OpenSeason("□□□", named=False)

    def season(*seasons: OpenSeason | None, number: str = "3") -> OpenSeason | None:
        said = [_said(8.0 + 0.5 * place, number, season=one) for place, one in enumerate(seasons)]
        return reading_of(_pages(*said)).unread_season

    assert season(None, None, named, unread) == named
    assert season(unread, unread, None) == unread
    assert season(unread, None) is None and season(None) is None
    stated = _said(9.5, "S02E03")
    assert reading_of(_pages(_said(8.0, "3", season=named), stated)).unread_season is None


def test_a_numeral_with_more_strokes_in_one_frame_is_doubtful() -> None:
    said = [_said(8.0 + 0.5 * place, "11", text="CHAPTER XI") for place in range(3)]
    last = (_said(9.5, "11", text="CHAPTER XI", more_strokes=more) for more in (False, True))
    sure, doubted = (finding_of(_pages(*said, one)) for one in last)
    assert sure is not None and sure.features.strength == 1.0
    assert doubted is not None and doubted.features.strength == 0.1


@pytest.mark.parametrize(("apart_s", "season"), [(30.0, "시즌 2"), (90.0, None)])
def test_a_season_on_a_card_near_by_may_be_the_numbers(apart_s: float, season: str | None) -> None:
    other = Page(8.0 - apart_s, season=OpenSeason("시즌 2", named=True, apart=True))
    found = finding_of([other, *_pages(_said(8.0, "3"), _said(8.5, "3"))])
    open_season = None if found is None else open_season_of(found)
    assert (None if open_season is None else open_season.text) == season
    stated = finding_of([other, *_pages(_said(8.0, "S01E03"))])
    assert stated is not None and open_season_of(stated) is None
