"""nvJPEG through each library: what it writes is the picture, from several threads, and what it refuses is said in one
line."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from stream.errors import KeyartError
from stream.output.jpeg import CpuEncoder
from stream.output.jpeg_libraries import JpegLibrary, TorchCodec, Torchvision

pytestmark = [pytest.mark.gpu, pytest.mark.slow]


@pytest.fixture(params=[TorchCodec, Torchvision])
def library(request: pytest.FixtureRequest) -> JpegLibrary:
    made: JpegLibrary = request.param()
    return made


def pictures_of(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "JPEG" and not image.info.get("exif")
        return np.asarray(image.convert("RGB")).astype(int)


def form_of(data: bytes) -> tuple[list[tuple[int, int]], np.ndarray]:
    """How each component is sampled, and by how much the first one's numbers are divided."""
    with Image.open(io.BytesIO(data)) as image:
        assert not image.info.get("progressive")
        return [part[1:3] for part in image.layer], np.array(image.quantization[0])  # type: ignore[attr-defined]


def test_the_bytes_decode_to_the_picture_wherever_it_lay(library: JpegLibrary) -> None:
    from kernels.cuda.runtime import CupyRuntime
    from stream.output.jpeg_cuda import CudaEncoder

    runtime = CupyRuntime()
    encoder = CudaEncoder(runtime, library)
    picture = np.ascontiguousarray(astronaut()[:301, :417])
    data = encoder.jpeg(runtime.upload(picture), 92)
    assert data == encoder.jpeg(picture, 92)
    decoded = pictures_of(data)
    assert decoded.shape == picture.shape
    host = pictures_of(CpuEncoder().jpeg(picture, 92))
    assert np.abs(decoded - picture).mean() <= np.abs(host - picture).mean() + 0.5


def test_chroma_stays_whole_and_quality_is_what_was_asked(library: JpegLibrary) -> None:
    from kernels.cuda.runtime import CupyRuntime
    from stream.output.jpeg_cuda import CudaEncoder

    encoder = CudaEncoder(CupyRuntime(), library)
    picture = np.ascontiguousarray(astronaut()[:301, :417])
    files = [encoder.jpeg(picture, quality) for quality in (40, 92)]
    (sampled, coarse), (also, fine) = map(form_of, files)
    assert sampled == also == [(1, 1)] * 3
    assert (coarse > fine).all() and len(files[0]) < len(files[1])


def test_threads_get_their_own_pictures(library: JpegLibrary) -> None:
    """Each picture is still being made on the device when it is given to the encoder."""
    from kernels.cuda.runtime import CupyRuntime
    from stream.output.jpeg_cuda import CudaEncoder

    runtime = CupyRuntime()
    encoder = CudaEncoder(runtime, library)

    def brightness(value: int) -> float:
        return float(pictures_of(encoder.jpeg(runtime.upload(np.full((720, 1280, 3), value, np.uint8)), 90)).mean())

    values = list(range(0, 250, 10))
    with ThreadPoolExecutor(8) as pool:
        np.testing.assert_allclose(list(pool.map(brightness, values)), values, atol=1.5)


def test_a_picture_that_cannot_be_encoded_is_one_line(library: JpegLibrary) -> None:
    from kernels.cuda.runtime import CupyRuntime
    from stream.output.jpeg_cuda import CudaEncoder

    with pytest.raises(KeyartError, match="0x0 could not be encoded by nvJPEG") as caught:
        CudaEncoder(CupyRuntime(), library).jpeg(np.zeros((0, 0, 3), np.uint8), 90)
    assert "\n" not in str(caught.value)
