"""Switches each filter of the choice off in turn and measures recall and the faults of the chosen images without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from stream.errors import KeyartError
from stream.manifest import Manifest
from stream.output.result_folder import has_result, result_folder
from stream.settings.model import Settings

from .evaluate import Evaluation
from .faults import FAULTS, faults_of
from .labels import LabelledVideo
from .provenance import code_fingerprint
from .recall import FIGURE_NAMES
from .results import results_of
from .watching import conclude_each, settings_with

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
    "pose": {"rank.ignored_reasons": ["turned_away"]},
    "people": {"rank.ignored_reasons": ["not_main"]},
    "expression": {"rank.ignored_reasons": ["extreme_expression"]},
    "mouth": {"expression.mouth_above": 100.0, "rank.weights.mouth": 0.0},
    "moments beside": {"faces.moment_s": 0.0},
    "text": {"text.enabled": False},
    "bars": {"crop.bars": False},
    "duplicates": {"rank.duplicate_cosine": 1.0},
    "variety": {"rank.max_per_shot": 100, "rank.max_per_person": 100},
}
"""Name of a filter → the settings that switch it off. The mouth has both a limit and a part of the score; both are
switched off."""

_EVERYTHING_ON = "nothing"

_DECIDED_AT_THE_END = (
    "crop.", "expression.", "faces.min_", "faces.moment_s", "quality.", "rank.", "text.",
)  # fmt: skip
"""Beginnings of the settings that the first half of the pipeline does not read. Variants that differ in these alone
share one pass over the film."""


def settings_without(name: str, settings: Settings) -> Settings:
    """The same settings with one filter switched off. Raises SettingsError when one of its settings does not exist (any
    more)."""
    return settings_with(settings, ABLATIONS[name])


def ablate(
    videos: Sequence[LabelledVideo],
    names: Sequence[str],
    settings: Settings,
    results: Path,
    evaluation: Evaluation,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """The section `ablation`: figures with everything on, and without each filter of `names`.

    Results are written below `results`, into one folder for each filter and state of the code. Results that are already
    there are used; results of other code are not. say: called with a line about progress.
    """
    chosen = {
        name: settings if name == _EVERYTHING_ON else settings_without(name, settings)
        for name in (_EVERYTHING_ON, *names)
    }
    folders = {name: results / f"{name.replace(' ', '_')}-{code_fingerprint()}" for name in chosen}
    at_once = {folders[name]: chosen[name] for name in chosen if decided_at_the_end(name)}
    for video in videos:
        _conclude_missing(video, settings, at_once, say)
    rows: dict[str, Any] = {}
    for number, name in enumerate(chosen):
        say(f"without {name} ({number + 1} of {len(chosen)})")
        manifests, problems = results_of(videos, folders[name], chosen[name], quiet=True)
        evaluation.problems += problems
        figures = evaluation.run(videos, manifests)["summary"].get("keyart")
        if figures is not None:
            means = {key: figures[key]["mean"] for key in FIGURE_NAMES}
            rows[name] = {**means, "faults": _faults(videos, manifests, evaluation)}
    return {"without": rows, "switches": {name: dict(ABLATIONS[name]) for name in names}, "code": code_fingerprint()}


def decided_at_the_end(name: str) -> bool:
    """Whether the filter works only after the film has been watched, so that switching it off needs no second pass."""
    return all(key.startswith(_DECIDED_AT_THE_END) for key in ABLATIONS.get(name, {}))


def _conclude_missing(
    video: LabelledVideo, settings: Settings, variants: Mapping[Path, Settings], say: Callable[[str], None]
) -> None:
    """Writes the missing results of one film for all variants in one pass. Errors are reported here; `results_of` meets
    them again for each film and records them."""
    missing = {
        folder: variant for folder, variant in variants.items() if not has_result(result_folder(folder, video.path))
    }
    if len(missing) < 2:
        return
    try:
        conclude_each(video.path, settings, missing, lambda folder: say(f"{video.name}: {folder.name}"))
    except* KeyartError as failed:
        say(f"{video.name}: {failed.exceptions[0]}")


def _faults(
    videos: Sequence[LabelledVideo], manifests: Mapping[str, Manifest], evaluation: Evaluation
) -> dict[str, int] | None:
    """Number of chosen images with each fault, over all films with a known truth; None when there is no such film."""
    from .accuracy import with_truth

    truths = with_truth([video for video in videos if video.truth is not None and video.name in manifests])
    counted = [faults_of(manifests[video.name], truth) for video, truth in truths.known]
    evaluation.problems += truths.problems
    return {fault: sum(counts[fault] for counts in counted) for fault in FAULTS} if counted else None
