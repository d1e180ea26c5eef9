"""What doctor says of GPUs that are peers of real ones."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engines.trt import BUILT_FILE, TensorRt, model_folder
from stream.device.doctor import diagnose
from stream.device.doctor_cuda import cuda_findings
from stream.device.finding import Finding
from stream.device.machine import PACKAGES, Gpu, Package, VideoChip, ask_chip, build_problem
from stream.device.tensorrt_engines import buildable, engine_root
from stream.settings.model import Settings


@dataclass
class Peer:
    """A machine with everything, unless told otherwise."""

    device: Gpu | str = field(default_factory=lambda: Gpu("Fast 9000", "9.0", 144 << 30, 140 << 30, "580.1"))
    chip: VideoChip | str = field(default_factory=lambda: VideoChip(7, ("H264", "HEVC"), ("AV1",)))
    packages: dict[str, Package] = field(default_factory=lambda: dict.fromkeys(PACKAGES, Package("1.0", "")))
    refused: str | None = None
    uncompiled: str | None = None
    found: TensorRt = field(default_factory=lambda: TensorRt("10.13.0", None))

    def gpu(self) -> Gpu | str:
        return self.device

    def video(self) -> VideoChip | str:
        return self.chip

    def package(self, module: str) -> Package:
        return self.packages[module]

    def compiler(self) -> str | None:
        return self.uncompiled

    def provider(self, name: str) -> str | None:
        return self.refused

    def tensorrt(self) -> TensorRt:
        return self.found


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """With a user's own files for two roles, and no others."""
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path / "kept"))
    folder = tmp_path / "models"
    folder.mkdir()
    for role in ("detector", "eyes"):
        (folder / f"{role}.onnx").write_text(role)
    return Settings(models=folder, engines=tmp_path / "engines", device="cuda")


def by_name(settings: Settings, view: Peer, nodes: int = 0) -> dict[str, Finding]:
    return {one.name: one for one in cuda_findings(settings, view, lambda model: nodes)}


def test_without_a_gpu_one_note_says_so_and_nothing_is_missing(settings: Settings) -> None:
    findings = cuda_findings(replace_device(settings, "cpu"), Peer(device="no CUDA device found"))
    assert [(one.name, one.state) for one in findings] == [("gpu", "note")]
    assert findings[0].found == "none in use: no CUDA device found; everything runs on the CPU"


def test_a_machine_with_everything_has_nothing_to_advise_but_engines(settings: Settings) -> None:
    found = by_name(settings, Peer())
    assert found["gpu"].found == "Fast 9000, compute capability 9.0, driver 580.1, 140.0 of 144.0 GiB free"
    assert found["nvdec"].found == "7 engines: H264, HEVC; not AV1"
    assert found["gpu packages"].found.startswith("cupy-cuda13x 1.0, torch 1.0")
    assert found["cuda provider"].state == found["compiler"].state == "ok"
    assert found["placement"].found == "every node of 2 models runs on the GPU"
    assert found["tensorrt"].found == "TensorRT 10.13.0; its provider loads; engines built: none"
    assert "keyart models build" in found["tensorrt"].advice
    for role, model in buildable(settings).items():
        folder = model_folder(engine_root(settings, Peer().found), role, model)
        folder.mkdir(parents=True)
        (folder / BUILT_FILE).touch()
        found = by_name(settings, Peer())
        assert found["tensorrt"].found.endswith("all but eyes" if role == "detector" else "all")
    assert found["tensorrt"].state == "ok"


@pytest.mark.parametrize(("device", "state"), [("cuda", "missing"), ("auto", "note"), ("cpu", "note")])
def test_what_the_gpu_path_needs_is_missing_unless_the_cpu_was_asked_for(
    settings: Settings, device: str, state: str
) -> None:
    lacking = Peer(packages=dict.fromkeys(PACKAGES, Package(None)), refused="libcudnn.so.9: cannot open the file")
    found = by_name(replace_device(settings, device), lacking)
    assert (found["cupy-cuda13x"].state, found["cupy-cuda13x"].found) == (state, "is not installed")
    assert found["cupy-cuda13x"].advice == "pip install 'keyart[cuda]'"
    assert found["cuda provider"].state == state
    assert "libcudnn.so.9" in found["cuda provider"].found
    assert (found["cuml-cu13"].state, found["cuml-cu13"].advice) == (
        "note", "faces are grouped by scikit-learn, slower for long films",
    )  # fmt: skip
    assert "gpu packages" not in found
    assert "placement" not in found


def test_a_package_that_does_not_load_is_told_with_its_reason(settings: Settings) -> None:
    peer = Peer()
    peer.packages["torch"] = Package(None, "cannot be imported (libcublas.so.13: not found)")
    found = by_name(settings, peer)["torch"]
    assert (found.state, found.found) == ("missing", "cannot be imported (libcublas.so.13: not found)")
    assert not found.advice  # it is installed


def test_a_build_without_cuda_is_told_from_one_with_it() -> None:
    with_it, without, silent = ({"cuda": "13.2"}, {"cuda": None}, {})
    words = "is built without CUDA, install its build for CUDA 13"
    for said, problem in ((with_it, ""), (without, words), (silent, words)):
        module = SimpleNamespace(version=SimpleNamespace(**said))
        assert build_problem("torch", module) == build_problem("torchvision", module) == problem
    assert build_problem("cupy", SimpleNamespace()) == ""


def test_a_torchcodec_that_cannot_encode_is_told_with_what_steps_in(settings: Settings) -> None:
    encoders = SimpleNamespace(JpegEncoder=object)
    for number, there, problem in (
        ("0.17.0+cu130", encoders, ""),
        ("0.17.0+cpu", encoders, "is built without CUDA, install its build for CUDA 13"),
        ("0.15.0+cu130", SimpleNamespace(), "has no encoder of JPEG, install 0.16 or newer"),
    ):
        assert build_problem("torchcodec", SimpleNamespace(__version__=number, encoders=there)) == problem
    peer = Peer()
    assert "torchcodec 1.0" in by_name(settings, peer)["gpu packages"].found
    peer.packages["torchcodec"] = Package(None)
    found = by_name(settings, peer)["torchcodec"]
    assert (found.state, found.advice) == (
        "note", "pictures are encoded by torchvision, whose encoder is announced to go",
    )  # fmt: skip


def test_a_gpu_that_nothing_can_be_compiled_for_is_told(settings: Settings) -> None:
    peer = Peer(uncompiled="Failed to find CUDA headers.")
    found = by_name(settings, peer)["compiler"]
    assert (found.state, found.found) == ("missing", "CuPy cannot compile a kernel: Failed to find CUDA headers.")
    assert "CUDA_PATH" in found.advice
    assert by_name(replace_device(settings, "auto"), peer)["compiler"].state == "note"


def test_nodes_on_the_cpu_are_counted_by_model(settings: Settings) -> None:
    placement = by_name(settings, Peer(), nodes=3)["placement"]
    assert (placement.state, placement.found) == ("note", "nodes on the CPU: detector 3, eyes 3")


def test_a_chip_without_decoder_or_tensorrt_is_a_note(settings: Settings) -> None:
    peer = Peer(chip=VideoChip(0, (), ("H264",)), found=TensorRt(None, "libnvinfer.so.10: cannot open"))
    found = by_name(settings, peer)
    assert found["nvdec"].state == found["tensorrt"].state == "note"
    assert found["tensorrt"].advice == "sessions run on the CUDA provider"
    assert by_name(settings, replace(peer, chip="PyNvVideoCodec cannot be imported"))["nvdec"].state == "note"


def test_the_whole_report_has_the_gpu_in_it(settings: Settings) -> None:
    names = [one.name for one in diagnose(replace_device(settings, "cpu"), Peer(device="no CUDA device found"))]
    assert names.index("providers") < names.index("gpu") < names.index("models")


def test_the_chip_is_asked_codec_by_codec() -> None:
    asked: list[Any] = []

    def caps(gpuid: int, codec: int, chromaformat: str, bitdepth: int) -> dict[str, int]:
        asked.append((codec, chromaformat, bitdepth))
        return {"supported": int(codec == 1 or (codec == 4 and bitdepth == 8)), "num_decoder_engines": 7 * (codec < 9)}

    library = SimpleNamespace(
        cudaVideoCodec=SimpleNamespace(HEVC=1, H264=4, AV1=9),
        cudaVideoChromaFormat=SimpleNamespace(**{"420": "4:2:0"}),
        GetDecoderCaps=caps,
    )
    chip = ask_chip(library)
    assert chip == VideoChip(7, ("H264", "HEVC", "HEVC 10 bit"), ("AV1", "H264 10 bit", "AV1 10 bit"))
    assert {chroma for _, chroma, _ in asked} == {"4:2:0"}

    def broken(**asked: Any) -> dict[str, int]:
        raise RuntimeError("no driver\nat line 7")

    library.GetDecoderCaps = broken
    assert ask_chip(library) == "the video decoder cannot be asked (no driver)"


def replace_device(settings: Settings, device: str) -> Settings:
    return settings.model_copy(update={"device": device})
