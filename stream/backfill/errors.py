"""What can go wrong with a run over a library that is no film's fault."""

from __future__ import annotations

from ..errors import KeyartError, UsageError


class LedgerUnavailableError(KeyartError):
    """The ledger cannot be reached or written: nobody's fault; wait, try again, then stop."""


class WeightsUnavailableError(KeyartError):
    """The models' weights cannot be had: nobody's fault either."""


class LedgerVersionError(UsageError):
    """The ledger was written by a newer Keyart: nothing of it is touched."""


class NowhereError(KeyartError):
    """There is no place for a worker now, or none is known of: nobody's fault; wait, ask again, then stop."""


class LeaseLostError(Exception):
    """The lease has passed to somebody else, or is too near its end: what was made under it must not be published."""
