"""Everything a user may choose. In: flags, environment variables (`KEYART_…`) and a TOML file; out: one frozen
`Settings` object that also knows where each value came from. Imports nothing of Keyart but its errors and the number of
cores."""

from .model import Settings

__all__ = ["Settings"]
