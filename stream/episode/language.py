"""Languages as data: what `patterns.toml`, and a user's own file of the same form, may say of one."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ..errors import SettingsError
from .text import plain_text


def _plain(word: str) -> str:
    """A word as patterns see it: lower case, without accents. Raises ValueError where nothing is left."""
    if not (plain := plain_text(word).plain.strip()):
        raise ValueError(f"{word!r} is empty")
    return plain


Word = Annotated[str, AfterValidator(_plain)]
Form = Annotated[str, Field(min_length=1)]
Strength = Annotated[float, Field(gt=0, le=1)]
Forms = dict[Form, Strength]
"""Form → how surely such words state this file's number, from 0 to 1."""
Value = Annotated[int, Field(ge=0)]


class Language(BaseModel):
    """One language, a table of the file. `patterns.toml` says what each key means and how a form is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    scripts: tuple[str, ...] = ()
    spaced: bool = False
    digitwise: bool = False
    compound: bool = False
    cardinals: dict[Word, Value] = {}
    ordinals: dict[Word, Value] = {}
    multipliers: dict[Word, Value] = {}
    fillers: tuple[Word, ...] = ()
    suffixes: tuple[Word, ...] = ()
    words: dict[str, Annotated[tuple[Word, ...], Field(min_length=1)]] = {}
    this: Forms = {}
    part: Forms = {}
    season: tuple[Form, ...] = ()
    total: Forms = {}
    final: Forms = {}
    next: tuple[Form, ...] = ()
    previous: tuple[Form, ...] = ()
    other: tuple[Form, ...] = ()
    open: tuple[Form, ...] = ()
    closing: tuple[Form, ...] = ()
    sentence: tuple[Form, ...] = ()
    particles: tuple[Word, ...] = ()


_TABLES = TypeAdapter(dict[str, Language])


def shipped_languages() -> dict[str, Language]:
    """The languages of the package, by key."""
    text = resources.files(__package__).joinpath("patterns.toml").read_text(encoding="utf-8")
    return _TABLES.validate_python(tomllib.loads(text))


def languages_of(path: Path) -> dict[str, Language]:
    """The languages of a user's file. Raises SettingsError where it cannot be read or says something unknown."""
    try:
        return _TABLES.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"patterns {path}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise SettingsError(f"patterns {path}: [{where}]: {first['msg']}") from None
