"""Joining flags, environment and TOML file into `Settings`, with the origin of every value."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource
from pydantic_settings import SettingsError as EnvironmentUnreadable

from ..errors import SettingsError
from .model import Settings, default_values, flatten

Tree = dict[str, Any]
_PATHS = ("models", "engines", "log")
"""Settings that name a place: what a file says of them is meant from where it lies."""

REMOVED = {"text.max_area": "was removed in 0.2, it had no effect; delete it"}
"""Settings of earlier versions, dotted name → what to tell whoever still gives one: when it went, why, what to do."""


def load_settings(config: Path | None = None, flags: Mapping[str, Any] | None = None) -> Settings:
    """Settings from flags (dotted name → value, None is not given), the environment and the file `config`.

    Precedence: flags, environment, file, defaults. Every value knows its source (`Settings.source_of`). A relative
    path in the file (`models`, `engines`, `log`) is relative to that file. Raises SettingsError.
    """
    layers = [
        ({} if config is None else _from_file(config), f"file {config}"),
        (_from_environment(), "environment"),
        (_nested({k: v for k, v in (flags or {}).items() if v is not None}), "flag"),
    ]
    merged: Tree = {}
    sources: dict[str, str] = {}
    for tree, source in layers:
        _merge(merged, tree)
        for name in flatten(tree):
            sources[name] = f"environment {_variable_of(name)}" if source == "environment" else source
    try:
        return Settings(**merged).with_sources(sources)
    except ValidationError as error:
        raise SettingsError(_in_words(error, sources)) from None


def parse_assignment(text: str) -> tuple[str, Any]:
    """`section.key=value` as (dotted name, value); the value as TOML when it is that, else as text.

    Raises SettingsError when there is no `=`.
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise SettingsError(f"--set {text}: write it as section.key=value")
    try:
        return name.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name.strip(), value


def _from_file(config: Path) -> Tree:
    try:
        tree = tomllib.loads(config.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"{config}: cannot be read ({reason}); check --config") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{config}: is not TOML ({error})") from None
    places = {name: tree[name] for name in _PATHS if isinstance(tree.get(name), str)}
    return tree | {name: str(config.parent / Path(place).expanduser()) for name, place in places.items()}


def _from_environment() -> Tree:
    try:
        return EnvSettingsSource(Settings)()
    except EnvironmentUnreadable as error:
        raise SettingsError(f"environment: {error}") from None


def _variable_of(name: str) -> str:
    """The variable that gave a value: its own, or one that gave its whole section as JSON."""
    present = {key.upper(): key for key in os.environ}
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        variable = "KEYART_" + "__".join(parts[:count]).upper()
        if variable in present:
            return present[variable]
    return "KEYART_" + "__".join(parts).upper()


def _nested(values: Mapping[str, Any]) -> Tree:
    tree: Tree = {}
    for name, value in sorted(values.items(), key=lambda item: item[0].count(".")):
        *sections, key = name.split(".")
        place = tree
        for section in sections:
            below = place.setdefault(section, {})
            if not isinstance(below, dict):
                raise SettingsError(f"{name}: {section} is a value, not a section")
            place = below
        place[key] = value
    return tree


def _merge(below: Tree, above: Tree) -> None:
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            _merge(below[key], value)
        else:
            below[key] = value


def _in_words(error: ValidationError, sources: Mapping[str, str]) -> str:
    return "; ".join(_one_in_words(dict(found), sources) for found in error.errors())


def _one_in_words(found: Tree, sources: Mapping[str, str]) -> str:
    name = ".".join(str(part) for part in found["loc"] if not isinstance(part, int))
    if not name:
        return str(found["msg"]).removeprefix("Value error, ")
    place = next((f" ({source})" for key, source in sources.items() if f"{key}.".startswith(f"{name}.")), "")
    if found["type"] == "extra_forbidden" and name in REMOVED:
        return f"{name}{place}: {REMOVED[name]}"
    if found["type"] == "extra_forbidden":
        return f"{name}{place}: no such setting{_perhaps(name, default_values())}"
    message = str(found["msg"]).removeprefix("Value error, ")
    return f"{name}{place}: {message[:1].lower()}{message[1:]}, not {found['input']!r}"


def _perhaps(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else "; see `keyart config show`"
