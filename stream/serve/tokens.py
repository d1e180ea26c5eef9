"""Bearer tokens: made by `keyart serve token`, kept as hashes in the ledger, valid until they are revoked."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Literal, get_args

from sqlalchemy import select

from ..backfill.clock import now_s
from ..backfill.database import Database
from ..backfill.schema import sessions, tokens
from ..errors import UsageError

Role = Literal["viewer", "editor"]
"""viewer: may look at everything; editor: may change it, too."""
ROLES: tuple[Role, ...] = get_args(Role)
PREFIX = "keyart_"
"""What every token begins with, so that one is known for what it is, in a log or in a repository."""
_BYTES = 32
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class TokenLine:
    """What is known of a token. created_s, revoked_s: seconds since 1970; revoked_s: None while it is valid."""

    name: str
    role: Role
    created_s: float
    revoked_s: float | None


def hash_of(secret: str) -> str:
    """SHA-256 in hex: what is kept of a token or a cookie. They are random, so that a plain hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


class Tokens:
    """The tokens in a ledger's database. Every method blocks and raises LedgerUnavailableError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, role: Role) -> str:
        """The new token of a name, which is kept nowhere. A name whose token was revoked may have another. Raises
        UsageError for a name that has a valid one, and for what is no name."""
        if not name.isprintable() or name.strip() != name or not 1 <= len(name) <= _LONGEST_NAME:
            raise UsageError(f"{name!r} is no name: 1 to {_LONGEST_NAME} letters, no space before or after them")
        token = PREFIX + secrets.token_urlsafe(_BYTES)
        made = {"role": role, "hash": hash_of(token), "created_s": now_s(), "revoked_s": None}
        with self._database.writing() as connection:
            found = connection.execute(select(tokens.c.revoked_s).where(tokens.c.name == name)).first()
            if found is None:
                connection.execute(tokens.insert().values(name=name, **made))
            elif found.revoked_s is None:
                raise UsageError(f"{name} has a token: choose another name, or revoke it first")
            else:
                connection.execute(tokens.update().where(tokens.c.name == name).values(**made))
        return token

    def revoke(self, name: str) -> bool:
        """End a token and the sessions that were made with it, at once. False where the name has no valid one."""
        with self._database.writing() as connection:
            which = (tokens.c.name == name) & tokens.c.revoked_s.is_(None)
            found = connection.execute(select(tokens.c.id).where(which)).scalar()
            if found is None:
                return False
            connection.execute(tokens.update().where(tokens.c.id == found).values(revoked_s=now_s()))
            connection.execute(sessions.delete().where(sessions.c.token == found))
        return True

    def lines(self) -> list[TokenLine]:
        """All that ever were, by name."""
        columns = (tokens.c.name, tokens.c.role, tokens.c.created_s, tokens.c.revoked_s)
        with self._database.reading() as connection:
            return [TokenLine(*row) for row in connection.execute(select(*columns).order_by(tokens.c.name))]

    def holder(self, token: str) -> tuple[str, Role] | None:
        """The name and the role of a valid token; None for any other text."""
        which = (tokens.c.hash == hash_of(token)) & tokens.c.revoked_s.is_(None)
        with self._database.reading() as connection:
            row = connection.execute(select(tokens.c.name, tokens.c.role).where(which)).first()
        return None if row is None else (row.name, row.role)
