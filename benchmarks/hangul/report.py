"""Measures the readers on lines of held-out fonts and footage, and prints a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .inventing import invented
from .lines import Line, Source
from .measure import Score, score
from .readers import Reader, onnx_reader, tesseract_reader, together

_HEAD = (
    "| reader | of | lines | exact | share | 95 % bounds | digits wrong | at ≥ .99 | of these wrong | digits wrong |",
    "|---|---|---|---|---|---|---|---|---|---|",
)
_KINDS = (("plain cards", 0.0, 1.0), ("over footage", 1.0, 1.0), ("damaged, over footage", 1.0, 0.0))
"""Name, share over footage and share of mild lines (see `Source`)."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Numbers of lines of each kind: for Keyart's reader, and for the others, which are slow."""

    lines: int = 3000
    others: int = 300


def report(source: Source, ours: Path, ppocr: Path | None, sizes: Sizes, show_wrong: int = 0) -> Iterator[str]:
    """The table, line by line. ppocr: the model of the role `text_recognition`; None leaves it out. show_wrong: how
    many of the lines that ours read wrong are listed below."""
    yield from _HEAD
    wrong: list[str] = []
    readers: list[tuple[str, Reader, int]] = [("Keyart's", onnx_reader(ours), sizes.lines)]
    if ppocr is not None:
        readers.append(("PP-OCR", onnx_reader(ppocr), sizes.others))
        readers.append(("both together", together([readers[0][1], readers[1][1]]), sizes.lines))
    tesseract = tesseract_reader()
    if tesseract is not None:
        readers.append(("Tesseract", tesseract, sizes.others))
    for at, (name, over_footage, mild) in enumerate(_KINDS):
        made = replace(source, numbers=1.0, over_footage=over_footage, mild=mild, seed=source.seed + at)
        lines = [made.line(index) for index in range(sizes.lines)]
        for reader_name, reader, count in readers:
            yield from _rows(reader_name, reader, name, lines[:count])
        wrong += _wrong(readers[0][1], lines, name)[:show_wrong]
    yield from _inventions(source, readers, sizes.lines)
    if tesseract is None:
        yield "\nTesseract with Korean is not installed (tesseract-ocr, tesseract-ocr-kor): left out."
    yield from wrong


def _inventions(source: Source, readers: Sequence[tuple[str, Reader, int]], count: int) -> Iterator[str]:
    """How many lines that state no number are read as if they did, half of them damaged, over footage."""
    made = replace(source, numbers=0.0, over_footage=1.0, mild=0.5, seed=source.seed + len(_KINDS))
    lines = [made.line(index) for index in range(count)]
    yield "\n| reader | lines without a number | a number read all the same | with a confidence of .9 and more |"
    yield "|---|---|---|---|"
    for name, reader, most in readers:
        reads = reader([line.picture for line in lines[:most]])
        found = invented(lines[:most], reads)
        sure = sum(reads[at].confidence >= 0.9 for at in found)
        yield f"| {name} | {len(reads)} | {len(found)} | {sure} |"


def _rows(reader_name: str, reader: Reader, name: str, lines: Sequence[Line]) -> Iterator[str]:
    """A row for all lines, and one for those in which no syllable stands, which PP-OCR knows."""
    reads = reader([line.picture for line in lines])
    kinds: tuple[tuple[str, Callable[[Line], bool]], ...] = (
        (name, lambda line: True),
        (f"{name}, Latin alone", lambda line: line.text.isascii()),
    )
    for kind, belongs in kinds:
        chosen = [at for at, line in enumerate(lines) if belongs(line)]
        yield row(reader_name, kind, score([lines[at] for at in chosen], [reads[at] for at in chosen]))


def row(reader: str, kind: str, found: Score) -> str:
    """A row of the table."""
    low, high = found.bounds
    share = f"{found.rate:.4f} | {low:.4f}–{high:.4f}"
    return (
        f"| {reader} | {kind} | {found.lines} | {found.exact} | {share} | {found.digits} | "
        f"{found.sure} | {found.sure_wrong} | {found.sure_digits} |"
    )


def _wrong(reader: Reader, lines: Sequence[Line], name: str) -> list[str]:
    reads = reader([line.picture for line in lines])
    return [
        f"{name} {at}: {line.text!r} read {read.text!r} ({read.confidence:.3f})"
        for at, (line, read) in enumerate(zip(lines, reads, strict=True))
        if not score([line], [read]).exact
    ]
