"""Decides about every film of `keyart bench recall` with the shipped weights and with those fitted without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from stream.errors import KeyartError

from .judged import Judgements, Weights
from .label_shots import shot_starts
from .labels import LabelledVideo
from .report import Section
from .weight_fits import FilmLabels, RatedFilm, leave_one_out


def refits_section(
    videos: Sequence[LabelledVideo], recall: Section, judgements: Judgements, shipped: Weights
) -> tuple[Section, list[str]]:
    """The section `leave_one_out` of a report, and a line for each film that could not be decided about.

    recall: the section of that name, with all films that could be evaluated, few picks or many.
    """
    details: Mapping[str, Any] = {**recall["videos"], **recall["few_picks"]["videos"]}
    known = {video.name: video for video in videos if video.name in details}
    films: list[RatedFilm] = []
    problems: list[str] = []
    for name, video in known.items():
        try:
            films.append(RatedFilm(labels_of(video, details[name]), judgements.judged(video)))
        except KeyartError as error:
            problems.append(f"{name}: {error}")
    section = leave_one_out(films, shipped, lambda labels, weights: judgements.choices(known[labels.name], weights))
    return section, problems


def labels_of(video: LabelledVideo, details: Mapping[str, Any]) -> FilmLabels:
    """A film's labels as recall used them. details: of the film, in the section `recall`."""
    picks_s, never_s = (np.array(details["labels"][key], np.float64) for key in ("picks_s", "never_s"))
    within_s = details["film"]["never_within_s"]
    return FilmLabels(video.name, video.set_name, picks_s, never_s, shot_starts(video.truth), within_s)
