"""Which rows a network is shown for a question, which of its answers count, and what is kept."""

from __future__ import annotations

import weakref

import numpy as np
import pytest

from stream.shots.second_opinion import AskedOpinion, SecondOpinion, StreamedOpinion

from .made_opinions import Network, numbered


def peak(length: int, *rows: int) -> np.ndarray:
    """(length,) .9 at these rows, .05 at others."""
    answers = np.full(length, 0.05)
    answers[list(rows)] = 0.9
    return answers


def asked(network: Network, length: int) -> AskedOpinion:
    """An opinion that knows all rows, and may show a window for each of them."""
    opinion = AskedOpinion(network, 1)
    opinion.add(numbered(length))
    return opinion


def test_a_cut_is_where_the_network_sees_the_last_row_before_it() -> None:
    opinion = asked(Network(peak(300, 149), peak(300)), 300)
    assert opinion.cut(150) == pytest.approx(0.9)
    assert [row for row in range(100, 200) if opinion.cut(row) > 0.5] == [148, 149, 150, 151]


def test_a_boundary_is_where_the_network_sees_the_last_row_before_it_among_those_asked_about() -> None:
    opinion = asked(Network(peak(300, 149), peak(300)), 300)
    said = {rows: opinion.boundary(*rows) for rows in ((140, 160), (150, 155), (151, 160), (140, 149))}
    assert said == pytest.approx({(140, 160): 0.9, (150, 155): 0.9, (151, 160): 0.05, (140, 149): 0.05})


def test_a_transition_is_the_most_that_is_said_of_its_rows() -> None:
    opinion = asked(Network(peak(300), peak(300, 150)), 300)
    said = {(first, last): opinion.transition(first, last) for first, last in ((140, 160), (150, 155), (151, 160))}
    assert said == pytest.approx({(140, 160): 0.9, (150, 155): 0.9, (151, 160): 0.05})


def test_of_a_long_transition_the_middle_is_asked_about() -> None:
    opinion = asked(Network(peak(300), peak(300, 120, 150)), 300)
    assert opinion.transition(118, 182) == pytest.approx(0.9)
    opinion = asked(Network(peak(300), peak(300, 120)), 300)
    assert opinion.transition(118, 182) == pytest.approx(0.05)


@pytest.mark.parametrize(("length", "row"), [(300, 1), (300, 40), (300, 150), (300, 270), (300, 299), (7, 3), (1, 0)])
def test_a_window_lies_about_the_row_and_repeats_the_ends_of_the_film(length: int, row: int) -> None:
    network = Network(peak(length, max(0, row - 1)), peak(length))
    assert asked(network, length).cut(row) == pytest.approx(0.9)
    (window,) = network.windows_shown
    np.testing.assert_array_equal(window, np.clip(np.arange(row - 64, row + 36), 0, length - 1))


class ReadLate:
    """Pictures that count how often they are read."""

    def __init__(self, pictures: np.ndarray) -> None:
        self.pictures, self.reads = pictures, 0

    def __len__(self) -> int:
        return len(self.pictures)

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        self.reads += 1
        return self.pictures


def test_only_pictures_of_the_window_are_read() -> None:
    network, everything = Network(peak(400, 204), peak(400)), numbered(400)
    opinion, parts = AskedOpinion(network, 1), [ReadLate(everything[at : at + 32]) for at in range(0, 400, 32)]
    for part in parts:
        opinion.add(part)
    assert opinion.cut(205) == pytest.approx(0.9)
    assert [part.reads for part in parts] == [int(32 * at <= 240 and 32 * at + 31 >= 141) for at in range(13)]
    np.testing.assert_array_equal(network.windows_shown[0], np.arange(141, 241))


def test_an_earlier_window_answers_a_question_nearby() -> None:
    network = Network(peak(400, 204), peak(400, 190))
    opinion = asked(network, 400)
    assert opinion.cut(200) == pytest.approx(0.05)
    assert (opinion.cut(205), opinion.transition(180, 195)) == pytest.approx((0.9, 0.9))
    assert opinion.windows == len(network.windows_shown) == 1
    assert opinion.cut(300) == pytest.approx(0.05)
    assert opinion.windows == len(network.windows_shown) == 2


def test_old_answers_are_forgotten_and_asked_for_again() -> None:
    network = Network(peak(2000), peak(2000))
    opinion = asked(network, 2000)
    rows = [*range(100, 1900, 100), 100]
    for row in rows:
        opinion.cut(row)
    assert opinion.windows == len(rows)


def test_a_film_that_is_all_doubt_shows_few_windows_and_no_more_is_told() -> None:
    network = Network(peak(2000), peak(2000))
    opinion = AskedOpinion(network, 600)
    opinion.add(numbered(2000))
    told = [row for row in range(100, 1900, 100) if opinion.cut(row) is not None]
    assert told == [100, 200, 600, 1200, 1800] and opinion.transition(1895, 1905) is None
    assert opinion.windows == len(network.windows_shown) == 5


@pytest.mark.parametrize("batch", [1, 7, 32, 500])
def test_answers_do_not_depend_on_how_rows_are_added(batch: int) -> None:
    """Each question is put as soon as the rows ahead of it are there; the network's answers depend on the window."""
    length, questions = 500, [30, 45, 120, 131, 133, 300, 302, 440]
    random = np.random.default_rng(0)
    network = Network(random.random(length), random.random(length), by_window=True)
    whole, opinion = asked(network, length), AskedOpinion(network, 1)
    expected = [(whole.cut(row), whole.transition(row - 6, row + 6)) for row in questions]
    found, waiting, pictures = [], list(questions), numbered(length)
    for first in range(0, length, batch):
        opinion.add(pictures[first : first + batch])
        while waiting and waiting[0] + opinion.lookahead_rows <= first + batch:
            row = waiting.pop(0)
            opinion.drop_before(row - 6)
            found.append((opinion.cut(row), opinion.transition(row - 6, row + 6)))
    assert (found, waiting) == (expected, [])


def test_what_is_dropped_is_freed_and_what_a_window_needs_is_kept() -> None:
    length = 400
    random = np.random.default_rng(1)
    network = Network(random.random(length), random.random(length), by_window=True)
    opinion, parts = AskedOpinion(network, 1), [numbered(length)[i : i + 8].copy() for i in range(0, length, 8)]
    alive = [weakref.ref(part) for part in parts]
    for part in parts:
        opinion.add(part)
    del part, parts
    opinion.drop_before(300)
    kept = [number for number, reference in enumerate(alive) if reference() is not None]
    assert kept == list(range(29, 50))  # a window about row 300 begins with row 236, in the thirtieth part
    assert opinion.cut(300) == asked(network, length).cut(300)


@pytest.mark.parametrize("batch", [1, 32, 300])
def test_a_network_that_sees_every_row_says_the_same(batch: int) -> None:
    """Where its answers depend on the rows alone, not on the window."""
    length = 300
    random = np.random.default_rng(2)
    network = Network(random.random(length), random.random(length))
    whole, streamed = asked(network, length), StreamedOpinion(network)
    opinions: list[SecondOpinion] = [whole, streamed]
    found: list[tuple[float, float]] = []
    pictures = numbered(length)

    def ask_up_to(end: int) -> None:
        while len(found) < end:
            row = len(found)
            streamed.drop_before(row - 20)
            a, b = ((o.cut(row), o.transition(max(0, row - 9), min(row + 9, length - 1))) for o in opinions)
            assert a == pytest.approx(b)
            found.append(a)

    for first in range(0, length, batch):
        streamed.add(pictures[first : first + batch])
        ask_up_to(first + batch - streamed.lookahead_rows)
    streamed.finish()
    ask_up_to(length)
    assert len({cut for cut, _ in found}) > 50
