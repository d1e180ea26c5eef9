"""Does the service bear people who mean harm? `python -m benchmarks.serve_fuzz [--count 10000]` prints one line of
JSON; exit 0 only if all holds.

A real `keyart serve` with a small library, tokens wanted, gets requests that are drawn at random: half from its OpenAPI
document (schemathesis: such as fit it and such as do not), half of `benchmarks.hostile`. Files that must not be had lie
beside the library, with links to them in the library and among the results: a text, a picture, a film in one colour.
No answer may be a 5xx (503 where it is documented), have a status that its route does not document, or hold anything
of those files; what the sender has no right to must not succeed; errors are problem details; the service is there
after it all, its log has no fault, and nothing was written outside its folders.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
from PIL import Image, UnidentifiedImageError

from .hostile import Hostile
from .openapi_cases import Operations, drawn_cases
from .raw_http import Answer, Attempt, answer_to
from .serve_process import CANARY, COLOUR, Served, served

SENDERS = 8
_BY_THE_SERVER = 400
"""What the HTTP server says by itself, in plain text, to what is no HTTP."""
_SHOWN, _LONGEST = 5, 3000
"""Examples of a fault, and characters of a log's line."""
_FAR = 40
"""How far a mean colour may be from another and still be it."""
_FAULT = "request failed"


@dataclass(slots=True)
class Findings:
    """What answers had wrong, each with the requests that led to it."""

    operations: Operations
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def look(self, attempt: Attempt, answer: Answer) -> None:
        """Judge one answer."""
        self.statuses[answer.status] += 1
        for what in self._faults(attempt, answer):
            self.wrong.setdefault(what, []).append(f"{answer.status} {attempt}: {answer.body[:200]!r}")

    def _faults(self, attempt: Attempt, answer: Answer) -> Iterator[str]:
        path = unquote(attempt.target.partition("?")[0])
        allowed, told_in = self.operations.allowed(attempt.method, path), {"application/problem+json"}
        told_in |= {"text/html"} if self.operations.is_page(path) else set()
        if answer.status >= 500 and (answer.status != 503 or 503 not in allowed):
            yield "5xx"
        if answer.late or (answer.status == 0 and not attempt.cut_off):
            yield "no answer"
        if answer.status and answer.status not in allowed and answer.status != _BY_THE_SERVER:
            yield "undocumented"
        if attempt.refused and 200 <= answer.status < 300 and not self.operations.is_open(attempt.target):
            yield "not refused"
        if answer.status > _BY_THE_SERVER and answer.media_type not in told_in:
            yield "no problem details"
        if holds_secret(answer):
            yield "from outside"


def holds_secret(answer: Answer) -> bool:
    """Whether something of the files outside is in an answer: their mark, or a picture in their colour."""
    if CANARY in answer.body or CANARY.decode() in str(answer.headers):
        return True
    if not answer.media_type.startswith("image/"):
        return False
    try:
        with Image.open(io.BytesIO(answer.body)) as picture:
            mean = np.asarray(picture.convert("RGB")).mean(axis=(0, 1))
    except (UnidentifiedImageError, OSError):
        return False
    return bool(np.abs(mean - COLOUR).max() < _FAR)


def attack(service: Served, count: int, seed: int) -> Findings:
    """Send so many requests and judge what comes."""
    document = json.loads(answer_to(service.port, service.plain("GET", "/openapi.json")).body)
    operations = Operations(document)
    findings = Findings(operations)
    hostile = Hostile(service.target(operations.methods), random.Random(seed))
    own = [hostile.attempt() for _ in range(count - count // 2)]
    drawn = [hostile.with_credentials(case) for case in drawn_cases(document, service.host, count // 2, seed)]
    attempts = own + drawn
    random.Random(seed).shuffle(attempts)
    with ThreadPoolExecutor(SENDERS) as pool:
        for attempt, answer in zip(attempts, pool.map(lambda one: answer_to(service.port, one), attempts), strict=True):
            findings.look(attempt, answer)
    return findings


def measured(folder: Path, count: int, seed: int) -> dict[str, Any]:
    """The whole test, in `folder`."""
    with served(folder, seed) as service:
        before = service.files_outside()
        began_s = time.perf_counter()
        findings = attack(service, count, seed)
        wall_s = time.perf_counter() - began_s
        alive = answer_to(service.port, service.plain("GET", "/api/jobs", "editor")).status == 200 and service.runs()
        outside = sorted(service.files_outside() ^ before)
        faults = [line for line in service.log().splitlines() if f'"{_FAULT}"' in line]
    sent = sum(findings.statuses.values())
    found = {
        "requests": sent, "operations": sum(map(len, findings.operations.methods.values())), "alive": alive,
        "wrong": {what: len(those) for what, those in findings.wrong.items()},
        "such_as": {what: those[:_SHOWN] for what, those in findings.wrong.items()},
        "faults_in_log": len(faults), "such_faults": [line[:_LONGEST] for line in faults[:_SHOWN]],
        "changed_outside": outside, "statuses": {str(k): v for k, v in sorted(findings.statuses.items())},
        "wall_s": round(wall_s, 1), "seed": seed,
    }  # fmt: skip
    return found | {"holds": alive and sent == count and not (findings.wrong or faults or outside)}


def main() -> int:
    """Print the line; 0 if all holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder), given.count, given.seed)
    print(json.dumps(found))
    return 0 if found["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
