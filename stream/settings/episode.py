"""The section of the settings for `keyart episode` and `--episode`."""

from __future__ import annotations

from .section import Section, setting


class EpisodeSettings(Section):
    """Reading the episode number in the picture."""

    looks: int = setting(
        90,
        "Most looks for text; one finds the lines of a picture or of one of its corners.",
        affects_result=False,
        ge=1,
        le=10_000,
    )
