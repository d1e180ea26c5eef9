"""Threads for pieces of one work: their results in order, and an end to all of them when the work is given up."""

from __future__ import annotations

from functools import partial
from threading import Event, current_thread

import pytest

from stream.dataflow.cancellation import checkpoint
from stream.dataflow.workers import results, workers

from ..cancelling import cancelled_once


def endless(begun: Event) -> None:
    begun.set()
    while True:
        checkpoint()


def test_results_come_in_the_order_of_the_futures():
    with workers(2) as pool:
        assert results([pool.submit(pow, 2, n) for n in range(9)]) == [2**n for n in range(9)]
        assert results([]) == []


def test_a_piece_that_goes_on_ends_when_its_task_is_cancelled():
    begun = Event()

    def work() -> None:
        with workers(2) as pool:
            results([pool.submit(endless, begun)])

    cancelled_once(begun, work)


def test_a_piece_that_goes_on_ends_when_another_one_fails():
    begun = Event()

    def fail() -> None:
        begun.wait()
        raise ValueError("torn")

    def work() -> None:
        with workers(2) as pool:
            pool.submit(endless, begun)
            results([pool.submit(fail)])

    with pytest.raises(ValueError, match="torn"):
        work()


def test_what_has_not_begun_when_the_work_is_given_up_never_begins():
    begun, ran = Event(), []

    def work() -> None:
        with workers(1) as pool:
            results([pool.submit(endless, begun), pool.submit(partial(ran.append, current_thread()))])

    cancelled_once(begun, work)
    assert ran == []
