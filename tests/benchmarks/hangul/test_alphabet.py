import pytest

from benchmarks.hangul.alphabet import ANY, alphabet, classes, known_syllables, other_syllables, readable, words


def test_every_character_has_a_class_of_its_own_and_none_has_the_blanks() -> None:
    found = classes("".join(alphabet()))
    assert found == list(range(1, len(alphabet()) + 1))
    assert alphabet()[-1] == " "


def test_counters_and_number_words_are_known() -> None:
    wanted = (
        "제화회장부편권막시즌에피소드최종마지막다음지난이야기예고전총첫번째"
        "일이삼사오육칠팔구십백하나둘셋세이상관람가년월일원시분"
    )
    assert not [c for c in wanted if c not in known_syllables()]


def test_what_has_no_class_is_one_class() -> None:
    assert readable("제 7 뷁 話の") == f"제 7 {ANY} {ANY}{ANY}"
    assert classes("뷁") == classes("話") == classes("の") == [alphabet().index(ANY) + 1]


def test_what_cannot_be_answered_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'é' \(U\+00E9\) is neither"):
        readable("Café")


def test_every_word_can_be_read_as_it_stands() -> None:
    for table in words().values():
        for entry in table.values():
            assert [word for word in entry if readable(word) != word] == []


def test_known_and_other_syllables_are_apart_and_fill_ks_x_1001() -> None:
    assert not set(known_syllables()) & set(other_syllables())
    in_table = [c for c in known_syllables() if len(c.encode("euc_kr")) == 2]
    assert len(in_table) + len(other_syllables()) == 2350
