"""Draws plots as inline SVG: they need no library, load nothing, and can be read in any browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

GOOD, BAD, OWN = "#0b6e4f", "#c1440e", "#3a6ea5"
COLOURS = (GOOD, BAD, OWN, "#8a6d3b", "#7d4e9e", "#5f6b6d", "#b5446e", "#4d8b31")
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 600, 270, 52, 36, 14
_LEGEND = 150
_INNER_W, _INNER_H = _WIDTH - _LEFT - _LEGEND, _HEIGHT - _TOP - _BOTTOM
_TEXT = 'font-family="sans-serif" font-size="12" fill="#333"'


def line_chart(curves: Mapping[str, Sequence[float]], across: str, up: str) -> str:
    """Curves over 1, 2, …; values from 0 to 1. The first curve is thicker and drawn over the others.

    Every other curve is dashed, so that two curves in the same place can both be seen.
    """
    count = max((len(values) for values in curves.values()), default=1)

    def x_of(index: int) -> float:
        return _LEFT + _INNER_W * index / max(1, count - 1)

    parts = [_axes(across, up, {0: "0", 0.25: "", 0.5: "0.5", 0.75: "", 1: "1"})]
    drawn: list[str] = []
    for number, (name, values) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        at = [(x_of(i), _TOP + _INNER_H * (1 - value)) for i, value in enumerate(values)]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        pen = f'stroke-width="{1.5 if number else 3}" stroke-dasharray="{"5 5" if number % 2 else "none"}"'
        drawn.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" {pen}/>'
            + "".join(
                _dot(x, y, colour, f"{name}, {across} = {i + 1}: {value:.2f}")
                for i, ((x, y), value) in enumerate(zip(at, values, strict=True))
            )
        )
        parts.append(_legend(number, name, colour))
    parts += [_label(x_of(index), _HEIGHT - 20, str(index + 1)) for index in range(count)]
    return _svg(_WIDTH, _HEIGHT, parts + drawn[::-1], f"{up} over {across}")


def timeline(shots: Sequence[Sequence[float]], end_s: float, marks: Mapping[str, tuple[str, Sequence[float]]]) -> str:
    """Shots as a band of alternating greys, and a row of ticks for each kind of mark; times in seconds from 0.

    marks: name of a row → its colour and its times.
    """
    width, left, row, height = 900, 70, 20, 22 + 20 * len(marks) + 20
    scale = (width - left - 20) / max(end_s, 1e-9)
    parts = [
        f'<rect x="{left + start * scale:.1f}" y="2" width="{max(0.5, (end - start) * scale):.1f}" height="14" '
        f'fill="{"#cfd6d4" if i % 2 else "#9fadaa"}"><title>shot {i}: {start:.2f}–{end:.2f} s</title></rect>'
        for i, (start, end) in enumerate(shots)
    ]
    parts.append(f'<text x="0" y="13" {_TEXT}>shots</text>')
    for number, (name, (colour, times)) in enumerate(marks.items()):
        y = 21 + row * number
        parts.append(f'<text x="0" y="{y + 12}" {_TEXT}>{escape(name)}</text>')
        parts.append(f'<path d="M{left},{y + 8} H{width - 20}" stroke="#e3e3e3"/>')
        parts += [
            f'<rect x="{left + t * scale - 2:.1f}" y="{y}" width="4" height="15" fill="{colour}">'
            f"<title>{escape(name)}: {t:.2f} s</title></rect>"
            for t in times
        ]
    parts += [_label(left + t * scale, height - 5, _clock(t)) for t in _seconds(end_s)]
    return _svg(width, height, parts, "shots and chosen frames over time")


def histogram(groups: Mapping[str, Sequence[float]], across: str, bins: int = 20) -> str:
    """How often values from 0 to 1 fall into equal bins; groups are stacked."""
    counts = {name: _counts(values, bins) for name, values in groups.items()}
    most = max((sum(c[i] for c in counts.values()) for i in range(bins)), default=0) or 1
    parts = [_axes(across, "images", {0: "0", 1: str(most)})]
    step = _INNER_W / bins
    below = [0] * bins
    for number, (name, found) in enumerate(counts.items()):
        colour = COLOURS[number % len(COLOURS)]
        for i, count in enumerate(found):
            height = _INNER_H * count / most
            y = _TOP + _INNER_H * (1 - below[i] / most) - height
            if count:
                words = f"{escape(name)}, {across} {i / bins:.2f}–{(i + 1) / bins:.2f}: {count}"
                size = f'width="{step - 1:.1f}" height="{height:.1f}"'
                parts.append(
                    f'<rect x="{_LEFT + i * step:.1f}" y="{y:.1f}" {size} fill="{colour}"><title>{words}</title></rect>'
                )
            below[i] += count
        parts.append(_legend(number, f"{name} ({sum(found)})", colour))
    parts += [_label(_LEFT + _INNER_W * value, _HEIGHT - 20, f"{value:g}") for value in (0, 0.25, 0.5, 0.75, 1)]
    return _svg(_WIDTH, _HEIGHT, parts, f"how often each {across}")


def bar_chart(values: Mapping[str, float], unit: str) -> str:
    """Horizontal bars from 0."""
    most = max(values.values(), default=0.0) or 1.0
    parts: list[str] = []
    for number, (name, value) in enumerate(values.items()):
        y = 4 + 22 * number
        length = (_WIDTH - 220) * value / most
        parts.append(f'<text x="0" y="{y + 13}" {_TEXT}>{escape(name)}</text>')
        parts.append(f'<rect x="110" y="{y}" width="{length:.1f}" height="17" fill="{OWN}"/>')
        parts.append(f'<text x="{117 + length:.1f}" y="{y + 13}" {_TEXT}>{value:.2f} {escape(unit)}</text>')
    return _svg(_WIDTH, 8 + 22 * len(values), parts, "busy time of stages")


def _axes(across: str, up: str, ticks: Mapping[float, str]) -> str:
    """Both axes with their labels. ticks: share of the height → label beside its line."""
    base, middle = _TOP + _INNER_H, _TOP + _INNER_H / 2
    grid = "".join(
        f'<path d="M{_LEFT},{_TOP + _INNER_H * (1 - share):.1f} h{_INNER_W}" stroke="#e3e3e3"/>'
        f'<text x="{_LEFT - 6}" y="{_TOP + _INNER_H * (1 - share) + 4:.1f}" text-anchor="end" {_TEXT}>{words}</text>'
        for share, words in ticks.items()
    )
    return (
        f'{grid}<path d="M{_LEFT},{_TOP} V{base} H{_LEFT + _INNER_W}" fill="none" stroke="#888"/>'
        f"{_label(_LEFT + _INNER_W / 2, _HEIGHT - 3, across)}"
        f'<text x="14" y="{middle:.0f}" text-anchor="middle" {_TEXT} transform="rotate(-90 14 {middle:.0f})">'
        f"{escape(up)}</text>"
    )


def _label(x: float, y: float, words: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.0f}" text-anchor="middle" {_TEXT}>{escape(words)}</text>'


def _legend(number: int, name: str, colour: str) -> str:
    x, y = _WIDTH - _LEGEND + 14, _TOP + 4 + 19 * number
    return (
        f'<rect x="{x}" y="{y}" width="11" height="11" fill="{colour}"/>'
        f'<text x="{x + 17}" y="{y + 10}" {_TEXT}>{escape(name)}</text>'
    )


def _dot(x: float, y: float, colour: str, words: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"><title>{escape(words)}</title></circle>'


def _seconds(end_s: float) -> list[float]:
    """Round times for an axis, at most about ten."""
    step = next((s for s in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600) if end_s / s <= 10), 7200)
    return [float(t) for t in range(0, int(end_s) + 1, step)]


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _counts(values: Sequence[float], bins: int) -> list[int]:
    found = [0] * bins
    for value in values:
        found[min(bins - 1, max(0, int(value * bins)))] += 1
    return found


def _svg(width: int, height: int, parts: Sequence[str], words: str) -> str:
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return f'<svg {size} role="img" aria-label="{escape(words)}">{"".join(parts)}</svg>'
