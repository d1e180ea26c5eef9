"""Renders the report as one HTML page: tables, plots, and the chosen images beside the expert's. It loads nothing from
the network."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from ..naive import SAME_NUMBER
from ..report import Report
from ..stills import still_name
from . import plots
from .markdown import TABLES, section_text

_STYLE = """
* { box-sizing: border-box; }
body { font: 15px/1.5 sans-serif; margin: 1.5rem auto; max-width: 64rem; padding: 0 1rem; color: #222; }
h1 { line-height: 1.25; } h2 { margin-top: 2.5rem; border-top: 2px solid #0b6e4f; padding-top: .6rem; }
nav a { display: inline-block; margin: 0 1rem .3rem 0; color: #0b6e4f; } p, li { overflow-wrap: anywhere; }
.wide { overflow-x: auto; margin: .8rem 0; }
.wide svg { display: block; max-width: 100%; min-width: 30rem; height: auto; }
.wide svg[width="900"] { min-width: 48rem; }
table { border-collapse: collapse; white-space: nowrap; }
td, th { border-bottom: 1px solid #ddd; padding: .2rem .7rem; } th { background: #f3f5f4; }
td:first-child, th:first-child { text-align: left; } td + td, th + th { text-align: right; }
tr.own { font-weight: bold; } .made { color: #555; font-size: 13px; }
.frames { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: .7rem; }
figure { margin: 0; font-size: 12px; line-height: 1.3; }
figure img { width: 100%; display: block; margin-bottom: .3rem; border-radius: 2px; }
.hit img { outline: 4px solid #0b6e4f; } .never img { outline: 4px solid #c1440e; }
"""


def page(report: Report, folder: Path) -> str:
    """The whole page. Pictures are included when they are in `folder`."""
    body = [
        "<h1>Keyart: how good, how fast, compared with what</h1>",
        _made_by(report.get("made_by", {})),
        *(part for name in TABLES if report.get(name) for part in _section(name, report, folder)),
    ]
    headings = re.findall(r'<h2 id="([^"]+)">(.*?)</h2>', "\n".join(body))
    body.insert(2, "<nav>" + "".join(f'<a href="#{mark}">{words}</a>' for mark, words in headings) + "</nav>")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Keyart bench</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">\n'
        f"<style>{_STYLE}</style></head>\n<body>\n" + "\n".join(body) + "\n</body></html>\n"
    )


def _section(name: str, report: Report, folder: Path) -> Iterator[str]:
    """The tables of a section, followed by its plots and pictures."""
    yield _blocks(section_text(name, report[name]), name)
    if name == "recall":
        yield from _recall_plots(report[name])
        yield from _films(report[name], folder)
    if name == "throughput":
        yield from _busy(report[name])


def _made_by(made: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in made.get("versions", {}).items())
    machine = made.get("machine", {})
    words = [
        str(made.get("made_at", "")), versions, f"Python {made.get('python', '')}",
        f"{machine.get('usable_cores')} cores, {machine.get('processor', '')}", f"device {made.get('device', '')}",
        *([str(machine["gpu"])] if machine.get("gpu") else []), f"settings {made.get('settings_fingerprint', '')}",
    ]  # fmt: skip
    return f'<p class="made">{escape("; ".join(words))}</p>'


def _blocks(text: str, mark: str) -> str:
    """Headings, paragraphs, lists and tables of our own Markdown as HTML."""
    parts: list[str] = []
    for block in text.split("\n\n"):
        rows = block.splitlines()
        if block.startswith("## "):
            parts.append(f'<h2 id="{mark}">{escape(block[3:])}</h2>')
        elif block.startswith("|"):
            parts.append(_wide(_table(rows)))
        elif block.startswith("- "):
            parts.append("<ul>" + "".join(f"<li>{_words(row[2:])}</li>" for row in rows) + "</ul>")
        else:
            parts.append(f"<p>{'<br>'.join(_words(row) for row in rows)}</p>")
    return "\n".join(parts)


def _words(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))


def _table(rows: Sequence[str]) -> str:
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    head = "".join(f"<th>{escape(cell)}</th>" for cell in cells[0])
    lines = "".join(_row(row) for row in cells[2:])
    return f"<table><tr>{head}</tr>{lines}</table>"


def _row(cells: Sequence[str]) -> str:
    kind = ' class="own"' if cells[0] == "keyart" else ""
    return f"<tr{kind}>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _wide(content: str) -> str:
    """Wraps content that may be wider than a phone's screen, so that it scrolls by itself."""
    return f'<div class="wide">{content}</div>'


def _recall_plots(recall: Mapping[str, Any]) -> Iterator[str]:
    videos = recall.get("videos", {})
    if not videos:
        return
    curves = {
        method: [float(p) for p in np.mean([video[method]["precision_curve"] for video in videos.values()], axis=0)]
        for method in recall["summary"]
        if not method.endswith(SAME_NUMBER)
    }
    yield "<h3>Precision at k</h3><p>Of the first k images, the share that the expert chose too, over all films.</p>"
    yield _wide(plots.line_chart(curves, "k", "share that matches"))
    scores: dict[str, list[float]] = {"match": [], "no match": []}
    for video in videos.values():
        for image, score in zip(video["keyart"]["images"], video["film"]["scores"], strict=True):
            scores["match" if image["matches"] else "no match"].append(score)
    yield "<h3>Scores of the chosen</h3><p>Do images that the expert chose too have the higher scores?</p>"
    yield _wide(plots.histogram(scores, "score"))


def _busy(throughput: Mapping[str, Any]) -> Iterator[str]:
    for film in throughput.get("films", []):
        stages = film["runs"]["whole"][-1]["stages"]
        yield f"<h3>Busy time of {escape(film['file'])}</h3>"
        yield _wide(plots.bar_chart({name: float(stage["busy_s"]) for name, stage in stages.items()}, "s"))


def _films(recall: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """For each film its timeline, the chosen images, and the expert's images."""
    for number, (name, video) in enumerate(recall.get("videos", {}).items(), 1):
        yield f'<h2 id="film-{number}">{escape(name)}</h2>' + _wide(_timeline(video))
        picks_s = video["labels"]["picks_s"]
        found = {pick: rank for rank, image in reversed([*enumerate(video["keyart"]["images"], 1)])
                 for pick in image["matches"]}  # fmt: skip
        chosen = "".join(
            _figure(folder, name, image["time_s"], f"{rank}. {_verdict(image)}", _kind(image))
            for rank, image in enumerate(video["keyart"]["images"], 1)
        )
        picks = "".join(_expert(folder, name, t, i, found.get(i)) for i, t in enumerate(picks_s))
        if chosen or picks:
            yield "<h3>Chosen</h3><p>Green: the expert chose the same. Red: the expert refused it.</p>"
            yield f'<div class="frames">{chosen}</div>'
            yield f'<h3>The expert\'s</h3><div class="frames">{picks}</div>'


def _timeline(video: Mapping[str, Any]) -> str:
    film, labels = video["film"], video["labels"]
    zero = film["first_pts_s"]
    marks = {
        "keyart": (plots.OWN, [image["time_s"] - zero for image in video["keyart"]["images"]]),
        "expert": (plots.GOOD, [t - zero for t in labels["picks_s"]]),
        "never": (plots.BAD, [t - zero for t in labels["never_s"]]),
    }
    return plots.timeline([(a - zero, b - zero) for a, b in film["shots_s"]], film["end_s"] - zero, marks)


def _expert(folder: Path, film: str, time_s: float, pick: int, rank: int | None) -> str:
    """One of the expert's frames. rank: that of the best image that matches it, None without one."""
    words = f"expert {pick + 1}: " + ("not chosen" if rank is None else f"chosen as no. {rank}")
    return _figure(folder, film, time_s, words, "" if rank is None else "hit")


def _verdict(image: Mapping[str, Any]) -> str:
    same = ", ".join(f"expert {pick + 1}" for pick in image["matches"])
    return "refused" if image["never"] else f"like {same}" if same else "no match"


def _kind(image: Mapping[str, Any]) -> str:
    return "never" if image["never"] else "hit" if image["matches"] else ""


def _figure(folder: Path, film: str, time_s: float, words: str, kind: str) -> str:
    path = still_name(film, time_s)
    if not (folder / path).is_file():
        return ""
    caption = escape(f"{words}, {time_s:.2f} s")
    return f'<figure class="{kind}"><img src="{quote(path)}" alt="{caption}">{caption}</figure>'
