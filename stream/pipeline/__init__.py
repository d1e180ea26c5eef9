"""One film, and many films, from file to manifest. In: paths and settings; out: manifests and result folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .film_run import extract

__all__ = ["extract"]


def __getattr__(name: str) -> Any:
    """Import `extract` on first use: decoders and engines take a second to import, `reporter` and its like do not."""
    if name != "extract":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .film_run import extract

    return extract
