"""Settings are the same whichever way they came in: a file, the environment, flags, `--set`, or several of these."""

from __future__ import annotations

import json
import os
import typing
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from stream.settings.load import load_settings, parse_assignment
from stream.settings.model import Settings, affects_result, default_values

REASONS = ("not_main", "cut_face", "eyes_closed", "text_overlay")
SHIPPED = ("landscape", "portrait", "square")
SPECIAL: dict[str, st.SearchStrategy[Any]] = {
    "formats": st.lists(st.sampled_from(SHIPPED), min_size=1, unique=True),
    "rank.ignored_reasons": st.lists(st.sampled_from(REASONS), unique=True),
    "model_set": st.text("abcxyz0123456789-_", min_size=1, max_size=12),
    "models": st.sampled_from(["/srv/models", "/srv/two words", '/srv/"quoted"']),
    "engines": st.sampled_from(["/srv/engines"]),
    "log": st.sampled_from(["/srv/keyart.jsonl"]),
    "backfill.metrics_address": st.sampled_from(["127.0.0.1", "0.0.0.0", "::1", "metrics.local"]),
    "serve.address": st.sampled_from(["127.0.0.1", "0.0.0.0", "::1"]),
    "serve.hosts": st.lists(st.sampled_from(["keyart.local", "posters.example"]), unique=True),
    "episode.template": st.sampled_from(["", "{series}/Season {season}/{episode} - {title}.mkv"]),
    "start_s": st.floats(0, 1000),
    "end_s": st.floats(1001, 5000),
}
"""What the limits of a line do not say."""


def leaves(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from leaves(field.annotation, f"{prefix}{name}.")
        elif name != "custom_formats":
            yield f"{prefix}{name}", field


def allowed(name: str, field: FieldInfo) -> st.SearchStrategy[Any]:
    """Values of one line, by its type and limits."""
    if name in SPECIAL:
        return SPECIAL[name]
    kind = field.annotation
    limits = {key: getattr(m, key) for m in field.metadata for key in ("ge", "gt", "le", "lt") if hasattr(m, key)}
    low, high = limits.get("ge", limits.get("gt", 0)), limits.get("le", limits.get("lt", 10_000))
    if typing.get_origin(kind) is Literal:
        return st.sampled_from(typing.get_args(kind))
    if kind is bool:
        return st.booleans()
    if kind is int:
        return st.integers(low, high)
    assert kind is float, f"{name}: no values are known for {kind}"
    return st.floats(low, high, exclude_min="gt" in limits, exclude_max="lt" in limits).map(lambda value: value + 0.0)


LINES = {name: allowed(name, field) for name, field in leaves(Settings)}
CHANGES = st.lists(st.sampled_from(sorted(LINES)), unique=True, max_size=8).flatmap(
    lambda names: st.fixed_dictionaries({name: LINES[name] for name in names})
)


def as_toml(value: Any) -> str:
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value)  # of text, whole numbers, truth values and lists of these TOML and JSON write the same


def as_variable(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@contextmanager
def environment(values: Mapping[str, Any]) -> Iterator[None]:
    """These settings and no others in the environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [key for key in os.environ if key.upper().startswith("KEYART_")]:
            patch.delenv(name)
        for name, value in values.items():
            patch.setenv("KEYART_" + name.upper().replace(".", "__"), as_variable(value))
        yield


def written(folder: Path, values: Mapping[str, Any]) -> Path:
    path = folder / "my.toml"
    path.write_text("".join(f"{name} = {as_toml(value)}\n" for name, value in values.items()), encoding="utf-8")
    return path


def loaded(folder: Path, file: Mapping[str, Any], variables: Mapping[str, Any], flags: Mapping[str, Any]) -> Settings:
    with environment(variables):
        return load_settings(written(folder, file), flags)


ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
"""Each example writes the same file anew."""


@pytest.mark.slow
@given(changes=CHANGES)
@ONE_FOLDER
def test_every_way_in_gives_the_same_settings(tmp_path: Path, changes: dict[str, Any]) -> None:
    expected = loaded(tmp_path, {}, {}, changes)
    by_assignment = dict(parse_assignment(f"{name}={as_toml(value)}") for name, value in changes.items())
    ways = (({}, {}, by_assignment), ({}, changes, {}), (changes, {}, {}))
    for way in ways:
        found = loaded(tmp_path, *way)
        assert found.values() == expected.values()
        assert found.settings_fingerprint == expected.settings_fingerprint
    assert {name: expected.values()[name] for name in changes} == changes


@given(below=CHANGES, between=CHANGES, above=CHANGES)
@ONE_FOLDER
def test_what_is_given_in_several_places_is_taken_from_the_highest(
    tmp_path: Path, below: dict[str, Any], between: dict[str, Any], above: dict[str, Any]
) -> None:
    found = loaded(tmp_path, below, between, above)
    assert found.values() == loaded(tmp_path, {}, {}, below | between | above).values()
    places = dict.fromkeys(below, f"file {tmp_path / 'my.toml'}")
    places |= {name: "environment KEYART_" + name.upper().replace(".", "__") for name in between}
    places |= dict.fromkeys(above, "flag")
    assert {name: found.source_of(name) for name in LINES} == {name: places.get(name, "default") for name in LINES}


@pytest.mark.slow
@given(changes=CHANGES)
@ONE_FOLDER
def test_what_a_manifest_says_of_its_settings_gives_the_same_result_again(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    found = loaded(tmp_path, changes, {}, {})
    assert loaded(tmp_path, {}, {}, found.non_default()).settings_fingerprint == found.settings_fingerprint
    assert loaded(tmp_path, {}, {}, json.loads(json.dumps(found.values()))).values() == found.values()
    with environment({}):
        same = found.settings_fingerprint == load_settings().settings_fingerprint
    assert same == (not found.non_default())
    assert all(affects_result(name) for name in found.non_default())


@given(
    name=st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True).filter(lambda name: name != "characters"),
    across=st.integers(1, 40),
    down=st.integers(1, 40),
    pixels=st.integers(50, 100),
    eyes_line=st.floats(0, 1),
    enlargement=st.floats(1, 4),
    beside=st.sampled_from([None, *SHIPPED]),
)
@example(name="tv", across=4, down=3, pixels=100, eyes_line=0.4, enlargement=2.0, beside="square")
@ONE_FOLDER
def test_a_format_of_ones_own_comes_in_every_way(
    tmp_path: Path,
    name: str,
    across: int,
    down: int,
    pixels: int,
    eyes_line: float,
    enlargement: float,
    beside: str | None,
) -> None:
    size = [across * pixels, down * pixels]
    rules = {"aspect": [across, down], "size": size, "eyes_line": eyes_line, "max_enlargement": enlargement}
    formats = [name] if beside in (None, name) else [name, beside]
    values = {"formats": formats, **{f"custom_formats.{name}.{key}": value for key, value in rules.items()}}
    by_file = loaded(tmp_path, values, {}, {})
    by_variable = loaded(tmp_path, {}, {"formats": formats, "custom_formats": {name: rules}}, {})
    by_flag = loaded(tmp_path, {}, {}, values)
    assert by_file.values() == by_variable.values() == by_flag.values()
    assert by_file.settings_fingerprint == by_variable.settings_fingerprint == by_flag.settings_fingerprint
    own, *others = by_file.chosen_formats()
    assert (own.name, list(own.aspect), list(own.size)) == (name, rules["aspect"], rules["size"])
    assert (own.eyes_line, own.max_enlargement) == (eyes_line, enlargement)
    assert [other.name for other in others] == formats[1:]
    assert loaded(tmp_path, {}, {}, by_file.non_default()).settings_fingerprint == by_file.settings_fingerprint


@given(values=st.fixed_dictionaries(LINES))
@settings(max_examples=5)
def test_each_line_alone_tells_whether_the_result_may_differ(values: dict[str, Any]) -> None:
    with environment({}):
        plain = load_settings()
        for name, value in values.items():
            changed = load_settings(None, {name: value})
            differs = affects_result(name) and changed.values()[name] != plain.values()[name]
            assert (changed.settings_fingerprint != plain.settings_fingerprint) == differs, name
            assert set(changed.non_default()) == ({name} if differs else set()), name


def test_no_line_is_left_out() -> None:
    assert {*LINES, "custom_formats"} == set(default_values())
