"""Conversion of TFLite to ONNX, compared with a forward pass in NumPy from the operators' definitions and with OpenCV's
reader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import flatbuffers
import numpy as np
import onnxruntime as ort
import pytest
from flatbuffers import number_types
from numpy.lib.stride_tricks import sliding_window_view

from engines.convert import CONVERSIONS, ConversionError, tflite
from engines.convert.tflite_file import Graph, Operator, read_tflite
from engines.zoo import Zoo

RNG = np.random.default_rng(7)
INT8 = number_types.Int8Flags
CONV, DEPTHWISE, DEQUANTIZE, MAX_POOL, MEAN, CUSTOM = 3, 4, 6, 17, 40, 32


def run(model: bytes, image: np.ndarray) -> np.ndarray:
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"image": image})[0])


# --- the reference: NHWC, slow and plain -------------------------------------------------------------------------


def windows(x: np.ndarray, side: tuple[int, int], stride: int, same: bool, fill: float) -> np.ndarray:
    """(N, rows, columns, C, height, width) patches; SAME keeps ceil(size / stride) of them."""
    pads = []
    for axis in (1, 2):
        size, k = x.shape[axis], side[axis - 1]
        total = max((int(np.ceil(size / stride)) - 1) * stride + k - size, 0) if same else 0
        pads.append((total // 2, total - total // 2))
    x = np.pad(x, [(0, 0), *pads, (0, 0)], constant_values=fill)
    return sliding_window_view(x, side, axis=(1, 2))[:, ::stride, ::stride]


def forward(graph: Graph, image: np.ndarray) -> np.ndarray:
    """The first output of the graph for `image` (N, H, W, C)."""
    values = {i: t.data for i, t in enumerate(graph.tensors) if t.data is not None} | {graph.inputs[0]: image}
    for op in graph.operators:
        values[op.outputs[0]] = step(op, [values[i] for i in op.inputs])
    return values[graph.outputs[0]]


def step(op: Operator, args: list[np.ndarray]) -> np.ndarray:
    x, options = args[0].astype(np.float64), op.options
    assert options is not None
    same = options.number(0, INT8) == 0
    if op.kind == "CONV_2D":
        patches = windows(x, args[1].shape[1:3], options.number(1), same, 0.0)
        y = np.einsum("nrcihw,ohwi->nrco", patches, args[1]) + args[2]
        return np.maximum(y, 0) if options.number(3, INT8) == 1 else y
    if op.kind == "DEPTHWISE_CONV_2D":
        patches = windows(x, args[1].shape[1:3], options.number(1), same, 0.0)
        return np.einsum("nrcihw,hwi->nrci", patches, args[1][0]) + args[2]
    if op.kind == "MAX_POOL_2D":
        return windows(x, (options.number(4), options.number(3)), options.number(1), same, -np.inf).max((-2, -1))
    if op.kind == "MEAN":
        return x.mean(axis=(1, 2))
    if op.kind == "SOFTMAX":
        e = np.exp(x - x.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)
    assert op.kind == "ADD"
    return x + args[1]


# --- tiny TFLite files ---------------------------------------------------------------------------------------------


class Builder:
    """Builds a graph with one operator, with the field numbers of TensorFlow Lite's schema."""

    def __init__(self) -> None:
        self.b = flatbuffers.Builder(1024)

    def table(self, fields: dict[int, tuple[str, int]]) -> int:
        self.b.StartObject(12)
        for field, (kind, value) in fields.items():
            default = None if kind == "UOffsetTRelative" else 0
            if kind == "UOffsetTRelative":
                self.b.PrependUOffsetTRelativeSlot(field, value, 0)
            else:
                getattr(self.b, f"Prepend{kind}Slot")(field, value, default)
        return int(self.b.EndObject())

    def offsets(self, items: list[int]) -> tuple[str, int]:
        self.b.StartVector(4, len(items), 4)
        for item in reversed(items):
            self.b.PrependUOffsetTRelative(item)
        return "UOffsetTRelative", self.b.EndVector()

    def array(self, values: list[float] | np.ndarray, dtype: type) -> tuple[str, int]:
        return "UOffsetTRelative", self.b.CreateNumpyVector(np.asarray(values, dtype).reshape(-1))

    def tensor(self, shape: tuple[int, ...], buffer: int, kind: int = 0, scale: np.ndarray | None = None) -> int:
        name = "UOffsetTRelative", self.b.CreateString(f"t{buffer}" if buffer else "x")
        fields = {0: self.array(list(shape), np.int32), 1: ("Int8", kind), 2: ("Uint32", buffer), 3: name}
        if scale is not None:
            zeros = self.array(np.zeros(len(scale)), np.int64)
            quantisation = self.table({2: self.array(scale, np.float32), 3: zeros})
            fields[4] = ("UOffsetTRelative", quantisation)
        return self.table(fields)

    def file(self, code: int, options: dict[int, tuple[str, int]], x, y, weights: list[tuple], takes=None) -> bytes:  # type: ignore[no-untyped-def]
        """weights: (values, TFLite type, scales or None) of each; x and y: shapes of input and output.

        takes: tensors of the operator, 0 for the input and from 1 on the weights; default: all.
        """
        empty = self.table({})
        buffers = [empty, *(self.table({0: self.array(v.view(np.uint8), np.uint8)}) for v, _, _ in weights), empty]
        tensors = [self.tensor(x, 0)]
        tensors += [self.tensor(v.shape, i + 1, kind, scale) for i, (v, kind, scale) in enumerate(weights)]
        tensors.append(self.tensor(y, len(buffers) - 1))
        inputs, outputs = takes or list(range(len(weights) + 1)), [len(tensors) - 1]
        op = self.table(
            {1: self.array(inputs, np.int32), 2: self.array(outputs, np.int32), 3: ("Uint8", 1),
             4: ("UOffsetTRelative", self.table(options))}
        )  # fmt: skip
        graph = self.table(
            {0: self.offsets(tensors), 1: self.array([0], np.int32), 2: self.array(outputs, np.int32),
             3: self.offsets([op])}
        )  # fmt: skip
        codes = self.table({0: ("Int8", code), 3: ("Int32", code)})
        model = self.table(
            {0: ("Uint32", 3), 1: self.offsets([codes]), 2: self.offsets([graph]), 4: self.offsets(buffers)}
        )
        self.b.Finish(model, b"TFL3")
        return bytes(self.b.Output())


def one_operator() -> Iterator[tuple[str, bytes]]:
    """Strides, paddings, odd sizes, per-channel and float16 constants, dilation-free pooling."""
    for size in (7, 8):
        for padding, stride in ((0, 1), (0, 2), (1, 2)):
            out = -(-size // stride) if padding == 0 else (size - 3) // stride + 1
            options = {0: ("Int8", padding), 1: ("Int32", stride), 2: ("Int32", stride), 3: ("Int8", 1)}
            bias = RNG.normal(size=4).astype(np.float32), 0, None
            weights = RNG.integers(-127, 127, (4, 3, 3, 2), np.int8), 9, RNG.random(4).astype(np.float32) / 50
            shapes = (1, size, size, 2), (1, out, out, 4)
            yield f"conv-{size}-{padding}-{stride}", Builder().file(CONV, options, *shapes, [weights, bias])
            half = RNG.normal(size=(1, 3, 3, 4)).astype(np.float16), 1, None
            del options[3]
            shapes = (1, size, size, 4), (1, out, out, 4)
            yield f"depthwise-{size}-{padding}-{stride}", Builder().file(DEPTHWISE, options, *shapes, [half, bias])
            options |= {3: ("Int32", 3), 4: ("Int32", 3)}
            yield f"pool-{size}-{padding}-{stride}", Builder().file(MAX_POOL, options, *shapes, [])


FILES = dict(one_operator())


@pytest.mark.parametrize("name", FILES)
def test_one_operator_is_what_its_definition_says(name: str) -> None:
    source = FILES[name]
    graph = read_tflite(source)
    _, height, width, channels = graph.tensors[graph.inputs[0]].shape
    image = RNG.normal(size=(3, height, width, channels)).astype(np.float32)
    out = graph.tensors[graph.outputs[0]]
    _, rows, columns, filters = out.shape
    kept = {out.name: ("y", (filters, rows, columns))}
    got = run(tflite.convert(source, name, kept).SerializeToString(), image.transpose(0, 3, 1, 2))
    expected = forward(graph, image).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(got, expected, atol=1e-4)


def test_quantised_constants_are_scaled_per_channel() -> None:
    values = np.arange(-4, 4, dtype=np.int8).reshape(2, 1, 1, 4)
    scales = np.array([0.5, 2.0], np.float32)
    bias = np.zeros(2, np.float32), 0, None
    options = {1: ("Int32", 1), 2: ("Int32", 1)}
    source = Builder().file(CONV, options, (1, 1, 1, 4), (1, 1, 1, 2), [(values, 9, scales), bias])
    np.testing.assert_array_equal(read_tflite(source).tensors[1].data, values * scales.reshape(2, 1, 1, 1))


def test_what_dequantises_a_constant_is_a_constant() -> None:
    half = np.arange(8, dtype=np.float16).reshape(1, 2, 2, 2)
    graph = read_tflite(Builder().file(DEQUANTIZE, {}, (1, 2, 2, 2), (1, 2, 2, 2), [(half, 1, None)], takes=[1]))
    assert graph.operators == ()
    np.testing.assert_array_equal(graph.tensors[graph.outputs[0]].data, half.astype(np.float32))


def test_another_file_is_refused() -> None:
    with pytest.raises(ConversionError, match="not a TFLite file"):
        read_tflite(b"not a model at all")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (Builder().file(CUSTOM, {}, (1, 2, 2, 1), (1, 2, 2, 1), []), "operator #32 is not known"),
        (Builder().file(MEAN, {}, (1, 2, 2, 1), (1, 2), [(np.array([3], np.int32), 2, None)]), "MEAN over"),
    ],
)
def test_what_is_not_understood_is_refused(source: bytes, message: str) -> None:
    graph = read_tflite(source)
    with pytest.raises(ConversionError, match=message):
        tflite.convert(source, "strange", {graph.tensors[graph.outputs[0]].name: ("y", (1,))})
    with pytest.raises(ConversionError, match="outputs missing: \\['z'\\]"):
        tflite.convert(source, "strange", {"z": ("y", (1,))})


# --- the real networks ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def published() -> Zoo:
    return Zoo.default()


@pytest.mark.models
def test_iris_agrees_with_opencv(published: Zoo) -> None:
    path = published.published("eyes")
    images = RNG.random((3, 3, 64, 64), dtype=np.float32)
    got = run(CONVERSIONS["iris"](path.read_bytes()), images)
    net = cv2.dnn.readNetFromTFLite(str(path))
    for image, points in zip(images, got, strict=True):
        net.setInput(image[None])
        expected = net.forward("output_eyes_contours_and_brows").reshape(71, 3)
        np.testing.assert_allclose(points, expected, atol=2e-4)  # of a range of about 60


@pytest.mark.models
def test_mesh_agrees_with_opencv(published: Zoo) -> None:
    path = published.published("mesh")
    images = RNG.random((2, 3, 192, 192), dtype=np.float32)
    session = ort.InferenceSession(CONVERSIONS["mesh"](path.read_bytes()), providers=["CPUExecutionProvider"])
    landmarks, presence = session.run(["landmarks", "presence"], {"image": images})
    net = cv2.dnn.readNetFromTFLite(str(path))
    for image, points, logit in zip(images, landmarks, presence, strict=True):
        net.setInput(image[None])
        expected, certainty = net.forward("conv2d_21"), net.forward("conv2d_31")
        np.testing.assert_allclose(points, expected.reshape(468, 3), atol=5e-4)  # of a range of about 190
        np.testing.assert_allclose(logit, certainty.reshape(1), atol=1e-4)  # of about −10 for noise


@pytest.mark.models
def test_emotion_agrees_with_the_definition_of_its_operators(published: Zoo) -> None:
    source = published.published("emotion").read_bytes()
    images = RNG.uniform(-1, 1, (2, 1, 64, 64)).astype(np.float32)
    got = run(CONVERSIONS["emotion"](source), images)
    assert got.shape == (2, 7)
    np.testing.assert_allclose(got, forward(read_tflite(source), images.transpose(0, 2, 3, 1)), atol=1e-5)


@pytest.mark.models
def test_a_broad_smile_is_happy(models_dir: Path) -> None:
    """The only check that the quantised constants mean what was trained, not just what was read."""
    from skimage import data

    face = cv2.cvtColor(data.astronaut()[55:185, 160:290], cv2.COLOR_RGB2GRAY)
    image = (cv2.resize(face, (64, 64), interpolation=cv2.INTER_AREA) / np.float32(255) - 0.5) * 2
    got = run((models_dir / "emotion.onnx").read_bytes(), image[None, None].astype(np.float32))[0]
    assert got.argmax() == 3
    assert got.sum() == pytest.approx(1, abs=1e-5)
