"""The models by role: found in a folder, or brought there, converted and checked. `zoo.toml` says what they are."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs

from . import store
from .catalog import DEFAULT_SET, Catalog, ModelError, WeightFile, load_catalog
from .convert import CONVERSIONS, CONVERTER_VERSION, ConversionError
from .fetch import Fetcher, FetchError, sha256_of, short

FOLDER_VARIABLE = "KEYART_MODELS"
Progress = Callable[[int, int, str], None]
"""Called with bytes done, bytes in all (0: unknown) and the role; it may raise, which ends the pull cleanly."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model ready to be loaded. `origin`: the kept folder, the local folder, or a user's own file."""

    role: str
    name: str
    path: Path
    sha256: str
    origin: Literal["kept", "local", "own"]


@dataclass(frozen=True, slots=True)
class RoleStatus:
    """A line of `models list`. `problem`: why the model cannot be used, None when it can or is merely missing."""

    role: str
    name: str
    state: Literal["ready", "missing", "broken"]
    model: Model | None
    problem: str | None
    licence: str
    trained_on: str
    size_bytes: int | None
    sha256: str
    sources: tuple[str, ...]


class Zoo:
    """The models of one set.

    folder: where converted models are kept. local: a folder looked in first (`--models`), holding converted models,
    weight files or archives as published, or a user's own `<role>.onnx`. overrides: role → a user's own ONNX file.
    Raises ModelError on an unknown set or role, or an own file or local folder that does not exist.
    """

    def __init__(
        self,
        folder: Path,
        model_set: str = DEFAULT_SET,
        local: Path | None = None,
        overrides: Mapping[str, Path] | None = None,
        catalog: Catalog | None = None,
    ) -> None:
        self._catalog = catalog or load_catalog()
        self._files = self._catalog.select(model_set)
        self.folder = folder
        self.model_set = model_set
        self._local = local
        self._overrides = dict(overrides or {})
        self._hashes: dict[tuple[Path, int, int], str] = {}
        self._check_arguments()

    @classmethod
    def default(
        cls, model_set: str = DEFAULT_SET, local: Path | None = None, overrides: Mapping[str, Path] | None = None
    ) -> Zoo:
        """The zoo in `KEYART_MODELS`, or else in the user's cache folder; sets beside the default in folders below."""
        chosen = os.environ.get(FOLDER_VARIABLE)
        base = Path(chosen) if chosen else Path(platformdirs.user_cache_dir("keyart")) / "models"
        return cls(base if model_set == DEFAULT_SET else base / model_set, model_set, local, overrides)

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles, in the order of `zoo.toml`."""
        return tuple(self._files)

    def ensure(self, roles: Iterable[str] | None = None, progress: Progress | None = None) -> None:
        """Brings the models of these roles (default: all) that are not there yet.

        Several processes may do so at once. Raises ModelError when one is broken or cannot be had; the others that
        came before it stay.
        """
        wanted = [self._file(role) for role in roles] if roles is not None else list(self._files.values())
        if not self._missing(wanted):
            return
        try:
            with store.locked(self.folder), store.scratch(self.folder) as scratch:
                fetcher = Fetcher(self._catalog.archives, scratch, self._local)
                for file in self._missing(wanted):  # asked again: another process may have brought them meanwhile
                    self._bring(file, fetcher, progress or (lambda done, total, role: None))
        except OSError as error:
            hint = f"make room there or set {FOLDER_VARIABLE} to a folder that can be written"
            raise ModelError(f"{self.folder}: {error.strerror or error}; {hint}") from error

    def model(self, role: str) -> Model:
        """The model of a role, its hash checked. Raises ModelError when it is missing or broken."""
        found = self._find(self._file(role))
        if found is None:
            raise ModelError(f"{self._file(role).where}: not pulled yet; run `keyart models pull`")
        return found

    def path(self, role: str) -> Path:
        """The ONNX file of a role, its hash checked. Raises ModelError when it is missing or broken."""
        return self.model(role).path

    def status(self) -> list[RoleStatus]:
        """What each role has, without fetching anything."""
        return [self._status(file) for file in self._files.values()]

    def _check_arguments(self) -> None:
        if self._local is not None and not self._local.is_dir():
            raise ModelError(f"{self._local}: no such folder of models")
        for role, path in self._overrides.items():
            self._file(role)
            if not path.is_file():
                raise ModelError(f"{path}: no such file, given as the model for {role}")

    def _file(self, role: str) -> WeightFile:
        if role not in self._files:
            raise ModelError(f"no role {role!r}; there are: {', '.join(self._files)}")
        return self._files[role]

    def _missing(self, files: Iterable[WeightFile]) -> list[WeightFile]:
        return [file for file in files if self._find(file) is None]

    def _find(self, file: WeightFile) -> Model | None:
        """The user's own file, else the local folder's, else the kept one; None when there is none."""
        if own := self._overrides.get(file.role):
            return self._own(file.role, own)
        if self._local is not None and (found := self._in_local(file, self._local)):
            return found
        record = store.read_record(self.folder, file.role)
        return self._recorded(file, self.folder, record, "kept") if record else None

    def _in_local(self, file: WeightFile, folder: Path) -> Model | None:
        """A file without a record is the user's own, except in the folder that we ourselves write to."""
        record, path = store.read_record(folder, file.role), store.model_path(folder, file.role)
        if record is not None:
            return self._recorded(file, folder, record, "local")
        return self._own(file.role, path) if path.is_file() and not self._is_kept(folder) else None

    def _is_kept(self, folder: Path) -> bool:
        return folder.resolve() == self.folder.resolve()

    def _own(self, role: str, path: Path) -> Model:
        return Model(role, path.stem, path, self._hash(path), "own")

    def _recorded(
        self, file: WeightFile, folder: Path, record: store.Record, origin: Literal["kept", "local"]
    ) -> Model | None:
        """None when it was made from other weights or by an older converter; ModelError when its bytes changed."""
        path, weights = store.model_path(folder, file.role), file.weights
        made = (record.source_sha256, record.conversion, record.converter_version)
        if made != (weights.sha256, weights.conversion, CONVERTER_VERSION) or not path.is_file():
            return None
        found = self._hash(path)
        if found != record.sha256:
            what = f"sha256 is {short(found)}, expected {short(record.sha256)}"
            raise ModelError(f"{file.where}: {what}; delete {path} and run `keyart models pull`")
        return Model(file.role, file.name, path, found, origin)

    def _hash(self, path: Path) -> str:
        """SHA-256, remembered while the file's time and size stay."""
        state = path.stat()
        key = (path, state.st_mtime_ns, state.st_size)
        if key not in self._hashes:
            self._hashes[key] = sha256_of(path)
        return self._hashes[key]

    def _bring(self, file: WeightFile, fetcher: Fetcher, progress: Progress) -> None:
        try:
            source = fetcher.get(file, lambda done, total: progress(done, total, file.role))
            model = CONVERSIONS[file.weights.conversion](source)
        except FetchError as error:
            hint = f"without a network put {self._file_names(file)} into a folder and give it with --models"
            raise ModelError(f"{file.where}: cannot get {file.name}: {error}; {hint}") from error
        except ConversionError as error:
            raise ModelError(f"{file.where}: cannot convert {file.name}: {error}") from error
        sha256 = hashlib.sha256(model).hexdigest()
        made = store.Record(file.name, file.weights.sha256, file.weights.conversion, CONVERTER_VERSION, sha256)
        store.put(self.folder, file.role, model, made)
        progress(len(source), len(source), file.role)

    def _file_names(self, file: WeightFile) -> str:
        first = file.weights.sources[0]
        return self._catalog.archives[first.archive].file if first.archive else first.file_name

    def _status(self, file: WeightFile) -> RoleStatus:
        model, problem = None, None
        try:
            model = self._find(file)
        except ModelError as error:
            problem = str(error)
        weights, archives = file.weights, self._catalog.archives
        return RoleStatus(
            role=file.role, name=model.name if model else file.name, model=model, problem=problem,
            state="broken" if problem else "ready" if model else "missing",
            licence=weights.licence, trained_on=weights.trained_on, size_bytes=weights.size, sha256=weights.sha256,
            sources=tuple(s.url or f"{archives[s.archive or ''].file}: {s.member}" for s in weights.sources),
        )  # fmt: skip


__all__ = ["Model", "ModelError", "Progress", "RoleStatus", "Zoo"]
