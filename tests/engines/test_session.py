"""Sessions: one contract for all that can be opened here, the options of those that cannot, and no leaks."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from engines.convert.graph import GraphWriter
from engines.convolutions import Convolutions
from engines.errors import ModelError, SessionError
from engines.open_session import open_session
from engines.session import FakeSession, OrtSession, Session, session_options
from engines.session_cuda import (
    CUDA,
    PROFILES,
    TENSORRT,
    check_provider,
    cpu_nodes,
    nodes_by_provider,
    provider_list,
)
from kernels.surface import Array

CPU = "CPUExecutionProvider"


@pytest.fixture
def doubling(tmp_path: Path) -> Path:
    """A model `twice` = image + image for (N, 3)."""
    graph = GraphWriter()
    graph.node("Add", ["image", "image"], output="twice")
    path = tmp_path / "doubling.onnx"
    path.write_bytes(graph.model("doubling", {"image": ["batch", 3]}, {"twice": ["batch", 3]}).SerializeToString())
    return path


def double(inputs: Mapping[str, Array]) -> dict[str, Array]:
    return {"twice": inputs["image"] * 2}


Maker = Callable[[Path], Session]
MAKERS: dict[str, Maker] = {
    "ort": lambda path: open_session(path, threads=1),
    "fake": lambda path: FakeSession(path.stem, double),
}


@pytest.fixture(params=MAKERS)
def session(request: pytest.FixtureRequest, doubling: Path) -> Iterator[Session]:
    session = MAKERS[request.param](doubling)
    yield session
    session.close()


def test_outputs_come_by_name(session: Session) -> None:
    image = np.arange(6, dtype=np.float32).reshape(2, 3)
    outputs = session.run({"image": image})
    assert list(outputs) == ["twice"]
    np.testing.assert_array_equal(outputs["twice"], image * 2)
    assert outputs["twice"].dtype == np.float32
    assert session.name == "doubling"
    assert session.provider.endswith("ExecutionProvider")


def test_a_closed_session_runs_no_more(session: Session) -> None:
    session.close()
    session.close()
    with pytest.raises(SessionError, match="doubling: the session is closed"):
        session.run({"image": np.zeros((1, 3), np.float32)})


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_a_forgotten_session_is_a_warning(maker: Maker, doubling: Path) -> None:
    session = maker(doubling)
    with pytest.warns(ResourceWarning, match="session doubling was never closed"):
        del session
        gc.collect()


def test_the_fake_remembers_and_raises_what_it_is_told() -> None:
    def refuse(inputs: Mapping[str, Array]) -> dict[str, Array]:
        raise SessionError("eyes: out of memory")

    session = FakeSession("eyes", refuse)
    with pytest.raises(SessionError, match="out of memory"):
        session.run({"image": np.zeros(1)})
    assert list(session.runs[0]) == ["image"]
    session.close()


@pytest.mark.parametrize(
    "inputs", [{"image": np.zeros((1, 4), np.float32)}, {"image": np.zeros((1, 3), np.uint8)}, {}, {"x": np.zeros(1)}]
)
def test_wrong_inputs_name_the_model(doubling: Path, inputs: dict[str, Array]) -> None:
    session = OrtSession(doubling, threads=1)
    with pytest.raises(SessionError, match=r"^doubling: "):
        session.run(inputs)
    session.close()


def test_broken_and_missing_files_are_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a model")
    for path, message in ((broken, "cannot be loaded as a model"), (tmp_path / "none.onnx", "no such model; run")):
        with pytest.raises(ModelError, match=message) as caught:
            open_session(path)
        assert "\n" not in str(caught.value)


def test_a_session_that_runs_seldom_answers_the_same_again_and_again(doubling: Path) -> None:
    often, seldom = OrtSession(doubling, threads=1), OrtSession(doubling, threads=1, seldom=True)
    rows = {"image": np.arange(6, dtype=np.float32).reshape(2, 3)}
    (expected,) = often.run(rows).values()
    for _ in range(3):
        (found,) = seldom.run(rows).values()
        np.testing.assert_array_equal(found, expected)
    often.close()
    seldom.close()


def test_waiting_threads_do_not_spin() -> None:
    options = session_options(3)
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (3, 1)


@pytest.mark.models
@pytest.mark.parametrize(
    ("role", "shape"),
    [
        ("detector", (3, 64, 96)),
        ("embedding", (3, 150, 150)),
        ("eyes", (3, 64, 64)),
        ("mesh", (3, 192, 192)),
        ("emotion", (1, 64, 64)),
        ("maturity", (3, 224, 224)),
    ],
)
def test_a_row_does_not_depend_on_its_batch(models_dir: Path, role: str, shape: tuple[int, ...]) -> None:
    """Batches are filled from all films in flight, so a film's results must not depend on other films."""
    rows = np.random.default_rng(5).random((3, *shape), dtype=np.float32)
    session = open_session(models_dir / f"{role}.onnx", threads=1)
    together, alone = session.run({"image": rows}), session.run({"image": rows[1:2]})
    session.close()
    for name, values in together.items():
        np.testing.assert_array_equal(values[1], alone[name][0])


# --- the CUDA side, as far as it can be tested without a GPU --------------------------------------------------------


def test_providers_are_tried_in_order_on_the_callers_stream(tmp_path: Path) -> None:
    plan = provider_list([TENSORRT, CUDA, CPU], "eyes", stream=4242, device_id=1, engine_folder=tmp_path)
    assert [name for name, _ in plan] == [TENSORRT, CUDA, CPU]
    for _, options in plan[:2]:
        assert options["user_compute_stream"] == "4242"
        assert options["device_id"] == "1"
    tensorrt = plan[0][1]
    assert tensorrt["trt_fp16_enable"] == "1"
    assert tensorrt["trt_engine_cache_path"] == str(tmp_path)
    assert tensorrt["trt_timing_cache_path"] == str(tmp_path.parent)
    assert tensorrt["trt_profile_min_shapes"] == "image:1x3x64x64"
    assert tensorrt["trt_profile_max_shapes"] == "image:128x3x64x64"


def test_the_cuda_provider_is_told_how_to_compute() -> None:
    (_, usual), _ = provider_list([CUDA, CPU], "eyes", 1)
    assert (usual["cudnn_conv_algo_search"], usual["cudnn_conv_use_max_workspace"]) == ("HEURISTIC", "1")
    assert usual["use_tf32"] == "0"
    (_, other), _ = provider_list([CUDA, CPU], "eyes", 1, convolutions=Convolutions("exhaustive", False, True))
    assert (other["cudnn_conv_algo_search"], other["cudnn_conv_use_max_workspace"]) == ("EXHAUSTIVE", "0")
    assert other["use_tf32"] == "1"


def test_tensorrt_is_left_out_where_it_cannot_be_used(tmp_path: Path) -> None:
    assert provider_list([CUDA, CPU], "eyes", 1, engine_folder=tmp_path)[0][0] == CUDA
    assert provider_list([TENSORRT, CUDA, CPU], "eyes", 1)[0][0] == CUDA
    assert provider_list([TENSORRT, CUDA, CPU], "unknown", 1, engine_folder=tmp_path)[0][0] == CUDA


def test_the_default_stream_is_refused() -> None:
    with pytest.raises(ValueError, match="caller's own stream"):
        provider_list([CUDA, CPU], "eyes", stream=0)


def test_profiles_are_ordered_and_cover_the_roles() -> None:
    from engines.catalog import load_catalog

    assert set(PROFILES) == set(load_catalog().select())
    for profile in PROFILES.values():
        for low, usual, high in zip(profile.smallest, profile.usual, profile.largest, strict=True):
            assert low <= usual <= high


def test_wholly_on_the_cpu_is_an_error() -> None:
    assert check_provider([TENSORRT, CUDA, CPU], "eyes") == TENSORRT
    assert check_provider([CUDA, CPU], "eyes") == CUDA
    with pytest.raises(ModelError, match="eyes: --device cuda, but ONNX Runtime would run it on the CPU; install"):
        check_provider([CPU], "eyes")


@pytest.mark.skipif(CUDA in ort.get_available_providers(), reason="this ONNX Runtime has CUDA")
def test_cuda_without_cuda_is_refused_before_anything_is_loaded(doubling: Path) -> None:
    with pytest.raises(ModelError, match="--device cuda, but ONNX Runtime would run it on the CPU"):
        open_session(doubling, "cuda", stream=1)


def test_nodes_are_counted_by_provider(doubling: Path, tmp_path: Path) -> None:
    assert nodes_by_provider(doubling, [(CPU, {})]) == {CPU: 1}
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a model")
    with pytest.raises(ModelError, match="cannot be loaded as a model"):
        nodes_by_provider(broken, [(CPU, {})])


@pytest.mark.skipif(CUDA in ort.get_available_providers(), reason="this ONNX Runtime has CUDA")
def test_nodes_on_the_cpu_are_not_counted_where_all_would_run_there(doubling: Path) -> None:
    with pytest.raises(ModelError, match="would run it on the CPU"):
        cpu_nodes(doubling)


INPUTS: dict[str, tuple[str, tuple[int, ...], float]] = {
    "detector": ("image", (3, 192, 320), 255),
    "embedding": ("image", (3, 150, 150), 255),
    "eyes": ("image", (3, 64, 64), 1),
    "mesh": ("image", (3, 192, 192), 1),
    "emotion": ("image", (1, 64, 64), 1),
    "text_detection": ("x", (3, 288, 480), 1),
    "maturity": ("image", (3, 224, 224), 255),
    "shots": ("frames", (100, 3, 27, 48), 255),
}
"""Input, shape of a row and largest value, by role."""


@pytest.mark.gpu
@pytest.mark.slow
@pytest.mark.models
@pytest.mark.parametrize("role", INPUTS)
@pytest.mark.parametrize("rows", [1, 7])
def test_cuda_agrees_with_the_cpu(models_dir: Path, role: str, rows: int) -> None:
    """Within 1e-2 of the output's range, from several threads on one stream, with inputs freed immediately."""
    from kernels.cuda.runtime import CupyRuntime

    name, shape, most = INPUTS[role]
    values = np.random.default_rng(5).uniform(0, most, (rows, *shape)).astype(np.float32)
    runtime = CupyRuntime()
    on_cpu = open_session(models_dir / f"{role}.onnx", threads=2)
    on_gpu = open_session(models_dir / f"{role}.onnx", "cuda", stream=runtime.stream)
    expected = on_cpu.run({name: values})

    def ask(_: int) -> dict[str, np.ndarray]:
        answer = on_gpu.run({name: runtime.upload(values)})
        return {output: runtime.download(array) for output, array in answer.items()}

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(8)))
    for output, wanted in expected.items():
        for got in answers:
            np.testing.assert_allclose(got[output], wanted, atol=1e-2 * max(1.0, float(np.abs(wanted).max())))
    on_cpu.close()
    on_gpu.close()


@pytest.mark.gpu
@pytest.mark.slow
@pytest.mark.models
@pytest.mark.parametrize("role", INPUTS)
def test_no_node_of_the_default_models_runs_on_the_cpu(models_dir: Path, role: str) -> None:
    assert cpu_nodes(models_dir / f"{role}.onnx") == 0
