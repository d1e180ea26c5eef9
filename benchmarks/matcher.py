"""The judge of `keyart bench`: decides whether two pictures show the same, by a descriptor that no setting can change.

Weights, constants and recipe are pinned by hash here, separately from what the ranking uses, so that figures of
different versions and model sets stay comparable. The recipe: the picture inside its film's black bars; CenterFace's
stride-16 layer at width 320, its 96 channels averaged over 3×3 parts of the picture, and the 864 values standardised
with fixed constants; with weight 0.6 an 8×8 grid of mean colours around their mean. Each half is made a unit vector
before they are joined, and so is the whole.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper

from engines.errors import ModelError
from engines.zoo import Zoo

SAME_PICTURE = 0.5
"""Two pictures match from this cosine on."""
MAX_APART_S = 3.0
"""Largest distance of a choice from the expert's, seconds."""

RECIPE = "keyart/matcher/1: inside black bars; centerface 474 at width 320, 3x3 cells, z-scored; 0.6 x 8x8 colour grid"
WEIGHTS_SHA256 = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
STATS_SHA256 = "4b2bfcc2e67a3075a5e46c3e25cde045f1ef580b009e83091e4140878978bedf"
STATS_FILE = Path(__file__).with_name("matcher_stats.npz")

WIDTH_PX = 320
LENGTH = 96 * 9 + 3 * 64
_LAYER, _STRIDE_PX, _MULTIPLE_PX = "474", 16, 32
_CELLS, _COLOUR_CELLS, _COLOUR_WEIGHT = 3, 8, 0.6
_FLAT_DEVIATION = 6.0
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)

Rgb = npt.NDArray[np.uint8]
"""(H, W, 3), R'G'B'."""
Vector = npt.NDArray[np.float32]


class Matcher:
    """Makes descriptors of pictures of width `WIDTH_PX`. weights: CenterFace as its authors published it.

    Raises ModelError when the weights or the constants are not the pinned ones.
    """

    def __init__(self, weights: bytes) -> None:
        stats = STATS_FILE.read_bytes()
        for what, content, pinned in (("weights", weights, WEIGHTS_SHA256), ("constants", stats, STATS_SHA256)):
            found = hashlib.sha256(content).hexdigest()
            if found != pinned:
                raise ModelError(f"matcher: its {what} have sha256 {found[:12]}…, pinned is {pinned[:12]}…")
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session: Any = ort.InferenceSession(_backbone(weights), options, providers=["CPUExecutionProvider"])
        with np.load(STATS_FILE) as constants:
            self._mean, self._std = np.asarray(constants["mean"]), np.asarray(constants["std"])

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits. Reports with different fingerprints must not be compared."""
        return matcher_fingerprint()

    def descriptor(self, picture: Rgb) -> Vector | None:
        """(1056,) float32 unit vector; None for a flat picture, which matches nothing.

        picture: (H, 320, 3) uint8 R'G'B'. Raises ValueError for another width.
        """
        if picture.shape[1] != WIDTH_PX:
            raise ValueError(f"the matcher wants pictures {WIDTH_PX} pixels wide, not {picture.shape[1]}")
        thumbnail = cv2.resize(picture, (48, 27), interpolation=cv2.INTER_AREA)
        if float((thumbnail @ _LUMA).std()) < _FLAT_DEVIATION:
            return None
        cells = (_pooled(self._features(picture)) - self._mean) / self._std
        size = (_COLOUR_CELLS, _COLOUR_CELLS)
        colours = cv2.resize(picture.astype(np.float32), size, interpolation=cv2.INTER_AREA).reshape(-1)
        return _unit(np.concatenate([_unit(cells), np.float32(_COLOUR_WEIGHT) * _unit(colours - colours.mean())]))

    def _features(self, picture: Rgb) -> npt.NDArray[np.float32]:
        """(96, h, w): the layer over the picture, without the black that fills its height up to a multiple of 32."""
        height = picture.shape[0]
        below = -height % _MULTIPLE_PX
        shown = np.pad(picture, ((0, below), (0, 0), (0, 0))).transpose(2, 0, 1)[None].astype(np.float32)
        (layer,) = self._session.run([_LAYER], {"image": shown})
        return np.asarray(layer[0, :, : -(-height // _STRIDE_PX)])


def matcher_fingerprint() -> str:
    """`Matcher.fingerprint` without loading the matcher."""
    pins = f"{RECIPE} {WEIGHTS_SHA256} {STATS_SHA256} {SAME_PICTURE} {MAX_APART_S}"
    return hashlib.sha256(pins.encode()).hexdigest()[:16]


def open_matcher(models: Path | None = None) -> Matcher:
    """The matcher with weights from the default set, whatever set the run uses. models: a folder that is searched
    first.

    Raises ModelError when the weights cannot be fetched.
    """
    return Matcher(Zoo.default(local=models).published("detector").read_bytes())


def at_matcher_width(picture: Rgb) -> Rgb:
    """Any (H, W, 3) picture, scaled to the matcher's width."""
    height, width = picture.shape[:2]
    if width == WIDTH_PX:
        return picture
    size = (WIDTH_PX, max(1, round(height * WIDTH_PX / width)))
    shrinks = width > WIDTH_PX
    resized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return np.asarray(resized, np.uint8)


def _backbone(weights: bytes) -> bytes:
    """The published graph up to the layer, with a free picture size (its own is fixed at 10×3×32×32)."""
    graph = onnx.load_from_string(weights).graph
    needed = {_LAYER}
    nodes: list[onnx.NodeProto] = []
    for node in reversed(graph.node):
        if needed & set(node.output):
            nodes.insert(0, node)
            needed |= set(node.input)
    for node in nodes:
        node.input[:] = ["image" if name == "input.1" else name for name in node.input]
    used = [tensor for tensor in graph.initializer if tensor.name in needed]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, "height", "width"])
    layer = helper.make_tensor_value_info(_LAYER, TensorProto.FLOAT, [1, 96, "rows", "columns"])
    graph_out = helper.make_graph(nodes, "matcher", [image], [layer], used)
    model = helper.make_model(graph_out, opset_imports=[helper.make_opsetid("", 9)], ir_version=8)
    return bytes(model.SerializeToString())


def _pooled(features: npt.NDArray[np.float32]) -> Vector:
    """(864,) means over 3×3 parts of features (96, h, w), in the order channel, row, column."""
    rows, columns = (_parts(length) for length in features.shape[1:])
    means = [features[:, row, column].mean((1, 2)) for row in rows for column in columns]
    return np.stack(means, 1).reshape(-1)


def _parts(length: int) -> list[slice]:
    """Thirds of a side; none is empty."""
    edges = [round(length * i / _CELLS) for i in range(_CELLS + 1)]
    return [slice(min(a, length - 1), max(b, a + 1)) for a, b in pairwise(edges)]


def _unit(vector: npt.NDArray[Any]) -> Vector:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)
