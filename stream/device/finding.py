"""One line of the report of `keyart doctor`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["ok", "note", "missing"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. The state `missing`: extract cannot run; `note`: it can, but slower or without a part."""

    name: str
    state: State
    found: str
    advice: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The fields, for JSON."""
        return asdict(self)
