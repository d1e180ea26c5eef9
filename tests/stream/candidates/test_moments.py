"""Which pictures a second look decodes, and what it gives back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from engines.faces import Face, Reading
from kernels.cpu import CpuOps
from kernels.stats import ROW
from kernels.surface import Colour, Geometry, Surface
from stream.candidates.moments import LONGEST_GROUP_S, MOMENT, MomentReader, Timeline, stretches, worth_a_look
from stream.records import Shot, TimedSurface

from ..portraits import face, mood

SHOWN = Geometry(64, 36)


def rows(count: int, first: int = 0, **measured: np.ndarray) -> np.ndarray:
    """Of pictures of one sharpness, at 25 a second."""
    found = np.zeros(count, ROW)
    found["frame"] = np.arange(first, first + count)
    found["pts_s"], found["laplacian_var"] = found["frame"] / 25, 100.0
    for name, values in measured.items():
        found[name] = values
    return found


def moments(count: int, step_s: float = 0.04, **values: float) -> np.ndarray:
    """(N,) at every `step_s`. values: n10=2.0 makes the tenth worth 2, where the others are worth 1."""
    found = np.zeros(count, MOMENT)
    found["pts_s"], found["frame"], found["value"] = step_s * np.arange(count), np.arange(count), 1.0
    for name, value in values.items():
        found["value"][int(name.removeprefix("n"))] = value
    return found


def shot(first: int, end: int, mixed: int = 0) -> Shot:
    """The pictures from `first` to `end`, the first `mixed` of them in a dissolve."""
    return Shot(1, first, end, first + mixed, end, first / 25, end / 25, first, end, "cut")


def test_a_shot_has_its_own_pictures_without_those_near_its_cuts() -> None:
    timeline = Timeline()
    for first in (0, 40, 80):
        timeline.add(rows(40, first), np.zeros(40, bool))
    assert timeline.of(shot(30, 110))["frame"].tolist() == list(range(34, 106))  # .16 s at each end
    assert timeline.of(shot(30, 55))["frame"].tolist() == list(range(32, 53))  # 8 % of a second
    assert timeline.of(shot(30, 110, mixed=20))["frame"].tolist() == list(range(50, 106))
    assert len(Timeline().of(shot(0, 10))) == 0


def test_damaged_pictures_are_known_by_their_times() -> None:
    timeline = Timeline()
    assert timeline.damage_s().tolist() == []
    timeline.add(rows(3), np.array([False, True, False]))
    timeline.add(rows(2, 3), np.array([True, False]))
    assert timeline.damage_s()[:, 0].tolist() == [1 / 25, 3 / 25]
    assert timeline.damage_s()[:, 1].tolist() == [1 / 25 - LONGEST_GROUP_S, 3 / 25 - LONGEST_GROUP_S]


def test_damage_may_begin_with_its_group():
    timeline = Timeline()
    for first in (0, 400):
        keys = np.zeros(400, bool)
        keys[[0, 20, 30, 399]] = True
        timeline.add(rows(400, first), np.isin(np.arange(first, first + 400), (20, 25, 395, 797)), keys)
    found = np.round(timeline.damage_s() * 25)
    assert found.tolist() == [[20, 20], [25, 20], [395, 395 - 250], [797, 797 - 250]]


def test_what_is_kept_of_a_picture_says_how_sharp_and_still_it_is() -> None:
    timeline = Timeline()
    changes = {"change": np.array([0, 0, 20]), "cell_change": np.array([0, 5, 90])}
    taken = rows(3, laplacian_var=np.array([10, 100, 100]), **changes)
    timeline.add(taken, np.zeros(3, bool))
    kept = timeline.of(Shot(0, 0, 3, 0, 3, 0.0, 0.12, 0, 3, "cut"))
    assert kept["frame"].tolist() == [1, 2]
    assert kept["value"] == pytest.approx([np.log(101), np.log(101) - 1])
    assert kept["change"].tolist() == [0, 20]
    assert kept["cell_change"].tolist() == [5, 90]
    assert MOMENT.itemsize == 24


@pytest.mark.parametrize(("seconds", "parts"), [(1.0, 1), (4.0, 1), (4.2, 2), (17.0, 5)])
def test_a_long_shot_is_searched_in_stretches(seconds: float, parts: int) -> None:
    whole = moments(round(seconds * 25) + 1)
    found = stretches(whole)
    assert len(found) == parts and np.array_equal(np.concatenate(found), whole)
    assert max(part["pts_s"][-1] - part["pts_s"][0] for part in found) <= 4.0 + 1e-6


def test_no_pictures_make_no_stretch() -> None:
    assert stretches(np.empty(0, MOMENT)) == []


def test_a_look_is_spread_over_the_stretch_and_takes_the_best_about_each_place() -> None:
    found = worth_a_look(moments(80, n3=2.0, n79=0.5, n72=2.0), [])
    assert len(found) == 8 and found["frame"][0] == 3 and found["frame"][-1] == 72
    assert [frame // 10 for frame in found["frame"]] == list(range(8))


def test_nothing_is_looked_at_twice() -> None:
    stretch = moments(80, n3=2.0)
    first = worth_a_look(stretch, [])
    again = worth_a_look(stretch, first["pts_s"].tolist())
    assert len(again) == 8
    apart_s = np.abs(again["pts_s"][:, None] - first["pts_s"][None])
    assert apart_s.min() >= 0.1 and np.diff(again["pts_s"]).min() >= 0.1
    assert len(worth_a_look(stretch, stretch["pts_s"].tolist())) == 0


def test_a_short_stretch_gives_fewer() -> None:
    assert worth_a_look(moments(4, n1=2.0), [])["frame"].tolist() == [0, 3]


class File:
    """Pictures that are told by their luma, the number of the picture; those in `gone` cannot be sought."""

    def __init__(self, *gone: int) -> None:
        self._gone = gone

    def at(self, times_s: Sequence[float]) -> list[TimedSurface]:
        numbers = [n for n in (round(time_s * 25) for time_s in times_s) if n not in self._gone]
        # Containers round times to milliseconds.
        return [(round(n / 25, 3) + 4e-4, self.picture(n)) for n in numbers]

    def picture(self, number: int) -> Surface:
        return Surface(np.full((36, 64), number, np.uint8), None, None, 8, Colour(full_range=True), SHOWN)


def read(surfaces: list[Surface]) -> list[Reading]:
    """A peer of `FaceReader.read`: the descriptor is the luma."""
    return [Reading((), np.array([surface.y[0, 0]], np.float32)) for surface in surfaces]


def test_pictures_come_back_measured_and_read_at_the_times_that_the_film_had() -> None:
    reader = MomentReader(File(50).at, read, CpuOps(), SHOWN)
    wanted = moments(80)[[25, 50, 75]]
    (found,) = reader.look([wanted])
    assert [picture.pts_s for picture, _ in found] == [1.0, 3.0]
    assert [int(picture.row["frame"]) for picture, _ in found] == [25, 75]
    assert [float(picture.row["luma_mean"]) for picture, _ in found] == [25.0, 75.0]
    assert [float(reading.descriptor[0]) for _, reading in found] == [25.0, 75.0]
    assert MomentReader(lambda times_s: [], read, CpuOps(), SHOWN).look([wanted]) == [[]]


def test_several_stretches_are_fetched_in_one_pass() -> None:
    file, asked = File(), []

    def at(times_s: Sequence[float]) -> list[TimedSurface]:
        asked.append(list(times_s))
        return file.at(times_s)

    first, none, last = MomentReader(at, read, CpuOps(), SHOWN).look([moments(80)[:2], moments(0), moments(80)[70:71]])
    assert [[round(p.pts_s, 6) for p, _ in part] for part in (first, none, last)] == [[0.0, 0.04], [], [2.8]]
    assert len(asked) == 1


class Faces:
    """A peer of `FaceReader.read`: what it sees in every picture; counts them."""

    def __init__(self, *faces: Face) -> None:
        self._faces, self.read = faces, 0

    def __call__(self, surfaces: list[Surface]) -> list[Reading]:
        self.read += len(surfaces)
        return [Reading(self._faces, None) for _ in surfaces]


@pytest.mark.parametrize(
    ("faces", "read"),
    [((face(emotion=mood(happy=1.0)),), 3), ((face(eyes=0.1),), 8), ((), 8)],
    ids=["good looks", "closed eyes", "nobody"],
)
def test_no_more_is_read_after_good_looks(faces: tuple[Face, ...], read: int) -> None:
    reader = Faces(*faces)
    (found,) = MomentReader(File().at, reader, CpuOps(), SHOWN).look([worth_a_look(moments(80), [])])
    assert reader.read == len(found) == read
    times_s = [picture.pts_s for picture, _ in found]
    assert times_s == sorted(times_s) and times_s[-1] - times_s[0] > 2


def test_damaged_pictures_are_never_looked_at() -> None:
    timeline = Timeline()
    timeline.add(rows(40), np.arange(40) % 4 == 0)
    kept = timeline.of(Shot(0, 0, 40, 0, 40, 0.0, 1.6, 0, 40, "cut"))
    assert len(kept) > 20 and not (kept["frame"] % 4 == 0).any()
