"""How likely a row is a cut: two logistic regressions, of our own evidence alone and with a second opinion.

The weights are fitted by `python -m benchmarks.shot_fits`, which says how they do on films left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class CutModel:
    """`alone`: weights of `cut_evidence.EVIDENCE` and, last, the constant, in log odds. `joint`: weights of the log
    odds of `alone` and of the second opinion, and the constant. `doubt`: log odds of `alone` between which a second
    opinion is asked for."""

    alone: tuple[float, ...]
    joint: tuple[float, float, float]
    doubt: tuple[float, float]

    def log_odds(self, evidence: np.ndarray) -> float:
        """The log odds of a cut by our own evidence (8,)."""
        return float(evidence @ np.array(self.alone[:-1])) + self.alone[-1]

    def is_in_doubt(self, log_odds: float) -> bool:
        """Whether a second opinion is worth its cost."""
        return self.doubt[0] < log_odds < self.doubt[1]

    def joint_log_odds(self, log_odds: float, opinion: float) -> float:
        """The log odds with a second opinion, a probability (0–1)."""
        own, other, constant = self.joint
        return own * log_odds + other * logit(opinion) + constant


def logit(probability: float) -> float:
    """The log odds of a probability (0–1), ±6.9 at most."""
    return float(np.log((probability + 1e-3) / (1.0 - probability + 1e-3)))


def probability(log_odds: float) -> float:
    """The probability (0–1) of log odds."""
    return float(1.0 / (1.0 + np.exp(-np.clip(log_odds, -50.0, 50.0))))


MODEL = CutModel(
    alone=(-3.873, 0.792, 8.43, 1.013, 0.743, 1.748, 3.199, 2.574, -9.861),
    joint=(0.681, 0.334, 0.504),
    doubt=(-1.5, 1.5),
)
"""Fitted to E01–E05 and ten excerpts of real films, 2026-11-29: 769 rows that change much, 314 of them cuts. With each
film left out the splitter finds all 282 boundaries of E01–E05 and 66 of 67 of the excerpts, and invents none."""
