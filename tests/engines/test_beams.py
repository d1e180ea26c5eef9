"""Beams find the likeliest text, by the sum over all of its places, and a prior decides where the picture does not."""

from collections import defaultdict
from itertools import product

import numpy as np
import pytest

from engines.beams import characters_of, chosen, likeliest, log_likelihoods, logarithms
from engines.prior import BONUS, WEIGHT, Prior, whole_number

ALPHABET = ("", "a", "b", "0", "7")


def flat(**logs: float) -> Prior:
    """A prior to which all characters are worth the same, but for those that are named."""
    prior = Prior(ALPHABET, {0: -BONUS / WEIGHT}, {})
    prior.logs.update({whole_number([prior.places[name]]): log for name, log in logs.items()})
    return prior


def by_hand(probabilities: np.ndarray) -> dict[str, float]:
    """The probability of each text: every path, one after the other."""
    found: dict[str, float] = defaultdict(float)
    for path in product(range(probabilities.shape[1]), repeat=len(probabilities)):
        kept = [one for at, one in enumerate(path) if one and (not at or path[at - 1] != one)]
        found["".join(ALPHABET[one] for one in kept)] += float(np.prod(probabilities[range(len(path)), path]))
    return found


def sample(seed: int, places: int = 5) -> np.ndarray:
    """(places, classes) probabilities."""
    rows = np.random.default_rng(seed).uniform(0, 1, (places, len(ALPHABET))) ** 4
    return np.asarray(rows / rows.sum(1, keepdims=True))


@pytest.mark.parametrize("seed", range(6))
def test_likelihoods_are_the_sum_of_all_paths(seed: int) -> None:
    probabilities = sample(seed)
    wanted = by_hand(probabilities)
    texts = ["", "a", "ab", "aa", "aba", "7a0", *sorted(wanted, key=lambda text: -wanted[text])[:20]]
    logs = log_likelihoods(logarithms(probabilities), texts, flat())
    np.testing.assert_allclose(np.exp(logs), [wanted[text] for text in texts], rtol=1e-4, atol=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_the_likeliest_texts_come_first(seed: int) -> None:
    """Beams that were given up may have held a little of a text's probability."""
    probabilities = sample(seed)
    wanted = by_hand(probabilities)
    first = next(iter(likeliest(logarithms(probabilities), flat(), 3)))
    assert wanted[first] >= 0.95 * max(wanted.values())


def test_a_text_that_is_likeliest_on_several_paths_beats_the_likeliest_path() -> None:
    """The likeliest class is "no character" twice; a stands at one of the places with .64."""
    probabilities = np.array([[0.6, 0.4, 0, 0, 0], [0.6, 0.4, 0, 0, 0]])
    assert next(iter(likeliest(logarithms(probabilities), flat(), 2))) == "a"


def test_the_prior_decides_between_letters_that_look_alike_and_no_digit() -> None:
    rows = np.zeros((3, 5))
    rows[0], rows[1], rows[2] = [0.02, 0.5, 0.48, 0, 0], [1, 0, 0, 0, 0], [0.02, 0, 0, 0.5, 0.48]
    logs = logarithms(rows)
    assert chosen([logs], flat()).text == "a0"
    assert chosen([logs], flat(b=-1.0)).text == "b0"
    prior = flat()
    assert {prior.of(text) for text in ("a0", "a7", "a70")} == {prior.of("a0")}
    swapped = rows[:, [0, 1, 2, 4, 3]]
    assert chosen([logarithms(swapped)], flat()).text == "a7"


def test_several_views_decide_together_whatever_their_widths() -> None:
    one = logarithms(np.array([[0.1, 0.5, 0.4, 0, 0]]))
    other = logarithms(np.array([[0.1, 0.1, 0.8, 0, 0], [0.9, 0, 0.1, 0, 0]]))
    assert chosen([one], flat()).text == "a"
    both = chosen([one, other], flat())
    assert both.text == "b"
    assert both.lead > 0


def test_the_lead_is_small_where_two_texts_are_as_likely() -> None:
    doubtful = chosen([logarithms(np.array([[0, 0.5, 0.5, 0, 0]]))], flat())
    sure = chosen([logarithms(np.array([[0, 0.999, 0.001, 0, 0]]))], flat())
    assert doubtful.lead == pytest.approx(0, abs=1e-6)
    assert sure.lead > 4


def test_characters_have_their_highest_probability_where_they_stand() -> None:
    rows = np.array([[0.1, 0.8, 0.1, 0, 0], [0.3, 0.6, 0.1, 0, 0], [0.9, 0.05, 0.05, 0, 0], [0.2, 0.7, 0.1, 0, 0]])
    found = characters_of(logarithms(rows), "aa", flat())
    np.testing.assert_allclose(found, [0.8, 0.7], atol=1e-6)
    np.testing.assert_allclose(characters_of(logarithms(rows), "ab", flat()), [0.8, 0.1], atol=1e-6)
    assert characters_of(logarithms(rows), "", flat()).shape == (0,)
