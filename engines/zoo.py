"""Finds the model of each role in a folder, or fetches, converts and checks it. `zoo.toml` describes the models."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs

from . import store
from .catalog import DEFAULT_SET, Catalog, Source, WeightFile, load_catalog
from .convert import CONVERSIONS, CONVERTER_VERSION, ConversionError
from .errors import ModelError
from .fetch import Fetcher, FetchError, sha256_of, short_hash

FOLDER_VARIABLE = "KEYART_MODELS"
Progress = Callable[[int, int, str], None]
"""Called with the bytes done, the bytes in total (0: unknown) and the role. It may raise, which ends the pull
cleanly."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can be loaded. `origin`: "kept" (the folder of converted models), "local" (the local folder), or
    "own" (a user's own file)."""

    role: str
    name: str
    path: Path
    sha256: str
    origin: Literal["kept", "local", "own"]


@dataclass(frozen=True, slots=True)
class RoleStatus:
    """A line of `models list`. `problem`: why the model cannot be used; None when it can be or is merely missing."""

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


def _silent(done: int, total: int, role: str) -> None:
    """A `Progress` that reports nothing."""


class Zoo:
    """The models of one set.

    folder: of converted models; models that a set uses in place of the default set's are in a folder of the set's name
    below it. local: a folder that is searched first (`--models`), with converted models, weight files or archives as
    published, or a user's own `<role>.onnx`; it may be `folder` itself. Raises ModelError for an unknown set, or a
    local folder that does not exist.
    """

    def __init__(
        self,
        folder: Path,
        model_set: str = DEFAULT_SET,
        local: Path | None = None,
        catalog: Catalog | None = None,
    ) -> None:
        self._catalog = catalog or load_catalog()
        self._files = self._catalog.select(model_set)
        shared = self._catalog.select(DEFAULT_SET)
        self._kept = {r: folder if file == shared[r] else folder / model_set for r, file in self._files.items()}
        self.folder = folder
        self.model_set = model_set
        self._local = local
        self._published = folder / "published"
        self._hashes: dict[tuple[Path, int, int], str] = {}
        if local not in (None, folder) and not local.is_dir():
            raise ModelError(f"{local}: no such folder of models, check --models")

    @classmethod
    def default(cls, model_set: str = DEFAULT_SET, local: Path | None = None) -> Zoo:
        """The zoo in the folder `KEYART_MODELS`, or else in the user's cache folder."""
        chosen = os.environ.get(FOLDER_VARIABLE)
        folder = Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("keyart")) / "models"
        return cls(folder, model_set, local)

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles, in the order of `zoo.toml`."""
        return tuple(self._files)

    def ensure(self, roles: Iterable[str] | None = None, progress: Progress | None = None) -> None:
        """Fetches and converts the models of these roles (default: all) that are missing.

        Several processes may call it at once. Raises ModelError when a model is damaged or cannot be fetched; models
        that were finished before stay.
        """
        wanted = [self._file(role) for role in roles] if roles is not None else list(self._files.values())
        if not self._missing(wanted):
            return
        report = progress or _silent
        with self._writing() as fetcher:
            for file in self._missing(wanted):  # looked up again: another process may have fetched them meanwhile
                self._bring(file, fetcher, report)

    def published(self, role: str) -> Path:
        """Path of a role's weight file as its authors published it; fetched when it is not kept. Raises ModelError."""
        file = self._file(role)
        kept = self._published / file.weights.sources[0].file_name
        if not kept.is_file() or self._hash(kept) != file.weights.sha256:
            with self._writing() as fetcher:
                self._keep(file, self._get(file, fetcher, _silent))
        return kept

    @contextmanager
    def _writing(self) -> Iterator[Fetcher]:
        """Holds the folder's lock and provides a fetcher. Turns OSError into ModelError."""
        local = [folder for folder in (self._local, self._published) if folder is not None]
        try:
            with store.locked(self.folder), store.scratch(self.folder) as scratch:
                yield Fetcher(self._catalog.archives, scratch, local)
        except OSError as error:
            hint = f"make room there or set {FOLDER_VARIABLE} to a folder that can be written"
            raise ModelError(f"{self.folder}: {error.strerror or error}; {hint}") from error

    def model(self, role: str) -> Model:
        """The model of a role, with its hash checked. Raises ModelError when it is missing or damaged."""
        found = self._find(self._file(role))
        if found is None:
            raise ModelError(f"{self._file(role).where}: not pulled yet; run `keyart models pull`")
        return found

    def elsewhere(self, roles: Iterable[str]) -> list[str]:
        """The roles of which the local folder has neither a model nor the published file, so that they come from
        elsewhere; none without a local folder. What comes with Keyart is not missed. Raises ModelError when a model
        there is damaged."""
        local = self._local
        if local is None or local == self.folder:
            return []
        files = [self._file(role) for role in roles]
        return [file.role for file in files if not (self._in_folder(file, local, "local") or self._offers(local, file))]

    def _offers(self, folder: Path, file: WeightFile) -> bool:
        """Whether a folder has a role's weight file or its archive, or need not have it."""
        sources = file.weights.sources
        names = [source.file_name for source in sources]
        names += [self._catalog.archives[source.archive].file for source in sources if source.archive]
        return self.comes_with_keyart(file.role) or any((folder / name).is_file() for name in names)

    def comes_with_keyart(self, role: str) -> bool:
        """Whether the weights of a role are part of the package."""
        return any(source.package for source in self._file(role).weights.sources)

    def path(self, role: str) -> Path:
        """The ONNX file of a role, with its hash checked. Raises ModelError when it is missing or damaged."""
        return self.model(role).path

    def status(self) -> list[RoleStatus]:
        """The state of each role. Fetches nothing."""
        return [self._status(file) for file in self._files.values()]

    def _file(self, role: str) -> WeightFile:
        if role not in self._files:
            raise ModelError(f"no role {role!r}; there are: {', '.join(self._files)}")
        return self._files[role]

    def _missing(self, files: Iterable[WeightFile]) -> list[WeightFile]:
        return [file for file in files if self._find(file) is None]

    def _find(self, file: WeightFile) -> Model | None:
        """The model in the local folder, else the converted one; None when there is none."""
        try:
            return self._search(file)
        except OSError as error:
            raise ModelError(f"{file.where}: cannot read {error.filename}: {error.strerror}") from error

    def _search(self, file: WeightFile) -> Model | None:
        if self._local is not None and (found := self._in_folder(file, self._local, "local")):
            return found
        return self._in_folder(file, self._kept[file.role], "kept")

    def _in_folder(self, file: WeightFile, folder: Path, origin: Literal["kept", "local"]) -> Model | None:
        """The model of a role in one folder. Models of ours always have a record, so a model without one is a user's
        own."""
        path = store.model_path(folder, file.role)
        try:
            record = store.read_record(folder, file.role)
        except ValueError as error:
            where = store.record_path(folder, file.role)
            raise ModelError(f"{file.where}: {where} is damaged; delete it and {path.name} beside it") from error
        if record is not None:
            return self._recorded(file, path, record, origin)
        return self._own(file.role, path) if path.is_file() else None

    def _own(self, role: str, path: Path) -> Model:
        return Model(role, path.stem, path, self._hash(path), "own")

    def _recorded(
        self, file: WeightFile, path: Path, record: store.ModelRecord, origin: Literal["kept", "local"]
    ) -> Model | None:
        """None when the model was made from other weights or by an older converter. Raises ModelError when its bytes
        changed."""
        weights = file.weights
        made = (record.source_sha256, record.conversion, record.converter_version)
        if made != (weights.sha256, weights.conversion, CONVERTER_VERSION) or not path.is_file():
            return None
        found = self._hash(path)
        if found != record.sha256:
            what = f"sha256 is {short_hash(found)}, expected {short_hash(record.sha256)}"
            raise ModelError(f"{file.where}: {what}; delete {path} and run `keyart models pull`")
        return Model(file.role, file.name, path, found, origin)

    def _hash(self, path: Path) -> str:
        """SHA-256 of a file, cached while its time and size stay the same."""
        state = path.stat()
        key = (path, state.st_mtime_ns, state.st_size)
        if key not in self._hashes:
            self._hashes[key] = sha256_of(path)
        return self._hashes[key]

    def _bring(self, file: WeightFile, fetcher: Fetcher, progress: Progress) -> None:
        source = self._get(file, fetcher, progress)
        try:
            model = CONVERSIONS[file.weights.conversion](source)
        except ConversionError as error:
            raise ModelError(f"{file.where}: cannot convert {file.name}: {error}") from error
        if model != source:
            self._keep(file, source)
        sha256 = hashlib.sha256(model).hexdigest()
        made = store.ModelRecord(file.name, file.weights.sha256, file.weights.conversion, CONVERTER_VERSION, sha256)
        store.write_model(self._kept[file.role], file.role, model, made)
        progress(len(source), len(source), file.role)

    def _get(self, file: WeightFile, fetcher: Fetcher, progress: Progress) -> bytes:
        try:
            return fetcher.get(file, lambda done, total: progress(done, total, file.role))
        except FetchError as error:
            hint = f"without a network put {self._file_names(file)} into a folder and give it with --models"
            raise ModelError(f"{file.where}: cannot get {file.name}: {error}; {hint}") from error

    def _keep(self, file: WeightFile, source: bytes) -> None:
        """Keeps the published file, so that a newer converter or a damaged model needs no second download."""
        self._published.mkdir(exist_ok=True)
        store.write_file(self._published / file.weights.sources[0].file_name, source)

    def _file_names(self, file: WeightFile) -> str:
        first = file.weights.sources[0]
        return self._catalog.archives[first.archive].file if first.archive else first.file_name

    def _status(self, file: WeightFile) -> RoleStatus:
        model, problem = None, None
        try:
            model = self._find(file)
        except ModelError as error:
            problem = str(error)
        weights = file.weights
        return RoleStatus(
            role=file.role, name=model.name if model else file.name, model=model, problem=problem,
            state="broken" if problem else "ready" if model else "missing",
            licence=weights.licence, trained_on=weights.trained_on, size_bytes=weights.size, sha256=weights.sha256,
            sources=tuple(self._place(source) for source in weights.sources),
        )  # fmt: skip

    def _place(self, source: Source) -> str:
        """Where a source is, for `models list`."""
        if source.archive:
            return f"{self._catalog.archives[source.archive].file}: {source.member}"
        return source.url or f"{source.package} (comes with Keyart)"
