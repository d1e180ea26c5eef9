"""Which Keyart this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def own_version(distribution: str = "keyart") -> str:
    """The installed version; words for a checkout that nobody installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "(run from source)"
