"""A PostgreSQL of the tests' own."""

from __future__ import annotations

from ..stream.ledgers import cluster

__all__ = ["cluster"]
