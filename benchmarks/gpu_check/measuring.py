"""Part of `gpu_check`: what decoding through Keyart's decoder and measuring every frame cost compared with the bare
decoder.

No model is used, so it also gives figures where ONNX Runtime cannot use the GPU.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from kernels.ops import Device, Meter
from kernels.surface import Geometry
from stream.decode.decoder import DecodeMode, DecodeOptions, Decoder
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.nvdec.open import open_on_gpu

from ..gpu_clips import copy_beginning, packet_kinds
from ..report import Row
from .job import Job
from .rates import FILMS_IN_FLIGHT, run_bare_decoder, with_rate


def measuring(job: Job) -> None:
    """Runs 14 films, each a third of the episode: bare, decoded, decoded and measured, and measured by reference
    frames."""
    videos, runs = max(FILMS_IN_FLIGHT), dict[str, Row]()
    with tempfile.TemporaryDirectory(prefix="keyart-gpu-") as folder:
        film = Path(folder) / "third.mkv"
        copy_beginning(job.episode("E05"), packet_kinds(job.episode("E05"))[0] // 3, film)
        packets, share = packet_kinds(film)
        job.note("non_reference_share", round(share, 4))
        works = {
            "decoded": partial(decode_film, mode="all", measured=False),
            "measured": partial(decode_film, mode="all"),
            "reference": partial(decode_film, mode="reference"),
        }
        run_bare_decoder([film], 1, works["measured"])  # compiles kernels and loads libraries
        runs["bare"] = with_rate(packets * videos, run_bare_decoder([film] * videos, videos))
        for name, work in works.items():
            runs[name] = with_rate(packets * videos, run_bare_decoder([film] * videos, videos, work))
            runs[name]["ratio"] = round(runs[name]["fps"] / runs["bare"]["fps"], 4)
            job.note("runs", runs)


def decode_film(path: Path, mode: DecodeMode = "all", measured: bool = True, device: Device = "cuda") -> int:
    """Number of pictures of a film that came through Keyart's decoder and, if `measured`, the meter. Raises
    KeyartError."""
    options = DecodeOptions(mode=mode)
    decoder: Decoder = AvDecoder(path, options) if device == "cpu" else open_on_gpu(path, options)
    try:
        meter, pictures = meter_of(device, decoder.info.geometry), 0
        for batch in decoder.batches():
            pictures += len(batch.surfaces)
            if measured:
                meter.measure(batch.surfaces, batch.pts_s, batch.frames)
            del batch
        return pictures
    finally:
        decoder.close()


def meter_of(device: Device, geometry: Geometry) -> Meter:
    """A meter; on a GPU with a stream of its own, as in a run."""
    if device == "cpu":
        from kernels.cpu import CpuOps

        return CpuOps().meter(geometry)
    from kernels.cuda.meter import CudaMeter
    from kernels.cuda.runtime import CupyRuntime

    return CudaMeter(geometry, CupyRuntime())
