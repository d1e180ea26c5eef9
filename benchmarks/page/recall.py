"""Renders what was chosen beside what an expert chose as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..labels import LEAST_PICKS
from ..naive import SAME_NUMBER
from ..recall import ACCEPTANCE
from ..report import Section
from .cells import figure, number, table

COLUMNS = {
    "hit_at_10": "hit@10", "hit_at_3": "hit@3", "hit_at_1": "hit@1", "precision_at_10": "precision@10",
    "coverage": "coverage", "never": "never", "distinct": "distinct", "different_matches": "different matches",
}  # fmt: skip
"""Figure → its column, in this order."""


BY_TIME = {"chosen": "images", "precision_1s": "within 1 s", "coverage_3s": "covered in 3 s", "never": "never"}
"""Figures that need only times → their columns, in this order."""


def recall_tables(section: Section) -> str:
    """Means with their intervals by method, over all videos and each set of them; then each video."""
    videos, excluded = section["videos"], section["excluded"]
    each = [
        [name, *(number(video["keyart"].get(key)) for key in COLUMNS), number(video["ceiling"]["precision_at_10"])]
        for name, video in videos.items()
    ]
    lines = [
        "## TOP-10 recall",
        f"{_count(len(videos))} evaluated, {len(excluded)} left out; matcher {section['matcher']['fingerprint']}. "
        f"{'In brackets the 95 % bootstrap interval over videos. ' if len(videos) > 1 else ''}"
        "A selection whose pictures all differ under this matcher cannot exceed the ceiling in precision@10; "
        "`distinct` counts the different pictures among the ten, `different matches` those among the matching ones. "
        "By time alone, in the same shot where the shots are known: `within 1 s` is the share of the images that lie "
        "that near to one of the expert's, `covered in 3 s` the share of the expert's with an image that near. A "
        "baseline is there with ten images, and with as many as Keyart gave (`same number`).",
        *_by_set(section),
        table(["keyart on", *COLUMNS.values(), "ceiling"], each),
        _each_by_time(videos),
        *_few_picks(section.get("few_picks", {})),
        *(f"- {name}: {reason}" for name, reason in excluded.items()),
        *(f"- warning: {line}" for line in section.get("warnings", ())),
    ]
    return "\n\n".join(lines)


def _by_set(section: Section) -> Iterator[str]:
    """Both tables of means over all videos, and of each set where there are several."""
    sets = section.get("sets", {})
    yield from _means("all videos", len(section["videos"]), section)
    for name, of_set in sets.items() if len(sets) > 1 else ():
        yield from _means(name, len(of_set["videos"]), of_set)


def _means(name: str, count: int, means: Section) -> Iterator[str]:
    yield f"{name} ({count}), ceiling {number(means['ceiling'])}:"
    summary: Mapping[str, Mapping[str, Mapping[str, float]]] = means["summary"]
    shown = {method: row for method, row in summary.items() if not method.endswith(SAME_NUMBER)}
    for columns, rows in ((COLUMNS, shown), (BY_TIME, summary)):
        cells = [[method, *(figure(row.get(key), count) for key in columns)] for method, row in rows.items()]
        yield table(["choice", *columns.values()], [[row[0].replace("_same_", ", same "), *row[1:]] for row in cells])


def _each_by_time(videos: Section) -> str:
    """Keyart's figures by time on each video, and shares within 1 s / covered in 3 s of baselines of the same size."""
    methods = [method for method in next(iter(videos.values()), {}) if method.endswith(SAME_NUMBER)]
    rows = [
        [
            name, *(number(video["keyart"].get(key)) for key in BY_TIME),
            *(" / ".join(number(video[method][key]) for key in ("precision_1s", "coverage_3s")) for method in methods),
        ]
        for name, video in videos.items()
    ]  # fmt: skip
    return table(["keyart on", *BY_TIME.values(), *(m.removesuffix(SAME_NUMBER) for m in methods)], rows)


def _count(videos: int) -> str:
    return f"{videos} {'video' if videos == 1 else 'videos'}"


def _few_picks(few: Section) -> list[str]:
    """Acceptance of the videos with few picks, by method, then each video."""
    videos = few.get("videos", {})
    if not videos:
        return []
    rows = [
        [method, *(figure(found, len(videos)) for found in figures.values())]
        for method, figures in few["acceptance"].items()
        if not method.endswith(SAME_NUMBER)
    ]
    each = [
        [name, str(len(video["labels"]["picks_s"])), *(number(video["keyart"][key]) for key in ACCEPTANCE.values())]
        for name, video in videos.items()
    ]
    return [
        f"{_count(len(videos))} with fewer than {LEAST_PICKS} picks, in no figure "
        "above. acceptance@k: the share of which one of the first k images is an approved frame.",
        table(["choice", *ACCEPTANCE], rows),
        table(["keyart on", "picks", *ACCEPTANCE], each),
    ]
