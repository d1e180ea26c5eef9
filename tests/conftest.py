"""What every test may ask for: the real test data, the models, a Debian tool; and what happens without them."""

from __future__ import annotations

import fcntl
import gc
import io
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
SLOW_TIMEOUT_S = 300
# As in every run of Keyart (`threadpool_limits(1)`): products are small, and threads of BLAS spin where others work.
# Before NumPy is imported, and for the processes that tests start.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Collecting makes a million small objects and frees most of them at once: looking for circles among them costs as much.
gc.disable()
MISSING_PACKAGES = pytest.StashKey[dict[str, list[str]]]()
"""Debian package → the tests that were skipped for want of it."""

# The same examples every time, however busy the machine; `--hypothesis-profile search` looks for new ones.
settings.register_profile(
    "keyart", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", parent=settings.get_profile("keyart"), derandomize=False, max_examples=2000)
settings.load_profile("keyart")


@pytest.fixture(scope="session")
def testdata() -> Path:
    """The folder of real episodes (`KEYART_TESTDATA`, default beside the repository); skips when it is not there."""
    folder = Path(os.environ.get("KEYART_TESTDATA", ROOT.parent / "shared" / "testdata"))
    if not (folder / "episodes").is_dir():
        pytest.skip(f"needs the test data (KEYART_TESTDATA, looked in {folder})")
    return folder


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The folder of converted weights, pulled on first use; fails (never skips) when they cannot be had."""
    from engines.zoo import Zoo

    zoo = Zoo.default()
    zoo.ensure()
    return zoo.folder


@pytest.fixture(scope="session")
def demo_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo film, drawn once for all tests; `benchmarks.demo.truth` says what is in it."""
    from benchmarks.demo import make_demo_film

    path = tmp_path_factory.mktemp("demo") / "demo.mp4"
    make_demo_film(path)
    return path


@pytest.fixture(scope="session")
def demo_result(demo_video: Path, models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the demo film's result, made once for all tests: on the CPU, with all other settings as they are.

    Mark the test `models` and `slow`. Not to be written to.
    """
    from stream.cli.progress import QuietReporter
    from stream.pipeline.many import extract_files_blocking
    from stream.settings.model import Settings

    said = io.StringIO()
    settings, reporter = Settings(device="cpu"), QuietReporter(said)
    (outcome,) = extract_files_blocking([demo_video], tmp_path_factory.mktemp("results"), settings, reporter)
    assert outcome.folder is not None, said.getvalue()
    return outcome.folder


@pytest.fixture
def debian_tool(request: pytest.FixtureRequest) -> Callable[[str, str], Path]:
    """`debian_tool("ffmpeg", "ffmpeg")` → path of the binary, its Debian package installed when that is allowed.

    Mark the test `debian`. Without the binary: a failure when `KEYART_CI` is set, else a skip that the run lists last.
    """
    return lambda package, binary: _of_debian(request, package, lambda: shutil.which(binary))


@pytest.fixture
def debian_file(request: pytest.FixtureRequest) -> Callable[[str, str], Path]:
    """The same for a file that a package brings, such as a font."""
    return lambda package, path: _of_debian(request, package, lambda: path if Path(path).is_file() else None)


def _of_debian(request: pytest.FixtureRequest, package: str, find: Callable[[], str | None]) -> Path:
    found = find() or _apt_install(package, find)
    if found is None:
        request.config.stash[MISSING_PACKAGES].setdefault(package, []).append(request.node.nodeid)
        reason = f"needs the Debian package {package}: apt-get install {package}"
        if os.environ.get("KEYART_CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return Path(found)


def _apt_install(package: str, find: Callable[[], str | None]) -> str | None:
    """What is found after an installation, None where none is allowed (not asked for, not root, not Debian)."""
    asked = os.environ.get("KEYART_APT") or os.environ.get("KEYART_CI")
    if not asked or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with (Path(tempfile.gettempdir()) / "keyart-apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process of the same run may install at the same time
        if (found := find()) is not None:
            return found
        for arguments in (["update"], ["install", "--yes", "--no-install-recommends", package]):
            subprocess.run(["apt-get", "-qq", *arguments], env=environment, check=False, stdin=subprocess.DEVNULL)
    return find()


def _has_cuda() -> bool:
    try:
        from cupy.cuda import runtime
    except ImportError:
        return False
    try:
        return bool(runtime.getDeviceCount())
    except runtime.CUDARuntimeError:
        return False


def pytest_configure(config: pytest.Config) -> None:
    config.stash[MISSING_PACKAGES] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests, those that load models and those that may install a package get a longer limit; tests for a GPU that
    is neither there nor promised are skipped. In those that run, warnings are no errors: cuML, torch and torchvision
    announce changes of their own, and a machine with a GPU is not where to learn of them."""
    for item in items:
        patient = any(item.get_closest_marker(mark) for mark in ("slow", "debian", "models"))
        if patient and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SLOW_TIMEOUT_S))
    on_device = [item for item in items if item.get_closest_marker("gpu")]
    for item in on_device:
        item.add_marker(pytest.mark.filterwarnings("default"))
    if not on_device:
        return
    from kernels.cuda.toolkit import set_cuda_path

    set_cuda_path()  # before any test imports CuPy
    if not os.environ.get("KEYART_EXPECT_GPU") and not _has_cuda():
        for item in on_device:
            item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))


def pytest_collection_finish() -> None:
    """What has been collected stays to the end: later searches for circles pass it by, and are fewer."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)
    gc.enable()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> Iterator[None]:
    """Lists last what was skipped for want of Debian packages, with the line that installs them."""
    yield
    missing = config.stash[MISSING_PACKAGES]
    if missing:
        terminalreporter.section("not run for want of Debian packages")
        for package, tests in sorted(missing.items()):
            terminalreporter.line(f"{package}: {', '.join(tests)}")
        terminalreporter.line(f"apt-get install {' '.join(sorted(missing))}")
