"""The kit for a GPU machine: which packages it takes, that its parts join again, and that damage is noticed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from benchmarks.gpu_kit import LOCKS, packed, shortened, wanted, without_what_is_not_needed
from stream.decode.ffmpeg.decoder import AvDecoder

LOCK = """\
# comment
av==18.1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via keyart
cupy-cuda13x==14.2.0 \\
    --hash=sha256:cc
libcuml-cu13==26.10.0 \\
    --hash=sha256:dd
nvidia-cublas==13.4.1.3 --hash=sha256:ee
nvidia-ml-py==13.0 --hash=sha256:ff
typing_extensions==4.16.0 --hash=sha256:ab
"""


def names(requirements: list[str]) -> list[str]:
    return [one.split("==")[0] for one in requirements]


def test_what_the_machine_has_and_what_is_large_stays_out() -> None:
    assert names(wanted(LOCK)) == ["av", "nvidia-ml-py", "typing_extensions"]
    assert wanted(LOCK)[0].count("--hash=") == 2
    assert names(wanted(LOCK, ["Typing.Extensions", "AV"])) == ["nvidia-ml-py"]
    assert names(wanted(LOCK, [], {"av"})) == ["av"]


def test_of_the_real_lock_the_decoder_and_the_models_runtime_are_taken() -> None:
    taken = {name.lower() for name in names(wanted((LOCKS / "cuda.txt").read_text()))}
    assert {"av", "pynvvideocodec", "torchcodec", "onnxruntime-gpu", "pydantic", "opencv-python-headless"} <= taken
    there = ("torch", "cupy", "cuml", "cudf", "nvidia-cu")
    assert [name for name in taken if name.startswith(there)] == ["torchcodec"]


def test_parts_are_small_and_join_to_what_was_packed(tmp_path: Path) -> None:
    (tmp_path / "made" / "site").mkdir(parents=True)
    (tmp_path / "made" / "site" / "large.bin").write_bytes(bytes(range(256)) * 40)
    parts = packed(tmp_path / "made", tmp_path / "kit", 100)
    assert len(parts) > 2 and max(part.stat().st_size for part in parts) == 100
    command = ["sh", "kit/join.sh", "there"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"PYTHONPATH={tmp_path}:{tmp_path}/there/site " in done.stdout
    assert (tmp_path / "there" / "site" / "large.bin").read_bytes() == bytes(range(256)) * 40
    parts[1].write_bytes(b"x" * 100)
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode != 0 and parts[1].name in done.stdout + done.stderr


def test_a_kit_that_is_packed_again_has_no_parts_of_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "file").write_bytes(b"content")
    first = packed(tmp_path / "made", tmp_path / "kit", 10)
    again = packed(tmp_path / "made", tmp_path / "kit", 10**6)
    assert len(first) > len(again) == 1
    assert sorted(path.name for path in (tmp_path / "kit").iterdir()) == ["SHA256SUMS", "join.sh", "kit.000"]


def test_of_pynvvideocodec_the_part_that_decodes_stays(tmp_path: Path) -> None:
    package = tmp_path / "PyNvVideoCodec"
    package.mkdir()
    (tmp_path / "benchmarks").mkdir()
    stays = {"__init__.py", "PyNvVideoCodec_130.so", "libavformat.so.63"}
    for name in (*stays, "PyNvVideoCodec_121.so", "libavformat.so", "libavformat.so.63.1.101"):
        (package / name).touch()
    without_what_is_not_needed(tmp_path)
    assert {path.name for path in package.iterdir()} == stays and not (tmp_path / "benchmarks").exists()


def test_of_torchcodec_the_part_that_does_without_ffmpeg_stays(tmp_path: Path) -> None:
    package = tmp_path / "torchcodec"
    (package / "_core" / "giflib").mkdir(parents=True)
    stays = {"__init__.py", "_core/ops.py", "libtorchcodec_image.so", "libtorchcodec_pybind_ops.so"}
    goes = {"libtorchcodec_core8.so", "libtorchcodec_custom_ops8.so", "_core/Encoder.cpp", "_core/Frame.h"}
    for name in (*stays, *goes):
        (package / name).touch()
    without_what_is_not_needed(tmp_path)
    assert {str(path.relative_to(package)) for path in package.rglob("*") if path.is_file()} == stays
    assert not (package / "_core" / "giflib").exists()


@pytest.mark.testdata
def test_episodes_are_cut_to_their_beginning(testdata: Path, tmp_path: Path) -> None:
    shortened(testdata, tmp_path, 1.0)
    films = sorted((tmp_path / "episodes").glob("E0*/E0*.m*"))
    assert len(films) == 5 and all((film.parent / "picks.json").is_file() for film in films)
    assert sum(len(batch.surfaces) for batch in AvDecoder(films[0]).batches()) in range(20, 32)
