"""Simulated editors: titles whose images are shown in the order of a score, and picks by a known preference."""

from __future__ import annotations

import numpy as np

from stream.backfill.decisions import Decision
from stream.settings.sections import RankWeights

TODAY: dict[str, float] = RankWeights().model_dump()
NAMES = tuple(TODAY)
FACELESS = ("sharpness", "exposure", "colour", "symmetry", "stillness", "tones", "settled", "face", "character", "text")
"""The components of a picture without a face."""
FACES = tuple(name for name in NAMES if name not in {"tones", "settled"})
"""Those of one with a face."""


def decisions(
    titles: int,
    preference: dict[str, float],
    *,
    strength: float = 0.0,
    pull: float = 0.0,
    faceless: float = 0.0,
    shown_by: dict[str, float] = TODAY,
    seed: int = 0,
) -> list[Decision]:
    """Decisions on ten images of each title, one to three of which are approved.

    preference: weights by which the editor scores images. strength: how much the log odds of an image rise with its
    score, from 0 to 1; 0 is chance. pull: how much they fall per log of the place. faceless: the share of images
    without a face. shown_by: the weights of the score in whose order they are shown.
    """
    rng = np.random.default_rng(seed)
    return [_decision(f"{number}.mkv", rng, preference, strength, pull, faceless, shown_by) for number in range(titles)]


def _decision(
    key: str,
    rng: np.random.Generator,
    preference: dict[str, float],
    strength: float,
    pull: float,
    faceless: float,
    shown_by: dict[str, float],
) -> Decision:
    offered = []
    for _ in range(10):
        names = FACELESS if rng.random() < faceless else FACES
        values = rng.beta(2, 1.5, len(names))
        offered.append({name: round(float(value), 4) for name, value in zip(names, values, strict=True)})
    offered.sort(key=lambda components: -score(components, shown_by))
    odds = [strength * score(c, preference) - pull * np.log(rank) for rank, c in enumerate(offered, 1)]
    ranks = 1 + np.argsort(-(np.array(odds) + rng.gumbel(size=10)))[: rng.integers(1, 4)]
    return Decision.model_validate(
        {
            "schema": "keyart/approval/1", "key": key, "video": f"/library/{key}", "state": "approved",
            "images": [{"format": "landscape", "rank": int(rank), "time_s": 10.0 * rank} for rank in ranks],
            "offered": [
                {"rank": rank, "time_s": 10.0 * rank, "components": components}
                for rank, components in enumerate(offered, 1)
            ],
        }
    )  # fmt: skip


def score(components: dict[str, float], weights: dict[str, float]) -> float:
    """The weighted mean of the components that are there."""
    total = sum(weights.get(name, 0.0) for name in components)
    return sum(weights.get(name, 0.0) * value for name, value in components.items()) / total if total else 0.0
