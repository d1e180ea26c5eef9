"""Compares two reports: which figures changed, and which got worse by more than their noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .recall import interval
from .report import Report, ReportError

_FLOORS = {
    "precision_at_10": 0.02, "coverage": 0.05, "precision_1s": 0.02, "coverage_3s": 0.05,
    "f1": 0.002, "bcubed_f1": 0.01, "ratio": 0.05, "worst_px": 1.0,
}  # fmt: skip
"""Differences below these count as noise whatever the interval is: one image in five films, a pixel, a run's jitter."""
_LOWER_IS_BETTER = frozenset({"never", "worst_px", "invented", "peak_rss_mib"})
_PROMISED = frozenset({"hit_at_10", "never"})
"""Figures that Keyart promises: on the same films none of a loss counts as noise."""


@dataclass(frozen=True, slots=True)
class Change:
    """One figure in both reports. `noise`: differences up to this mean nothing."""

    name: str
    before: float
    after: float
    noise: float

    @property
    def worse_by(self) -> float:
        """Positive when the figure got worse, in its own unit."""
        key = self.name.rsplit(" ", 1)[-1]
        return self.after - self.before if key in _LOWER_IS_BETTER else self.before - self.after

    @property
    def fell(self) -> bool:
        """Whether the figure got worse by more than its noise."""
        return self.worse_by > self.noise + 1e-9


def changes(before: Report, after: Report) -> list[Change]:
    """All figures that both reports have. Raises ReportError when the reports cannot be compared."""
    _same_matcher(before, after)
    _same_films(before, after)
    return list(_changes(before, after))


def changes_table(found: list[Change]) -> str:
    """A Markdown table of the figures that changed, and the number of those that did not."""
    from .page.cells import table

    moved = [c for c in found if abs(c.after - c.before) > 1e-9]
    rows = [
        [c.name, f"{c.before:.4g}", f"{c.after:.4g}", f"{c.after - c.before:+.4g}", f"±{c.noise:.3g}", _verdict(c)]
        for c in moved
    ]
    stayed = f"{len(found) - len(moved)} figures stayed as they were."
    return f"{table(['figure', 'before', 'after', 'change', 'noise', ''], rows)}\n\n{stayed}" if rows else stayed


def _verdict(change: Change) -> str:
    if change.fell:
        return "worse"
    return "better" if -change.worse_by > change.noise else "within noise"


def _changes(before: Report, after: Report) -> Iterator[Change]:
    if "recall" in before and "recall" in after:
        yield from _recall(before["recall"], after["recall"])
    for section, keys in (("shots", ("f1",)), ("characters", ("bcubed_f1",))):
        if section in before and section in after:
            yield from _per_video(section, keys, before[section]["videos"], after[section]["videos"])
    yield from _pooled(before, after, "bars", ("worst_px", "invented"))
    yield from _pooled(before, after, "characters", ("mains_exact",))
    yield from _pooled(before, after, "faces", ("recall", "invented"))
    yield from _pooled(before, after, "text", ("precision", "recall"))
    yield from _throughput(before, after)


def _recall(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    names = ("hit_at_10", "hit_at_3", "hit_at_1", "precision_at_10", "coverage", "never", "coverage_3s", "precision_1s")
    mine = [{name: video["keyart"] for name, video in report["videos"].items()} for report in (before, after)]
    known = tuple(name for name in names if all(name in video for videos in mine for video in videos.values()))
    yield from _per_video("recall", known, *mine)


def _per_video(
    section: str, keys: tuple[str, ...], before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Change]:
    """Means over the films that both reports have. The noise is half the width of the confidence interval of the paired
    differences."""
    films = sorted(set(before) & set(after))
    if not films:
        return
    for key in keys:
        old, new = (np.array([float(report[film][key]) for film in films]) for report in (before, after))
        spread = interval((new - old).tolist())
        noise = 0.0 if key in _PROMISED else max(_FLOORS.get(key, 0.0), (spread["high"] - spread["low"]) / 2)
        yield Change(f"{section} {key}", float(old.mean()), float(new.mean()), noise)


def _pooled(before: Report, after: Report, section: str, keys: tuple[str, ...]) -> Iterator[Change]:
    for key in keys:
        old, new = (report.get(section, {}).get("pooled", {}).get(key) for report in (before, after))
        if old is not None and new is not None:
            yield Change(f"{section} {key}", float(old), float(new), _FLOORS.get(key, 0.0))


def _throughput(before: Report, after: Report) -> Iterator[Change]:
    """The ratio to raw decoding, which does not depend on the machine's speed. Its noise is half its spread over
    rounds."""
    films = {f["file"]: f for f in before.get("throughput", {}).get("films", [])}
    for film in after.get("throughput", {}).get("films", []):
        old = films.get(film["file"])
        if old is None:
            continue
        spread = max((max(f["ratios"]) - min(f["ratios"])) / 2 for f in (old, film))
        yield Change(f"throughput {film['file']} ratio", old["ratio"], film["ratio"], max(_FLOORS["ratio"], spread))


def _same_matcher(before: Report, after: Report) -> None:
    prints = [report.get("recall", {}).get("matcher", {}).get("fingerprint") for report in (before, after)]
    if None not in prints and prints[0] != prints[1]:
        raise ReportError(f"the reports have different matchers ({prints[0]} and {prints[1]}), they cannot be compared")


def _same_films(before: Report, after: Report) -> None:
    """Raises ReportError for films whose labels differ."""
    old, new = (report.get("recall", {}).get("videos", {}) for report in (before, after))
    for film in sorted(set(old) & set(new)):
        if old[film]["labels"] != new[film]["labels"]:
            raise ReportError(f"{film}: the expert's labels differ between the reports, they cannot be compared")
