"""The parts that settings sections are made of: a frozen base model, and fields with default, unit, limits and help.

The sections themselves are in `stream.settings.sections`.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Section(BaseModel):
    """Base of a settings section: immutable; unknown keys are refused; defaults are checked like given values."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)


def setting(default: Any, help: str, *, unit: str = "", affects_result: bool = True, **limits: Any) -> Any:
    """One field of a section. `limits`: those of pydantic's `Field` (`ge`, `le`, `gt`, `lt`, `min_length`, …).

    `affects_result=False` marks what changes only speed or place; it is left out of the fingerprint.
    """
    return Field(
        default,
        description=help,
        json_schema_extra={"unit": unit, "affects_result": affects_result},
        **limits,
    )


def parse_time_s(value: Any) -> Any:
    """Seconds from the texts `90.5`, `1:30` and `0:01:30.5`; values of other types unchanged, for the model to check.

    Raises ValueError for any other text.
    """
    if not isinstance(value, str):
        return value
    parts = value.strip().split(":")
    try:
        numbers = [*(float(int(part)) for part in parts[:-1]), float(parts[-1])]
    except (ValueError, OverflowError):
        raise ValueError("must be a time, as seconds (90.5) or H:MM:SS (0:01:30.5)") from None
    if len(numbers) > 3 or any(n < 0 for n in numbers) or any(n >= 60 for n in numbers[1:]):
        raise ValueError("must be a time, as seconds (90.5) or H:MM:SS (0:01:30.5)")
    return float(sum(n * 60**power for power, n in enumerate(reversed(numbers))))


def time_text(time_s: float) -> str:
    """`M:SS.ss`, a time to a hundredth of a second, with a minus before 0; `parse_time_s` reads those from 0 on."""
    minutes, hundredths = divmod(round(100 * abs(time_s)), 6000)
    sign = "-" if time_s < 0 and (minutes or hundredths) else ""
    return f"{sign}{minutes}:{hundredths / 100:05.2f}"


Seconds = Annotated[float, BeforeValidator(parse_time_s)]
"""A time in seconds that may be written as a number or as H:MM:SS."""
