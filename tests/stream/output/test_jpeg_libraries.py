"""Which library encodes on a GPU, on stand-ins; the libraries themselves on the host, where they are installed."""

from __future__ import annotations

import io
import json
import sys
import warnings
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from stream import log
from stream.errors import KeyartError
from stream.output.jpeg import CpuEncoder
from stream.output.jpeg_libraries import TorchCodec, Torchvision, jpeg_library

OF_TORCHVISION = (
    "The image decoding and encoding capabilities of TorchVision are deprecated since torchvision 0.29 and will be "
    "removed in a future release. They are superseded by …"
)


class Encoder:
    """`torchcodec.encoders.JpegEncoder`: writes what it was asked."""

    def __init__(self, planes: str) -> None:
        self._planes = planes

    def to_file_like(self, file: Any, *, quality: int) -> None:
        file.write(f"{self._planes} at ".encode())
        file.write(str(quality).encode())


class Answer:
    """The tensor that torchvision returns: on the device, until it is asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = np.frombuffer(data, np.uint8)

    def cpu(self) -> Answer:
        return self

    def numpy(self) -> np.ndarray:
        return self._data


def encode_jpeg(planes: str, quality: int) -> Answer:
    warnings.warn(OF_TORCHVISION, DeprecationWarning, stacklevel=1)
    return Answer(f"{planes} at {quality}".encode())


def torchcodec(version: str = "0.17.0+cu130", **encoders: type) -> SimpleNamespace:
    return SimpleNamespace(__version__=version, encoders=SimpleNamespace(**encoders))


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes stand-ins importable; None: the import fails."""

    def put(codec: SimpleNamespace | None, vision: Any = encode_jpeg) -> None:
        monkeypatch.setitem(sys.modules, "torchcodec", codec)  # type: ignore[arg-type]
        module = None
        if vision is not None:
            module = ModuleType("torchvision.io")
            module.encode_jpeg = vision  # type: ignore[attr-defined]
            monkeypatch.setitem(sys.modules, "torchvision", ModuleType("torchvision"))
        monkeypatch.setitem(sys.modules, "torchvision.io", module)  # type: ignore[arg-type]

    return put


def test_torchcodec_is_used_where_it_can_encode_on_a_gpu(install: Any) -> None:
    install(torchcodec(JpegEncoder=Encoder))
    library = jpeg_library()
    assert (library.name, library.in_stream) == ("TorchCodec", True)
    assert library.encode("planes", 92) == b"planes at 92"


@pytest.mark.parametrize(
    ("codec", "reason"),
    [
        (None, "import of torchcodec halted; None in sys.modules"),
        (torchcodec("0.17.0+cpu", JpegEncoder=Encoder), "TorchCodec is built without CUDA"),
        (torchcodec("0.15.0+cu130"), "TorchCodec has no encoder of JPEG"),
    ],
)
def test_torchvision_steps_in_for_it_and_the_log_says_why(
    install: Any, codec: SimpleNamespace | None, reason: str, tmp_path: Path
) -> None:
    install(codec)
    with log.opened(tmp_path / "log", print):
        library = jpeg_library()
    assert (library.name, library.in_stream) == ("torchvision", False)
    assert library.encode("planes", 40) == b"planes at 40"
    line = json.loads((tmp_path / "log").read_text())
    assert (line["level"], line["event"]) == ("warning", "TorchCodec not used")
    assert line["exception"][0]["exc_value"].startswith(reason)


def test_of_torchvisions_warnings_that_about_its_encoder_alone_is_hidden(install: Any) -> None:
    """Warnings are errors in tests."""
    install(None)
    with pytest.raises(DeprecationWarning):
        encode_jpeg("planes", 92)
    Torchvision().encode("planes", 92)

    def another(planes: str, quality: int) -> Answer:
        warnings.warn("quality will be called something else", DeprecationWarning, stacklevel=1)
        return Answer(b"")

    install(None, another)
    with pytest.raises(DeprecationWarning, match="something else"):
        Torchvision().encode("planes", 92)


def test_without_either_the_way_out_is_one_line(install: Any) -> None:
    install(None, None)
    with pytest.raises(KeyartError, match="no JPEG can be encoded on the GPU") as told:
        jpeg_library()
    assert "(TorchCodec: import of torchcodec halted" in str(told.value) and "; torchvision: " in str(told.value)
    assert "pip install 'keyart[cuda]' or use --device cpu" in str(told.value) and "\n" not in str(told.value)


@pytest.fixture
def real() -> TorchCodec:
    pytest.importorskip("torchcodec", reason="needs TorchCodec")
    return TorchCodec()


@pytest.mark.parametrize("quality", [40, 92, 100])
def test_torchcodec_itself_writes_the_picture_at_the_quality(real: TorchCodec, quality: int) -> None:
    """On the host, by the libjpeg-turbo that it brings; what nvJPEG does is seen on a GPU alone."""
    import torch

    picture = np.ascontiguousarray(astronaut()[:300, :416])
    data = real.encode(torch.from_dlpack(picture).permute(2, 0, 1), quality)
    peer = CpuEncoder().jpeg(picture, quality)
    with Image.open(io.BytesIO(data)) as ours, Image.open(io.BytesIO(peer)) as other:
        assert (ours.format, ours.size) == ("JPEG", (416, 300)) and not ours.info.get("progressive")
        assert ours.quantization == other.quantization  # type: ignore[attr-defined]
        errors = [np.abs(np.asarray(image).astype(int) - picture).mean() for image in (ours, other)]
    assert errors[0] <= errors[1] + 0.5


def test_what_torchcodec_itself_refuses_is_a_runtime_error_of_one_line(real: TorchCodec) -> None:
    import torch

    with pytest.raises(RuntimeError, match=r"\.cpp:\d+, Empty JPEG image") as told:
        real.encode(torch.zeros((3, 0, 0), dtype=torch.uint8), 92)
    assert "\n" not in str(told.value)


def test_torchvision_itself_encodes_without_a_warning() -> None:
    pytest.importorskip("torchvision", reason="needs torchvision")
    import torch

    data = Torchvision().encode(torch.zeros((3, 20, 30), dtype=torch.uint8), 92)
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size) == ("JPEG", (30, 20))
