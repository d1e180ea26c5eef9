"""Runs the arithmetic between the models once: on a device every operation of CuPy's is compiled when it first comes.

The models are played: what they answer is made up, so that there are faces, lines and marks to go on with, and nothing
needs to be there but the device.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from kernels.ops import Ops
from kernels.surface import Array, Surface

from . import shots
from .asked_shapes import asked_shapes
from .detector import FEATURE_STRIDE_PX, STRIDE_PX
from .embedding import LENGTH
from .faces import EMOTIONS
from .fixed_shapes import FixedShapeSession
from .maturity import MaturityClassifier
from .ocr import LineReader, TextDirection, Vertical
from .reader import FaceReader, ReaderOptions
from .session import NamedArrays, NamedSession, Session
from .shots import BoundaryClassifier
from .text import TextDetector
from .tools import EngineTools

_ALPHABET = MappingProxyType({"character": "a\nb"})
_FACES = ((0.3, 0.25, 12), (0.7, 0.75, 12), (0.5, 0.5, 18))
"""Row and column of each face in shares of the maps, and its side in cells. The first two are so small that they are
looked at again, where the third one is what is found of them."""
_LANDMARKS = (0.4, 0.3, 0.4, 0.7, 0.6, 0.5, 0.8, 0.35, 0.8, 0.65)
_BATCH = 8


def run_engines_once(ops: Ops, tools: EngineTools, picture: Surface, frames: Array) -> int:
    """Reads a picture with all that reads pictures, in the order of `tools`; how many faces and lines were read.

    frames: (T, 27, 48, 3) uint8 on the device, which the network for shots is shown. Synchronises. Raises what the
    device raises.
    """
    sessions = {role: _opened(role, answer, tools) for role, answer in _ANSWERS.items()}
    try:
        faces = _read_faces(sessions, ops, tools, picture)
        lines = _read_text(sessions, ops, tools, picture)
        MaturityClassifier(sessions["maturity"], ops, tools).explicit(picture)
        BoundaryClassifier(sessions["shots"], ops, tools).answers(frames)
        return faces + lines
    finally:
        for session in sessions.values():
            session.close()


def _read_faces(sessions: Mapping[str, Session], ops: Ops, tools: EngineTools, picture: Surface) -> int:
    options = ReaderOptions(batch=_BATCH, detector_batch=_BATCH)
    reader, count = FaceReader(sessions, ops, options, tools), 0
    for pictures in ([picture], [picture] * (_BATCH + 1)):
        readings = reader.read(pictures)
        count += sum(len(reading.faces) for reading in readings)
    known = next(face for reading in readings for face in reading.faces)
    list(reader.read_again([picture] * 2, known))
    return count


def _read_text(sessions: Mapping[str, Session], ops: Ops, tools: EngineTools, picture: Surface) -> int:
    boxes = TextDetector(sessions["text_detection"], ops, tools=tools).read(picture).boxes
    box = np.array([[8, 8, 96, 24]], np.float32)
    upright_and_not = np.concatenate([box, box, box[:, [1, 0, 3, 2]]])
    count = len(boxes)
    vertical: tuple[Vertical, ...] = ("turned", "cells")
    for way in vertical:
        reader = LineReader(sessions["text_recognition"], ops, tools=tools, batch=_BATCH, vertical=way)
        count += len(reader.read(picture, upright_and_not)) + len(reader.read_upside_down(picture, box))
    direction = TextDirection(sessions["text_direction"], ops, tools=tools, batch=_BATCH)
    return count + len(direction.upside_down(picture, upright_and_not))


class _Played(NamedSession):
    """A session whose answers are made up by `answer`, from its input."""

    provider = "played"
    metadata: Mapping[str, str] = _ALPHABET

    def __init__(self, role: str, answer: Callable[[Array], NamedArrays], tools: EngineTools) -> None:
        super().__init__(role)
        self._answer, self._tools = answer, tools

    def run(self, inputs: NamedArrays) -> NamedArrays:
        (rows,) = inputs.values()
        with self._tools.scope():
            return self._answer(rows)


def _opened(role: str, answer: Callable[[Array], NamedArrays], tools: EngineTools) -> Session:
    def open_one() -> Session:
        return _Played(role, answer, tools)

    asked = asked_shapes()[role].within(_BATCH)
    return FixedShapeSession(open_one(), open_one, asked.rows, asked.usual)


def _made(rows: Array, *shape: int) -> Array:
    """(n, *shape) float32 noughts beside the rows."""
    return np.zeros_like(rows, shape=(len(rows), *shape))


def _maps(rows: Array) -> NamedArrays:
    height, width = (side // STRIDE_PX for side in rows.shape[2:])
    maps = {name: _made(rows, count, height, width) for name, count in _CHANNELS.items()}
    for down, across, side in _FACES:
        row, column = int(down * height), int(across * width)
        maps["heat"][:, 0, row, column] = 0.9
        maps["size"][:, :, row, column] = float(np.log(side))
        for place, share in enumerate(_LANDMARKS):
            maps["landmarks"][:, place, row, column] = share
    grid = (side // FEATURE_STRIDE_PX for side in rows.shape[2:])
    return {**maps, "features": _made(rows, 96, *grid)}


_CHANNELS = {"heat": 1, "size": 2, "offset": 2, "landmarks": 10}


def _text_map(rows: Array) -> NamedArrays:
    """Two lines, and a mark so tall that the picture is looked at again."""
    found = _made(rows, 1, *rows.shape[2:])
    for top, bottom in ((10, 20), (30, 40), (60, 130)):
        found[:, 0, top:bottom, 20:120] = 0.95
    return {"map": found}


def _eyes(rows: Array) -> NamedArrays:
    return {"landmarks": _made(rows, 71, 3), "iris": _made(rows, 5, 3)}


def _mesh(rows: Array) -> NamedArrays:
    return {"landmarks": _made(rows, 468, 3), "presence": _made(rows, 1)}


def _boundaries(rows: Array) -> NamedArrays:
    return {"boundary": _made(rows, shots.WINDOW), "transition": _made(rows, shots.WINDOW)}


_ANSWERS: dict[str, Callable[[Array], NamedArrays]] = {
    "detector": _maps,
    "embedding": lambda rows: {"embedding": _made(rows, LENGTH)},
    "eyes": _eyes,
    "mesh": _mesh,
    "emotion": lambda rows: {"probabilities": _made(rows, len(EMOTIONS))},
    "text_detection": _text_map,
    "text_recognition": lambda rows: {"y": _made(rows, rows.shape[3] // 8, 4)},
    "text_direction": lambda rows: {"y": _made(rows, 2)},
    "maturity": lambda rows: {"probabilities": _made(rows, 2)},
    "shots": _boundaries,
}
