"""The readers that are compared: any ONNX model with PP-OCR's interface, and Tesseract."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np

from engines.ocr import LineReader, preferred
from engines.open_session import open_session
from kernels.cpu import CpuOps
from kernels.surface import Colour, Geometry, Rect, Surface

from .measure import Read

Reader = Callable[[Sequence[np.ndarray]], list[Read]]
"""Takes lines (48, W, 3) uint8 RGB and returns what they say, in their order."""


class LinePictures(CpuOps):
    """Shows lines that are cut out already: the luma plane of a surface is a picture (48, W, 3) uint8 RGB."""

    def rgb(
        self, surface: Surface, rect: Rect | None = None, size: tuple[int, int] | None = None, fine: bool = False
    ) -> np.ndarray:
        """The whole picture at `size` (width, height)."""
        across = size or (surface.geometry.display_width, surface.geometry.display_height)
        shrinks = across[0] < surface.y.shape[1]
        shown = cv2.resize(surface.y, across, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        return np.asarray(shown)


def onnx_reader(path: Path, threads: int = 1) -> Reader:
    """A reader with the role `hangul_recognition` or `text_recognition`, as `keyart episode` reads lines
    (`engines.ocr.LineReader`): at the same widths, with the same prior, and looking again where that does."""

    def read(lines: Sequence[np.ndarray]) -> list[Read]:
        with closing(open_session(path, threads=threads)) as session:
            reader = LineReader(session, LinePictures())
            texts = [text for line in lines for text in reader.read(*_shown(line))]
        return [Read(text.text.strip(), text.confidence) for text in texts]

    return read


def _shown(line: np.ndarray) -> tuple[Surface, np.ndarray]:
    """A line (48, W, 3) as a surface, and the box around all of it."""
    height, width = line.shape[:2]
    surface = Surface(line, None, None, 8, Colour(), Geometry(width, height))
    return surface, np.array([[0, 0, width, height]], np.float32)


def together(readers: Sequence[Reader]) -> Reader:
    """Of each line the answer that `keyart episode` goes by."""

    def read(lines: Sequence[np.ndarray]) -> list[Read]:
        answers = zip(*(reader(lines) for reader in readers), strict=True)
        return [preferred(of_line) for of_line in answers]

    return read


def tesseract_reader() -> Reader | None:
    """Debian's Tesseract with Korean and English, one process a line; None where it is not installed."""
    program = shutil.which("tesseract")
    if program is None or "kor" not in subprocess.run([program, "--list-langs"], capture_output=True, text=True).stdout:
        return None
    command = [program, "stdin", "stdout", "-l", "kor+eng", "--psm", "7", "tsv"]
    return lambda lines: [_read_by_tesseract(command, line) for line in lines]


def _read_by_tesseract(command: list[str], line: np.ndarray) -> Read:
    """The line twice as large and with a margin, as Tesseract wants it. Its confidence is the mean of its words'."""
    framed = cv2.copyMakeBorder(cv2.resize(line, None, fx=2, fy=2), 16, 16, 16, 16, cv2.BORDER_REPLICATE)
    _, data = cv2.imencode(".png", framed[..., ::-1])
    done = subprocess.run(command, input=data.tobytes(), capture_output=True, check=True)
    rows = csv.DictReader(io.StringIO(done.stdout.decode()), delimiter="\t", quoting=csv.QUOTE_NONE)
    words = [(row["text"], float(row["conf"])) for row in rows if (row["text"] or "").strip()]
    text = " ".join(word for word, _ in words)
    return Read(text, float(np.mean([sure for _, sure in words])) / 100 if words else 0.0)
