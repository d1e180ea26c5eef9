"""Tokens and sessions in the ledger: what is kept of them, how long they are valid, that revoking ends both."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from stream.backfill.ledger import Ledger
from stream.backfill.schema import sessions, tokens
from stream.errors import UsageError
from stream.serve.sessions import Sessions
from stream.serve.tokens import PREFIX, Tokens, hash_of


@pytest.fixture
def made(ledger: Ledger) -> Tokens:
    return Tokens(ledger.database)


def test_a_token_is_known_until_it_is_revoked(made: Tokens) -> None:
    ann, bob = made.add("ann", "editor"), made.add("bob", "viewer")
    assert (made.holder(ann), made.holder(bob)) == (("ann", "editor"), ("bob", "viewer"))
    assert made.revoke("ann")
    assert (made.holder(ann), made.holder(bob)) == (None, ("bob", "viewer"))
    assert not made.revoke("ann")
    assert not made.revoke("carl")


def test_no_other_text_is_a_token(made: Tokens) -> None:
    token = made.add("ann", "editor")
    for text_ in ("", " ", token[:-1], token + "x", token.upper(), hash_of(token), "\udcff", "\0", "' or 1=1 --"):
        assert made.holder(text_) is None


def test_tokens_are_long_random_and_begin_alike(made: Tokens) -> None:
    found = {made.add(f"user {number}", "viewer") for number in range(20)}
    assert len(found) == 20
    assert all(token.startswith(PREFIX) and len(token) >= len(PREFIX) + 43 for token in found)  # 256 bits in base64


def test_the_ledger_holds_neither_tokens_nor_cookies(made: Tokens, ledger: Ledger) -> None:
    token = made.add("ann", "editor")
    begun = Sessions(ledger.database).begin(token, 60.0)
    assert begun is not None
    with ledger.database.reading() as connection:
        held = [*connection.execute(select(tokens)).all(), *connection.execute(select(sessions)).all()]
    assert token not in str(held)
    assert begun.cookie not in str(held)


def test_a_name_has_one_valid_token(made: Tokens) -> None:
    old = made.add("ann", "editor")
    with pytest.raises(UsageError, match="revoke it first"):
        made.add("ann", "viewer")
    made.revoke("ann")
    new = made.add("ann", "viewer")
    assert (made.holder(old), made.holder(new)) == (None, ("ann", "viewer"))
    (line,) = made.lines()
    assert (line.name, line.role, line.revoked_s) == ("ann", "viewer", None)


@pytest.mark.parametrize("name", ["", " ann", "ann\n", "a\0b", "x" * 81])
def test_what_is_no_name_is_refused(made: Tokens, name: str) -> None:
    with pytest.raises(UsageError, match="is no name"):
        made.add(name, "viewer")


def test_a_session_lasts_until_it_is_ended(made: Tokens, ledger: Ledger) -> None:
    found, token = Sessions(ledger.database), made.add("ann", "editor")
    begun = found.begin(token, 60.0)
    assert begun is not None
    holder = found.holder(begun.cookie)
    assert holder is not None
    assert (holder.name, holder.role, holder.csrf) == ("ann", "editor", begun.csrf)
    assert found.holder(begun.csrf) is found.holder(hash_of(begun.cookie)) is found.begin("keyart_x", 60.0) is None
    found.end(begun.cookie)
    assert found.holder(begun.cookie) is None


def test_a_session_ends_by_itself_and_is_removed(made: Tokens, ledger: Ledger) -> None:
    found, token = Sessions(ledger.database), made.add("ann", "editor")
    old = found.begin(token, -1.0)
    assert old is not None
    assert found.holder(old.cookie) is None  # while its row is there
    begun = found.begin(token, 60.0)
    assert begun is not None
    assert found.holder(begun.cookie) is not None
    with ledger.database.reading() as connection:
        kept = connection.execute(select(sessions.c.hash)).scalars().all()
    assert kept == [hash_of(begun.cookie)]


def test_revoking_a_token_ends_its_sessions_for_good(made: Tokens, ledger: Ledger) -> None:
    found, token, other = Sessions(ledger.database), made.add("ann", "editor"), made.add("bob", "editor")
    begun, of_bob = found.begin(token, 60.0), found.begin(other, 60.0)
    assert begun is not None and of_bob is not None
    made.revoke("ann")
    assert found.holder(begun.cookie) is None
    assert found.begin(token, 60.0) is None
    made.add("ann", "editor")  # has the same row
    assert found.holder(begun.cookie) is None
    assert found.holder(of_bob.cookie) is not None


def test_a_revoked_token_has_no_session_even_where_one_was_left(made: Tokens, ledger: Ledger) -> None:
    """As when a login and a revocation cross."""
    found, token = Sessions(ledger.database), made.add("ann", "editor")
    begun = found.begin(token, 60.0)
    assert begun is not None
    with ledger.database.writing() as connection:
        connection.execute(text(f"UPDATE {tokens.name} SET revoked_s = 1"))
    assert found.holder(begun.cookie) is None
