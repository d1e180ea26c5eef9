"""Loops over host arrays, compiled by Numba. They run without the interpreter's lock.

Compiled when their module is first imported and kept in Numba's cache, beside it or in the user's cache folder.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit, types

t: Any = types
F = TypeVar("F", bound=Callable[..., Any])


def compiled(*signatures: Any) -> Callable[[F], F]:
    """Compiled for `signatures` when the module is imported; from the cache where there is a folder to keep it."""

    def made(function: F) -> F:
        loop: Any
        try:
            loop = njit(list(signatures), nogil=True, cache=True)(function)
        except RuntimeError:  # no folder can be written: compiled anew in every process
            loop = njit(list(signatures), nogil=True)(function)
        return cast(F, loop)

    return made


def compiled_helper(function: F) -> F:
    """Compiled with the loop that calls it."""
    return cast(F, njit(nogil=True)(function))
