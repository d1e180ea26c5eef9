"""Decorators for loops over host arrays that Numba compiles. Compiled loops release the interpreter lock.

Loops are compiled when their module is first imported and kept in Numba's cache, beside the module or in the user's
cache folder.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit, types

t: Any = types
F = TypeVar("F", bound=Callable[..., Any])


def compiled(*signatures: Any) -> Callable[[F], F]:
    """Compiles a loop for `signatures` when its module is imported, or takes it from Numba's cache. Without a writable
    cache folder every process compiles it anew."""

    def made(function: F) -> F:
        loop: Any
        try:
            loop = njit(list(signatures), nogil=True, cache=True)(function)
        except RuntimeError:  # no cache folder can be written
            loop = njit(list(signatures), nogil=True)(function)
        return cast(F, loop)

    return made


def compiled_helper(function: F) -> F:
    """Compiles a function together with the compiled loop that calls it."""
    return cast(F, njit(nogil=True)(function))
