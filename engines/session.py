"""Runs one model on one device: the Protocol of a session, the CPU session, and a fake for tests."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from kernels.surface import Array

from .errors import ModelError, SessionError
from .prelu import model_for_cpu
from .providers import CPU_PROVIDER

NamedArrays = dict[str, Array]
# Errors of loading or running a model. Their only common base class is Exception.
ORT_ERRORS = (
    ort_errors.EPFail, ort_errors.Fail, ort_errors.InvalidArgument, ort_errors.InvalidGraph, ort_errors.InvalidProtobuf,
    ort_errors.NoSuchFile, ort_errors.NotImplemented, ort_errors.RuntimeException,
)  # fmt: skip


class Session(Protocol):
    """A loaded model. It may be called from several threads."""

    @property
    def name(self) -> str:
        """The role of the model, for messages and metrics."""
        ...

    @property
    def provider(self) -> str:
        """The first execution provider of the session, by ONNX Runtime's name. A fallback is visible here."""
        ...

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the model's file says of itself, such as the alphabet of a network that reads."""
        ...

    def run(self, inputs: NamedArrays) -> NamedArrays:
        """Runs the model. Takes inputs by name and returns outputs by name, on the session's device: NumPy arrays, or
        CuPy arrays.

        The CPU session returns when it is done. The CUDA session returns immediately, and its outputs are ready in the
        order of the caller's stream; nothing synchronises. Raises SessionError.
        """
        ...

    def close(self) -> None:
        """Frees the model. Calling it again does nothing."""
        ...


class NamedSession:
    """Base of all sessions: it keeps the name and gives a ResourceWarning when a session is garbage-collected without
    `close`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._open = True

    @property
    def name(self) -> str:
        """The role of the model."""
        return self._name

    def close(self) -> None:
        """Marks the session as closed. Calling it again does nothing."""
        self._open = False

    def __del__(self) -> None:
        if getattr(self, "_open", False):
            warnings.warn(f"session {self._name} was never closed", ResourceWarning, stacklevel=2, source=self)
            self.close()


class OrtSession(NamedSession):
    """A model on ONNX Runtime's CPU provider.

    threads: for one run (0: one for each core). Waiting threads sleep instead of spinning, because the decoder needs
    the cores. The same rows give the same bits in any run of the same batch size on the same machine.

    seldom: whether it runs so seldom that its working memory is given back after each run, and not laid out in advance.
    """

    def __init__(self, path: Path, name: str | None = None, threads: int = 0, seldom: bool = False) -> None:
        options, self._run_options = session_options(threads), ort.RunOptions()
        if seldom:
            # Laid out in advance, the network for shots takes twice the memory from its second run on.
            options.enable_mem_pattern = False
            self._run_options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        with as_model_error(path):
            self._session: Any = ort.InferenceSession(
                model_for_cpu(path), options, providers=[CPU_PROVIDER], enable_fallback=0
            )
        super().__init__(name or path.stem)
        self.output_names = tuple(value.name for value in self._session.get_outputs())
        self._metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)

    @property
    def provider(self) -> str:
        """Always the CPU provider."""
        return CPU_PROVIDER

    @property
    def metadata(self) -> Mapping[str, str]:
        """See `Session`."""
        return self._metadata

    def run(self, inputs: NamedArrays) -> NamedArrays:
        """Outputs by name, (N, …) float32 NumPy arrays that the caller owns. Raises SessionError."""
        session = require_open(self._session, self.name)
        with as_session_error(self.name):
            outputs = session.run(None, inputs, self._run_options)
        return dict(zip(self.output_names, outputs, strict=True))

    def close(self) -> None:
        """Frees the model when the runs in progress have ended."""
        super().close()
        self._session = None


class FakeSession(NamedSession):
    """A fake session for tests. `answer` computes the outputs from the inputs; `runs` keeps the inputs of every run.

    Exceptions of `answer` are raised by `run`.
    """

    def __init__(
        self,
        name: str,
        answer: Callable[[Mapping[str, Array]], NamedArrays],
        metadata: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(name)
        self.metadata: Mapping[str, str] = metadata
        self._answer: Callable[[Mapping[str, Array]], NamedArrays] | None = answer
        self.runs: list[NamedArrays] = []

    @property
    def provider(self) -> str:
        """ "FakeExecutionProvider"."""
        return "FakeExecutionProvider"

    def run(self, inputs: NamedArrays) -> NamedArrays:
        """Returns what `answer` returns for these inputs."""
        answer: Callable[[Mapping[str, Array]], NamedArrays] = require_open(self._answer, self.name)
        self.runs.append(dict(inputs))
        return answer(inputs)

    def close(self) -> None:
        """Drops `answer`."""
        super().close()
        self._answer = None


def session_options(threads: int) -> ort.SessionOptions:
    """ONNX Runtime options of all sessions. threads: for one run; 0: one for each core."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return options


@contextmanager
def as_model_error(path: Path) -> Iterator[None]:
    """Raises ModelError when `path` is missing, and turns ONNX Runtime's errors in the block into ModelError."""
    if not path.is_file():
        raise ModelError(f"{path}: no such model; run `keyart models pull`")
    try:
        yield
    except (*ORT_ERRORS, RuntimeError, ValueError) as error:
        raise ModelError(f"{path}: cannot be loaded as a model ({first_line(error)})") from error


@contextmanager
def as_session_error(name: str) -> Iterator[None]:
    """Turns ONNX Runtime's errors in the block into SessionError. name: of the session, for the message."""
    try:
        yield
    except (*ORT_ERRORS, RuntimeError, ValueError) as error:
        raise SessionError(f"{name}: {first_line(error)}") from error


def require_open(held: Any, name: str) -> Any:
    """Returns `held`. Raises SessionError when it is None, which means that the session is closed."""
    if held is None:
        raise SessionError(f"{name}: the session is closed")
    return held


def first_line(error: Exception) -> str:
    """First line of an error's message."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
