"""What this folder's conftest does with tests whose Debian package, GPU or patience is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TESTS = """
import pytest

@pytest.mark.debian
def test_tool(debian_tool):
    debian_tool("keyart-no-such-package", "keyart-no-such-binary")

def test_python(debian_tool):
    assert debian_tool("never-asked-for", {python!r}).is_file()

@pytest.mark.gpu
def test_on_a_device():
    import warnings
    warnings.warn("to be removed", DeprecationWarning)

def test_on_the_host():
    import warnings
    with pytest.raises(DeprecationWarning):
        warnings.warn("to be removed", DeprecationWarning)

@pytest.mark.slow
def test_limit(request):
    assert request.node.get_closest_marker("timeout").args == (300,)
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_tools.py").write_text(TESTS.format(python=sys.executable))
    return tmp_path


def run(suite: Path, **variables: str) -> tuple[int, list[str]]:
    """Exit code and lines of a run in a world without apt-get."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("KEYART_", "PYTEST_"))}
    options = ["-c", ROOT / "pyproject.toml", "--rootdir", suite, "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, suite],
        env=kept | {"PATH": str(suite)} | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()


def test_a_missing_package_is_a_skip_that_the_run_lists_last(suite: Path) -> None:
    code, lines = run(suite)
    assert code == 0
    assert lines[-2] == "apt-get install keyart-no-such-package"
    assert "3 passed, 2 skipped" in lines[-1]


def test_in_ci_a_missing_package_is_a_failure(suite: Path) -> None:
    code, lines = run(suite, KEYART_CI="1")
    assert code == 1
    assert "1 failed, 3 passed, 1 skipped" in lines[-1]


def test_libraries_of_a_device_may_warn(suite: Path) -> None:
    code, lines = run(suite, KEYART_EXPECT_GPU="1")
    assert code == 0
    assert "4 passed, 1 skipped, 1 warning" in lines[-1]
