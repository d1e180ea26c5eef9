"""What a process that decides is asked and answers: pickled records over its stdin and stdout, each after its length.
Pickles are read from a process that we started, and by it, alone."""

from __future__ import annotations

import copyreg
import io
import pickle
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

from engines.faces import Face, Gaze
from engines.quality import Quality

from ..framing.active import ActiveRects
from ..ranking.choice import CheckResult
from ..ranking.judge import EmotionBaselines
from ..ranking.selection import Assessment
from ..records import ActiveRect, Candidate, Composition, Shot, Track

_LENGTH = struct.Struct("<Q")
_MANY = (Face, Quality, Gaze, Candidate, Composition, ActiveRect, Track, Shot)
"""Records of which a film has many."""
Said = tuple[Any, ...]
"""An assessment without its candidate and its active area, which whoever asked knows."""


@dataclass(frozen=True, slots=True)
class Request:
    """number: comes back with the answer. film: which of the films that are ending. what: a method of `Decisions`."""

    number: int
    film: int
    what: str
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """error: what the method raised, with the traceback as a note."""

    number: int
    value: Any = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class JudgedSaid:
    """`stream.deciding.decisions.Judged`, its assessments in the order of `stream.ranking.judge.offered`."""

    assessments: list[Said]
    baselines: EmotionBaselines


@dataclass(frozen=True, slots=True)
class RoundSaid:
    """`stream.ranking.choice.Round` by times (s): the picks with what was lifted for them, and those not checked yet.
    reasons: of all pictures whose reasons have changed since the round before."""

    picks: list[tuple[float, list[str]]]
    unchecked: list[float]
    duplicates: set[float]
    late: dict[float, str | None]
    reasons: Mapping[float, list[str]]


Answers = Mapping[float, CheckResult]


def said_of(one: Assessment) -> Said:
    """What is sent of an assessment."""
    return (
        one.score, one.components, one.person, one.main, one.reasons, one.characters, one.typical_openness,
        one.explicit, one.is_scene, one.together, one.relation,
    )  # fmt: skip


def assessment_of(said: Said, candidate: Candidate, active: ActiveRects) -> Assessment:
    """The assessment that was sent of a candidate."""
    return Assessment(candidate, active.of(candidate.shot), *said)


def assessments_of(
    said: Sequence[Said], candidates: Sequence[Candidate], active: ActiveRects
) -> list[Assessment]:
    """The assessments that were sent of candidates, in their order."""
    return [assessment_of(one, candidate, active) for one, candidate in zip(said, candidates, strict=True)]


def packed(message: Request | Answer) -> bytes:
    """As it is sent."""
    data = io.BytesIO(bytes(_LENGTH.size))
    data.seek(_LENGTH.size)
    pickler = pickle.Pickler(data, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _REDUCED
    pickler.dump(message)
    _LENGTH.pack_into(data.getbuffer(), 0, data.tell() - _LENGTH.size)
    return data.getvalue()


def _reduced(kind: type) -> Callable[[Any], tuple[type, tuple[Any, ...]]]:
    """Takes a record of this kind apart at a third of what dataclasses themselves need."""
    values = attrgetter(*(field.name for field in fields(kind)))
    return lambda record: (kind, values(record))


_REDUCED: dict[type, Callable[[Any], Any]] = copyreg.dispatch_table | {kind: _reduced(kind) for kind in _MANY}


def unpacked(held: bytearray) -> Any:
    """Take the first message off what was received; None where it is not whole yet."""
    if len(held) < _LENGTH.size:
        return None
    end = _LENGTH.size + _LENGTH.unpack_from(held)[0]
    if len(held) < end:
        return None
    message = pickle.loads(memoryview(held)[_LENGTH.size : end].toreadonly())
    del held[:end]
    return message
