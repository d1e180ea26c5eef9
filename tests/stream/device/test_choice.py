"""Which device a run gets, on machines of every kind."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.convolutions import Convolutions
from engines.errors import ModelError, SessionError
from engines.providers import CUDA, TENSORRT
from engines.session import FakeSession, Session
from engines.trt import TensorRt
from kernels.surface import Geometry
from stream import log
from stream.deciding.decisions import OwnDeciders
from stream.deciding.processes import DecidingProcesses
from stream.decode.nvdec.session import Chip
from stream.device.choice import NEEDED, Choice, choice_of
from stream.device.kit_cpu import host_kit
from stream.device.kit_cuda import (
    Meters,
    OpenSession,
    concurrency,
    deciders,
    decoder_engines,
    fallbacks,
    films_in_flight,
    without_engine,
)
from stream.device.machine import Gpu, Package, VideoChip
from stream.device.open import open_kit
from stream.errors import KeyartError
from stream.settings.model import Settings
from stream.settings.sections import BatchSettings, CudaSettings, FaceSettings

from ...kernels.device_array import DeviceRuntime
from ..decode.nvdec.fake_nvdec import FakeNvdec

H200 = Gpu("H200", "9.0", 150 << 30, 149 << 30, "580")


@dataclass
class Peer:
    """A machine to look at; by default one with all that is needed."""

    found: Gpu | str = H200
    absent: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    problem: str | None = None
    uncompiled: str | None = None
    tried: list[str] = field(default_factory=list)
    imported: list[str] = field(default_factory=list)

    def gpu(self) -> Gpu | str:
        return self.found

    def video(self) -> VideoChip | str:
        return VideoChip(7, ("H264",), ())

    def package(self, module: str) -> Package:
        self.imported.append(module)
        if module in self.broken:
            return Package(None, "cannot be imported (libx.so: not found)")
        return Package(None) if module in self.absent else Package("1.0", "")

    def compiler(self) -> str | None:
        self.tried.append("compiler")
        return self.uncompiled

    def provider(self, name: str) -> str | None:
        self.tried.append(name)
        return self.problem

    def tensorrt(self) -> TensorRt:
        return TensorRt(None, "not installed")


LACKING = {
    "nothing installed": (Peer("CuPy cannot be imported", set(NEEDED)), ["cupy-cuda13x, PyNvVideoCodec, torch, torch"]),
    "no decoder library": (Peer(absent={"PyNvVideoCodec"}), ["PyNvVideoCodec missing, pip install 'keyart[cuda]'"]),
    "a library that does not load": (
        Peer(broken={"PyNvVideoCodec"}),
        ["cuda cannot be used: PyNvVideoCodec cannot be imported (libx.so: not found)"],
    ),
    "no device": (Peer("no CUDA device found"), ["no CUDA device found, check the driver with nvidia-smi"]),
    "no device, no torch": (Peer("no CUDA device found", {"torch"}), ["torch missing", "no CUDA device found"]),
    "no headers": (Peer(uncompiled="Failed to find CUDA headers."), ["Failed to find CUDA headers", "CUDA_PATH"]),
    "no headers, no cuDNN": (Peer(problem="libcudnn", uncompiled="no headers"), ["no headers", "libcudnn"]),
    "onnxruntime for the CPU": (Peer(problem="libcudnn.so.9: not found"), ["libcudnn.so.9", "pip uninstall onnxrunt"]),
}


def test_a_gpu_with_all_its_parts_is_taken_when_nobody_says_otherwise() -> None:
    for wanted in ("auto", "cuda"):
        assert choice_of(wanted, Peer()) == Choice("cuda")
    assert choice_of("cpu", Peer()) == Choice("cpu")


@pytest.mark.parametrize("case", LACKING)
def test_each_missing_part_is_named_with_what_to_do(case: str) -> None:
    peer, words = LACKING[case]
    choice = choice_of("auto", peer)
    assert choice.device == "cpu" and choice.why_not_cuda
    with pytest.raises(KeyartError, match=r"^device cuda cannot be used: ") as caught:
        choice_of("cuda", peer)
    for part in words:
        assert part in str(caught.value)
    assert "\n" not in str(caught.value) and str(caught.value).endswith("or use --device cpu")


def test_without_a_gpu_nothing_heavy_is_imported_to_find_out() -> None:
    peer = Peer("no CUDA device found")
    assert choice_of("auto", peer) == Choice("cpu", ("no CUDA device found",))
    assert peer.imported == []


def test_compiler_and_onnxruntime_are_only_tried_where_all_else_is_there() -> None:
    peers = [Peer(absent={"cupy"}), Peer("no CUDA device found"), Peer()]
    for peer in peers:
        choice_of("auto", peer)
    assert [peer.tried for peer in peers] == [[], [], ["compiler", CUDA]]


def test_auto_is_content_with_the_first_reason() -> None:
    peer = Peer(problem="libcudnn", uncompiled="no headers")
    assert len(choice_of("auto", peer).why_not_cuda) == 1
    assert peer.tried == ["compiler"]


def test_the_cpu_is_always_there() -> None:
    assert choice_of("cpu") == Choice("cpu")


def test_the_ends_of_films_are_decided_in_other_processes_unless_none_is_wanted() -> None:
    elsewhere = deciders(2, "cpu")
    assert isinstance(elsewhere, DecidingProcesses) and len(elsewhere.pids) == 2
    elsewhere.close()
    assert isinstance(deciders(0, "cuda"), OwnDeciders)


def test_a_gpus_batches_wait_some_hundredths_of_a_second_as_the_settings_say() -> None:
    suits = concurrency(7)
    assert (suits.max_batch, suits.in_flight) == (32, 14)
    assert 0.02 <= suits.max_wait_s <= 0.05
    (said,) = (field.description for name, field in BatchSettings.model_fields.items() if name == "max_wait_s")
    assert f"(CUDA: {suits.max_wait_s})" in said


def test_films_in_flight_follow_the_decoder_engines() -> None:
    assert [films_in_flight(engines) for engines in (7, 1, 0, None)] == [14, 2, 2, 4]


def test_why_the_gpu_is_not_used_is_in_the_log(tmp_path: Path) -> None:
    reasons = choice_of("auto").why_not_cuda
    if not reasons:
        pytest.skip("needs a machine without a GPU")
    with log.opened(tmp_path / "log", print):
        assert open_kit(Settings(device="auto")).device == "cpu"
        open_kit(Settings(device="cpu"))
    line = json.loads((tmp_path / "log").read_text())
    assert (line["event"], line["reasons"]) == ("GPU not used", list(reasons))


def test_a_chip_that_cannot_be_asked_leaves_its_error_in_the_log(tmp_path: Path) -> None:
    def no_driver() -> Chip:
        raise RuntimeError("libcuda.so.1: cannot open shared object file")

    with log.opened(tmp_path / "log", print):
        assert decoder_engines(no_driver) is None
    line = json.loads((tmp_path / "log").read_text())
    assert line["event"] == "decoder engines not counted"
    assert line["exception"][0]["exc_value"] == "libcuda.so.1: cannot open shared object file"


def test_the_chip_is_asked_one_question_before_any_film() -> None:
    fake = FakeNvdec()
    assert decoder_engines(lambda: Chip(fake)) == 7
    assert fake.asked == [("H264", "420", 8)]


def test_a_chip_that_cannot_be_asked_has_unknown_engines() -> None:
    class Broken(FakeNvdec):
        def GetDecoderCaps(self, **asked: Any) -> dict[str, int]:
            raise RuntimeError("no driver")

    def absent() -> Chip:
        raise RuntimeError("PyNvVideoCodec cannot be imported")

    assert decoder_engines(lambda: Chip(Broken())) is None
    assert decoder_engines(absent) is None


def test_what_steps_in_for_something_else_is_told() -> None:
    sessions: dict[str, Session] = {role: FakeSession(role, lambda inputs: {}) for role in ("eyes", "mesh")}
    assert fallbacks(False, {}, "cuda", "TorchCodec", sessions) == []
    notices = fallbacks(True, {}, "cpu", "torchvision", sessions)
    assert [notice.code for notice in notices] == ["tensorrt_not_used", "clustered_on_cpu", "encoded_by_torchvision"]
    assert "eyes, mesh" in notices[0].message and TENSORRT not in notices[0].message
    for session in sessions.values():
        session.close()


def test_a_detector_wider_than_its_engine_runs_without_one_and_says_so() -> None:
    assert without_engine(Settings(faces={"detector_width": 640})) == {}  # type: ignore[arg-type]
    unfit = without_engine(Settings(faces={"detector_width": 1280}))  # type: ignore[arg-type]
    with closing(FakeSession("detector", lambda inputs: {})) as session:
        (notice,) = fallbacks(True, unfit, "cuda", "TorchCodec", {"detector": session})
    assert "detector (faces.detector_width 1280 is above its engine's 640);" in notice.message


def test_the_hosts_pace_is_one_at_a_time() -> None:
    kit = host_kit(Settings(threads=3))
    assert (kit.concurrency.max_batch, kit.concurrency.in_flight, kit.concurrency.readers) == (1, 1, 3)
    assert kit.engine_ops is kit.ops and not kit.fallbacks({})


def test_films_side_by_side_have_streams_of_their_own_and_later_ones_use_them_again() -> None:
    made: list[DeviceRuntime] = []

    def runtime() -> DeviceRuntime:
        made.append(DeviceRuntime())
        return made[-1]

    meters = Meters(runtime)
    first, second = meters(Geometry(64, 48)), meters(Geometry(64, 48))
    assert len(made) == 2 and first is not second
    del first
    third = meters(Geometry(320, 180))
    assert len(made) == 2 and third is not second


class Models:
    """Opens fake sessions, on a provider, and keeps them with how they were to compute."""

    def __init__(self, provider: str, error: Exception | None = None) -> None:
        self.provider, self.error = provider, error
        self.opened: list[FakeSession] = []
        self.convolutions: set[Convolutions] = set()

    def __call__(self, path: Path, role: str, convolutions: Convolutions) -> Session:
        self.convolutions.add(convolutions)
        provider = self.provider

        class OnDevice(FakeSession):
            @property
            def provider(self) -> str:
                return provider

        self.opened.append(OnDevice(role, self.answer))
        return self.opened[-1]

    def answer(self, inputs: Any) -> dict[str, np.ndarray]:
        if self.error:
            raise self.error
        (rows,) = inputs.values()
        return {"out": np.zeros((len(rows), 2), np.float32)}

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        return [rows.shape for session in self.opened for run in session.runs for rows in run.values()]


def zeros(shape: tuple[int, ...]) -> np.ndarray:
    return np.zeros(shape, np.float32)


def test_on_the_cuda_provider_a_model_is_run_in_its_usual_shapes_before_the_first_film() -> None:
    models = Models(CUDA)
    settings = Settings(cuda=CudaSettings(conv_search="exhaustive", conv_max_workspace=False, tf32=True))
    with closing(OpenSession(settings, models, zeros)(Path("detector.onnx"), "detector")) as session:
        warmed = {*((size, 3, 192, 320) for size in (1, 8, 32)), (8, 3, 160, 160)}
        assert set(models.shapes) == warmed and len(models.opened) == len(models.shapes) == len(warmed)
        session.run({"image": zeros((5, 3, 192, 320))})
        assert len(models.opened) == len(warmed) and models.shapes.count((8, 3, 192, 320)) == 2
    assert models.convolutions == {Convolutions("exhaustive", False, True)}


def test_without_warming_up_shapes_are_opened_when_they_come() -> None:
    models = Models(CUDA)
    settings = Settings(cuda=CudaSettings(warm_up=False), batching=BatchSettings(max_batch=4))
    with closing(OpenSession(settings, models, zeros)(Path("eyes.onnx"), "eyes")) as session:
        assert not models.shapes
        session.run({"image": zeros((9, 3, 64, 64))})
    assert models.shapes == [(4, 3, 64, 64)] * 3


def test_what_is_asked_one_at_a_time_is_run_with_one_row() -> None:
    for role, shapes in (
        ("shots", [(1, 100, 3, 27, 48)]),
        ("maturity", [(1, 3, 224, 224)]),
        ("text_detection", [(1, 3, 192, 192), (1, 3, 384, 384)]),
    ):
        models = Models(CUDA)
        with closing(OpenSession(Settings(), models, zeros)(Path("model.onnx"), role)):
            assert models.shapes == shapes


def test_a_wider_detector_is_run_at_its_own_width() -> None:
    models = Models(CUDA)
    settings = Settings(faces=FaceSettings(detector_width=640))
    with closing(OpenSession(settings, models, zeros)(Path("detector.onnx"), "detector")):
        assert (8, 3, 384, 640) in models.shapes and (8, 3, 192, 320) not in models.shapes


def test_an_engine_of_tensorrt_takes_every_shape_itself() -> None:
    models = Models(TENSORRT)
    with closing(OpenSession(Settings(), models, zeros)(Path("eyes.onnx"), "eyes")) as session:
        assert session is models.opened[0] and not models.shapes


def test_a_model_that_fails_when_it_is_warmed_up_is_named_and_closed() -> None:
    models = Models(CUDA, SessionError("CUDA failure 2: out of memory"))
    with pytest.raises(ModelError, match=r"eyes: cannot be run .*out of memory"):
        OpenSession(Settings(), models, zeros)(Path("eyes.onnx"), "eyes")
    with pytest.raises(SessionError, match="is closed"):
        models.opened[0].run({})
