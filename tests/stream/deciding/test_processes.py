"""Decisions in a process of its own are those of this one, bit for bit, and who dies takes along only what is its own.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from benchmarks.made_films import made_film
from kernels.bars import ActiveArea
from kernels.stats import ROW
from stream.deciding.decisions import Deciders, OwnDeciders
from stream.deciding.processes import DecidingProcess, DecidingProcesses
from stream.errors import DecidersLostError
from stream.film import Film
from stream.framing.active import ActiveRects, active_rects
from stream.people.characters import dense_clusters, find_characters
from stream.pipeline.conclude import conclude
from stream.ranking.choice import CheckResult
from stream.ranking.pixel_checks import choose_checked
from stream.ranking.selection import Assessment, Selection
from stream.records import Candidate, Notice
from stream.settings.model import Settings

from ..cancelling import cancelled_once
from ..pipeline.watched_films import tools, watched_film

_PRIME = 7919
_DIES_WITHIN_S = 10.0


TALKS_FIRST = """
import os, sys
from stream.deciding.messages import Answer, packed, unpacked
def write(data):
    while data:
        data = data[os.write(1, data):]
write(packed(Answer(-1, bytes(1 << 20))))
held = bytearray()
while (request := unpacked(held)) is None:
    held += os.read(0, 1 << 20)
write(packed(Answer(request.number, len(request.arguments[0]))))
os.read(0, 1)
"""
"""A process with a large answer to a question that was given up, which it must be rid of before it listens."""


def test_a_large_question_and_a_large_answer_that_nobody_waits_for_do_not_wait_for_each_other() -> None:
    process = DecidingProcess((sys.executable, "-c", TALKS_FIRST))
    try:
        assert process.ask(0, "people", bytes(1 << 21)) == 1 << 21
    finally:
        process.close()


@pytest.fixture(scope="module")
def processes() -> Iterator[DecidingProcesses]:
    pool = DecidingProcesses(1, "cpu")
    yield pool
    pool.close()


def active_of(film: Film) -> ActiveRects:
    return active_rects(film.info.geometry, ActiveArea(top=4), {3: ActiveArea(left=8)}, 1)


def sharper(one: Candidate) -> Candidate:
    """Half a second later, when it is sharper and no copy of the candidate."""
    assert one.descriptor is not None
    return replace(one, pts_s=one.pts_s + 0.5, focus=4 * one.focus, descriptor=np.roll(one.descriptor, 7))


def decided(deciders: Deciders, film: Film, settings: Settings, refused: float) -> list[object]:
    """All that is decided of a film, in words. refused: share of the pictures that checks refuse, by lot."""
    asked: list[float] = []
    found: list[Candidate] = []
    decisions = deciders.on(film, settings)

    def check(one: Assessment) -> CheckResult:
        asked.append(one.candidate.pts_s)
        lot = (one.candidate.shot + 1) * _PRIME % 1000
        return CheckResult("text_overlay" if lot < 1000 * refused else None, lot / 1000, 0.01 * (lot % 7))

    def more(selection: Selection) -> list[Assessment]:
        later = [] if found else [sharper(one) for one in film.candidates[::3]]
        found.extend(later)
        return decisions.more(later, people)

    people, how = decisions.people()
    judged = decisions.judge(active_of(film))
    with ThreadPoolExecutor(1) as pool:
        passed: list[float] = []
        chosen = choose_checked(
            decisions, settings, check, pool, lambda one: passed.append(one.candidate.pts_s), more
        )
    decisions.close()
    known = {id(one) for one in chosen.assessments}
    assert all(id(pick.assessment) in known for pick in chosen.picks)
    mood = np.linspace(0.01, 0.3, 7).astype(np.float32)
    distances = [judged.baselines.distance(mood, person) for person in (None, *(one.id for one in people))]
    picks = [(pick.assessment, pick.fallback) for pick in chosen.picks]
    said: list[object] = [
        people, how, judged.assessments, chosen.assessments, picks, sorted(chosen.duplicates), chosen.late, asked,
        passed, distances,
    ]  # fmt: skip
    with np.printoptions(threshold=sys.maxsize, floatmode="unique"):
        return [repr(one) for one in said]


@pytest.mark.parametrize(
    ("refused", "copies"),
    [
        (1.0, True),
        (1.0, False),
        *(pytest.param(share, copies, marks=pytest.mark.slow) for share in (0.0, 0.5) for copies in (True, False)),
    ],
)
def test_another_process_decides_as_this_one(processes: DecidingProcesses, copies: bool, refused: float) -> None:
    film, settings = made_film(150, copies=copies), Settings(top=6)
    film.reserve = [(replace(film.candidates[5], pts_s=1.25), "dark")]
    own, other = (decided(one, film, settings, refused) for one in (OwnDeciders("cpu"), processes))
    assert own == other


def test_what_is_known_of_damage_goes_along(processes: DecidingProcesses) -> None:
    """One picture before a damaged one, and one that is unlike both beside it."""
    film = made_film(20, copies=False)
    film.notices.append(Notice("damaged", "a part is damaged"))
    rows = np.zeros(20 * 6 + 1, ROW)
    rows["pts_s"], rows["laplacian_var"] = np.arange(len(rows)) / 2, 100.0
    damaged, lone = 10, 63  # at 5 s, in the second shot, whose picture is that at 4.5 s; at 31.5 s
    rows["change"][[lone, lone + 1]] = rows["cell_change"][[lone, lone + 1]] = 90.0
    film.timeline.add(rows, np.arange(len(rows)) == damaged)
    decisions = [deciders.on(film, Settings()) for deciders in (OwnDeciders("cpu"), processes)]
    for one in decisions:
        one.people()
    own, other = ({one.candidate.pts_s: one.reasons for one in d.judge(active_of(film)).assessments} for d in decisions)
    decisions[1].close()
    assert own == other and film.lone_s().tolist() == [31.5]
    assert {time_s for time_s, reasons in own.items() if "damaged" in reasons} == {4.5, 31.5}


def test_the_images_of_a_film_are_the_same(processes: DecidingProcesses) -> None:
    """Through the whole end: some blink beside their picture, so others are chosen for them."""
    settings, found = Settings(threads=1, top=4), []
    for deciders in (OwnDeciders("cpu"), processes):
        film = watched_film([1, 2, 1, 2, 1, 2, 3])
        given = replace(tools({1, 4, 6}.__contains__), deciders=deciders)
        conclusion = conclude(film, settings, given)
        found.append((conclusion.files.content, film.funnel, film.notices, repr(conclusion.judged)))
    assert len(found[0][0]) > 4 and found[0] == found[1]


def test_of_films_that_end_at_once_each_has_its_own_decisions(processes: DecidingProcesses) -> None:
    films, settings = [made_film(count, copies=False, seed=count) for count in (30, 60)], Settings()
    decisions = [processes.on(film, settings) for film in films]
    people = [one.people() for one in decisions]
    judged = [one.judge(active_of(film)) for one, film in zip(decisions, films, strict=True)]
    for one in decisions:
        one.close()
    assert [len(one.assessments) for one in judged] == [30, 60]
    for film, (found, how) in zip(films, people, strict=True):
        characters, method = find_characters(film.tracks, film.shots, settings.people, "cpu", film.descriptors())
        assert how == method and repr(found) == repr(characters)


def test_clusters_that_a_device_found_are_those_that_people_are_made_of() -> None:
    """Asked apart, because another process has no device; what is asked and what follows is the same."""
    film, people = made_film(200, copies=False), Settings().people
    clusters = dense_clusters(film.tracks, people, "cpu")
    assert clusters is not None and clusters.max() > 1
    own = find_characters(film.tracks, film.shots, people, "cpu")
    assert repr(find_characters(film.tracks, film.shots, people, "cpu", clusters=clusters)) == repr(own)
    nobody = np.full(len(clusters), -1)
    assert repr(find_characters(film.tracks, film.shots, people, "cpu", clusters=nobody)) != repr(own)
    assert dense_clusters(film.tracks[:3], people, "cpu") is None


def test_what_goes_wrong_there_is_raised_here(processes: DecidingProcesses) -> None:
    film = watched_film([1, 2])
    broken = np.full(128, np.nan, np.float32)
    film.tracks = [replace(track, embedding=broken) for track in film.tracks]
    decisions = processes.on(film, Settings())
    with pytest.raises(ValueError, match="finite") as raised:
        decisions.people()
    decisions.close()
    assert any("find_characters" in note for note in raised.value.__notes__)


def test_a_process_that_is_killed_costs_its_films_and_is_replaced() -> None:
    pool = DecidingProcesses(2, "cpu")
    film, settings = watched_film([1, 2, 1, 2]), Settings()
    first, second, beside = (pool.on(film, settings) for _ in range(3))
    first.people(), second.people(), beside.people()
    killed = pool.pids[0]
    os.kill(killed, signal.SIGKILL)
    with pytest.raises(DecidersLostError, match=r"killed \(signal 9"):
        first.judge(active_of(film))
    first.close()
    assert [len(one.judge(active_of(film)).assessments) for one in (second, beside)] == [4, 4]
    assert killed not in pool.pids and not Path(f"/proc/{killed}").exists()
    second.close(), beside.close()
    pool.close()
    assert not any(Path(f"/proc/{pid}").exists() for pid in pool.pids)


def test_what_was_decided_before_a_death_is_decided_again() -> None:
    pool = DecidingProcesses(1, "cpu")
    film, settings = watched_film([1, 2, 1, 2]), Settings()
    asking, going_on = pool.on(film, settings), pool.on(film, settings)
    undisturbed = OwnDeciders("cpu").on(film, settings)
    for one in (asking, going_on, undisturbed):
        one.people(), one.judge(active_of(film))
    answers = {going_on.choose({}, lift=False).unchecked[0].candidate.pts_s: CheckResult("eyes_closed", 1.0)}
    undisturbed.choose({}, lift=False)
    os.kill(pool.pids[0], signal.SIGKILL)
    with pytest.raises(DecidersLostError):
        asking.choose({}, lift=False)
    found = [one.choose(answers, lift=True) for one in (going_on, undisturbed)]
    assert repr(found[0].unchecked) == repr(found[1].unchecked)
    assert repr(found[0].selection.picks) == repr(found[1].selection.picks)
    asking.close(), going_on.close()
    pool.close()


def test_a_process_that_cannot_begin_says_so() -> None:
    pool = DecidingProcesses(1, "cpu", (sys.executable, "-c", "import sys; sys.exit(3)"))
    decisions = pool.on(watched_film([1]), Settings())
    with pytest.raises(DecidersLostError, match="ended with exit code 3"):
        decisions.people()
    decisions.close()
    pool.close()


_PARENT = """
import sys
from stream.deciding.processes import DecidingProcesses
pool = DecidingProcesses(2, "cpu")
print(*pool.pids, flush=True)
sys.stdin.read()
"""


def test_no_process_outlives_one_that_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", _PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with parent:
        assert parent.stdin is not None and parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        watched = [os.pidfd_open(pid) for pid in pids]
        assert len(pids) == 2 and not select.select(watched, [], [], 0)[0]
        parent.kill()
        for descriptor in watched:
            assert select.select([descriptor], [], [], _DIES_WITHIN_S)[0], "it is still there"
            os.close(descriptor)


def test_a_film_that_is_given_up_does_not_wait_and_leaves_the_process_to_others() -> None:
    silent = DecidingProcesses(1, "cpu", (sys.executable, "-c", "import sys; sys.stdin.read()"))
    film, begun = watched_film([1, 2]), Event()
    decisions = silent.on(film, Settings())

    def work() -> None:
        begun.set()
        decisions.people()

    cancelled_once(begun, work)
    decisions.close()
    silent.close()
