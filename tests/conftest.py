"""What every test may ask for: the real test data and the models, where they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def testdata() -> Path:
    """The folder of real episodes (`KEYART_TESTDATA`, default beside the repository); skips when it is not there."""
    folder = Path(os.environ.get("KEYART_TESTDATA", ROOT.parent / "shared" / "testdata"))
    if not (folder / "episodes").is_dir():
        pytest.skip(f"needs the test data (KEYART_TESTDATA, looked in {folder})")
    return folder


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The folder of converted weights, pulled on first use; fails (never skips) when they cannot be had."""
    from engines.zoo import Zoo

    zoo = Zoo.default()
    zoo.ensure()
    return zoo.folder
