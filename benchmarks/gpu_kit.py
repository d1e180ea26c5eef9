"""Packs what `gpu_check` needs into parts that are small enough to be carried to a GPU machine without a network, one
by one.

    python -m benchmarks.gpu_kit OUT --testdata DIR [--python 3.12] [--there NAMES] [--seconds 20] [--part-mb 60]

The machine has CUDA's libraries, CuPy and PyTorch, and what else the file NAMES lists (as `pip list --format=freeze`
prints it there). The kit has the other packages of Keyart's lock, unpacked for that Python, PyNvVideoCodec without the
parts that decoding does not need and TorchCodec without those that need FFmpeg; the converted weights; the beginnings
of the episodes and the clips made of them.
OUT gets `kit.000` …, `SHA256SUMS` and `join.sh`, which checks the parts beside it and unpacks them into a folder.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Container, Iterable, Iterator, Sequence
from hashlib import file_digest
from pathlib import Path
from typing import IO

from .gpu_clips import copy_beginning, make_clips, packet_kinds

LOCKS = Path(__file__).resolve().parent.parent / "requirements"
_FOR_TESTS = {"hypothesis", "iniconfig", "pluggy", "pytest", "pytest-timeout", "sortedcontainers"}
_THERE = re.compile(r"(cupy|cuda|torch|torchvision|triton|nvidia|numba|numpy|llvmlite|sympy|mpmath|setuptools|pip)\b")
"""Names of packages that a machine with CuPy and PyTorch has, with what they bring."""
_OF_CUML = re.compile(
    r"(cu(ml|df|vs)|lib(cu|raft|rmm|kvikio|nvforest)|pylib(raft|cudf)|rmm|rapids|nvforest|nvtx|pyarrow|pandas|treelite)"
)
_NOT_NEEDED = (
    "PyNvVideoCodec/PyNvVideoCodec_12*", "PyNvVideoCodec/libav*.so", "PyNvVideoCodec/libav*.so.*.*", "benchmarks",
    "samples", "external", "tests", "torchcodec/libtorchcodec_core*.so", "torchcodec/libtorchcodec_custom_ops*.so",
    "torchcodec/_core/*.c*", "torchcodec/_core/*.h", "torchcodec/_core/giflib", "torchcodec/_core/nvcuvid_include",
)  # fmt: skip
_PLATFORMS = [f"manylinux_{version}_x86_64" for version in ("2_17", "2_24", "2_26", "2_27", "2_28", "2_31", "2_34")]
_JOIN = """#!/bin/sh
# Checks the parts of the kit beside this script, unpacks them into a folder and says how to go on in a clone:
# sh KIT/join.sh FOLDER
set -eu
kit=$(dirname "$0")
(cd "$kit" && sha256sum --check --quiet SHA256SUMS)
mkdir -p "$1"
there=$(cd "$1" && pwd)
cat "$kit"/kit.[0-9]* | tar --extract --gzip --directory "$there"
echo "PYTHONPATH=$PWD:$there/site KEYART_MODELS=$there/models --testdata $there/testdata --clips $there/clips"
"""


def wanted(lock: str, there: Iterable[str] = (), only: Container[str] | None = None) -> list[str]:
    """The requirements of a lock (blocks of lines with their hashes) whose packages the machine does not have. cuML
    with its gigabyte stays out: `gpu_check` then groups by scikit-learn and says so.

    there: names that the machine has, in any spelling, beside what comes with CuPy and PyTorch. only: names to choose
    from; None: all.
    """
    known, chosen = {_plain(name) for name in there}, []
    for block in re.findall(r"^[A-Za-z0-9].*(?:\n[ \t]+.*)*", lock, re.MULTILINE):
        name = _plain(re.split(r"[=\[ ;]", block, maxsplit=1)[0])
        comes = name in known or (_THERE.match(name) and name != "nvidia-ml-py") or _OF_CUML.match(name)
        if not comes and (only is None or name in only):
            chosen.append(block)
    return chosen


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def install(requirements: Sequence[str], python: str, folder: Path) -> None:
    """Unpacks these requirements for another Python on x86-64 Linux. Raises CalledProcessError when pip fails."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as listed:
        listed.write("\n".join(requirements) + "\n")
        listed.flush()
        platforms = [part for platform in [*_PLATFORMS, "manylinux2014_x86_64"] for part in ("--platform", platform)]
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-deps"]
        command += ["--no-compile", "--only-binary=:all:", "--implementation", "cp", "--python-version", python]
        subprocess.run([*command, *platforms, "--target", folder, "--require-hashes", "-r", listed.name], check=True)


def without_what_is_not_needed(folder: Path) -> None:
    """Removes PyNvVideoCodec's older module, the copies of FFmpeg's libraries under other names, and what its wheel
    puts beside it; and of TorchCodec what works with FFmpeg, and its sources."""
    for pattern in _NOT_NEEDED:
        for path in folder.glob(pattern):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def shortened(testdata: Path, out: Path, seconds: float) -> None:
    """Copies the first seconds of every episode, as packets, with its labels."""
    for folder in sorted((testdata / "episodes").glob("E*")):
        target = out / "episodes" / folder.name
        target.mkdir(parents=True)
        for path in folder.iterdir():
            if path.suffix == ".json":
                shutil.copy(path, target)
            else:
                copy_beginning(path, _packets(path, seconds), target / path.name)


def _packets(film: Path, seconds: float) -> int:
    from stream.decode.ffmpeg.decoder import AvDecoder

    return min(packet_kinds(film)[0], round(seconds * (AvDecoder(film).info.fps or 25.0)))


def packed(folder: Path, out: Path, part_bytes: int) -> list[Path]:
    """Packs a folder into `kit.000` … of at most so many bytes, with their sums and the script that joins them. Returns
    the parts."""
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("kit.[0-9]*"):
        old.unlink()
    with tempfile.TemporaryFile(dir=out) as whole:
        with tarfile.open(fileobj=whole, mode="w:gz") as archive:
            for path in sorted(folder.iterdir()):
                archive.add(path, path.name)
        whole.seek(0)
        parts = list(_split(whole, out, part_bytes))
    (out / "SHA256SUMS").write_text("".join(f"{_sum(part)}  {part.name}\n" for part in parts))
    (out / "join.sh").write_text(_JOIN)
    return parts


def _split(whole: IO[bytes], out: Path, part_bytes: int) -> Iterator[Path]:
    number = 0
    while block := whole.read(part_bytes):
        part = out / f"kit.{number:03d}"
        part.write_bytes(block)
        number += 1
        yield part


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of this script."""
    parser = argparse.ArgumentParser(prog="benchmarks.gpu_kit", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--testdata", type=Path, default=Path(os.environ.get("KEYART_TESTDATA", "testdata")))
    parser.add_argument("--python", default="3.12", help="Version of the machine's Python.")
    parser.add_argument("--there", type=Path, help="What `pip list --format=freeze` printed on the machine.")
    parser.add_argument("--seconds", type=float, default=20.0, help="Length of the films.")
    parser.add_argument("--part-mb", type=float, default=60.0, help="Largest part, in 10^6 bytes.")
    chosen = parser.parse_args(arguments)
    there = [line.split("==")[0] for line in chosen.there.read_text().split()] if chosen.there else []
    run, tests = ((LOCKS / name).read_text() for name in ("cuda.txt", "cuda-test.txt"))
    requirements = list(dict.fromkeys([*wanted(run, there), *wanted(tests, there, _FOR_TESTS)]))
    with tempfile.TemporaryDirectory(prefix="keyart-kit-") as made:
        folder = Path(made)
        install(requirements, chosen.python, folder / "site")
        without_what_is_not_needed(folder / "site")
        copy_models(folder / "models")
        shortened(chosen.testdata, folder / "testdata", chosen.seconds)
        make_clips(folder / "testdata", folder / "clips")
        parts = packed(folder, chosen.out, round(chosen.part_mb * 1e6))
    total = sum(part.stat().st_size for part in parts)
    print(f"{len(parts)} parts, {total / 1e6:.0f} MB, {len(requirements)} packages in {chosen.out}")
    return 0


def copy_models(folder: Path) -> None:
    """Copies the converted weights with their records. Raises ModelError when one cannot be had."""
    from stream.device.models import roles_of, zoo_of
    from stream.settings.model import Settings

    zoo, roles = zoo_of(Settings()), roles_of(Settings())
    zoo.ensure(roles)
    folder.mkdir(parents=True)
    for role in roles:
        path = zoo.model(role).path
        for file in (path, path.with_name(f"{path.name}.json")):
            shutil.copy(file, folder)


if __name__ == "__main__":
    sys.exit(main())
