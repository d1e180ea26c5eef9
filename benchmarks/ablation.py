"""Each filter off in turn: what its absence does to recall says what it is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from stream.configuration import load_settings
from stream.settings import Settings

from .evaluate import Evaluation
from .labels import LabelledVideo
from .recall import NAMES
from .results import results_of

Switches = Mapping[str, Any]

_NO_PROBE_LIMITS = {
    "probes.dark_below": 0.0, "probes.bright_above": 255.0, "probes.flat_below": 0.0, "probes.blurred_below": 0.0,
    "probes.laplacian_below": 0.0,
}  # fmt: skip

ABLATIONS: Mapping[str, Switches] = {
    "exposure and sharpness": {
        **_NO_PROBE_LIMITS,
        "rank.ignored_reasons": ["dark", "bright", "flat", "blurred", "noisy"],
    },
    "face": {
        "faces.min_height_ratio": 0.0,
        "faces.min_score": 0.0,
        "rank.ignored_reasons": ["no_face", "small_face", "cut_face"],
    },
    "eyes": {"faces.eyes_closed_below": 0.0, "rank.ignored_reasons": ["eyes_closed"]},
    "moments around": {"faces.moment_s": 0.0},
    "pose": {"rank.ignored_reasons": ["turned_away"]},
    "people": {"rank.ignored_reasons": ["not_main"]},
    "expression": {"rank.ignored_reasons": ["extreme_expression"]},
    "text": {"text.enabled": False},
    "duplicates": {"rank.duplicate_cosine": 1.0},
    "variety": {"rank.max_per_shot": 100, "rank.max_per_person": 100},
}
"""Name of a filter → the settings that turn it off. Active areas have no switch: without them crops show bars."""

_KEPT = ("precision_at_10", "hit_at_10", "hit_at_1", "coverage", "never", "distinct", "different_matches")


def without(name: str, settings: Settings) -> Settings:
    """The same settings with one filter off. Raises SettingsError when its switches are not known (any more)."""
    given = {key: value for key, value in settings.values().items() if settings.source_of(key) != "default"}
    return load_settings(None, {**given, **ABLATIONS[name]})


def ablate(
    videos: Sequence[LabelledVideo],
    names: Sequence[str],
    settings: Settings,
    results: Path,
    evaluation: Evaluation,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """The section `ablation`: figures with everything on, and with each filter off. Results go below `results`."""
    rows: dict[str, Any] = {}
    for name in ("nothing", *names):
        say(f"without {name}")
        chosen = settings if name == "nothing" else without(name, settings)
        manifests, problems = results_of(videos, results / name.replace(" ", "_"), chosen, quiet=True)
        evaluation.problems += problems
        figures = evaluation.run(videos, manifests)["summary"].get("keyart")
        if figures is not None:
            rows[name] = {key: figures[key]["mean"] for key in NAMES if key in _KEPT}
    return {"without": rows, "switches": {name: dict(ABLATIONS[name]) for name in names}}
