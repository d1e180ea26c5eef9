from math import exp
from pathlib import Path

import pytest

from benchmarks.hangul.alphabet import alphabet
from benchmarks.hangul.prior import fit, training_texts, write_prior
from engines.prior import BONUS, WEIGHT, Prior, load_prior

ALPHABET = ("", *alphabet())


def test_a_fit_prefers_what_it_was_shown() -> None:
    prior = Prior(ALPHABET, *fit(["제 7 화"] * 20 + ["제3회"] * 5, least=2))
    assert prior.of("제 12 화") > prior.of("제12회") > prior.of("제12희")


def test_what_stands_together_seldom_is_left_out_and_still_likely_by_itself() -> None:
    texts = ["제화"] * 9 + ["제편"]
    kept, left_out = (Prior(ALPHABET, *fit(texts, least=least)) for least in (1, 2))
    assert len(left_out.logs) < len(kept.logs)
    assert left_out.of("제편") > left_out.of("제강")


def test_probabilities_that_are_left_out_go_to_what_follows_seldom() -> None:
    prior = Prior(ALPHABET, *fit(["제화"] * 9 + ["제편"], least=2))
    _, context = prior.after(prior.start, "제")
    signs = {prior.signs[character] for character in alphabet()}
    worth = [prior.after(context, ALPHABET[sign])[0] for sign in signs]
    total = sum(exp((one - BONUS) / WEIGHT) for one in worth) + exp(prior.end(context) / WEIGHT)
    assert total == pytest.approx(1, abs=0.02)


def test_texts_depend_on_the_seed_alone() -> None:
    first, again, other = (list(training_texts(50, seed)) for seed in (3, 3, 4))
    assert first == again != other


def test_the_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "prior.npz"
    write_prior(path, 300)
    prior = load_prior(path)
    assert prior.alphabet == ALPHABET == load_prior().alphabet
    logs, backoffs = fit(training_texts(300))
    assert prior.logs.keys() == logs.keys() and prior.backoffs.keys() == backoffs.keys()
    assert prior.logs[0] == pytest.approx(logs[0], rel=1e-3)
