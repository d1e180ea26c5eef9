"""Does the image for CPUs build and work? `python -m benchmarks.image --scratch DIR` prints one line of JSON; exit 0
only if all holds. For root on Debian 12 with the packages buildah and debootstrap; no Docker engine is needed.

The base image is no download: debootstrap's Debian 12 with its Python 3.11 goes by the same name (`python` there is in
/usr/local/bin as well). Everything after it is docker/Dockerfile.cpu as it stands. Commands run as the image's own
user, with its entrypoint and its environment: `--version`, `doctor`, `extract` of the demo film in `buildah run`
(chroot), and `serve` with the healthcheck in a process namespace of its own, for the check asks what process 1 is.

Behind a mirror of the package index pip's variables (PIP_INDEX_URL, PIP_CERT …) are handed to the build; none of them
comes into the image.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from engines.zoo import Zoo

from .demo import make_demo_film

ROOT = Path(__file__).resolve().parent.parent
BASE, IMAGE = "localhost/python:3.11-slim-bookworm", "localhost/keyart:check"
BASE_PACKAGES = "ca-certificates,python3-distutils,python3.11,python3.11-venv"
"""debootstrap finds no package that another one provides, here python3.11-distutils."""
PIP_VARIABLES = ("cert", "default-timeout", "extra-index-url", "index-url", "proxy", "trusted-host")
SERVES_WITHIN_S = 120.0


def done(*command: str | Path) -> str:
    """What a command says. Raises RuntimeError with its last words when it fails."""
    ran = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if ran.returncode:
        said = (ran.stdout + ran.stderr)[-2000:]
        raise RuntimeError(f"{' '.join(map(str, command[:6]))}: exit code {ran.returncode}\n{said}")
    return ran.stdout


@dataclass(frozen=True, slots=True)
class Buildah:
    """Images and containers below one folder."""

    folder: Path

    def __call__(self, *arguments: str | Path) -> str:
        places = ("--root", self.folder / "images", "--runroot", self.folder / "running")
        return done("buildah", *places, *arguments)


def make_base(buildah: Buildah) -> None:
    """The image that docker/Dockerfile.cpu begins with, unless it is there."""
    if BASE in buildah("images", "--format", "{{.Name}}:{{.Tag}}"):
        return
    base = buildah.folder / "base"
    shutil.rmtree(base, ignore_errors=True)
    done("debootstrap", "--variant=minbase", f"--include={BASE_PACKAGES}", "bookworm", base)
    (base / "usr/local/bin/python").symlink_to("/usr/bin/python3.11")
    container = buildah("from", "scratch").strip()
    done("cp", "--archive", f"{base}/.", buildah("mount", container).strip())
    buildah("config", "--env", "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", container)
    buildah("commit", "--rm", container, BASE)


def build(buildah: Buildah) -> None:
    """Build docker/Dockerfile.cpu as it stands."""
    pip = {name: value for name in PIP_VARIABLES if (value := os.environ.get(f"PIP_{name.replace('-', '_').upper()}"))}
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as settings:
        settings.write("\n".join(["[global]", *(f"{name} = {value}" for name, value in pip.items()), ""]))
        settings.flush()
        trusted = Path(pip["cert"]).parent if "cert" in pip else None
        # Docker's own format: the other one has no healthcheck.
        buildah(
            "bud", "--isolation", "chroot", "--pull-never", "--format", "docker",
            f"--secret=id=pip,src={settings.name}", *([f"--volume={trusted}:{trusted}:ro"] if trusted else []),
            "--file", ROOT / "docker" / "Dockerfile.cpu", "--tag", IMAGE, ROOT,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Container:
    """A container of the image, mounted at `root`; config: what the image says of entrypoint, user and the like."""

    buildah: Buildah
    name: str
    root: Path
    config: dict[str, Any]
    volumes: dict[Path, str]

    def keyart(self, *arguments: str) -> str:
        """What a command of Keyart says, by buildah."""
        mounts = [f"--volume={folder}:{place}" for folder, place in self.volumes.items()]
        entrypoint = self.config["Entrypoint"]
        return self.buildah("run", "--isolation", "chroot", *mounts, self.name, "--", *entrypoint, *arguments)

    def outside_buildah(self, *arguments: str) -> list[str]:
        """The command line that runs one of Keyart's as process 1 of its own namespace, with the image's user."""
        mounts = [f"mount --bind {folder} {self.root}{place}" for folder, place in self.volumes.items()]
        script = " && ".join(
            [f"mount -t proc proc {self.root}/proc", f"mount --bind /dev {self.root}/dev",
             f"mount -t tmpfs -o mode=1777 shm {self.root}/dev/shm", *mounts, 'exec "$@"']
        )  # fmt: skip
        inside = [*self._inside(), *self.config["Entrypoint"], *arguments]
        return ["unshare", "--pid", "--fork", "--kill-child", "--mount", "sh", "-c", script, "sh", *inside]

    def healthcheck(self, process: int) -> int:
        """The exit code of the image's healthcheck beside the command whose first process this is."""
        kind, *command = self.config["Healthcheck"]["Test"]
        assert kind == "CMD"
        beside = ["nsenter", "--target", str(process), "--pid", "--mount"]
        return subprocess.run([*beside, *self._inside(), *command], capture_output=True, check=False).returncode

    def _inside(self) -> list[str]:
        user = f"--userspec={self.config['User']}"
        return ["chroot", user, str(self.root), "/usr/bin/env", "-i", *self.config["Env"], "HOME=/tmp"]


@contextmanager
def container_of(buildah: Buildah, volumes: dict[Path, str]) -> Iterator[Container]:
    """A new container of the image. volumes: folder here → place in it."""
    name = buildah("from", "--pull-never", IMAGE).strip()
    try:
        root = Path(buildah("mount", name).strip())
        inspected = json.loads(buildah("inspect", "--type", "image", IMAGE))
        for place in volumes.values():
            (root / place.lstrip("/")).mkdir(exist_ok=True)
        yield Container(buildah, name, root, inspected["Docker"]["config"], volumes)
    finally:
        buildah("rm", name)


def make_volumes(scratch: Path) -> dict[Path, str]:
    """The demo film, the models and a place for results, of the image's user."""
    zoo = Zoo.default()
    zoo.ensure()
    here = {scratch / "films": "/films", scratch / "models": "/models", scratch / "out": "/out"}
    for folder in here:
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(zoo.folder, scratch / "models")
    (scratch / "films").mkdir()
    (scratch / "out").mkdir()
    make_demo_film(scratch / "films" / "demo.mp4")
    done("chown", "--recursive", "1000:1000", scratch / "models", scratch / "out")
    return here


def work(container: Container, out: Path) -> dict[str, Any]:
    """Let the image's commands do what they are for."""
    config = container.config
    version = container.keyart("--version").strip()
    doctor = container.keyart("doctor")
    began_s = time.monotonic()
    container.keyart("extract", "/films/demo.mp4", "--out", "/out")
    images = sorted((out / "demo.mp4").rglob("*.jpg"))
    return {
        "user": config["User"], "version": version, "doctor_lines": len(doctor.splitlines()), "images": len(images),
        "owner": images[0].stat().st_uid if images else None, "extract_s": round(time.monotonic() - began_s, 1),
    }  # fmt: skip


def serve(container: Container) -> dict[str, Any]:
    """Let it serve, and ask its healthcheck: while it works, and while another command does."""
    port, metrics_port = _free_port(), _free_port()
    arguments = ["serve", "--root", "/films", "--out", "/out", "--port", str(port), "--metrics-port", str(metrics_port)]
    with _running(container.outside_buildah(*arguments)) as process:
        answered_s = _answers(f"http://127.0.0.1:{metrics_port}/healthz", process)
        first = _child_of(process)
        well = container.healthcheck(first)
        os.kill(first, signal.SIGSTOP)
        stopped = container.healthcheck(first)
        os.kill(first, signal.SIGCONT)
        os.kill(first, signal.SIGTERM)
        ended = process.wait(SERVES_WITHIN_S)
    with _running(container.outside_buildah("extract", "/films/demo.mp4", "--out", "/out", "--overwrite")) as process:
        other = container.healthcheck(_child_of(process))
    return {
        "serve_answers_after_s": answered_s, "healthcheck": well, "healthcheck_while_stopped": stopped,
        "healthcheck_of_extract": other, "serve_exit": ended,
    }  # fmt: skip


@contextmanager
def _running(command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _answers(address: str, process: subprocess.Popen[str]) -> float:
    """Seconds until it does. Raises RuntimeError where it ends, or does not in time."""
    began_s = time.monotonic()
    while time.monotonic() - began_s < SERVES_WITHIN_S:
        try:
            urlopen(address, timeout=2).close()
        except (URLError, ConnectionError):
            if process.poll() is not None:
                raise RuntimeError(f"keyart serve ended: {process.communicate()[1][-2000:]}") from None
            time.sleep(0.2)
        else:
            return round(time.monotonic() - began_s, 1)
    raise RuntimeError(f"{address} does not answer within {SERVES_WITHIN_S:g} s")


def _child_of(process: subprocess.Popen[str]) -> int:
    """Process 1 of the namespace that it made, by its number here."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while not children.read_text().split():
        time.sleep(0.05)
    return int(children.read_text().split()[0])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.image", description=__doc__)
    parser.add_argument("--scratch", type=Path, required=True, help="folder for images and results, some 3 GiB")
    scratch = parser.parse_args().scratch.resolve()
    if os.geteuid() != 0 or not all(map(shutil.which, ("buildah", "debootstrap"))):
        parser.error("this is for root, with buildah and debootstrap: apt-get install buildah debootstrap")
    scratch.mkdir(parents=True, exist_ok=True)
    buildah = Buildah(scratch)
    make_base(buildah)
    began_s = time.monotonic()
    build(buildah)
    told: dict[str, Any] = {"image": "docker/Dockerfile.cpu", "build_s": round(time.monotonic() - began_s, 1)}
    with container_of(buildah, make_volumes(scratch)) as container:
        told |= work(container, scratch / "out") | serve(container)
    holds = (
        told["user"] == "1000:1000" and told["owner"] == 1000 and told["images"] > 0 and told["serve_exit"] == 0
        and (told["healthcheck"], told["healthcheck_of_extract"]) == (0, 0) and told["healthcheck_while_stopped"] == 1
    )  # fmt: skip
    print(json.dumps(told | {"holds": holds}))
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
