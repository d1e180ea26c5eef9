"""A session that counts its batches is the session that it holds."""

from __future__ import annotations

import numpy as np
import pytest

from engines.counted import CountedSession
from engines.errors import SessionError
from engines.session import FakeSession


def test_batches_are_counted_by_size() -> None:
    inner = FakeSession("eyes", lambda inputs: {"out": inputs["in"] * 2})
    session = CountedSession(inner)
    for rows in (1, 3, 3):
        answer = session.run({"in": np.ones((rows, 2), np.float32)})
        assert answer["out"].shape == (rows, 2)
    assert session.sizes == {1: 1, 3: 2}
    assert (session.name, session.provider, len(inner.runs)) == ("eyes", "FakeExecutionProvider", 3)
    session.close()
    with pytest.raises(SessionError, match="is closed"):
        session.run({"in": np.ones((1, 2), np.float32)})
