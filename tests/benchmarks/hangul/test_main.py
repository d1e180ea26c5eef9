from pathlib import Path

import pytest

from benchmarks.hangul.__main__ import main


@pytest.mark.parametrize("command", [[], ["train"]])
def test_what_is_missing_is_one_line(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """PyTorch is asked for after the fonts."""
    assert main(["--fonts", str(tmp_path), "--testdata", str(tmp_path), *command]) == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("no Korean font for ")
