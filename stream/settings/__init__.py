"""Everything a person may choose. In: flags, environment variables (`KEYART_…`) and a TOML file; out: one frozen
`Settings`, in which every value knows where it came from. Reads nothing of Keyart but the errors it raises and
the number of cores."""

from .model import Settings

__all__ = ["Settings"]
