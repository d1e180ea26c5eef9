"""The report as one HTML page: the tables, the plots, and what was chosen beside what the expert chose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from . import plots
from .markdown import FORMS
from .report import Report
from .stills import still_name

_STYLE = """
body { font: 15px/1.45 sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: .8rem 0; } td, th { border-bottom: 1px solid #ddd; padding: .15rem .6rem; }
td + td, th + th { text-align: right; } h2 { margin-top: 2.2rem; }
.frames { display: flex; flex-wrap: wrap; gap: .5rem; }
figure { margin: 0; width: 180px; font-size: 12px; } figure img { width: 100%; display: block; }
.hit img { outline: 3px solid #0b6e4f; } .never img { outline: 3px solid #c1440e; }
"""


def page(report: Report, folder: Path) -> str:
    """The whole page; pictures are linked when they lie in `folder`."""
    body = [
        "<h1>Keyart: how good, how fast, compared with what</h1>",
        _made_by(report.get("made_by", {})),
        *(_tables(FORMS[name](report[name])) for name in FORMS if report.get(name)),
        *_recall_plots(report.get("recall", {})),
        *_busy(report.get("throughput", {})),
        *_frames(report.get("recall", {}), folder),
    ]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Keyart bench</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n" + "\n".join(body) + "\n</body></html>\n"
    )


def _made_by(made: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in made.get("versions", {}).items())
    machine = made.get("machine", {})
    cores = machine.get("usable_cores")
    words = f"{made.get('made_at', '')}; {versions}; Python {made.get('python', '')}; {cores} cores"
    return f"<p>{escape(words)}; settings {escape(str(made.get('settings_fingerprint', '')))}</p>"


def _tables(text: str) -> str:
    """Headings, paragraphs, lists and tables of our own Markdown as HTML."""
    parts: list[str] = []
    for block in text.split("\n\n"):
        rows = block.splitlines()
        if block.startswith("## "):
            parts.append(f"<h2>{escape(block[3:])}</h2>")
        elif block.startswith("|"):
            parts.append(_table(rows))
        else:
            parts.append(f"<p>{'<br>'.join(escape(row) for row in rows)}</p>")
    return "\n".join(parts)


def _table(rows: Sequence[str]) -> str:
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    head = "".join(f"<th>{escape(cell)}</th>" for cell in cells[0])
    lines = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in cells[2:])
    return f"<table><tr>{head}</tr>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def _recall_plots(recall: Mapping[str, Any]) -> Iterator[str]:
    videos = recall.get("videos", {})
    if not videos:
        return
    methods = recall["summary"]
    curves = {
        method: [float(p) for p in np.mean([video[method]["precision_curve"] for video in videos.values()], axis=0)]
        for method in methods
    }
    yield "<h2>Precision at k</h2>" + plots.lines(curves, "k", "share that matches")
    scores: dict[str, list[float]] = {"match": [], "no match": []}
    for video in videos.values():
        for image, score in zip(video["keyart"]["images"], video["film"]["scores"], strict=True):
            scores["match" if image["matches"] else "no match"].append(score)
    yield "<h2>Scores of the chosen</h2>" + plots.histogram(scores, "score")
    yield "<h2>Timelines</h2>"
    for name, video in videos.items():
        film = video["film"]
        zero = film["first_pts_s"]
        marks = {
            "keyart": [image["time_s"] - zero for image in video["keyart"]["images"]],
            "expert": [t - zero for t in video["labels"]["picks_s"]],
            "never": [t - zero for t in video["labels"]["never_s"]],
        }
        shots = [(start - zero, end - zero) for start, end in film["shots_s"]]
        yield f"<h3>{escape(name)}</h3>" + plots.timeline(shots, film["end_s"] - zero, marks)


def _busy(throughput: Mapping[str, Any]) -> Iterator[str]:
    for film in throughput.get("films", []):
        stages = film["runs"]["whole"][-1]["stages"]
        yield f"<h2>Busy time: {escape(film['file'])}</h2>" + plots.bars(
            {name: float(stage["busy_s"]) for name, stage in stages.items()}, "s"
        )


def _frames(recall: Mapping[str, Any], folder: Path) -> Iterator[str]:
    for name, video in recall.get("videos", {}).items():
        chosen = [
            _figure(folder, name, image["time_s"], f"{rank}.", _kind(image))
            for rank, image in enumerate(video["keyart"]["images"], 1)
        ]
        picks = [_figure(folder, name, t, f"expert {i}", "") for i, t in enumerate(video["labels"]["picks_s"], 1)]
        if any(chosen) or any(picks):
            yield f"<h2>{escape(name)}: chosen (outlined green when the expert chose the same, red when refused)</h2>"
            yield f'<div class="frames">{"".join(chosen)}</div><h3>The expert\'s</h3>'
            yield f'<div class="frames">{"".join(picks)}</div>'


def _kind(image: Mapping[str, Any]) -> str:
    return "never" if image["never"] else "hit" if image["matches"] else ""


def _figure(folder: Path, film: str, time_s: float, words: str, kind: str) -> str:
    path = still_name(film, time_s)
    if not (folder / path).is_file():
        return ""
    caption = f"{words} {time_s:.2f} s"
    return f'<figure class="{kind}"><img src="{escape(path)}" alt="{escape(caption)}">{escape(caption)}</figure>'
