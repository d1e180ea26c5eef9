"""Runs a session on many rows in batches of a limited size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kernels.surface import Array

from .session import Session


def run_in_batches(
    session: Session,
    names: tuple[str, str],
    rows: Array,
    batch: int,
    width: int,
    wanted: np.ndarray | None = None,
) -> Array:
    """The session's output for `rows` as its input: `in_batches`. names: of the input and of the output."""
    name_in, name_out = names
    return in_batches(lambda some: session.run({name_in: some})[name_out], rows, batch, width, wanted)


def in_batches(
    run: Callable[[Array], Array], rows: Array, batch: int, width: int, wanted: np.ndarray | None = None
) -> Array:
    """What `run`, (n, …) → (n, width), answers to `rows` (N ≥ 1, …), `batch` of them at a time; (N, width) float32.

    With `batch` 1 a row's answer cannot depend on other rows: matrix products of other heights round differently.
    wanted: (N,) bool, whose answers are used; None: all. On the host, and where each row runs alone, the others do not
    run, and their answers are 0; in a larger batch they would cost little.
    """
    if wanted is not None and not wanted.all() and batch == 1 and isinstance(rows, np.ndarray):
        found = np.zeros((len(rows), width), np.float32)
        for i in np.flatnonzero(wanted).tolist():
            found[i] = run(rows[i : i + 1])[0]
        return found
    answers = [run(rows[i : i + batch]) for i in range(0, len(rows), batch)]
    return answers[0] if len(answers) == 1 else np.concatenate(answers)
