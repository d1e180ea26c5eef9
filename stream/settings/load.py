"""Reads `Settings` from flags, the environment and a TOML file, with the source of every value."""

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
"""Settings as nested dictionaries: section → key → value."""
_PATHS = ("models", "engines", "log")
_TIMES = ("start_s", "end_s", "skip_first_s", "skip_last_s")
"""Settings whose option has another name: it is named in errors."""
"""Settings that name a place: a relative one in a file is relative to that file."""

REMOVED = {"text.max_area": "was removed after 0.1.0, it had no effect; delete it"}
"""Settings that earlier versions had: dotted name → when and why it was removed, and what to do."""


def load_settings(config: Path | None = None, flags: Mapping[str, Any] | None = None) -> Settings:
    """Settings from flags, the environment and the file `config`.

    `flags`: dotted name → value; None counts as not given. Flags win over the environment, that over the file, that
    over the defaults. Each value's source is kept (`Settings.source_of`). A relative path in the file (`models`,
    `engines`, `log`) is relative to that file. Raises SettingsError for a file that cannot be read and for values that
    are not allowed.
    """
    layers = [
        ({} if config is None else _from_file(config), f"file {config}"),
        (_from_environment(), "environment"),
        (_tree_of({k: v for k, v in (flags or {}).items() if v is not None}), "flag"),
    ]
    merged: Tree = {}
    sources: dict[str, str] = {}
    for tree, source in layers:
        _overlay(merged, tree)
        for name in flatten(tree):
            sources[name] = f"environment {_variable_of(name)}" if source == "environment" else source
    try:
        return Settings(**merged).with_sources(sources)
    except ValidationError as error:
        raise SettingsError(_error_text(error, sources)) from None


def parse_assignment(text: str) -> tuple[str, Any]:
    """`section.key=value` → (dotted name, value). The value is read as TOML where it is valid TOML, else as text.

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
    places = {name: tree[name] for name in _PATHS if isinstance(tree.get(name), str) and tree[name]}
    return tree | {name: str(config.parent / Path(place).expanduser()) for name, place in places.items()}


def _from_environment() -> Tree:
    try:
        return EnvSettingsSource(Settings)()
    except EnvironmentUnreadable as error:
        raise SettingsError(f"environment: {error}") from None


def _variable_of(name: str) -> str:
    """The environment variable that gave a value: its own, or one that gave the whole section as JSON."""
    present = {key.upper(): key for key in os.environ}
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        variable = "KEYART_" + "__".join(parts[:count]).upper()
        if variable in present:
            return present[variable]
    return "KEYART_" + "__".join(parts).upper()


def _tree_of(values: Mapping[str, Any]) -> Tree:
    """The tree of values by dotted name. Raises SettingsError where a name is both a value and a section."""
    tree: Tree = {}
    for name, value in sorted(values.items(), key=lambda item: item[0].count(".")):
        *sections, key = name.split(".")
        place = tree
        for section in sections:
            inner = place.setdefault(section, {})
            if not isinstance(inner, dict):
                raise SettingsError(f"{name}: {section} is a value, not a section")
            place = inner
        place[key] = value
    return tree


def _overlay(base: Tree, layer: Tree) -> None:
    """Put the values of `layer` over those of `base`, which is changed."""
    for key, value in layer.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            _overlay(base[key], value)
        else:
            base[key] = value


def _error_text(error: ValidationError, sources: Mapping[str, str]) -> str:
    return "; ".join(_one_error_text(dict(problem), sources) for problem in error.errors())


def _one_error_text(problem: Tree, sources: Mapping[str, str]) -> str:
    name = ".".join(str(part) for part in problem["loc"] if not isinstance(part, int))
    if not name:
        return str(problem["msg"]).removeprefix("Value error, ")
    source = next((source for key, source in sources.items() if f"{key}.".startswith(f"{name}.")), "")
    if source == "flag" and name in _TIMES:
        source = f"--{name.removesuffix('_s').replace('_', '-')}"
    place = f" ({source})" if source else ""
    if problem["type"] == "extra_forbidden" and name in REMOVED:
        return f"{name}{place}: {REMOVED[name]}"
    if problem["type"] == "extra_forbidden":
        return f"{name}{place}: no such setting{_suggestion(name, default_values())}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{name}{place}: {message[:1].lower()}{message[1:]}, not {problem['input']!r}"


def _suggestion(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else "; see `keyart config show`"
