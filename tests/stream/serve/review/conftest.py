from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from stream.backfill.ledger import Ledger

from ..reviewing import Shelf


@pytest.fixture
def shelf(tmp_path: Path, file_ledger: Ledger) -> Shelf:
    """Three titles with results, the last one the newest, in a ledger in SQLite."""
    shelf = Shelf(tmp_path, file_ledger)
    for number, key in enumerate(("a/one.mkv", "a/two.mkv", "b/three.mkv")):
        shelf.add(key, 100.0 + number)
    return shelf


@pytest.fixture
def client(shelf: Shelf) -> Iterator[TestClient]:
    """A client of that service."""
    with shelf.client() as client:
        yield client
