"""A real `keyart serve` on a small library, with files beside it that nobody must have, and links to them."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from stream.backfill.home import existing_ledger
from stream.serve.sessions import Sessions

from .hostile import Target
from .kill_run import make_clips, write_clip
from .raw_http import Attempt, answer_to

CANARY = b"c4n4ry-7f3e-what-nobody-may-have"
COLOUR = np.array([250.0, 0.0, 250.0])
"""Mean red, green, blue of every picture outside."""
HOST = "keyart.test"
"""A name of the service: one that has names wants tokens on loopback too."""
BODY_KIB = 64
CLIPS = 3
_READY_WITHIN_S = 240.0
_OWN = ("out", "publish", "serve.log")
_ANSWERS_ON = re.compile(r"answers on http://[\d.]+:(\d+)")


@dataclass(slots=True)
class Served:
    """A service that runs. tokens: of an editor, a viewer, and one that was revoked."""

    folder: Path
    process: subprocess.Popen[str]
    port: int
    tokens: dict[str, str]
    host: str = HOST
    films: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    cookie: str = ""
    csrf: str = ""

    def plain(self, method: str, target: str, who: str = "", body: Any = None) -> Attempt:
        """A proper request."""
        headers = [("Host", self.host)]
        if who:
            headers.append(("Authorization", f"Bearer {self.tokens[who]}"))
        sent = b"" if body is None else json.dumps(body).encode()
        headers += [("Content-Type", "application/json"), ("Content-Length", str(len(sent)))] if sent else []
        return Attempt(method, target, tuple(headers), sent, as_who=who)

    def target(self, paths: dict[str, tuple[str, ...]]) -> Target:
        """What is to be attacked."""
        outside = tuple(self.folder / "outside" / name for name in ("secret.txt", "secret.jpg", "secret.mp4"))
        links = (self.folder / "library" / "link.mp4", self.folder / "library" / "links" / "secret.mp4")
        return Target(
            paths, self.host, self.tokens, self.cookie, self.csrf, self.films, self.pictures, (*outside, *links),
            BODY_KIB * 1024,
        )  # fmt: skip

    def runs(self) -> bool:
        """Whether its process does."""
        return self.process.poll() is None

    def log(self) -> str:
        """What it has logged."""
        return (self.folder / "serve.log").read_text()

    def files_outside(self) -> set[tuple[str, int]]:
        """Every file that is not the service's own, with its time."""
        found = [path for path in self.folder.rglob("*") if path.relative_to(self.folder).parts[0] not in _OWN]
        return {(str(path.relative_to(self.folder)), path.lstat().st_mtime_ns) for path in found}


@contextmanager
def served(folder: Path, seed: int) -> Iterator[Served]:
    """A service whose films are done, until the block ends."""
    broken = make_clips(folder / "library", CLIPS, random.Random(seed))
    _hide_secrets(folder)
    tokens = {name: _token(folder, name, role) for name, role in _PEOPLE}
    _keyart("serve", "token", "revoke", "revoked", "--out", str(folder / "out"))
    process = subprocess.Popen(_command(folder), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        service = Served(folder, process, _port(process), tokens)
        service.films = tuple(str(p.relative_to(folder / "library")) for p in (folder / "library").glob("[0-9]/*.mp4"))
        _work_through(service, broken)
        _log_in(service)
        yield service
    finally:
        process.terminate()
        process.communicate()


_PEOPLE = (("editor", "editor"), ("viewer", "viewer"), ("revoked", "editor"))


def _command(folder: Path) -> list[str]:
    """No rates, so that every request gets as far as it can."""
    settings = [f'serve.hosts=["{HOST}"]', "serve.rate_per_s=0", "serve.logins_per_minute=1000000"]
    settings += [f"serve.body_kib={BODY_KIB}", "serve.drain_s=1"]
    places = ["--root", "library", "--out", "out", "--publish", "publish", "--log", "serve.log"]
    named = [str(folder / text) if not text.startswith("--") else text for text in places]
    ports = ["--port", "0", "--metrics-port", "0"]
    options = ["--device", "cpu", *ports, *(part for text in settings for part in ("--set", text))]
    return [sys.executable, "-m", "stream.cli", "serve", *named, *options]


def _hide_secrets(folder: Path) -> None:
    outside, library = folder / "outside", folder / "library"
    outside.mkdir()
    (outside / "secret.txt").write_bytes(CANARY)
    colour = tuple(int(value) for value in COLOUR)
    Image.new("RGB", (320, 180), colour).save(outside / "secret.jpg", comment=CANARY)
    write_clip(outside / "secret.mp4", [np.full((180, 320, 3), colour, np.uint8)] * 25)
    (library / "link.mp4").symlink_to(outside / "secret.mp4")
    (library / "links").symlink_to(outside)


def _plant_links(folder: Path) -> tuple[str, ...]:
    """Among the results: as somebody could who writes there, or an old backup with links in it. Every other picture
    becomes a link to one outside, of the same size, so that the result is whole for whoever looks no further. Returns
    the names of all pictures."""
    found: list[str] = []
    for manifest in sorted((folder / "out").glob("[0-9]/*/manifest.json")):
        pictures = sorted(path for path in manifest.parent.rglob("*.jpg"))
        found += [path.relative_to(manifest.parent).as_posix() for path in pictures]
        for number, picture in enumerate(pictures[::2]):
            secret = folder / "outside" / f"{manifest.parent.name}-{number}.jpg"
            data = (folder / "outside" / "secret.jpg").read_bytes()
            secret.write_bytes(data.ljust(picture.stat().st_size, b"."))
            picture.unlink()
            picture.symlink_to(secret)
        (manifest.parent / "leak.jpg").symlink_to(folder / "outside" / "secret.jpg")
        (manifest.parent / "leak").symlink_to(folder / "outside")
    return tuple(dict.fromkeys(found))


def _keyart(*arguments: str) -> str:
    command = [sys.executable, "-m", "stream.cli", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout


def _token(folder: Path, name: str, role: str) -> str:
    return _keyart("serve", "token", "add", name, "--role", role, "--out", str(folder / "out")).strip()


def _port(process: subprocess.Popen[str]) -> int:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if found := _ANSWERS_ON.search(line):
            return int(found[1])
    raise RuntimeError(f"keyart serve ended with {process.wait()}: {''.join(said)}")


def _work_through(service: Served, broken: set[str]) -> None:
    for film in service.films:
        answer = answer_to(service.port, service.plain("POST", "/api/jobs", "editor", {"path": film}))
        assert answer.status == 202, answer
    until_s = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < until_s:
        jobs = json.loads(answer_to(service.port, service.plain("GET", "/api/jobs", "editor")).body)["jobs"]
        if all(job["state"] in ("done", "failed") for job in jobs):
            done = {job["key"] for job in jobs if job["state"] == "done"}
            assert done and done == set(service.films) - broken, jobs
            service.pictures = _plant_links(service.folder)
            return
        time.sleep(0.5)
    raise TimeoutError(f"films were not done within {_READY_WITHIN_S:g} s")


def _log_in(service: Served) -> None:
    """A session of the editor, and its CSRF token, which is in the ledger as well as in every page."""
    sent = f"token={service.tokens['editor']}".encode()
    form = (("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", str(len(sent))))
    answer = answer_to(service.port, Attempt("POST", "/login", (("Host", HOST), *form), sent))
    service.cookie = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
    ledger = existing_ledger(service.folder / "out", None)
    holder = Sessions(ledger.database).holder(service.cookie)
    ledger.database.close()
    assert holder is not None, answer
    service.csrf = holder.csrf
