"""What Keyart says of every picture of a labelled film that it could choose, and what it chooses with other weights.

Other weights are tried by deciding again with the film at hand, not by sorting what was kept: which pictures are looked
at again, and read for text and blinks, follows from their scores, so pictures would be missing that were never checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stream.errors import KeyartError
from stream.origin import errors_in
from stream.pipeline.conclude import Conclusion
from stream.settings.model import Settings

from .labels import LabelledVideo
from .provenance import code_fingerprint
from .report import Row
from .row_cache import RowCache
from .watching import conclusions_of, settings_with

Weights = Mapping[str, float]
"""`rank.weights` by name."""


@dataclass(frozen=True, slots=True)
class JudgedPicture:
    """A picture that could be chosen from. `components`: of its score, 0–1 each. `reasons`: what speaks against it."""

    time_s: float
    components: Mapping[str, float]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """`chosen_s`: times of the images, seconds, in the order of rank; `pictures`: all that could be chosen from."""

    chosen_s: tuple[float, ...]
    pictures: tuple[JudgedPicture, ...]


class Judgements:
    """Decides about films and keeps what was decided in `cache`, by film, settings and code of Keyart.

    say: called with a line about progress.
    """

    def __init__(self, settings: Settings, cache: Path, say: Callable[[str], None]) -> None:
        self._settings, self._kept = settings, RowCache(cache / "judged", say)

    def judged(self, video: LabelledVideo) -> Judged:
        """All pictures and the choice by the given settings. Raises KeyartError."""

        def measure() -> Row:
            (conclusion,) = _concluded(video, self._settings, [self._settings])
            return {"chosen_s": _chosen_s(conclusion), "pictures": _pictures(conclusion)}

        row = self._row("pictures", video, measure, [])
        pictures = (JudgedPicture(p["time_s"], p["components"], tuple(p["reasons"])) for p in row["pictures"])
        return Judged(tuple(row["chosen_s"]), tuple(pictures))

    def choices(self, video: LabelledVideo, weights: Sequence[Weights]) -> list[list[float]]:
        """Times of the images, seconds, in the order of rank, by each of these weights. Raises KeyartError."""

        def measure() -> Row:
            variants = [settings_with(self._settings, _named(one)) for one in weights]
            return {"chosen_s": [_chosen_s(found) for found in _concluded(video, self._settings, variants)]}

        return [[*times_s] for times_s in self._row("choice", video, measure, weights)["chosen_s"]]

    def _row(self, what: str, video: LabelledVideo, measure: Callable[[], Row], weights: Sequence[Weights]) -> Row:
        how = {"code": code_fingerprint(), "settings": self._settings.settings_fingerprint}
        return self._kept.row(what, video.path, measure, weights=[dict(one) for one in weights], **how)


def _named(weights: Weights) -> dict[str, float]:
    return {f"rank.weights.{name}": value for name, value in weights.items()}


def _concluded(video: LabelledVideo, settings: Settings, variants: Sequence[Settings]) -> list[Conclusion]:
    """`conclusions_of`; where it fails for a reason a person can act on, with that alone."""
    try:
        return conclusions_of(video.path, settings, variants)
    except BaseExceptionGroup as group:
        if group.split(KeyartError)[1] is not None:
            raise
        raise KeyartError(str(errors_in(group)[0])) from group


def _chosen_s(conclusion: Conclusion) -> list[float]:
    images = sorted(conclusion.files.images, key=lambda image: image.rank)
    return [image.pick.assessment.candidate.pts_s for image in images]


def _pictures(conclusion: Conclusion) -> list[Row]:
    return [
        {"time_s": one.candidate.pts_s, "components": one.components, "reasons": one.reasons}
        for one in conclusion.judged
    ]
