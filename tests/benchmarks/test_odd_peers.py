"""What others make of odd files."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.fuzz_sources import make_sources
from benchmarks.limited import Ended
from benchmarks.odd_peers import _answer, main, peers_say


@pytest.mark.parametrize(
    ("code", "stderr", "over", "answer"),
    [
        (0, "a warning", None, "a picture"),
        (1, "Invalid data\nConversion failed\n", None, "refused: Invalid data"),
        (1, "Traceback (most recent call last):\n  …\nValueError: no\n", None, "refused: ValueError: no"),
        (-11, "", None, "ended with -11"),
        (-9, "", "time", "no end"),
        (-9, "", "memory", "too large"),
    ],
)
def test_each_answer_has_its_words(code: int, stderr: str, over: str | None, answer: str) -> None:
    assert _answer(Ended(code, "", stderr, over, 1.0, 10.0), "a picture") == answer


def test_pyscenedetect_answers_or_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("scenedetect")
    film = make_sources(tmp_path)[0]
    assert main([str(film)]) == 0
    assert int(capsys.readouterr().out) >= 1
    text = tmp_path / "text.mp4"
    text.write_text("no film at all")
    assert main([str(text)]) == 1
    said = peers_say(text, 60.0, 3000.0)
    assert said["PySceneDetect"].startswith("refused: ")
