"""The readers that are compared: any ONNX model with PP-OCR's interface, and Tesseract."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort

from engines.ocr import alphabet_of, decoded, preferred

from .lines import WIDEST_PX, batch
from .measure import Read

Reader = Callable[[Sequence[np.ndarray]], list[Read]]
"""Takes lines (48, W, 3) uint8 RGB and returns what they say, in their order."""
WIDTHS_PX = (64, 128, 192, 256, 320, 448, WIDEST_PX)
"""Lines are padded to one of these, so that those of one width are read together."""
_TOGETHER = 8


def onnx_reader(path: Path, threads: int = 1) -> Reader:
    """A reader with the role `hangul_recognition` or `text_recognition`."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    alphabet = alphabet_of(session.get_modelmeta().custom_metadata_map, path.name)

    def read(lines: Sequence[np.ndarray]) -> list[Read]:
        found: dict[int, Read] = {}
        for width in WIDTHS_PX:
            of_width = [at for at, line in enumerate(lines) if _padded_width(line) == width]
            for begin in range(0, len(of_width), _TOGETHER):
                ours = of_width[begin : begin + _TOGETHER]
                (answers,) = session.run(None, {"x": batch([lines[at] for at in ours], width)})
                found |= {at: _read(answer, alphabet) for at, answer in zip(ours, answers, strict=True)}
        return [found[at] for at in range(len(lines))]

    return read


def _read(probabilities: np.ndarray, alphabet: Sequence[str]) -> Read:
    """What the probabilities (T, classes) of one line say."""
    line = decoded(probabilities.argmax(-1), probabilities.max(-1), alphabet)
    return Read(line.text.strip(), line.confidence)


def _padded_width(line: np.ndarray) -> int:
    return next(width for width in WIDTHS_PX if line.shape[1] <= width)


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
