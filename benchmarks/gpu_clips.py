"""Makes the clips that `gpu_check` needs, on any machine with libx265. Copy the folder to the GPU machine.

    python -m benchmarks.gpu_clips OUT --testdata DIR [--seconds S]

`E05_hevc.mkv`: the 1080p episode (or its first seconds) as 8-bit HEVC with the same times. `embeddings.npz`: face
embeddings of the episodes as the CPU path finds them: all faces of a film, and one for each face track.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np

from stream.decode.container import open_container
from stream.decode.nal_units import NonReference
from stream.decode.probe import picture_stream

_PARAMETERS = "log-level=error:bframes=4:b-pyramid=1:keyint=250"
_OPTIONS = {"preset": "ultrafast", "crf": "28", "x265-params": _PARAMETERS}


def packet_kinds(film: Path) -> tuple[int, float]:
    """Number of packets of the film's pictures, and the share of those that no other picture refers to (0 for codecs of
    which that is not known). Raises KeyartError when the file is not a film."""
    with open_container(film) as container:
        stream = picture_stream(container)
        free = NonReference(stream.codec_context.name, stream.codec_context.extradata)
        kinds = [free.holds(bytes(packet)) for packet in container.demux(stream) if packet.size]
    return len(kinds), sum(kinds) / max(1, len(kinds))


def copy_beginning(film: Path, packets: int, target: Path) -> None:
    """Writes the first `packets` packets of the film's pictures to a Matroska file, without encoding them again."""
    with open_container(film) as source, av.open(str(target), "w", format="matroska") as out:
        stream = picture_stream(source)
        copied = out.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if not packets or not packet.size:
                break
            packet.stream = copied
            out.mux(packet)
            packets -= 1


def as_hevc(film: Path, target: Path, seconds: float | None = None) -> int:
    """Encodes the film's pictures (8 bits, 4:2:0) as HEVC with their times, and returns their number. Needs PyAV with
    libx265.

    seconds: length to encode; None encodes the whole film. Raises KeyartError when the film cannot be opened,
    ValueError when this PyAV cannot encode HEVC.
    """
    if "libx265" not in av.codecs_available:
        raise ValueError("this PyAV has no libx265: make the clip where its wheel has it")
    written = 0
    with open_container(film) as source, av.open(str(target), "w", format="matroska") as out:
        stream = picture_stream(source)
        stream.thread_type = "AUTO"
        made = out.add_stream("libx265", rate=stream.average_rate, options=_OPTIONS)
        made.width, made.height, made.pix_fmt = stream.width, stream.height, "yuv420p"
        if stream.time_base:
            made.codec_context.time_base = stream.time_base
        for frame in source.decode(stream):
            if seconds is not None and frame.time is not None and frame.time > seconds:
                break
            picture = frame.reformat(format="yuv420p")
            picture.pts, picture.time_base, picture.pict_type = frame.pts, frame.time_base, 0
            out.mux(made.encode(picture))
            written += 1
        out.mux(made.encode(None))
    return written


def embeddings_of(film: Path) -> tuple[np.ndarray, np.ndarray]:
    """(N, 128) embeddings of all faces and (M, 128) of the tracks, unit vectors in the order of time, on the CPU.
    Raises KeyartError."""
    from stream.settings.model import Settings

    from .watching import watch_film

    tracks = watch_film(film, Settings(device="cpu")).tracks
    faces = [face.embedding for track in tracks for _, face in track.faces if face.embedding is not None]
    means = [track.embedding for track in tracks if track.embedding is not None]
    return _stacked(faces), _stacked(means)


def _stacked(rows: Sequence[np.ndarray]) -> np.ndarray:
    return np.stack(rows).astype(np.float32) if rows else np.zeros((0, 128), np.float32)


def make_clips(testdata: Path, out: Path, seconds: float | None = None) -> None:
    """Makes all clips, from the episodes that are there."""
    out.mkdir(parents=True, exist_ok=True)
    films = {
        folder.name: film for folder in sorted((testdata / "episodes").glob("E*")) for film in folder.glob("E*.m*")
    }
    if "E05" in films:
        frames = as_hevc(films["E05"], out / "E05_hevc.mkv", seconds)
        total, free = packet_kinds(out / "E05_hevc.mkv")
        print(f"E05_hevc.mkv: {frames} frames, {total} packets, {free:.0%} of them non-reference")
    arrays = {}
    for name, film in films.items():
        arrays[f"{name}_faces"], arrays[f"{name}_tracks"] = embeddings_of(film)
        print(f"{name}: {len(arrays[f'{name}_faces'])} faces, {len(arrays[f'{name}_tracks'])} tracks")
    np.savez_compressed(out / "embeddings.npz", **arrays)  # type: ignore[arg-type]


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of this script."""
    parser = argparse.ArgumentParser(prog="benchmarks.gpu_clips", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--testdata", type=Path, default=Path(os.environ.get("KEYART_TESTDATA", "testdata")))
    parser.add_argument("--seconds", type=float, help="length of the film to encode; default: all of it")
    chosen = parser.parse_args(arguments)
    make_clips(chosen.testdata, chosen.out, chosen.seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
