"""Shot boundaries of several detectors: matching by kind, films whose truth says little, wins, and what is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks import shot_detectors, shots
from benchmarks.cli import app
from benchmarks.labels import LabelledVideo
from benchmarks.page.markdown import tables_of
from benchmarks.report import Row
from benchmarks.row_cache import RowCache
from benchmarks.shot_comparison import boundaries_of, compare_shots, set_section, shot_peers
from benchmarks.shot_detectors import Detector, DetectorError, find_by_transnet, keyart, peers
from benchmarks.shot_matches import UNSAID, FoundBoundary, match, pooled, true_boundaries
from benchmarks.timed_shots import UNCERTAIN, kind_of
from engines.session import FakeSession
from engines.shots import BoundaryClassifier
from kernels.cpu import CpuOps
from stream.errors import KeyartError
from stream.settings.model import Settings
from stream.settings.sections import ShotSettings

TIMES_S = np.arange(100) / 10
"""Of a film of ten seconds."""
BY_FRAME: list[dict[str, Any]] = [
    {"start_frame": 0},
    {"start_frame": 20, "transition_in": "cut"},
    {"start_frame": 40, "transition_in": "dissolve", "dissolve_frames": [36, 44]},
    {"start_frame": 60, "transition_in": "fade", "fade_frames": {"out_from": 55, "black": [60, 62], "in_until": 66}},
    {"start_frame": 75, "transition_in": "wipe", "wipe_frames": [72, 78]},
    {"start_frame": 90, "transition_in": "cut"},
]


def judged(shots: Sequence[dict[str, Any]], found: Mapping[float, str]) -> Row:
    """What is right of boundaries at these seconds and of these kinds."""
    true = true_boundaries({"shots": list(shots)}, TIMES_S)
    return match(true, [FoundBoundary(kind, time_s) for time_s, kind in found.items()])


def test_a_cut_may_be_a_frame_beside_and_other_kinds_anywhere_inside() -> None:
    row = judged(BY_FRAME, {2.1: "cut", 3.6: "dissolve", 6.6: "cut", 7.2: "wipe", 8.9: "cut"})
    assert (row["found"], row["missed"], row["invented"]) == (5, [], [])
    assert row["by_kind"] == {"cut": [2, 2], "dissolve": [1, 1], "fade": [1, 1], "wipe": [1, 1]}


def test_what_lies_outside_is_missed_by_its_kind_and_invented_by_the_kind_it_is_called() -> None:
    row = judged(BY_FRAME, {2.2: "cut", 3.5: "dissolve", 6.7: "fade", 7.2: "wipe", 7.8: "cut", 9.0: "cut"})
    assert [b["kind"] for b in row["missed"]] == ["cut", "dissolve", "fade"]
    kinds = [(b["kind"], b["time_s"]) for b in row["invented"]]
    assert kinds == [("cut", 2.2), ("dissolve", 3.5), ("fade", 6.7), ("cut", 7.8)]  # a wipe has one boundary
    whole = pooled([row, row])
    assert whole["by_kind"] == {"cut": [2, 4], "dissolve": [0, 2], "fade": [0, 2], "wipe": [2, 2]}
    assert whole["invented_by_kind"] == {"cut": 4, "dissolve": 2, "fade": 2}
    assert (whole["films"], whole["found"], whole["f1"]) == (2, 4, pytest.approx(8 / 22, abs=1e-6))


def timed(*shots: tuple[float, str]) -> list[dict[str, Any]]:
    return [{"start_s": 0, "transition_in": "start"}, *({"start_s": s, "transition_in": words} for s, words in shots)]


def test_a_truth_of_times_and_words_is_read() -> None:
    shots = timed((1.0, "cut from black after iris-out 0.36-0.84"), (3.0, "effect wipe, 3.00-3.54"),
                  (5.0, "hidden: the wing fills the frame 4.8-5.5"), (7.0, "whip pan"), (9.0, "cut"))  # fmt: skip
    row = judged(shots, {1.2: UNSAID, 3.7: UNSAID, 4.9: UNSAID, 5.4: UNSAID, 8.7: UNSAID})
    assert row["found"] == 2
    assert row["missed"] == [{"kind": "whip", "time_s": 7.0}, {"kind": "cut", "time_s": 9.0}]
    assert row["invented"] == [{"kind": UNSAID, "time_s": 8.7}]
    assert row["by_kind"] == {"cut": [1, 2], UNCERTAIN: [1, 1], "whip": [0, 1], "wipe": [1, 1]}


def test_as_many_are_matched_as_can_be() -> None:
    """In order, the dissolve would take what is found at the cut."""
    row = judged(timed((2.0, "dissolve 2.0-4.0"), (2.5, "cut")), {2.5: "cut", 3.0: "dissolve"})
    assert (row["found"], row["missed"], row["invented"]) == (2, [], [])


@pytest.mark.parametrize(
    ("words", "kind"),
    [("", "cut"), ("hard cut", "cut"), ("crossfade 1-2", "dissolve"), ("fade through black", "fade"),
     ("zoom transition", "zoom"), ("whip pan", "whip"), ("wipe", "wipe"), ("cut hidden by a wing", UNCERTAIN),
     ("the same take", UNCERTAIN)],
)  # fmt: skip
def test_words_say_what_a_transition_is(words: str, kind: str) -> None:
    assert kind_of(words) == kind


def test_times_are_those_of_frames() -> None:
    answer, times_s = {"starts_s": [0.96, 2.04], "kinds": ["cut", "fade"]}, (TIMES_S + 0.5).tolist()
    late = Detector("a", lambda video: answer, from_first=True)
    assert boundaries_of(answer, times_s, late) == [FoundBoundary("cut", 1.5), FoundBoundary("fade", 2.5)]
    plain = Detector("b", lambda video: answer)
    found = boundaries_of({"starts_s": [0.96, 2.04]}, times_s, plain)
    assert found == [FoundBoundary(UNSAID, 1.0), FoundBoundary(UNSAID, 2.0)]


class Counted:
    """A detector that finds shots at these seconds, and counts how often it is asked."""

    def __init__(self, starts_s: Sequence[float], kinds: Sequence[str] = ()) -> None:
        self.asked, self._starts_s, self._kinds = 0, list(starts_s), list(kinds)

    def __call__(self, video: Path) -> Row:
        self.asked += 1
        kinds = {"kinds": self._kinds} if self._kinds else {}
        return {"starts_s": self._starts_s, "times_s": (np.arange(240) / 10).tolist(), **kinds}


Compare = Callable[..., tuple[Row, list[str]]]


@pytest.fixture
def compare(scenes_film: Path, tmp_path: Path) -> Compare:
    """`compare(shots, own, *others)` on a film of 24 seconds."""

    def run(shots: Sequence[dict[str, Any]], own: Detector, *others: Detector) -> tuple[Row, list[str]]:
        video = LabelledVideo("scenes", scenes_film, set_name="made")
        return compare_shots([(video, {"shots": shots})], own, others, RowCache(tmp_path / "kept", lambda line: None))

    return run


def test_a_peer_is_asked_once_and_keyart_again_when_its_code_changed(compare: Compare) -> None:
    own, peer = Counted([4.0, 9.0], ["cut", "dissolve"]), Counted([4.0])
    truth, more = timed((4.0, "cut")), timed((4.0, "cut"), (9.0, "dissolve 8.5-9.5"))
    other = Detector("peer", peer, {"version": "1"})
    first = compare(truth, Detector("keyart", own, {"code": "a"}), other)[0]["sets"]["made"]
    assert first["against"] == {"peer": {"better": [], "equal": [], "worse": ["scenes"]}}
    assert first["pooled"]["keyart"]["invented_by_kind"] == {"dissolve": 1}
    again = compare(more, Detector("keyart", own, {"code": "a"}), other)[0]["sets"]["made"]
    assert again["against"] == {"peer": {"better": ["scenes"], "equal": [], "worse": []}}
    assert (own.asked, peer.asked) == (1, 1)  # another truth needs no other answer
    compare(more, Detector("keyart", own, {"code": "b"}), other)
    assert (own.asked, peer.asked) == (2, 1)
    compare(more, Detector("keyart", own, {"code": "b"}), Detector("peer", peer, {"version": "2"}))
    assert (own.asked, peer.asked) == (2, 2)


def test_what_a_peer_cannot_read_is_a_line_and_no_figure(compare: Compare) -> None:
    def fail(video: Path) -> Row:
        raise KeyartError("it will not")

    def other(video: Path) -> Row:
        raise DetectorError("nor I")

    own = Detector("keyart", Counted([4.0]))
    section, problems = compare(timed((4.0, "cut")), own, Detector("a", fail), Detector("b", other))
    assert problems == ["scenes: a: it will not", "scenes: b: nor I"]
    assert list(section["sets"]["made"]["pooled"]) == ["keyart"]
    refused = compare(timed((4.0, "cut")), Detector("keyart", fail, {"code": "worse"}))
    assert refused == ({"sets": {}}, ["scenes: it will not"])
    (line,) = compare([{}, {"transition_in": "cut"}], Detector("keyart", Counted([4.0])))[1]
    assert line == "scenes: truth.json is not as expected (KeyError: 'start_s'); left out"


def test_the_page_has_films_kinds_and_wins() -> None:
    own = {**judged(BY_FRAME, {2.0: "cut", 3.0: "fade"}), "f1": 0.2857, "wall_s": 1.0, "cpu_s": 2.0}
    peer = {**judged(BY_FRAME, {2.0: UNSAID, 9.0: UNSAID, 9.6: UNSAID}), "f1": 0.5, "wall_s": 1.0, "cpu_s": 2.0}
    films = {"a": {"keyart": own, "peer": peer}, "b": {"keyart": {**own, "f1": 0.5}}}
    section = {"sets": {"made": set_section(films)}, "unavailable": {"other": "gone"}}
    text = tables_of({"shot_peers": section})
    for line in (
        "| a      |  0.286 | 0.500 |",
        "| b      |  0.500 |     – |",
        "| keyart   | 2/4 |      0/2 | 0/2 +2 |  0/2 |      – |",
        "| peer     | 2/2 |      0/1 |    0/1 |  0/1 |     +1 |",
        "| peer           |      0 |  1: a |     0 |",
        "- a, missed: dissolve 4.00, fade 6.00, wipe 7.50, cut 9.00",
        "- a, invented: fade 3.00",
        "- other: unavailable, gone",
    ):
        assert line in text, text


def test_transnet_is_shown_every_frame_in_order(scenes_film: Path) -> None:
    """The network here says what the real one is asked: is this the last frame before a cut?"""

    def answer(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        frames = inputs["frames"].astype(np.float32)
        change = np.abs(np.diff(frames, axis=1)).mean((2, 3, 4))
        boundary = np.concatenate([change > 20, np.zeros((len(frames), 1), bool)], axis=1).astype(np.float32)
        return {"boundary": boundary, "transition": boundary}

    with closing(FakeSession("shots", answer)) as session:
        row = find_by_transnet(BoundaryClassifier(session, CpuOps()), scenes_film, threads=1)
    assert row["starts_s"] == pytest.approx([4.0, 8.0, 12.0, 16.0, 20.0])


def test_keyart_says_how_shots_begin(scenes_film: Path) -> None:
    with ExitStack() as stack:
        row = keyart(Settings(threads=1, shots=ShotSettings(second_opinion=False)), stack).find(scenes_film)
    assert row["starts_s"] == pytest.approx([4.0, 8.0, 12.0, 16.0, 20.0])
    assert row["kinds"] == ["cut"] * 5
    assert len(row["times_s"]) == 240


def test_weights_that_cannot_be_had_are_a_reason() -> None:
    with ExitStack() as stack:
        found, unavailable = peers(Settings(model_set="unheard"), stack)
    assert "unheard" in unavailable["TransNet V2"]
    assert "TransNet V2" not in [detector.name for detector in found]


def test_a_film_that_pyscenedetect_cannot_open_is_one_line(scenes_film: Path) -> None:
    library = pytest.importorskip("scenedetect")

    def refuse() -> object:
        raise library.VideoOpenFailure("no such codec")

    with pytest.raises(DetectorError, match=r"PySceneDetect cannot open it \(no such codec\)"):
        shot_detectors._find_scenes(refuse, scenes_film)


@pytest.mark.parametrize("more", [("--layout", "X"), ("--results", "X"), ()])
def test_the_command_wants_films_with_a_truth(more: Sequence[str], tmp_path: Path) -> None:
    data = ("--data", str(tmp_path)) if more else ()
    run = CliRunner().invoke(app, ["shots", "--peers", *data, *more, "--out", str(tmp_path)])
    assert run.exit_code == 2
    assert run.stderr == "keyart: --peers needs --data DIR, and neither --layout nor --results\n"


class Told:
    """A second opinion that notes the pictures it is given."""

    lookahead_rows = 0

    def __init__(self) -> None:
        self.pictures: list[np.ndarray] = []

    def add(self, pictures: np.ndarray) -> None:
        self.pictures.append(pictures)

    def finish(self) -> None: ...

    def drop_before(self, row: int) -> None: ...

    def cut(self, row: int) -> float | None:
        return None

    def transition(self, first: int, last: int) -> float | None:
        return None


def test_a_second_opinion_is_given_every_frame(scenes_film: Path) -> None:
    told = Told()
    found = shots.detect(scenes_film, threads=1, opinion=told)
    assert np.concatenate(told.pictures).shape == (240, 27, 48, 3)
    assert len(found.starts) == 5


@pytest.mark.models
def test_films_without_shots_are_listed_and_one_shot_is_judged(scenes_film: Path, tmp_path: Path) -> None:
    truths = {"none": "{}", "bars": '{"bars": {}}', "one": '{"shots": [{"start_s": 0}]}'}
    videos = []
    for name, content in truths.items():
        (tmp_path / name).write_text(content)
        videos.append(LabelledVideo(name, scenes_film, truth=tmp_path / name, set_name="made"))
    section, problems = shot_peers(videos, Settings(threads=1), RowCache(tmp_path / "kept", lambda line: None))
    assert problems == ["none: truth.json has no shots; left out"]
    assert section["partial_truth"] == {"bars": "truth.json has no shots"}
    rows = section["sets"]["made"]["videos"]["one"]
    assert [len(rows[name]["invented"]) for name in ("keyart", "TransNet V2")] == [5, 5]
