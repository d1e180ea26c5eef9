"""Options that commands share."""

from __future__ import annotations

import sys

import pytest

from stream.cli.options import refuse_without_library_extra
from stream.errors import UsageError


def test_what_a_ledger_needs_is_asked_for_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_without_library_extra()
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(UsageError, match=r"needs SQLAlchemy, not installed: pip install 'keyart\[library\]'"):
        refuse_without_library_extra()
