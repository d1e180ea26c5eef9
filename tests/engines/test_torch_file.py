"""Reading PyTorch's files: what is in them, and what is refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from engines.convert import ConversionError
from engines.convert.torch_file import read_tensors

from .torch_files import archive, pickled, pickled_tensor, text

VALUES = np.arange(8, dtype=np.float32)
TWO = {"first": pickled_tensor("0", [2, 3], 8, offset=2), "second": pickled_tensor("0", [], 8)}
GOOD = {"data.pkl": pickled(TWO), "data/0": VALUES.tobytes(), "version": b"3"}


def test_tensors_are_parts_of_their_storages() -> None:
    tensors = read_tensors(archive(GOOD))
    assert list(tensors) == ["first", "second"]
    np.testing.assert_array_equal(tensors["first"], VALUES[2:].reshape(2, 3))
    np.testing.assert_array_equal(tensors["second"], np.float32(0))
    assert tensors["first"].dtype == np.float32
    assert not tensors["first"].flags.writeable


CALLS = {
    "os.system": b"cos\nsystem\n",
    "builtins.eval": b"cbuiltins\neval\n",
    "torch.load": b"ctorch\nload\n",
    "numpy.load": b"cnumpy\nload\n",
    "collections.OrderedDict.fromkeys": text("collections") + text("OrderedDict.fromkeys") + b"\x93",
}


@pytest.mark.parametrize("name", CALLS)
def test_a_pickle_that_names_anything_else_runs_nothing(name: str, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    bad = b"\x80\x04" + CALLS[name] + b"(" + text(f"touch {trace}") + b"tR."
    with pytest.raises(ConversionError, match=rf"archive/data\.pkl: asks for {name}, which is not a tensor") as caught:
        read_tensors(archive(GOOD | {"data.pkl": bad}))
    assert not trace.exists()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"data.pkl": GOOD["data.pkl"][:-20]}, r"archive/data\.pkl: UnpicklingError"),
        ({"data.pkl": b""}, r"archive/data\.pkl: EOFError"),
        ({"data.pkl": b"\x80\x02" + text("words") + b"."}, "not a dictionary of tensors"),
        ({"data.pkl": pickled({"a": text("words")})}, "not a dictionary of tensors"),
        ({"data.pkl": pickled({"a": pickled_tensor("1", [8], 8)})}, "archive/data/1: cannot be read"),
        ({"data.pkl": pickled({"a": pickled_tensor("../version", [8], 8)})}, r"archive/data/\.\./version: cannot be"),
        ({"data.pkl": pickled({"a": pickled_tensor("0", [9], 8)})}, "is not within its 8 values"),
        ({"data.pkl": pickled({"a": pickled_tensor("0", [2], 8, offset=-1)})}, "is not within its 8 values"),
        ({"data.pkl": pickled({"a": pickled_tensor("0", [2, 3], 8, [1, 2])})}, "only contiguous ones"),
        ({"data/0": VALUES.tobytes()[:-3]}, "archive/data/0: 29 bytes, expected 32"),
        ({"byteorder": b"big"}, "archive/byteorder: only little-endian"),
    ],
)  # fmt: skip
def test_a_damaged_file_names_the_member(changed: dict[str, bytes], message: str) -> None:
    with pytest.raises(ConversionError, match=message) as caught:
        read_tensors(archive(GOOD | changed))
    assert "\n" not in str(caught.value)


def test_what_is_no_complete_archive_is_refused() -> None:
    whole = archive(GOOD)
    for part in (b"", b"something else", whole[: len(whole) // 2], whole[:-1]):
        with pytest.raises(ConversionError, match="not a complete archive of PyTorch weights"):
            read_tensors(part)
    with pytest.raises(ConversionError, match=r"data\.pkl is not in it"):
        read_tensors(archive({"version": b"3"}))


def test_values_that_changed_are_refused() -> None:
    whole = archive(GOOD)
    changed = whole.replace(VALUES.tobytes(), VALUES[::-1].tobytes())
    assert changed != whole
    with pytest.raises(ConversionError, match="archive/data/0: cannot be read: Bad CRC-32"):
        read_tensors(changed)


def test_compressed_members_are_refused() -> None:
    with pytest.raises(ConversionError, match=r"archive/data\.pkl: is compressed"):
        read_tensors(archive(GOOD, zipfile.ZIP_DEFLATED))
