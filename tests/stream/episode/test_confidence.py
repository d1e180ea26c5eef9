"""The table weighs exactly the features, and more agreement never means less confidence."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest

from stream.episode.confidence import TABLE, Features, confidence, load_table, shipped_table
from stream.errors import KeyartError

GOOD = Features(1.0, 0.99, 0.98, 0.75, 1.0, 1.0, 0.5, 0.0, 0.0, 0.0, 0.8)
TEXT = "calibrated = true\nintercept = 0\n[weights]\n" + "".join(f"{field.name} = 1\n" for field in fields(Features))


def test_what_agrees_is_trusted_and_a_bare_number_is_not() -> None:
    assert confidence(GOOD) > 0.9
    assert confidence(replace(GOOD, strength=0.2, bare=1.0, frames=0.5)) < 0.5
    assert confidence(replace(GOOD, against=0.5)) < 0.8


def test_words_that_leave_the_number_open_confirm_nothing() -> None:
    perfect = Features(0.1, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0)
    assert confidence(perfect) == 0.5 < confidence(replace(perfect, strength=0.4))


@pytest.mark.parametrize("name", [field.name for field in fields(Features)])
def test_each_feature_moves_the_confidence_its_own_way(name: str) -> None:
    less, more = (replace(GOOD, **{"frames": 0.5, name: value}) for value in (0, 0.6))
    worse = name in ("against", "bare")
    assert (confidence(more) < confidence(less)) == worse and confidence(more) != confidence(less)


def test_the_shipped_weights_are_those_of_the_features_and_calibrated() -> None:
    assert set(shipped_table().weights) == set(asdict(GOOD))
    assert shipped_table().calibrated


def test_a_table_of_ones_adds_up(tmp_path: Path) -> None:
    (tmp_path / "table.toml").write_text(TEXT)
    zero = Features(*[0.0] * len(fields(Features)))
    assert confidence(zero, load_table(tmp_path / "table.toml")) == 0.5
    assert confidence(replace(zero, strength=1000), load_table(tmp_path / "table.toml")) == 1.0


@pytest.mark.parametrize(
    "text",
    ["intercept = ", TEXT + "more = 1\n", TEXT.replace("crops = 1\n", ""), TEXT.replace("crops = 1", "crops = nan")],
)
def test_a_wrong_table_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "table.toml").write_text(text)
    with pytest.raises(KeyartError, match=r"table\.toml"):
        load_table(tmp_path / "table.toml")
    assert TABLE.is_file()
