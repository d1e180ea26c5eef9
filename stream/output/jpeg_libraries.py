"""The libraries that lead to nvJPEG: TorchCodec, and torchvision where TorchCodec cannot be used.

Imported without either of them, and without a GPU.
"""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import Any, Protocol

from engines.session import first_line

from .. import log
from ..errors import KeyartError

_DEPRECATED = "The image decoding and encoding capabilities of TorchVision are deprecated since torchvision 0.29"
"""How torchvision's warning begins, which it gives at every call."""


class JpegLibrary(Protocol):
    """Encodes (3, H, W) uint8 tensors, planes one behind the other, with chroma at full resolution. Safe for several
    threads.

    name: for messages. in_stream: whether it works in PyTorch's current stream; otherwise in one that waits for none,
    and what it returns is ready in the default stream alone.
    """

    name: str
    in_stream: bool

    def encode(self, planes: Any, quality: int) -> bytes:
        """A baseline JPEG. Synchronises. Raises RuntimeError when nvJPEG or the device refuses."""
        ...


class TorchCodec:
    """nvJPEG through TorchCodec, with an encoder for each call in progress. Of a tensor on the host libjpeg-turbo makes
    the JPEG, whose chroma is reduced. The interpreter is free meanwhile."""

    name, in_stream = "TorchCodec", True

    def __init__(self) -> None:
        """Raises ImportError, OSError or RuntimeError where it is missing or cannot encode on a GPU."""
        import torchcodec

        if problem := torchcodec_problem(torchcodec):
            raise ImportError(f"TorchCodec {problem}")
        self._encoder = torchcodec.encoders.JpegEncoder

    def encode(self, planes: Any, quality: int) -> bytes:
        """See `JpegLibrary`. The bytes come straight from nvJPEG to the host: as a tensor they would lie on the device
        first."""
        file = BytesIO()
        self._encoder(planes).to_file_like(file, quality=quality)
        return file.getvalue()


class Torchvision:
    """nvJPEG through torchvision, one picture at a time. Announced to be removed."""

    name, in_stream = "torchvision", False

    def __init__(self) -> None:
        """Raises ImportError, OSError or RuntimeError where it is missing or has no encoder any more."""
        from torchvision.io import encode_jpeg

        warnings.filterwarnings("ignore", _DEPRECATED, DeprecationWarning)
        self._encode = encode_jpeg

    def encode(self, planes: Any, quality: int) -> bytes:
        """See `JpegLibrary`."""
        data: bytes = self._encode(planes, quality).cpu().numpy().tobytes()
        return data


def torchcodec_problem(module: Any) -> str:
    """Why an imported `torchcodec` cannot encode on a GPU, as the end of a sentence; "" when nothing is wrong."""
    if not hasattr(module.encoders, "JpegEncoder"):
        return "has no encoder of JPEG, install 0.16 or newer"
    return "is built without CUDA, install its build for CUDA 13" if module.__version__.endswith("+cpu") else ""


def jpeg_library() -> JpegLibrary:
    """TorchCodec, else torchvision. Raises KeyartError when neither can be used."""
    try:
        return TorchCodec()
    except (ImportError, OSError, RuntimeError) as error:
        log.warning("TorchCodec not used", error)
        reason = first_line(error)
    try:
        return Torchvision()
    except (ImportError, OSError, RuntimeError) as error:
        why = f"TorchCodec: {reason}; torchvision: {first_line(error)}"
        raise KeyartError(
            f"no JPEG can be encoded on the GPU ({why}), pip install 'keyart[cuda]' or use --device cpu"
        ) from error
