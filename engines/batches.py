"""Many rows to a session, in runs of a bounded size."""

from __future__ import annotations

import numpy as np

from kernels.surface import Array

from .session import Session


def run_in_batches(session: Session, name_in: str, rows: Array, name_out: str, batch: int) -> Array:
    """The session's answer to `rows` (N ≥ 1, …), asked `batch` rows at a time; (N, …).

    With `batch` 1 an answer cannot depend on the row's neighbours: matrix products of other heights round otherwise.
    """
    answers = [session.run({name_in: rows[i : i + batch]})[name_out] for i in range(0, len(rows), batch)]
    return answers[0] if len(answers) == 1 else np.concatenate(answers)
