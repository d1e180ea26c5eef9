"""Logins of the review page: a token is exchanged for a cookie, of which the ledger keeps the hash."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import select

from ..backfill.clock import now_s
from ..backfill.database import Database
from ..backfill.schema import sessions, tokens
from .tokens import Role, hash_of

_BYTES = 32


@dataclass(frozen=True, slots=True)
class NewSession:
    """cookie: the secret that the browser keeps; csrf: what its changes must carry."""

    cookie: str
    csrf: str


@dataclass(frozen=True, slots=True)
class SessionHolder:
    """Whose session it is, and what its changes must carry."""

    name: str
    role: Role
    csrf: str


class Sessions:
    """The sessions in a ledger's database. Every method blocks and raises LedgerUnavailableError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, token: str, lasts_s: float) -> NewSession | None:
        """A new session of so many seconds for whoever has a valid token; None for any other text. Sessions that
        have ended are removed."""
        made = NewSession(secrets.token_urlsafe(_BYTES), secrets.token_hex(_BYTES))
        which = (tokens.c.hash == hash_of(token)) & tokens.c.revoked_s.is_(None)
        with self._database.writing() as connection:
            found = connection.execute(select(tokens.c.id).where(which)).scalar()
            if found is None:
                return None
            connection.execute(sessions.delete().where(sessions.c.until_s <= now_s()))
            row = {"hash": hash_of(made.cookie), "token": found, "csrf": made.csrf, "until_s": now_s() + lasts_s}
            connection.execute(sessions.insert().values(**row))
        return made

    def holder(self, cookie: str) -> SessionHolder | None:
        """Whose session a cookie stands for; None when it has ended, its token was revoked, or it never was one."""
        which = (sessions.c.hash == hash_of(cookie)) & (sessions.c.until_s > now_s()) & tokens.c.revoked_s.is_(None)
        query = select(tokens.c.name, tokens.c.role, sessions.c.csrf).join(tokens, tokens.c.id == sessions.c.token)
        with self._database.reading() as connection:
            row = connection.execute(query.where(which)).first()
        return None if row is None else SessionHolder(row.name, row.role, row.csrf)

    def end(self, cookie: str) -> None:
        """End a session; nothing happens when there is none."""
        with self._database.writing() as connection:
            connection.execute(sessions.delete().where(sessions.c.hash == hash_of(cookie)))
