"""Decorators for loops over host arrays that Numba compiles. Compiled loops release the interpreter lock.

Loops are compiled when their module is first imported and kept in Numba's cache, beside the module or in the user's
cache folder.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

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


def _prefetch(typing: Any, samples: Any, place: Any) -> Any:
    """What Numba compiles for `prefetch`: one instruction of LLVM."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        byte, number = cgutils.voidptr_t, cgutils.int32_t
        asked = cgutils.ir.FunctionType(cgutils.ir.VoidType(), [byte, number, number, number])
        place = builder.bitcast(builder.gep(data, [arguments[1]]), byte)
        read, keep, of_data = number(0), number(3), number(1)
        builder.call(builder.module.declare_intrinsic("llvm.prefetch", [byte], asked), [place, read, keep, of_data])
        return context.get_dummy_value()

    return t.void(samples, place), code


prefetch = cast(Callable[[np.ndarray, int], None], intrinsic(_prefetch))
"""In a compiled loop: `prefetch(samples, place)` asks memory for the sample at `place` of a line, which will be read
soon. Changes nothing, and a place beyond the line does no harm."""
