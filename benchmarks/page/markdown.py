"""Renders the sections of a report as Markdown tables. The commands print the same tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..report import Section
from .cells import number, table
from .episode import episode_tables
from .looks import looks_tables
from .recall import COLUMNS, recall_tables
from .shot_fits import shot_fits_tables
from .shot_peers import shot_peers_tables
from .weights import leave_one_out_tables


def tables_of(sections: Section) -> str:
    """All sections that can be rendered, in a fixed order."""
    return "\n\n".join(section_text(name, sections[name]) for name in TABLES if sections.get(name))


def section_text(name: str, section: Section) -> str:
    """One section, with the films of which its truth is not known."""
    unknown = [f"- {film}: {why}" for film, why in section.get("partial_truth", {}).items()]
    return "\n\n".join([TABLES[name](section), *(["Not judged:", "\n".join(unknown)] if unknown else [])])


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
        ["faces found", f"{p['found']} of {p['expected']} ({number(p['recall'])})"],
        ["boxes where nobody is", f"{p['invented']} on {p['frames_without_people']} frames"],
        ["boxes beyond the people shown", f"{p['extra']} on {p['frames']} frames"],
        ["eyes judged", f"{eyes['judged']} of {p['eyes_labelled']} labelled frames"],
        ["eyes: open above closed (AUC)", number(eyes["auc"])],
        ["closed eyes called closed", number(eyes["closed_called"])],
        ["open eyes called open", number(eyes["open_called"])],
    ]
    return "## Faces and eyes\n\n" + table(["figure", "value"], rows)


def text_table(section: Section) -> str:
    """Text overlays."""
    p = section["pooled"]
    rows = [
        ["frames with text called", f"{p['true']} of {p['true'] + p['missed']} ({number(p['recall'])})"],
        ["frames without text called", f"{p['invented']} of {p['invented'] + p['clean']}"],
        ["precision", number(p["precision"])],
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
    """Katna, the plain script, and what could not be run."""
    parts = ["## Peers"]
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

    names = {**{key: column for key, column in COLUMNS.items() if key != "hit_at_3"}, "chosen": "images"}
    found = section["without"].items()
    faults = [[name, *(_count(row.get("faults"), fault) for fault in FAULTS)] for name, row in found]
    parts = [
        "## Ablations", "Means over the films.",
        table(["without", *names.values()], [[name, *(number(row.get(key)) for key in names)] for name, row in found]),
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


TABLES: dict[str, Callable[[Section], str]] = {
    "recall": recall_tables, "leave_one_out": leave_one_out_tables,
    "shots": shots_table, "bars": bars_table, "characters": characters_table, "faces": faces_table, "text": text_table,
    "throughput": throughput_tables, "shot_peers": shot_peers_tables, "shot_fits": shot_fits_tables,
    "peers": peers_tables, "ablation": ablation_tables, "tune": tune_tables, "looks": looks_tables,
    "episode": episode_tables,
}  # fmt: skip
