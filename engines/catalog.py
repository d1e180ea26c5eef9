"""Reads `zoo.toml`: which weight file is used for which role, and where it can be fetched."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from .convert import CONVERSIONS
from .errors import ModelError

ZOO_TOML = Path(__file__).with_name("zoo.toml")
DEFAULT_SET = "default"
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Archive(_Table):
    """A file on the package index. `size` is in bytes; `file` is its exact name on the index."""

    requirement: str
    file: str
    size: int
    sha256: Sha256

    @property
    def is_wheel(self) -> bool:
        """Whether the archive is a wheel; else it is an sdist."""
        return self.file.endswith(".whl")


class Source(_Table):
    """One place of a weight file: a member of an archive, a URL, or a file of this package, beside `zoo.toml`."""

    archive: str | None = None
    member: str | None = None
    url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    package: Annotated[str, Field(pattern=r"^[\w.-]+\.onnx$")] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Source:
        given = sum(place is not None for place in (self.archive, self.url, self.package))
        if given != 1 or (self.archive is None) != (self.member is None):
            raise ValueError("a source is either an archive with a member, or a url, or a file of the package")
        return self

    @property
    def file_name(self) -> str:
        """The name of the weight file, under which a local folder may contain it."""
        return (self.member or self.url or self.package or "").rsplit("/", 1)[-1]


class Weights(_Table):
    """One weight file as published. `size` is in bytes, None where the publisher does not state it."""

    licence: str
    size: int | None = None
    sha256: Sha256
    conversion: str
    trained_on: str
    sources: tuple[Source, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class WeightFile:
    """The weight file of `role` in one model set; `name` is its key in `zoo.toml`."""

    role: str
    name: str
    weights: Weights

    @property
    def where(self) -> str:
        """How messages name it."""
        return f"zoo.toml [{self.role}]"


class Catalog(_Table):
    """The contents of `zoo.toml`, validated: every name that one table uses is defined in another."""

    archives: Mapping[str, Archive]
    sets: Mapping[str, Mapping[str, str]]
    weights: Mapping[str, Weights]

    @model_validator(mode="after")
    def _names_exist(self) -> Catalog:
        used = {name for roles in self._roles.values() for name in roles.values()}
        archives = {source.archive for w in self.weights.values() for source in w.sources if source.archive}
        conversions = {w.conversion for w in self.weights.values()}
        unknown = (used - set(self.weights)) | (archives - set(self.archives)) | (conversions - set(CONVERSIONS))
        strange = {role for roles in self._roles.values() for role in roles} - set(self._roles.get(DEFAULT_SET, {}))
        if unknown or strange:
            raise ValueError(f"names without a table: {sorted(unknown)}; roles unknown to default: {sorted(strange)}")
        return self

    @cached_property
    def _roles(self) -> dict[str, dict[str, str]]:
        return {name: {r: w for r, w in table.items() if r != "about"} for name, table in self.sets.items()}

    def select(self, model_set: str = DEFAULT_SET) -> dict[str, WeightFile]:
        """Role → weight file. Roles that the set does not name have the default set's file. Raises ModelError for an
        unknown set."""
        if model_set not in self.sets:
            raise ModelError(f"model set {model_set!r} is not in zoo.toml; there are: {', '.join(self.sets)}")
        chosen = self._roles[DEFAULT_SET] | self._roles[model_set]
        return {role: WeightFile(role, name, self.weights[name]) for role, name in chosen.items()}


def load_catalog(path: Path = ZOO_TOML) -> Catalog:
    """Reads a TOML file in the form of `zoo.toml`. Raises ModelError when it cannot be read or is not valid."""
    try:
        tables: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        return Catalog.model_validate(tables)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"{path}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ModelError(f"{path} [{'.'.join(map(str, first['loc']))}]: {first['msg']}") from error
