"""What is written on the command line of a run."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from stream.backfill.plan import parse_shard, parse_until
from stream.errors import UsageError

NOW = datetime(2026, 11, 28, 22, 30, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("23:00", "2026-11-28T23:00:00+01:00"),
        ("06:00", "2026-11-29T06:00:00+01:00"),
        ("22:30:00", "2026-11-29T22:30:00+01:00"),
        ("2026-12-01T06:00", "2026-12-01T06:00:00+01:00"),
        ("2026-12-01T06:00Z", "2026-12-01T06:00:00+00:00"),
    ],
)
def test_until(text: str, found: str) -> None:
    assert parse_until(text, NOW).isoformat() == found


@pytest.mark.parametrize("text", ["25:00", "six", "6", ""])
def test_until_that_is_no_time(text: str) -> None:
    with pytest.raises(UsageError, match="--until"):
        parse_until(text, NOW)


def test_shard() -> None:
    assert parse_shard("1/1") == (0, 1)
    assert parse_shard("4/4") == (3, 4)
    for text in ("0/4", "5/4", "1", "a/b", "1/0", "-1/4"):
        with pytest.raises(UsageError, match="--shard"):
            parse_shard(text)
