"""Runs a session on many rows in batches of a limited size."""

from __future__ import annotations

import numpy as np

from kernels.surface import Array

from .session import Session


def run_in_batches(session: Session, name_in: str, rows: Array, name_out: str, batch: int) -> Array:
    """Output `name_out` of the session for `rows` (N ≥ 1, …) as its input `name_in`, `batch` rows at a time; (N, …).

    With `batch` 1 a row's output cannot depend on other rows: matrix products of other heights round differently.
    """
    answers = [session.run({name_in: rows[i : i + batch]})[name_out] for i in range(0, len(rows), batch)]
    return answers[0] if len(answers) == 1 else np.concatenate(answers)
