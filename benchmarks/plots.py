"""Plots as inline SVG, drawn here: nothing to install, nothing to fetch, readable in any browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

COLOURS = ("#0b6e4f", "#c1440e", "#3a6ea5", "#8a6d3b", "#7d4e9e", "#5f6b6d", "#b5446e", "#4d8b31")
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 560, 260, 44, 30, 12
_TEXT = 'font-family="sans-serif" font-size="11" fill="#333"'


def lines(curves: Mapping[str, Sequence[float]], across: str, up: str) -> str:
    """Curves over 1, 2, …; values from 0 to 1."""
    count = max((len(values) for values in curves.values()), default=1)
    inner_w, inner_h = WIDTH - LEFT - 150, HEIGHT - TOP - BOTTOM

    def at(index: int, value: float) -> str:
        return f"{LEFT + inner_w * index / max(1, count - 1):.1f},{TOP + inner_h * (1 - value):.1f}"

    parts = [_axes(inner_w, inner_h, across, up)]
    for number, (name, values) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        points = " ".join(at(i, v) for i, v in enumerate(values))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        y = TOP + 14 + 16 * number
        parts.append(f'<rect x="{WIDTH - 140}" y="{y - 8}" width="10" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{WIDTH - 125}" y="{y}" {_TEXT}>{escape(name)}</text>')
    for index in range(count):
        x = LEFT + inner_w * index / max(1, count - 1)
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 16}" text-anchor="middle" {_TEXT}>{index + 1}</text>')
    return _svg(WIDTH, HEIGHT, parts)


def timeline(
    shots: Sequence[Sequence[float]], end_s: float, marks: Mapping[str, Sequence[float]], width: int = 900
) -> str:
    """Shots as a band of alternating greys, and a row of ticks for each kind of mark; times in seconds from 0."""
    left, row = 110, 18
    scale = (width - left - 10) / max(end_s, 1e-9)
    parts = [
        f'<rect x="{left + start * scale:.1f}" y="2" width="{max(0.5, (end - start) * scale):.1f}" height="14" '
        f'fill="{"#cfd6d4" if i % 2 else "#9fadaa"}"/>'
        for i, (start, end) in enumerate(shots)
    ]
    parts.append(f'<text x="0" y="13" {_TEXT}>shots</text>')
    for number, (name, times) in enumerate(marks.items()):
        y = 20 + row * number
        parts.append(f'<text x="0" y="{y + 12}" {_TEXT}>{escape(name)}</text>')
        colour = COLOURS[number % len(COLOURS)]
        parts += [
            f'<rect x="{left + t * scale - 1.5:.1f}" y="{y}" width="3" height="14" fill="{colour}"/>' for t in times
        ]
    return _svg(width, 22 + row * len(marks), parts)


def histogram(groups: Mapping[str, Sequence[float]], across: str, bins: int = 20) -> str:
    """How often values from 0 to 1 fall into equal bins, groups stacked."""
    inner_w, inner_h = WIDTH - LEFT - 150, HEIGHT - TOP - BOTTOM
    counts = {name: _counts(values, bins) for name, values in groups.items()}
    most = max((sum(c[i] for c in counts.values()) for i in range(bins)), default=0) or 1
    parts = [_axes(inner_w, inner_h, across, f"images (most: {most})")]
    step = inner_w / bins
    below = [0] * bins
    for number, (name, found) in enumerate(counts.items()):
        colour = COLOURS[number % len(COLOURS)]
        for i, count in enumerate(found):
            height = inner_h * count / most
            y = TOP + inner_h * (1 - below[i] / most) - height
            x = LEFT + i * step
            size = f'width="{step - 1:.1f}" height="{height:.1f}"'
            parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="{colour}"/>')
            below[i] += count
        at = f'x="{WIDTH - 140}" y="{TOP + 14 + 16 * number}"'
        parts.append(f'<text {at} {_TEXT} style="fill:{colour}">{escape(name)}</text>')
    for value in (0, 0.5, 1):
        x = LEFT + inner_w * value
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 16}" text-anchor="middle" {_TEXT}>{value}</text>')
    return _svg(WIDTH, HEIGHT, parts)


def bars(values: Mapping[str, float], unit: str) -> str:
    """Horizontal bars from 0."""
    most = max(values.values(), default=0.0) or 1.0
    parts: list[str] = []
    for number, (name, value) in enumerate(values.items()):
        y = 4 + 20 * number
        length = (WIDTH - 220) * value / most
        parts.append(f'<text x="0" y="{y + 12}" {_TEXT}>{escape(name)}</text>')
        parts.append(f'<rect x="110" y="{y}" width="{length:.1f}" height="15" fill="{COLOURS[2]}"/>')
        parts.append(f'<text x="{115 + length:.1f}" y="{y + 12}" {_TEXT}>{value:.2f} {escape(unit)}</text>')
    return _svg(WIDTH, 8 + 20 * len(values), parts)


def _axes(inner_w: float, inner_h: float, across: str, up: str) -> str:
    base = TOP + inner_h
    return (
        f'<path d="M{LEFT},{TOP} V{base} H{LEFT + inner_w}" fill="none" stroke="#888"/>'
        f'<text x="{LEFT + inner_w / 2:.0f}" y="{HEIGHT - 3}" text-anchor="middle" {_TEXT}>{escape(across)}</text>'
        f'<text x="12" y="{TOP + inner_h / 2:.0f}" text-anchor="middle" {_TEXT} '
        f'transform="rotate(-90 12 {TOP + inner_h / 2:.0f})">{escape(up)}</text>'
    )


def _counts(values: Sequence[float], bins: int) -> list[int]:
    found = [0] * bins
    for value in values:
        found[min(bins - 1, max(0, int(value * bins)))] += 1
    return found


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">{"".join(parts)}</svg>'
