"""The service's OpenAPI document: which statuses each operation may answer with, and requests drawn from it."""

from __future__ import annotations

import random
import re
from contextlib import suppress
from typing import Any

import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis.errors import Unsatisfiable
from schemathesis.core.result import Ok

from .hostile import PATHS
from .raw_http import Attempt

_UNKNOWN = frozenset({307, 400, 403, 404, 405, 413, 421, 429})
"""What the service answers where the document has no operation."""
_PAGES = re.compile(r"/|/openapi\.json|/(review|login|logout|static)(/.*)?")
_OF_PAGES = frozenset({200, 206, 303, 304, 401, 416, 422, 503})
_OPEN = re.compile(r"/openapi\.json|/(login|static)(/.*)?")
"""What everybody may have."""
_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "trace"})
_OURS = frozenset({"host", "connection", "authorization", "cookie"})
"""Headers that are not left to chance: they decide how far a request gets."""


class Operations:
    """What a document says of its operations. methods: path → its methods."""

    def __init__(self, document: dict[str, Any]) -> None:
        found: dict[str, dict[str, frozenset[int]]] = {}
        for path, entry in document["paths"].items():
            operations = {name: one for name, one in entry.items() if name in _METHODS}
            found[path] = {name.upper(): frozenset(map(int, one["responses"])) for name, one in operations.items()}
        self.methods = {path: tuple(operations) for path, operations in found.items()}
        # Of two paths that fit, the one with fewer parameters is meant.
        ordered = sorted(found, key=lambda path: path.count("{"))
        self._statuses = [(_pattern(path), found[path]) for path in ordered]

    def allowed(self, method: str, path: str) -> frozenset[int]:
        """The statuses that a request may be answered with."""
        for pattern, operations in self._statuses:
            if pattern.fullmatch(path) and method in operations:
                return operations[method]
        return _UNKNOWN | _OF_PAGES if _PAGES.fullmatch(path) else _UNKNOWN

    def is_page(self, path: str) -> bool:
        """Whether a person reads what is there, so that errors may be pages, too."""
        return _PAGES.fullmatch(path) is not None

    def is_open(self, target: str) -> bool:
        """Whether everybody may have what is there."""
        return _OPEN.fullmatch(target.partition("?")[0]) is not None


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"(\{\w+\})", path)
    known = {f"{{{name}}}": ".*" for name in PATHS}
    return re.compile("".join(known.get(p, "[^/]+") if p.startswith("{") else re.escape(p) for p in parts), re.DOTALL)


def drawn_cases(document: dict[str, Any], host: str, count: int, seed: int) -> list[Attempt]:
    """So many requests, as many for each operation; half fit the document, half do not."""
    schema = schemathesis.openapi.from_dict(document)
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    found: list[Attempt] = []
    each = -(-count // (2 * len(operations)))
    rounds = random.Random(seed)
    while len(found) < count:
        for operation in operations:
            for mode in schemathesis.GenerationMode:
                found += _drawn(operation, mode, host, each, rounds.randrange(2**32))
    rounds.shuffle(found)
    return found[:count]


def _drawn(operation: Any, mode: Any, host: str, count: int, seed: int) -> list[Attempt]:
    cases: list[Attempt] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count, database=None, deadline=None, derandomize=False, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def draw(case: Any) -> None:
        cases.append(_attempt(case, host))

    with suppress(Unsatisfiable):  # any text fits some operations: nothing can be drawn that does not
        draw()
    return cases


def _attempt(case: Any, host: str) -> Attempt:
    asked = requests.Request(**case.as_transport_kwargs(base_url=f"http://{host}")).prepare()
    body = asked.body.encode() if isinstance(asked.body, str) else asked.body or b""
    assert isinstance(body, bytes)
    kept = [(name, _text(text)) for name, text in asked.headers.items() if name.lower() not in _OURS]
    return Attempt(str(asked.method), asked.path_url, (("Host", host), *kept), body)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
