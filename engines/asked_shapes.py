"""In which shapes each model is run on a device where a session is planned for one shape: how many rows at a time, and
the inputs that films bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from . import embedding, emotion, eyes, maturity, mesh, ocr, shots, text
from .detector import canvas_of
from .ocr import HEIGHT_PX, TextDirection
from .reader import ReaderOptions

Shape = tuple[int, ...]
Rows = tuple[int, ...]

FACES: Rows = (1, 8, 32)
"""Rows for the models of faces: one face, those of a few pictures, those of the largest batch."""
_FEW: Rows = (8,)
"""Rows for what comes a few at a time; one is filled up to them for less than its own session takes."""
_ONE: Rows = (1,)


@dataclass(frozen=True, slots=True)
class Asked:
    """How one model is asked. `rows`: sizes to which batches are filled up, the largest being the most rows of a run.
    `usual`: shape of one row of the inputs that most films bring, in which the model is run before the first of them →
    its own sizes."""

    input_name: str
    rows: Rows
    usual: Mapping[Shape, Rows]

    def within(self, most: int) -> Asked:
        """The same where no batch has more than `most` rows."""
        return Asked(self.input_name, _within(self.rows, most), {k: _within(v, most) for k, v in self.usual.items()})

    def shapes(self) -> list[Shape]:
        """The usual shapes with their rows."""
        return [(count, *shape) for shape, rows in self.usual.items() for count in rows]


def asked_shapes(options: ReaderOptions | None = None, *, episode: bool = False) -> dict[str, Asked]:
    """Role → how it is asked. options: of the reader of faces. episode: whether numbers of episodes are read, for which
    text is looked for in larger pictures, too, and longer lines are read."""
    chosen = options or ReaderOptions()
    width, height = canvas_of((1, 1), chosen.detector_width)
    sides = text.CANVASES_PX if episode else text.CANVASES_PX[:-1]
    return {
        "detector": Asked(
            "image", FACES, {(3, height, width): FACES, (3, chosen.refine_side, chosen.refine_side): _FEW}
        ),
        "embedding": _square("image", 3, embedding.CHIP_PX, FACES),
        # Two eyes make two rows at least.
        "eyes": _square("image", 3, eyes.CHIP_PX, FACES[1:]),
        "mesh": _square("image", 3, mesh.CHIP_PX, FACES),
        "emotion": _square("image", 1, emotion.CHIP_PX, FACES),
        "text_detection": Asked("x", _ONE, {(3, side, side): _ONE for side in sides}),
        **dict(product(("text_recognition", "hangul_recognition"), [_lines(episode)])),
        "text_direction": Asked("x", _FEW, {(3, HEIGHT_PX, TextDirection.WIDTH_PX): _FEW}),
        "maturity": _square("image", 3, maturity.SIDE_PX, _ONE),
        "shots": Asked("frames", _ONE, {(shots.WINDOW, 3, shots.HEIGHT_PX, shots.WIDTH_PX): _ONE}),
    }


def _square(input_name: str, channels: int, side: int, rows: Rows) -> Asked:
    return Asked(input_name, rows, {(channels, side, side): rows})


def _lines(episode: bool) -> Asked:
    """The longest lines are rare, and PP-OCR's answer to one of them has 256 times 18,710 numbers. Without episodes
    only tall lettering is read (`engines.lettering`), whose lines are short."""
    *shorter, longest = ocr.CANVASES_PX
    usual: dict[Shape, Rows] = {(3, HEIGHT_PX, width): _FEW for width in (shorter if episode else shorter[:1])}
    return Asked("x", _FEW, usual | ({(3, HEIGHT_PX, longest): _ONE} if episode else {}))


def _within(rows: Rows, most: int) -> Rows:
    return tuple(sorted({min(count, most) for count in rows}))
