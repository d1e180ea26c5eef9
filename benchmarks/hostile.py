"""Requests of somebody who means harm, drawn at random: ways out of a folder, bodies, headers, names, tokens.

Their targets are the paths of an OpenAPI document, with harm in place of their parameters, and some of their own.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .raw_http import Attempt

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "BREW")
PATHS = ("path", "name")
"""Parameters that stand for a path, of several parts."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
EVIL = "evil.example"
_STRAIGHT = 0.2
"""Share of requests in which nothing is wrong but the file."""
_FILE = "file"
_NUMBERS = (
    "1", "2", "3", "4", "5", "0", "-1", "1e3", "1.5", "NaN", "Infinity", "0x1", "9" * 30, "9223372036854775807", "true",
    "null", "%D9%A3", "1%20", "%00", "1;drop%20table%20keyart_jobs", "'", "..", "%2e%2e", "{number}", "%", "%zz", "%ff",
    " ",
)  # fmt: skip
_STEPS = (
    "../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%252f", "....//", "..\\", "..%5c", "%c0%ae%c0%ae/", ".%00./", "./../",
)  # fmt: skip
_QUERIES = ("?", "&", "?width=99999999999", "?width=-1", "?x[]=%ff", "?%00", "?time_s=NaN", "?after=-1&limit=1e9")
_OWN_TARGETS = (
    "/", "//", "/.", "/%", "/%zz", "/%00", "*", "/static/{path}", "/review/{id}", "/review?page={id}&q={path}",
    "/login?next={path}", "/docs", "/metrics", "/api", "/api/", "/api/jobs/", "/openapi.json?{path}", "/../{path}",
    "/static/..{path}", f"http://{EVIL}/api/jobs", "/api/videos?q={path}&review={id}&page={id}&per_page={id}",
)  # fmt: skip
_LINKS = ("link.mp4", "links/secret.mp4", "links")
"""In the library, to what lies outside."""
_TEXTS = (b"", b"{", b"[" * 20_000, b'{"a":' * 5000, b"\xff\xfe", b'{"path": NaN}', b'{"path": 1e999}', b"null")
_FORMS = (b"token=x", b"token=%ff%00&next=//" + EVIL.encode(), b"token=", b"%", b"token=x&token=y", b"a=" * 2000)
_UPLOAD = b'--b\r\nContent-Disposition: form-data; name="token"; filename="../x.mkv"\r\n\r\nx\r\n--b--\r\n'
_ODD_HEADERS: tuple[tuple[str, str], ...] = (
    ("X-Long", "x" * 9000), ("X-Many", "y" * 70_000), ("Range", "bytes=0-1,5-,-3"), ("Range", "bytes=99999999999-"),
    ("If-None-Match", '"' * 99), ("If-Modified-Since", "yesterday"), ("Accept", "text/html"), ("Accept", "\x7f*/*;q=9"),
    ("Accept-Language", "ko;q=9,*;q=-1"), ("Accept-Encoding", "gzip;q=x"), ("Cookie", "=;;=a; keyart_session"),
    ("Cookie", "keyart_session=" + "a" * 4000), ("Last-Event-ID", "-1\x7f"), ("Idempotency-Key", "k" * 500),
    ("Idempotency-Key", "\xff\xfe"), ("X-HTTP-Method-Override", "DELETE"), ("X-Forwarded-For", "127.0.0.1"),
    ("X-Original-URL", "/api/jobs"), ("Expect", "100-continue"), ("Upgrade", "websocket"), ("X-CSRF-Token", "\xe9"),
    ("Content-Encoding", "gzip"), ("TE", "trailers"), ("X-Bad", "a\x00b"), ("X Bad", "name"),
    ("Transfer-Encoding", "gzip"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """What is aimed at. paths: templates of the OpenAPI document → their methods; host: a name that is right; tokens:
    of an `editor` and a `viewer`, and one that was `revoked`; cookie, csrf: of an editor's session; films: paths that
    may be asked for; pictures: of their results, some of
    them links; outside: files that must not be had, and links to them; body_bytes: the largest body."""

    paths: dict[str, tuple[str, ...]]
    host: str
    tokens: dict[str, str]
    cookie: str
    csrf: str
    films: tuple[str, ...]
    pictures: tuple[str, ...]
    outside: tuple[Path, ...]
    body_bytes: int

    @property
    def outside_names(self) -> tuple[str, ...]:
        """Their paths as text."""
        return tuple(map(str, self.outside))


class Hostile:
    """Draws requests."""

    def __init__(self, target: Target, rng: random.Random) -> None:
        self._target, self._rng = target, rng
        self._bend: tuple[Callable[[Attempt], Attempt], ...] = (
            self._other_name, self._other_site, self._odd_header, self._huge, self._in_pieces, self._wrong_length,
        )  # fmt: skip

    def attempt(self) -> Attempt:
        """One request: a target, a method and a body, somebody's credentials, and maybe more that is wrong."""
        rng = self._rng
        if rng.random() < _STRAIGHT:
            return self._straight()
        template = rng.choice((*self._target.paths, *self._target.paths, *_OWN_TARGETS))
        usual = self._target.paths.get(template, ("GET",))
        method = rng.choice(usual) if rng.random() < 0.75 else rng.choice(METHODS)
        content, body = self._body() if method not in SAFE or rng.random() < 0.1 else ("", b"")
        headers = [("Host", self._target.host)]
        if content:
            headers += [("Content-Type", content), ("Content-Length", str(len(body)))]
        found = self.with_credentials(Attempt(method, self._filled(template), tuple(headers), body))
        outside = (*_LINKS, *self._target.outside_names)
        if method not in SAFE and any(json.dumps(path).encode() in body for path in outside):
            found = replace(found, refused=True)
        if rng.random() < 0.35:
            found = rng.choice(self._bend)(found)
        return found

    def _straight(self) -> Attempt:
        """A proper request of an editor, but for the file that it asks for: one outside, or a link to one."""
        rng, target = self._rng, self._target
        headers = [("Host", target.host), ("Authorization", f"Bearer {target.tokens['editor']}")]
        of_files = [path for path in target.paths if any(f"{{{name}}}" in path for name in PATHS)]
        if not of_files or rng.random() < 0.3:
            body = json.dumps({"path": rng.choice((*_LINKS, *target.outside_names))}).encode()
            headers += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
            return Attempt("POST", "/api/jobs", tuple(headers), body, as_who="editor", refused=True)
        ways = {name: _safe(self._way_out()) for name in PATHS}
        jobs = range(1, len(target.films) + 1)
        asked = re.sub(r"\{(\w+)\}", lambda found: ways.get(found[1], str(rng.choice(jobs))), rng.choice(of_files))
        return Attempt("GET", asked + rng.choice(("", "?width=64")), tuple(headers), as_who="editor")

    def with_credentials(self, attempt: Attempt) -> Attempt:
        """The request from somebody; `refused` where they may not have what they ask for."""
        target, changes = self._target, attempt.method not in SAFE
        wrong = self._rng.choice(("keyart_x", "", "x y", "\xff", "k" * 5000, "' or 1=1"))
        session, csrf = ("Cookie", f"keyart_session={target.cookie}"), ("X-CSRF-Token", target.csrf)
        all_of = {name: [("Authorization", f"Bearer {token}")] for name, token in target.tokens.items()}
        all_of |= {"wrong": [("Authorization", f"Bearer {wrong}")], "nobody": []}
        all_of |= {"session": [session], "session and csrf": [session, csrf]}
        who = self._rng.choice((*all_of, *("editor",) * 5))
        refused = who in ("nobody", "wrong", "revoked") or (changes and who in ("viewer", "session"))
        return replace(attempt, headers=(*attempt.headers, *all_of[who]), as_who=who, refused=refused)

    def _filled(self, template: str) -> str:
        def part(found: re.Match[str]) -> str:
            return self._way_out() if found[1] in PATHS or self._rng.random() < 0.15 else self._rng.choice(_NUMBERS)

        filled = re.sub(r"\{(\w+)\}", part, template)
        if self._rng.random() < 0.1:
            filled += self._rng.choice(_QUERIES)
        return _safe(filled)

    def _way_out(self) -> str:
        """A path that leads out of a folder, or one that seems not to."""
        rng, secret = self._rng, str(self._rng.choice(self._target.outside))
        steps = "".join(rng.choices(_STEPS, k=rng.randint(1, 9))) if rng.random() < 0.5 else rng.choice(_STEPS) * 9
        ways = (
            *rng.choices(self._target.pictures, k=5), steps + secret.lstrip("/"), secret, quote(secret, safe=""),
            "/" + secret, "leak.jpg", "leak/secret.jpg",
            "leak%2fsecret.txt", "landscape/../leak/secret.jpg", "manifest.json", f"{_FILE}://{secret}", "a" * 300,
            "/etc/passwd", "proc/self/environ", ".keyart/ledger.sqlite", "..", ".", "", "%e0%80%80", "C:\\x",
        )  # fmt: skip
        return rng.choice(ways)

    def _body(self) -> tuple[str, bytes]:
        """A content type and a body."""
        rng = self._rng
        kind = rng.choice(("job", "job", "job", "json", "draft", "text", "form", "upload"))
        if kind == "text":
            return "application/json", rng.choice(_TEXTS)
        if kind == "form":
            return "application/x-www-form-urlencoded", rng.choice(_FORMS)
        if kind == "upload":
            return rng.choice(("; boundary=b", "", "; boundary=")).join(("multipart/form-data", "")), _UPLOAD
        made = {"job": self._job, "draft": self._draft, "json": self._value}[kind]()
        types = ("application/json",) * 6 + ("text/plain", "application/json; charset=utf-16", "application/xml")
        return rng.choice(types), json.dumps(made).encode()

    def _job(self) -> dict[str, Any]:
        rng, outside = self._rng, str(self._rng.choice(self._target.outside))
        paths: Sequence[Any] = (
            *self._target.films, outside, "../" * 9 + outside, *_LINKS, ".", "", "/",
            self._way_out(), "a\0b", "\ud800", "x" * 5000, "/".join("x" * 300), "y" * 300, "/dev/zero",
            "/proc/self/mem", "0/", rng.choice(self._target.films) + "/x", 7, None, ["0"],
        )  # fmt: skip
        job: dict[str, Any] = {"path": rng.choice(paths)}
        for name in ("priority", "formats", "idempotency_key"):
            if rng.random() < 0.2:
                job[name] = self._value()
        return job

    def _draft(self) -> dict[str, Any]:
        """As the page sends it for a draft or an approval, with harm in it."""
        choice = {"rank": self._value(), "time_s": self._value(), "source_rect": [self._value() for _ in range(4)]}
        if self._rng.random() < 0.5:
            whole = [0, 0, self._rng.choice((16, 320, 10**9)), self._rng.choice((9, 180, -1))]
            choice |= {"rank": self._rng.choice((None, 1, 10**30)), "time_s": 0.5, "source_rect": whole}
        choices = {self._rng.choice(("landscape", "portrait", "../x", "", "x" * 300)): choice}
        inner = {"choices": choices, "rejected": self._rng.choice(([], [1], [10**30], ["1"], self._value()))}
        version = self._rng.choice((0, 1, 2, 10**30, "1", None))
        return {"version": version, **(inner if self._rng.random() < 0.5 else {"draft": inner})}

    def _value(self) -> Any:
        values: tuple[Any, ...] = (
            None, True, 0, -1, 1.5, 10**30, -(10**30), 1e308, "", "x", "\0", "\ud800", "한국", "../../x", "y" * 3000,
            [], {}, [[]], {"a": {"b": {}}}, ["landscape"], ["landscape", "landscape"], ["nowhere"], float("nan"),
            float("inf"),
        )  # fmt: skip
        return self._rng.choice(values)

    def _other_name(self, attempt: Attempt) -> Attempt:
        known = f"{self._target.host}.{EVIL}"
        hosts = (EVIL, known, f"{EVIL}:80", f"x@{EVIL}", "", "0", "169.254.169.254", "a b", "[::1", "\xff")
        rest = tuple(header for header in attempt.headers if header[0] != "Host")
        return replace(attempt, headers=(("Host", self._rng.choice(hosts)), *rest), refused=True)

    def _other_site(self, attempt: Attempt) -> Attempt:
        """As a page of another site would let a browser send it."""
        known = f"http://{self._target.host}.{EVIL}"
        origin = self._rng.choice((f"http://{EVIL}", "null", known, "http://", "\xff", "x" * 900))
        site = ("Sec-Fetch-Site", self._rng.choice(("cross-site", "same-site")))
        more = (("Origin", origin), site) if self._rng.random() < 0.5 else (site,)
        return replace(attempt, headers=(*attempt.headers, *more), refused=True)

    def _odd_header(self, attempt: Attempt) -> Attempt:
        header = self._rng.choice(_ODD_HEADERS)
        return replace(attempt, headers=(*attempt.headers, header), cut_off=True)

    def _huge(self, attempt: Attempt) -> Attempt:
        body = b'{"path": "' + b"x" * (self._target.body_bytes * self._rng.randint(1, 40)) + b'"}'
        headers = _without_length(attempt)
        kind = (("Content-Type", "application/json"), ("Content-Length", str(len(body))))
        return replace(attempt, headers=(*headers, *kind), body=body, refused=True, cut_off=True)

    def _in_pieces(self, attempt: Attempt) -> Attempt:
        """The body in chunks: too many of them, or none that is right."""
        piece = b"x" * 4096
        many = (b"1000\r\n" + piece + b"\r\n") * (self._target.body_bytes // 4096 + 1) + b"0\r\n\r\n"
        noted = b"5;x=" + piece * 30 + b"\r\nhello\r\n0\r\n\r\n"
        endless = (b"ffffffffffffffff\r\n", b"5\r\nhello\r\n")
        body = self._rng.choice((many, noted, b"zz\r\n\r\n", b"-1\r\n\r\n", *endless))
        headers = (*_without_length(attempt), ("Transfer-Encoding", "chunked"), ("Content-Type", "application/json"))
        refused = attempt.refused or body != noted  # which is right, if odd
        changed = replace(attempt, headers=headers, body=body, refused=refused, cut_off=True)
        return replace(changed, unfinished=body in endless)

    def _wrong_length(self, attempt: Attempt) -> Attempt:
        length = self._rng.choice(("-1", "abc", "9" * 400, "1, 2", "0x10", "+5", "99999999999"))
        headers = (*_without_length(attempt), ("Content-Length", length))
        return replace(attempt, headers=headers, refused=True, cut_off=True)


def _safe(target: str) -> str:
    """Without what would end the first line of a request, or a part of it."""
    return re.sub(r"[\0-\x20\x7f]", lambda found: quote(found[0]), target)


def _without_length(attempt: Attempt) -> tuple[tuple[str, str], ...]:
    return tuple(header for header in attempt.headers if header[0] not in ("Content-Length", "Content-Type"))
