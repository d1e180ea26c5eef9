"""PReLU is replaced for the CPU by operators with the same result, and nothing else of a model changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from engines.convert.graph import GraphWriter
from engines.errors import ModelError
from engines.open_session import open_session
from engines.prelu import model_for_cpu

IMAGE = np.random.default_rng(3).normal(size=(2, 5, 7, 9)).astype(np.float32)


def model(path: Path, slopes: np.ndarray, computed: bool = False) -> Path:
    """`out` = PReLU of a 3×3 convolution of `image` (N, 5, H, W)."""
    graph, rng = GraphWriter(), np.random.default_rng(4)
    filters = graph.weight(rng.normal(size=(6, 5, 3, 3)).astype(np.float32))
    x = graph.node("Conv", ["image", filters], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    slope = graph.weight(slopes.astype(np.float32))
    graph.node("PRelu", [x, graph.node("Relu", [slope]) if computed else slope], output="out")
    path.write_bytes(
        graph.model("small", {"image": ["batch", 5, 7, 9]}, {"out": ["batch", 6, 7, 9]}).SerializeToString()
    )
    return path


def answer(source: str | bytes, optimised: bool = True) -> np.ndarray:
    options = ort.SessionOptions()
    if not optimised:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"image": IMAGE})[0])


def test_it_gives_the_same_numbers(tmp_path: Path) -> None:
    path = model(tmp_path / "m.onnx", np.linspace(-0.5, 1.5, 6).reshape(6, 1, 1))
    source = model_for_cpu(path)
    assert isinstance(source, bytes) and b"PRelu" not in source
    plain = answer(str(path), optimised=False)
    assert (plain < 0).any()
    np.testing.assert_allclose(answer(source), plain, atol=1e-5)
    session = open_session(path, threads=1)
    try:
        np.testing.assert_allclose(session.run({"image": IMAGE})["out"], plain, atol=1e-5)
    finally:
        session.close()


def test_slopes_of_another_shape_or_computed_ones_stay(tmp_path: Path) -> None:
    for path in (
        model(tmp_path / "one.onnx", np.array(0.25).reshape(1)),
        model(tmp_path / "computed.onnx", np.full((6, 1, 1), 0.25), computed=True),
    ):
        source = model_for_cpu(path)
        assert isinstance(source, bytes) and b"PRelu" in source
        np.testing.assert_allclose(answer(source), answer(str(path), optimised=False), atol=1e-5)


def test_a_model_without_it_is_loaded_from_its_file(tmp_path: Path) -> None:
    graph = GraphWriter()
    graph.node("Relu", ["image"], output="out")
    path = tmp_path / "plain.onnx"
    path.write_bytes(graph.model("plain", {"image": ["batch"]}, {"out": ["batch"]}).SerializeToString())
    assert model_for_cpu(path) == str(path)


def test_a_broken_file_with_its_name_in_it_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"PRelu but no model")
    with pytest.raises(ModelError, match=r"broken\.onnx: cannot be loaded as a model"):
        open_session(path, threads=1)
