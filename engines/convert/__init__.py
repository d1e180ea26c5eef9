"""Converts weights as their authors publish them to ONNX models with a free batch size and named inputs and outputs.

A conversion is a pure function of the file's bytes and runs once, when a model is pulled. engines/README.md lists the
inputs and outputs of every role.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import onnx

from . import centerface, dlib_resnet, open_nsfw, tflite, transnet
from .tflite_file import ConversionError


def _as_published(source: bytes) -> bytes:
    return source


def _centerface(source: bytes) -> bytes:
    return _bytes(centerface.convert(source))


def _dlib_resnet(source: bytes) -> bytes:
    return _bytes(dlib_resnet.convert(source))


def _iris(source: bytes) -> bytes:
    kept = {"output_eyes_contours_and_brows": ("landmarks", (71, 3)), "output_iris": ("iris", (5, 3))}
    return _bytes(tflite.convert(source, "iris_landmark", kept))


def _mesh(source: bytes) -> bytes:
    kept = {"conv2d_21": ("landmarks", (468, 3)), "conv2d_31": ("presence", (1,))}
    return _bytes(tflite.convert(source, "face_landmark", kept))


def _emotion(source: bytes) -> bytes:
    return _bytes(tflite.convert(source, "mini_xception", {"Identity": ("probabilities", (7,))}))


def _open_nsfw(source: bytes) -> bytes:
    return _bytes(open_nsfw.convert(source))


def _transnet(source: bytes) -> bytes:
    return _bytes(transnet.convert(source))


CONVERSIONS: Mapping[str, Callable[[bytes], bytes]] = {
    "none": _as_published,
    "centerface": _centerface,
    "dlib_resnet": _dlib_resnet,
    "iris": _iris,
    "mesh": _mesh,
    "emotion": _emotion,
    "open_nsfw": _open_nsfw,
    "transnet": _transnet,
}
"""Name of a conversion in `zoo.toml` → function from the bytes of the published file to those of an ONNX model. The
functions raise ConversionError."""


CONVERTER_VERSION = 5
"""Increased whenever a conversion gives other bytes than before, so that kept models are converted again."""


def _bytes(model: onnx.ModelProto) -> bytes:
    return bytes(model.SerializeToString(deterministic=True))


__all__ = ["CONVERSIONS", "CONVERTER_VERSION", "ConversionError"]
