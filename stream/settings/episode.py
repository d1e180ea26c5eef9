"""The section of the settings for `keyart episode` and `--episode`."""

from __future__ import annotations

from .section import Section, setting


class EpisodeSettings(Section):
    """Reading the episode number in the picture."""

    enabled: bool = setting(
        False, "Also read it in `extract`, `backfill` and `serve`; the verdict comes into the manifest."
    )
    looks: int = setting(
        90,
        "Most looks for text; one finds the lines of a picture or of one of its corners.",
        ge=1,
        le=10_000,
    )
    # By hand, above all wrong readings of 1,200 calibration cards: see stream/episode/confidence.toml.
    threshold: float = setting(
        0.98,
        "Least confidence of a number read in the picture that may confirm or contradict.",
        ge=0,
        le=1,
    )
    template: str = setting(
        "",
        "What the path of a film says, as {series}/Season {season}/{episode} - {title}.mkv; empty: nothing.",
    )
