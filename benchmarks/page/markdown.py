"""Renders the sections of a report as Markdown tables. The commands print the same tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..labels import LEAST_PICKS
from ..recall import ACCEPTANCE
from ..report import Section

_RECALL = {
    "hit_at_10": "hit@10", "hit_at_3": "hit@3", "hit_at_1": "hit@1", "precision_at_10": "precision@10",
    "coverage": "coverage", "never": "never", "distinct": "distinct", "different_matches": "different matches",
}  # fmt: skip
"""Figure → its column, in this order."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, padded so that it reads well as plain text. Columns after the first are aligned right."""
    cells = [list(head), *(list(row) for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]

    def line(row: Sequence[str]) -> str:
        padded = [c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        return f"| {' | '.join(padded)} |"

    rule = "|".join(("-" * (w + 1) + (":" if i else "-")) for i, w in enumerate(widths))
    return "\n".join([line(cells[0]), f"|{rule}|", *(line(row) for row in cells[1:])])


def tables_of(sections: Section) -> str:
    """All sections that can be rendered, in a fixed order."""
    return "\n\n".join(TABLES[name](sections[name]) for name in TABLES if sections.get(name))


def recall_tables(section: Section) -> str:
    """Means with their intervals by method, then each video."""
    names = _RECALL
    rows = [
        [method, *(_figure(figures.get(name), len(section["videos"])) for name in names)]
        for method, figures in section["summary"].items()
    ]
    videos = [
        [name, *(_number(video["keyart"].get(key)) for key in names), _number(video["ceiling"]["precision_at_10"])]
        for name, video in section["videos"].items()
    ]
    count, excluded = len(section["videos"]), section["excluded"]
    lines = [
        "## TOP-10 recall",
        f"{count} {'video' if count == 1 else 'videos'} evaluated, {len(excluded)} left out; "
        f"matcher {section['matcher']['fingerprint']}. "
        f"{'In brackets the 95 % bootstrap interval over videos. ' if count > 1 else ''}"
        f"A selection whose pictures all differ under this matcher cannot exceed precision@10 "
        f"{_number(section['ceiling'])}; `distinct` counts the different pictures among the ten, "
        f"`different matches` those among the matching ones.",
        table(["choice", *names.values()], rows),
        table(["keyart on", *names.values(), "ceiling"], videos),
        *_few_picks(section.get("few_picks", {})),
        *(f"- {name}: {reason}" for name, reason in excluded.items()),
        *(f"- warning: {line}" for line in section.get("warnings", ())),
    ]
    return "\n\n".join(lines)


def _few_picks(few: Section) -> list[str]:
    """Acceptance of the videos with few picks, by method, then each video."""
    videos = few.get("videos", {})
    if not videos:
        return []
    rows = [
        [method, *(_figure(figure, len(videos)) for figure in figures.values())]
        for method, figures in few["acceptance"].items()
    ]
    each = [
        [name, str(len(video["labels"]["picks_s"])), *(_number(video["keyart"][key]) for key in ACCEPTANCE.values())]
        for name, video in videos.items()
    ]
    return [
        f"{len(videos)} {'video' if len(videos) == 1 else 'videos'} with fewer than {LEAST_PICKS} picks, in no figure "
        "above. acceptance@k: the share of which one of the first k images is an approved frame.",
        table(["choice", *ACCEPTANCE], rows),
        table(["keyart on", "picks", *ACCEPTANCE], each),
    ]


def shots_table(section: Section) -> str:
    """Boundaries by film and pooled."""
    kinds = sorted(section["pooled"]["recall_by_kind"])
    names = ("precision", "recall", "f1")
    rows = [
        [name, *(f"{v[key]:.4f}" for key in names), *(_of(v["recall_by_kind"], kind) for kind in kinds)]
        for name, v in [*section["videos"].items(), ("pooled", section["pooled"])]
    ]
    return "## Shots\n\n" + table(["film", *names, *kinds], rows)


def bars_table(section: Section) -> str:
    """Errors on each side."""
    sides = ("top", "bottom", "left", "right")
    rows = [
        [name, *(f"{v['error_px'][side]:+d}" for side in sides), ", ".join(v["invented"]) or "–"]
        for name, v in section["videos"].items()
    ]
    return "## Bars\n\nPixels too many (+) or too few (−) on each side.\n\n" + table(["film", *sides, "invented"], rows)


def characters_table(section: Section) -> str:
    """Figures of grouping by film."""
    names = {
        "bcubed_precision": "BCubed P", "bcubed_recall": "BCubed R", "bcubed_f1": "BCubed F1", "weighted_purity": "WCP",
        "mutual_information": "NMI", "cluster_ratio": "clusters/person",
    }  # fmt: skip
    rows = [
        [name, *(f"{v[key]:.3f}" for key in names), "yes" if v["mains_exact"] else f"no: {' '.join(v['mains'])}"]
        for name, v in section["videos"].items()
    ]
    if rows:
        pooled = section["pooled"]
        exact = f"{pooled['mains_exact']} of {pooled['videos']}"
        rows.append(["mean", *(f"{pooled[key]:.3f}" for key in names), exact])
    return f"## Characters\n\nNoise: {section['noise']}.\n\n" + table(["film", *names.values(), "mains exact"], rows)


def faces_table(section: Section) -> str:
    """Recall, false positives, and eyes."""
    p = section["pooled"]
    eyes = p["eyes"]
    rows = [
        ["faces found", f"{p['found']} of {p['expected']} ({_number(p['recall'])})"],
        ["boxes where nobody is", f"{p['invented']} on {p['frames_without_people']} frames"],
        ["boxes beyond the people shown", f"{p['extra']} on {p['frames']} frames"],
        ["eyes judged", f"{eyes['judged']} of {p['eyes_labelled']} labelled frames"],
        ["eyes: open above closed (AUC)", _number(eyes["auc"])],
        ["closed eyes called closed", _number(eyes["closed_called"])],
        ["open eyes called open", _number(eyes["open_called"])],
    ]
    return "## Faces and eyes\n\n" + table(["figure", "value"], rows)


def text_table(section: Section) -> str:
    """Text overlays."""
    p = section["pooled"]
    rows = [
        ["frames with text called", f"{p['true']} of {p['true'] + p['missed']} ({_number(p['recall'])})"],
        ["frames without text called", f"{p['invented']} of {p['invented'] + p['clean']}"],
        ["precision", _number(p["precision"])],
    ]
    return "## Text\n\n" + table(["figure", "value"], rows)


def throughput_tables(section: Section) -> str:
    """Ratios to raw decoding, busy time of stages, waiting times of channels, cost against length and films in
    flight."""
    head = ["film", "raw fps", "whole fps", "ratio", "peak RSS MiB"]
    rows = [
        [f["file"], f"{f['raw_fps']:.0f}", f"{f['whole_fps']:.0f}", f"{f['ratio']:.3f}", f"{f['peak_rss_mib']:.0f}"]
        for f in section["films"]
    ]
    parts = [f"## Throughput\n\n{section['threads']} threads.", table(head, rows)]
    for film in section["films"]:
        last = film["runs"]["whole"][-1]
        stages = [[n, str(s["items"]), f"{s['busy_s']:.2f}"] for n, s in last["stages"].items()]
        channels = [
            [n, f"{c['blocked_put_s']:.2f}", f"{c['blocked_get_s']:.2f}"] for n, c in last.get("channels", {}).items()
        ]
        parts.append(table([f"stage ({film['file']})", "items", "busy s"], stages))
        parts.append(table([f"channel ({film['file']})", "blocked on put s", "blocked on get s"], channels))
    for key, column in (("length", "factor"), ("in_flight", "videos")):
        if section.get(key):
            found = [
                [str(r[column]), str(r["frames"]), f"{r['wall_s']:.1f}", f"{r['fps']:.0f}", f"{r['peak_rss_mib']:.0f}"]
                for r in section[key]
            ]
            parts.append(table([column, "frames", "seconds", "fps", "peak RSS MiB"], found))
    if section.get("length_exponent") is not None:
        parts.append(f"Seconds grow with frames to the power of {section['length_exponent']} (1 is linear).")
    return "\n\n".join(parts)


def peers_tables(section: Section) -> str:
    """PySceneDetect, Katna, the plain script, and what could not be run."""
    shot_rows = [
        [name, *(f"{row[key]:.4f}" for key in ("precision", "recall", "f1")), f"{row['wall_s']:.1f}"]
        for name, row in section["shots"].items()
    ]
    parts = ["## Peers", table(["shots", "precision", "recall", "F1", "seconds"], shot_rows)]
    if section.get("whole_job", {}).get("videos"):
        parts.append(_factor(section))
        factors = ("factor", "cpu_factor")
        rows = [
            [film, *(f"{row[k]:.1f}" for k in ("script_fps", "keyart_fps")), *(f"{row[k]:.2f}×" for k in factors)]
            for film, row in section["whole_job"]["videos"].items()
        ]
        parts.append(table(["whole job", "plain script fps", "keyart fps", "factor", "by CPU time"], rows))
    costs = [
        [name, f"{sum(row['wall_s'] for row in by_film.values()):.1f}"] for name, by_film in section["cost"].items()
    ]
    if costs:
        parts.append(table(["choosing frames", "seconds"], costs))
    parts += [f"- {name}: unavailable, {reason}" for name, reason in section["unavailable"].items()]
    return "\n\n".join(parts)


def _factor(section: Section) -> str:
    job, every, threads = section["whole_job"], section.get("every", 1), section.get("threads")
    films = len(job["videos"])
    looked = "every frame" if every == 1 else f"every {every}th frame"
    return (
        f"Keyart does the whole job {job['factor']:.2f}× as fast as the plain script that looks at {looked} (median of "
        f"{films} film{'s' if films > 1 else ''}; {job['total_factor']:.2f}× over all their seconds), "
        f"both measured in turn with {threads} threads. What either chose is judged under TOP-10 recall."
    )


def ablation_tables(section: Section) -> str:
    """Figures and faults without each filter."""
    from ..faults import FAULTS

    names = {**{key: column for key, column in _RECALL.items() if key != "hit_at_3"}, "chosen": "images"}
    found = section["without"].items()
    faults = [[name, *(_count(row.get("faults"), fault) for fault in FAULTS)] for name, row in found]
    parts = [
        "## Ablations", "Means over the films.",
        table(["without", *names.values()], [[name, *(_number(row.get(key)) for key in names)] for name, row in found]),
        "Chosen images, over all films, that the truth calls unfit: in degraded shots, with text in them, without "
        "people, of minor characters only, with black bars in a crop.",
        table(["without", *FAULTS], faults),
    ]  # fmt: skip
    return "\n\n".join(parts)


def tune_tables(section: Section) -> str:
    """What is known of new weights on titles held out, and the weights beside today's."""
    counted = f"{section['pairs']} pairs of {section['titles']} titles: {section['verdict']}."
    lines = ["## Weights of the score", counted]
    if "held_out" not in section:
        return "\n\n".join(lines)
    held, weights = section["held_out"], section["weights"]
    measures = {
        "accuracy": "pairs ordered rightly", "with_place": "with the place shown", "log_loss": "log loss",
    }  # fmt: skip
    rows = [
        [
            words, f"{held['today'][name]:.4f}", f"{held['tuned'][name]:.4f}",
            "{mean:+.4f} [{low:+.4f} to {high:+.4f}]".format_map(held["gain"][name]),
        ]
        for name, words in measures.items()
    ]  # fmt: skip
    folds = [
        [str(number), str(fold["titles"]), f"{fold['today']:.4f}", f"{fold['tuned']:.4f}"]
        for number, fold in enumerate(held["folds"], 1)
    ]
    compared = [[name, f"{value:g}", f"{weights['tuned'][name]:g}"] for name, value in weights["today"].items()]
    return "\n\n".join([
        *lines,
        f"An image shown first has {2 ** section['pull_of_place']:.2f} times the odds of an equal one shown second.",
        table(["on titles held out", "today", "tuned", "gain"], rows),
        table(["pairs ordered rightly, fold", "titles", "today", "tuned"], folds),
        table(["weight", "today", "tuned"], compared),
    ])  # fmt: skip


def _count(faults: Mapping[str, int] | None, name: str) -> str:
    return "–" if faults is None else str(faults[name])


def _of(by_kind: Mapping[str, Sequence[int]], kind: str) -> str:
    found, count = by_kind.get(kind, (0, 0))
    return f"{found}/{count}"


def _figure(figure: Mapping[str, float] | None, videos: int) -> str:
    """A mean, with its interval when there is more than one video."""
    if figure is None or videos < 2:
        return _number(None if figure is None else figure["mean"])
    return f"{_number(figure['mean'])} [{_number(figure['low'])}–{_number(figure['high'])}]"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


TABLES: dict[str, Callable[[Section], str]] = {
    "recall": recall_tables, "shots": shots_table, "bars": bars_table, "characters": characters_table,
    "faces": faces_table, "text": text_table,
    "throughput": throughput_tables, "peers": peers_tables, "ablation": ablation_tables,
    "tune": tune_tables,
}  # fmt: skip
