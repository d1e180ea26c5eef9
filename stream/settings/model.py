"""The model of all settings. Flags, the environment (`KEYART_…`) and the TOML file are all read into it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, PrivateAttr, field_serializer, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from ..cores import usable_cores
from .episode import EpisodeSettings
from .formats import Format, FormatRules, shipped_formats
from .section import Seconds, setting
from .sections import (
    BackfillSettings,
    BatchSettings,
    CropSettings,
    CudaSettings,
    ExpressionSettings,
    FaceSettings,
    LimitSettings,
    MaturitySettings,
    PeopleSettings,
    PoolSettings,
    ProbeSettings,
    QualitySettings,
    RankSettings,
    ShotSettings,
    TextSettings,
)
from .serving import ServeSettings

RESERVED_FOLDERS = frozenset({"characters"})
"""Folders of a result; no format may have such a name."""


def _split_names(value: Any) -> Any:
    """A list from the texts `a,b` and `["a", "b"]`, because the environment has only text; other values unchanged."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [name.strip() for name in value.split(",") if name.strip()]


def _given_path(value: Any) -> Any:
    """A path with `~` as the home folder; nothing where a variable or flag is empty."""
    if isinstance(value, str):
        return Path(value).expanduser() if value else None
    return value


OptionalPath = Annotated[Path | None, BeforeValidator(_given_path)]


class Settings(BaseSettings):
    """Everything a user may choose. `Settings(…)` takes arguments, then the environment; `load_settings` adds a file.

    Raises `pydantic.ValidationError` for values that are not allowed; `stream.settings.load.load_settings` turns that
    into one line that names the setting and its source.
    """

    model_config = SettingsConfigDict(
        env_prefix="KEYART_",
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        validate_default=True,
        allow_inf_nan=False,
    )

    device: Literal["auto", "cuda", "cpu"] = setting(
        "auto", "Where pictures are decoded and measured.", affects_result=False
    )
    decode: Literal["all", "reference"] = setting(
        "all", "Which frames to decode: all, or only those that others refer to (faster, fewer to choose from)."
    )
    top: int = setting(10, "How many images to choose.", ge=1, le=100)
    formats: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_names)] = setting(
        ("landscape", "portrait"), "Formats to cut every image to.", min_length=1
    )
    start_s: Seconds | None = setting(
        None, "Leave out what comes before this time, counted from the first picture.", unit="s", ge=0
    )
    end_s: Seconds | None = setting(
        None, "Leave out what comes after this time, counted from the first picture.", unit="s", gt=0
    )
    skip_first_s: Seconds = setting(0.0, "Leave out this much at the beginning.", unit="s", ge=0)
    skip_last_s: Seconds = setting(0.0, "Leave out this much at the end (credits, spoilers).", unit="s", ge=0)
    threads: int = setting(
        0, "Threads of the decoder and of the engines; 0 is one for each core.", affects_result=False, ge=0, le=1024
    )
    models: OptionalPath = setting(
        None, "Folder with the weights, for machines without network; default: the cache.", affects_result=False
    )
    engines: OptionalPath = setting(
        None, "Folder for TensorRT engines; default: with the models.", affects_result=False
    )
    model_set: str = setting("default", "Which set of weights to use.", min_length=1)
    log: OptionalPath = setting(
        None, "File to append what happens to, in JSON, with whole tracebacks; default: none.", affects_result=False
    )
    overwrite: bool = setting(False, "Replace results that are already there.", affects_result=False)
    jpeg_quality: int = setting(92, "Quality of the images written.", ge=1, le=100)

    shots: ShotSettings = setting(ShotSettings(), "Where one shot ends and the next begins.")
    probes: ProbeSettings = setting(ProbeSettings(), "Which pictures of a shot are looked at closely.")
    pool: PoolSettings = setting(PoolSettings(), "Full-size pictures kept until the end of the film.")
    faces: FaceSettings = setting(FaceSettings(), "Finding and accepting faces.")
    quality: QualitySettings = setting(QualitySettings(), "How well a face must be photographed.")
    people: PeopleSettings = setting(PeopleSettings(), "Who is who, and who the main characters are.")
    expression: ExpressionSettings = setting(ExpressionSettings(), "Which expressions are too much.")
    text: TextSettings = setting(TextSettings(), "Text in the picture.")
    maturity: MaturitySettings = setting(MaturitySettings(), "Sexually explicit pictures.")
    rank: RankSettings = setting(RankSettings(), "Scores and variety.")
    crop: CropSettings = setting(CropSettings(), "Cutting to formats.")
    episode: EpisodeSettings = setting(EpisodeSettings(), "Reading the episode number in the picture.")
    batching: BatchSettings = setting(BatchSettings(), "How films share the engines.")
    cuda: CudaSettings = setting(CudaSettings(), "How the engines work on a GPU.")
    limits: LimitSettings = setting(LimitSettings(), "What a film may ask for.")
    backfill: BackfillSettings = setting(BackfillSettings(), "How a library is worked through.")
    serve: ServeSettings = setting(ServeSettings(), "How the service answers.")
    custom_formats: dict[str, FormatRules] = setting({}, "Your own formats: [custom_formats.NAME].")

    _sources: dict[str, str] | None = PrivateAttr(default=None)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment; no other source (`.env` files, secrets) is read."""
        return init_settings, env_settings

    @field_serializer("models", "engines", "log")
    def _path_as_text(self, value: Path | None) -> str | None:
        return None if value is None else str(value)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self.chosen_formats()
        if len(set(self.formats)) != len(self.formats):
            raise ValueError("formats: each name only once")
        if self.start_s is not None and self.end_s is not None and self.end_s <= self.start_s:
            raise ValueError("end_s (--end): must be later than start_s (--start)")
        return self

    def known_formats(self) -> dict[str, Format]:
        """The shipped formats and the user's own by name; the user's replace shipped ones of the same name.

        Raises ValueError for a name in `RESERVED_FOLDERS`.
        """
        own = {
            name: Format(name=name, **{key: getattr(rules, key) for key in FormatRules.model_fields})
            for name, rules in self.custom_formats.items()
        }
        if taken := RESERVED_FOLDERS & own.keys():
            raise ValueError(f"custom_formats: {min(taken)!r} is a folder of the result; choose another name")
        return {**shipped_formats(), **own}

    def chosen_formats(self) -> tuple[Format, ...]:
        """The formats to cut, in the order of `formats`. Raises ValueError for an unknown name."""
        known = self.known_formats()
        for name in self.formats:
            if name not in known:
                raise ValueError(f"formats: {name!r} is not known; known are {', '.join(sorted(known))}")
        return tuple(known[name] for name in self.formats)

    @property
    def thread_count(self) -> int:
        """`threads`, with 0 resolved to the cores this process may use."""
        return self.threads or usable_cores()

    def values(self) -> dict[str, Any]:
        """Every value by its dotted name, as JSON types, in the order of the model."""
        return flatten(self.model_dump(mode="json"))

    def source_of(self, name: str) -> str:
        """The source of a value (dotted name): `default`, `file NAME`, `environment VAR` or `flag`.

        `argument` for settings that were made in Python instead of loaded.
        """
        if self._sources is not None:
            return self._sources.get(name, "default")
        return "default" if self.values().get(name) == default_values().get(name) else "argument"

    def with_sources(self, sources: dict[str, str]) -> Self:
        """A copy that remembers these sources (dotted name → text of `source_of`)."""
        noted = self.model_copy()
        noted._sources = dict(sources)
        return noted

    def non_default(self) -> dict[str, Any]:
        """The values that differ from their defaults and can change the result, by dotted name."""
        defaults = default_values()
        return {
            name: value
            for name, value in self.values().items()
            if affects_result(name) and (name not in defaults or defaults[name] != value)
        }

    @property
    def settings_fingerprint(self) -> str:
        """16 hex digits that change with every value that can change the result, and with the chosen formats' rules."""
        values = {name: value for name, value in self.values().items() if affects_result(name)}
        values = {name: value for name, value in values.items() if not name.startswith("custom_formats")}
        values["chosen_formats"] = [chosen.model_dump(mode="json") for chosen in self.chosen_formats()]
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def flatten(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested dictionaries → one dictionary by dotted name; an empty dictionary counts as a value."""
    leaves: dict[str, Any] = {}
    for key, value in tree.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value:
            leaves.update(flatten(value, f"{name}."))
        else:
            leaves[name] = value
    return leaves


def default_values() -> dict[str, Any]:
    """The default values by dotted name; the environment is not read."""
    defaults: dict[str, Any] = Settings.model_construct().model_dump(mode="json")
    return flatten(defaults)


def affects_result(name: str) -> bool:
    """Whether the setting (dotted name) can change which images are chosen, or how they look."""
    field = setting_metadata(name)
    return bool(field.get("affects_result", True))


def setting_metadata(name: str) -> dict[str, Any]:
    """`help`, `unit` and `affects_result` of a setting (dotted name); an entry of a table has those of the table."""
    model: Any = Settings
    found: dict[str, Any] = {"help": "", "unit": "", "affects_result": True}
    for part in name.split("."):
        field = getattr(model, "model_fields", {}).get(part)
        if field is None:
            break
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        found = {"help": field.description or "", "unit": "", "affects_result": True, **extra}
        model = field.annotation
    return found
