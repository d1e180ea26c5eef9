"""Conversion of CenterFace and dlib's network to ONNX, compared with the published graph and with a forward pass in
NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from engines.convert import CONVERSIONS, ConversionError
from engines.convert.graph import OPSET, GraphWriter
from engines.zoo import Zoo

from .scenes import portrait

RNG = np.random.default_rng(3)
CPU = ["CPUExecutionProvider"]
HEADS = {"heat": "537", "size": "538", "offset": "539", "landmarks": "540"}


def session(model: bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.log_severity_level = 3  # ONNX Runtime warns of the published file's weights being inputs
    return ort.InferenceSession(model, options, providers=CPU)


@pytest.fixture(scope="module")
def zoo() -> Zoo:
    return Zoo.default()


@pytest.mark.models
def test_centerface_answers_as_published(zoo: Zoo) -> None:
    source = zoo.published("detector").read_bytes()
    image = RNG.uniform(0, 255, (10, 3, 32, 32)).astype(np.float32)
    expected = session(source).run(list(HEADS.values()), {"input.1": image})
    got = session(CONVERSIONS["centerface"](source)).run(list(HEADS), {"image": image})
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.models
def test_centerface_takes_any_batch_and_size(models_dir: Path) -> None:
    detector = session((models_dir / "detector.onnx").read_bytes())
    image = RNG.uniform(0, 255, (2, 3, 64, 96)).astype(np.float32)
    both = dict(zip([o.name for o in detector.get_outputs()], detector.run(None, {"image": image}), strict=True))
    shapes = {name: value.shape for name, value in both.items()}
    assert shapes == {
        "heat": (2, 1, 16, 24), "size": (2, 2, 16, 24), "offset": (2, 2, 16, 24), "landmarks": (2, 10, 16, 24),
        "features": (2, 96, 4, 6),
    }  # fmt: skip
    alone = detector.run(["heat", "features"], {"image": image[1:]})
    np.testing.assert_allclose(alone[0][0], both["heat"][1], atol=1e-6)
    np.testing.assert_allclose(alone[1][0], both["features"][1], atol=1e-5)


@pytest.mark.parametrize(("conversion", "network"), [("centerface", "CenterFace"), ("open_nsfw", "open_nsfw")])
def test_another_graph_is_not_taken_for_the_published_one(conversion: str, network: str) -> None:
    cases = (("Tanh", r"strange operators \['Tanh'\]"), ("Relu", "missing tensors|begins or ends otherwise"))
    for operator, why in cases:
        graph = GraphWriter()
        graph.node(operator, ["x"], output="y")
        other = graph.model("other", {"x": ["n"]}, {"y": ["n"]})
        with pytest.raises(ConversionError, match=f"not {network}: .*({why})"):
            CONVERSIONS[conversion](other.SerializeToString())


@pytest.mark.models
def test_open_nsfw_answers_as_published_and_takes_any_batch(zoo: Zoo, models_dir: Path) -> None:
    """Noise, a flat picture and a photograph; the logarithms are compared, because most answers are near 0."""
    photograph = np.array(portrait(224), np.float32)
    pictures = np.stack([RNG.uniform(0, 255, (224, 224, 3)), np.full((224, 224, 3), 200), photograph])
    interleaved_bgr = pictures[..., ::-1] - np.array([104, 117, 123])
    published, converted = session(zoo.published("maturity").read_bytes()), models_dir / "maturity.onnx"
    (expected,) = published.run(None, {"input:0": interleaved_bgr.astype(np.float32)})
    planes = pictures.astype(np.float32).transpose(0, 3, 1, 2)
    (got,) = session(converted.read_bytes()).run(["probabilities"], {"image": planes})
    np.testing.assert_allclose(np.log(got), np.log(expected), atol=1e-4)
    assert np.ptp(np.log(expected[:, 1])) > 1


def dlib_tensors(source: bytes) -> list[np.ndarray]:
    """The tensors of the file, split at the layers' names: convolutions and affine layers in turn, the projection
    last."""
    found = []
    for name in (b"con_4", b"affine_", b"fc_2"):
        at = source.find(name)
        while at >= 0:
            start = at + len(name) + (5 if name == b"fc_2" else 0)  # fc_2: two sizes first, of 2 and 3 bytes
            numbers, place = [], start
            for _ in range(5):
                length = source[place]
                numbers.append(int.from_bytes(source[place + 1 : place + 1 + length], "little"))
                place += 1 + length
            count = int(np.prod(numbers[1:]))
            found.append((at, np.frombuffer(source, "<f4", count, place).astype(np.float64)))
            at = source.find(name, place + 4 * count)
    return [values for _, values in sorted(found, key=lambda item: item[0])]


def convolved(x: np.ndarray, weights: np.ndarray, affine: np.ndarray, side: int, stride: int, pad: int) -> np.ndarray:
    """gamma (W x + b) + beta on (C, H, W)."""
    filters = len(affine) // 2
    kernel, bias = weights[:-filters].reshape(filters, -1), weights[-filters:]
    x = np.pad(x, [(0, 0), (pad, pad), (pad, pad)])
    patches = sliding_window_view(x, (side, side), axis=(1, 2))[:, ::stride, ::stride]
    rows = patches.transpose(1, 2, 0, 3, 4).reshape(*patches.shape[1:3], -1)
    y = (rows @ kernel.T + bias) * affine[:filters] + affine[filters:]
    return y.transpose(2, 0, 1)


def added(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Sum of two pictures; the smaller in any dimension is padded with zeros at its end."""
    out = np.zeros(np.maximum(a.shape, b.shape))
    for part in (a, b):
        out[tuple(slice(0, n) for n in part.shape)] += part
    return out


def dlib_forward(source: bytes, image: np.ndarray) -> np.ndarray:
    """The embedding (128,) of one (3, 150, 150) RGB picture, layer by layer from dlib's description."""
    *layers, projection = dlib_tensors(source)
    pairs = list(zip(layers[::2], layers[1::2], strict=True))
    x = (image.astype(np.float64) - np.array([122.782, 117.001, 104.298]).reshape(3, 1, 1)) / 256
    x = np.maximum(convolved(x, *pairs[0], side=7, stride=2, pad=0), 0)
    x = sliding_window_view(x, (3, 3), axis=(1, 2))[:, ::2, ::2].max((-2, -1))
    halving = {3, 7, 10, 13}  # the first block of levels two to five
    for block in range(14):
        first, second = pairs[1 + 2 * block], pairs[2 + 2 * block]
        stride, pad = (2, 0) if block in halving else (1, 1)
        y = np.maximum(convolved(x, *first, side=3, stride=stride, pad=pad), 0)
        y = convolved(y, *second, side=3, stride=1, pad=1)
        if block in halving:
            x = sliding_window_view(x, (2, 2), axis=(1, 2))[:, ::2, ::2].mean((-2, -1))
        x = np.maximum(added(y, x), 0)
    return x.mean((1, 2)) @ projection.reshape(256, 128)


@pytest.mark.models
def test_dlib_agrees_with_a_forward_in_numpy(zoo: Zoo) -> None:
    source = zoo.published("embedding").read_bytes()
    images = RNG.uniform(0, 255, (2, 3, 150, 150)).astype(np.float32)
    got = session(CONVERSIONS["dlib_resnet"](source)).run(["embedding"], {"image": images})[0]
    assert got.shape == (2, 128)
    np.testing.assert_allclose(got[0], dlib_forward(source, images[0]), atol=2e-5)


@pytest.mark.models
def test_a_shortened_dlib_file_is_refused(zoo: Zoo) -> None:
    source = zoo.published("embedding").read_bytes()
    with pytest.raises(ConversionError, match="does not fit the file"):
        CONVERSIONS["dlib_resnet"](source[: len(source) // 2])
    with pytest.raises(ConversionError, match="found 0 weight tensors, expected 59"):
        CONVERSIONS["dlib_resnet"](b"something else")


@pytest.mark.models
def test_converted_models_are_modern_and_same_every_time(zoo: Zoo) -> None:
    named_otherwise = {"detector": "centerface", "eyes": "iris", "maturity": "open_nsfw"}
    for role, conversion in {"mesh": "mesh", "emotion": "emotion", **named_otherwise}.items():
        source = zoo.published(role).read_bytes()
        first = CONVERSIONS[conversion](source)
        assert first == CONVERSIONS[conversion](source)
        assert onnx.load_from_string(first).opset_import[0].version == OPSET >= 17
