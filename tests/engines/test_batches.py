"""Rows run in batches; those whose answers nobody uses do not run where each runs alone."""

from __future__ import annotations

import numpy as np
import pytest

from engines.batches import in_batches

ROWS = np.arange(10, dtype=np.float32).reshape(5, 2)
WANTED = np.array([True, False, False, True, False])


def run(batch: int, wanted: np.ndarray | None) -> tuple[np.ndarray, list[int]]:
    """The answers, and how many rows each run had."""
    sizes: list[int] = []

    def sums(rows: np.ndarray) -> np.ndarray:
        sizes.append(len(rows))
        return np.repeat(rows.sum(1, keepdims=True), 3, axis=1)

    return in_batches(sums, ROWS, batch, 3, wanted), sizes


@pytest.mark.parametrize("wanted", [None, np.ones(5, bool)], ids=["none said", "all"])
def test_all_rows_run_in_batches(wanted: np.ndarray | None) -> None:
    answers, sizes = run(2, wanted)
    assert sizes == [2, 2, 1]
    np.testing.assert_array_equal(answers[:, 0], ROWS.sum(1))


def test_alone_only_wanted_rows_run_and_answer_as_ever() -> None:
    answers, sizes = run(1, WANTED)
    assert sizes == [1, 1]
    np.testing.assert_array_equal(answers, run(1, None)[0] * WANTED[:, None])
    assert answers.dtype == np.float32


def test_no_row_runs_where_none_is_wanted() -> None:
    answers, sizes = run(1, np.zeros(5, bool))
    assert not sizes and answers.shape == (5, 3) and not answers.any()


def test_a_larger_batch_runs_whole() -> None:
    assert run(4, WANTED)[1] == [4, 1]
