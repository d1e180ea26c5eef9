"""Numbers in announcements: a title card tells nothing of its number."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream.episode.patterns import Line, Patterns
from stream.episode.words import DOUBTFUL

from .cards import read, said, stacked

ANNOUNCEMENTS = (
    "Continue watching Episode 8", "Watch Episode 8 now", "Episode 8 streaming Friday", "as seen in Episode 8",
    "Episode 8 is available", "Skip to Episode 8", "Episode 8 Friday 9 PM", "Episode 8 tonight", "EPISODE 8 TEASER",
    "The making of Episode 8", "8화 보러 가기", "2화 무□보기", "8화에 □니다", "第8集花絮", "第8話 見どころ",
    "8화에서 계속됩니다", "8화 공개", "제8회 본방사수", "8화는", "8화 부터", "8화까지 무료", "2화 무료보기",
    "주 2회 방송", "종영까지 단 2회", "잠시 후 2부가 계속됩니다",
    "会员抢先看第13集", "每周更新2集", "第13集的", "敬请观看第13集", "第13集即将播出",
    "第8話は金曜放送", "第8話で会いましょう", "第8話 無料配信", "続きは第8話",
)  # fmt: skip
TITLES = {
    "Episode 8: Tonight": "8", "EPISODE 8 - Watching the Sky": "8", "Episode 8 “Weekly”": "8", "Episode 8 Return": "8",
    "You have watched Episode 8": "8", "A Quiet Place to Hide Episode 8": "8", "EP. 8 Winter in Lisbon": "8",
    "제8화 이별": "8", "제8화 가을": "8", "8화 | 공개 수배": "8", "제8화 의사": "8",
    "第8話「無料の恋」": "8", "第8話 はじまりの日": "8", "第8集 中秋": "8", "第8集 · 观看": "8",
}  # fmt: skip


@pytest.mark.parametrize("text", ANNOUNCEMENTS)
def test_a_number_in_a_sentence_confirms_nothing(text: str) -> None:
    assert all(one.kind != "this" or one.strength <= DOUBTFUL for one in read(text))


@pytest.mark.parametrize("text", ANNOUNCEMENTS)
def test_the_files_own_number_beside_it_is_still_read(text: str) -> None:
    sure = [one for one in read("EPISODE 7", "Harbour", text) if one.kind == "this" and one.strength > DOUBTFUL]
    assert [str(one.number) for one in sure] == ["7"]


@pytest.mark.parametrize(("text", "number"), TITLES.items())
def test_a_title_beside_a_number_is_no_sentence(text: str, number: str) -> None:
    (one,) = read(text)
    assert (one.kind, str(one.number)) == ("this", number) and one.strength > DOUBTFUL


@pytest.mark.parametrize("lines", [("To be continued", "Episode 8"), ("Episode 8", "Airs Friday"), ("See you", "EP 8")])
def test_an_announcement_on_a_line_of_its_own_is_of_the_next_episode(lines: tuple[str, ...]) -> None:
    assert said(read(*lines)) == ["next 8"]


def test_the_next_episode_stays_the_next() -> None:
    assert said(read("Next time: Episode 8 airs Friday")) == ["next 8"]
    assert said(read("第8話につづく")) == ["next 8"]


@pytest.mark.parametrize(
    ("lines", "sure"),
    [
        (("Chapter Twenty-", "One"), False), (("- Chapter Twenty -",), True),
        (("Chapter Twenty", "The Lighthouse"), True),
        (("제3회", "청룡영화상"), False), (("제3회", "그해 여름"), True), (("第3回", "東京映画祭"), False),
        (("제7회", "전16회"), True), (("Chapter Twenty", "One"), False), (("CHAPTER TWENTY", "One Day"), True),
        (("Case No. 5",), False), (("Mission 12",), False), (("Volume 3",), False),
    ],
)  # fmt: skip
def test_what_may_be_another_number_confirms_nothing(lines: tuple[str, ...], sure: bool) -> None:
    assert any(one.kind == "this" and one.strength > DOUBTFUL for one in read(*lines)) == sure


@pytest.mark.parametrize(
    ("left", "right", "sure"),
    [("8화", "무료 보기", False), ("새로운", "8화", True), ("in", "Episode 8", False), ("제8화", "이별", True)],
)
def test_a_sentence_may_lie_on_several_parts_of_a_row(left: str, right: str, sure: bool) -> None:
    parts = [Line(left, 0.08, (0.2, 0.5, 0.2, 0.08)), Line(right, 0.08, (0.43, 0.5, 0.2, 0.08))]
    (one,) = Patterns.shipped().read(parts)
    assert (one.strength > DOUBTFUL) == sure


def test_a_users_file_names_its_own(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        '[de]\nname = "German"\nspaced = true\nsentence = ["läuft", "in …"]\nparticles = ["ist"]\n'
        '[de.this]\n"Folge {n}" = 1.0\n',
        encoding="utf-8",
    )
    own = Patterns.shipped().with_file(path)
    texts = ["Folge 8", "Folge 8 läuft Freitag", "mehr in Folge 8", "Folge 8 ist da"]
    texts += ["Folge 8 Isthmus", "Winter in Rom Folge 8"]
    strengths = [own.read(stacked(text))[0].strength for text in texts]
    assert [strength > DOUBTFUL for strength in strengths] == [True, False, False, False, True, True]
