"""What lines say usually: the shipped model is a probability, knows no digit, and is for one reader alone."""

from itertools import pairwise
from math import exp
from pathlib import Path

import numpy as np
import pytest

from benchmarks.hangul.alphabet import alphabet
from engines.errors import ModelError
from engines.prior import BASE, BONUS, WEIGHT, load_prior, prior_for

READERS = ("", *alphabet())


def test_it_is_for_the_reader_with_its_alphabet_alone() -> None:
    assert prior_for(READERS) is load_prior()
    assert prior_for(READERS[:-1]) is None


@pytest.mark.parametrize("before", ["", "제", "제7", "에피", "S01", "뷁"])
def test_what_may_follow_has_a_probability_of_one_together(before: str) -> None:
    prior = load_prior()
    context = prior.start
    for character in before.replace("뷁", "□"):
        _, context = prior.after(context, character)
    goes_on = {context % BASE} if before[-1:].isdigit() else set()
    signs = {prior.signs[character] for character in alphabet()} - goes_on
    worth = {sign: prior.after(context, READERS[sign])[0] for sign in signs}
    follow = sum(exp((one - BONUS) / WEIGHT) for one in worth.values()) + exp(prior.end(context) / WEIGHT)
    assert 0.97 < follow < 1.03


def test_no_number_is_likelier_than_another() -> None:
    prior = load_prior()
    same = [prior.of(f"제{number}화") for number in ("7", "1", "12", "90", "2024", "00000")]
    assert same == [same[0]] * len(same)
    assert prior.of("S02E05") == prior.of("S9E1071")


def test_what_title_cards_say_is_likelier_than_what_it_is_misread_for() -> None:
    prior = load_prior()
    misread = {"제7화": "제7희", "S01E05": "So1E05", "№ 9": "N으 9", "에피소드 3": "에리소드 3"}
    for said, read in misread.items():
        assert prior.of(said) > prior.of(read), said


@pytest.mark.parametrize(
    ("said", "read"),
    [("Episodes 4 & 5", "Episode 485"), ("EPISODES 13 & 14", "EPISODES 13814"), ("Episode 12.5", "Episode 125")],
)
def test_a_sign_between_numbers_costs_less_than_a_clear_sign_is_worth(said: str, read: str) -> None:
    prior = load_prior()
    assert prior.of(said) > prior.of(read) - 3


def test_each_character_adds_what_it_is_worth() -> None:
    prior, total = load_prior(), 0.0
    context = prior.start
    for character in "제 12 화":
        worth, context = prior.after(context, character)
        total += worth
    assert prior.of("제 12 화") == pytest.approx(total + prior.end(context))


def test_a_mean_character_knows_no_length_and_every_sign() -> None:
    prior = load_prior()
    assert prior.of_each("EPISODE 7") == pytest.approx(prior.of("EPISODE 7") / 9)
    assert prior.of_each("第3集") == prior.of_each("□3□")
    assert prior.of_each("") == prior.of("")


def test_a_file_that_is_missing_or_none_says_so(tmp_path: Path) -> None:
    for path in (tmp_path / "none.npz", tmp_path / "other.npz"):
        if path.name == "other.npz":
            np.savez(path, alphabet=np.array("ab"))
        with pytest.raises(ModelError, match="install Keyart again"):
            load_prior(path)


def test_contexts_are_whole_numbers_of_signs() -> None:
    prior = load_prior()
    assert all(shorter < BASE**3 for shorter in prior.backoffs)
    assert [a < b for a, b in pairwise(sorted(prior.logs))].count(False) == 0
