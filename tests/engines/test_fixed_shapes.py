"""A model on a GPU is run in few shapes, each by a session of its own, and answers as it would unfilled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from engines.errors import ModelError, SessionError
from engines.fixed_shapes import FixedShapeSession
from engines.open_session import open_session
from engines.session import FakeSession, NamedArrays, Session
from kernels.surface import Array


def doubled(inputs: Mapping[str, Array]) -> NamedArrays:
    return {"twice": inputs["in"] * 2, "sum": inputs["in"].reshape(len(inputs["in"]), -1).sum(1)}


class Opened:
    """Opens fakes and keeps them."""

    def __init__(self, answer: Callable[[Mapping[str, Array]], NamedArrays] = doubled) -> None:
        self._answer = answer
        self.sessions: list[FakeSession] = []

    def __call__(self) -> FakeSession:
        self.sessions.append(FakeSession("eyes", self._answer, {"character": "ab"}))
        return self.sessions[-1]

    @property
    def shapes(self) -> list[set[tuple[int, ...]]]:
        return [{run["in"].shape for run in session.runs} for session in self.sessions]


def rows(count: int, width: int = 3) -> np.ndarray:
    return np.random.default_rng(count).random((count, width), np.float32)


def test_every_session_meets_one_shape_and_rows_that_fill_up_are_cut_off() -> None:
    opened = Opened()
    with closing(FixedShapeSession(opened(), opened, (1, 4))) as session:
        for count, width in ((2, 3), (1, 3), (3, 5), (4, 3), (9, 3), (2, 5), (1, 3)):
            given = rows(count, width)
            answer = session.run({"in": given})
            np.testing.assert_array_equal(answer["twice"], given * 2)
            np.testing.assert_array_equal(answer["sum"], given.sum(1))
        assert sorted(session.shapes) == [(1, 3), (4, 3), (4, 5)]
        assert (session.name, session.provider) == ("eyes", "FakeExecutionProvider")
        assert session.metadata == {"character": "ab"}
    assert opened.shapes == [{(4, 3)}, {(1, 3)}, {(4, 5)}]


def test_a_shape_may_have_its_own_sizes() -> None:
    opened = Opened()
    with closing(FixedShapeSession(opened(), opened, (1, 4), {(5,): (2,)})) as session:
        for count, width in ((3, 3), (1, 5), (5, 5)):
            given = rows(count, width)
            np.testing.assert_array_equal(session.run({"in": given})["twice"], given * 2)
    assert opened.shapes == [{(4, 3)}, {(2, 5)}]
    assert [len(one.runs) for one in opened.sessions] == [1, 4]


def test_of_more_shapes_the_one_not_used_for_longest_is_closed() -> None:
    opened = Opened()
    with closing(FixedShapeSession(opened(), opened, (1,), most=2)) as session:
        for width in (3, 4, 3, 5, 3):
            session.run({"in": rows(1, width)})
        assert session.shapes == [(1, 5), (1, 3)]
        with pytest.raises(SessionError, match="is closed"):
            opened.sessions[1].run({"in": rows(1, 4)})
        session.run({"in": rows(1, 4)})
    assert len(opened.sessions) == 4


def test_a_shape_for_which_no_session_can_be_opened_is_an_error_of_the_run() -> None:
    def no_room() -> Session:
        raise ModelError("eyes.onnx: out of memory")

    with closing(FixedShapeSession(Opened()(), no_room, (1, 4))) as session:
        session.run({"in": rows(1)})
        with pytest.raises(SessionError, match="out of memory"):
            session.run({"in": rows(3)})
        assert session.shapes == [(1, 3)]
        session.run({"in": rows(1)})


def test_closing_closes_every_session_and_nothing_runs_after_it() -> None:
    opened = Opened()
    session = FixedShapeSession(opened(), opened, (1, 4))
    for count in (1, 3):
        session.run({"in": rows(count)})
    session.close()
    session.close()
    for one in (session, *opened.sessions):
        with pytest.raises(SessionError, match="is closed"):
            one.run({"in": rows(1)})
    FixedShapeSession(opened(), opened, (1, 4)).close()
    with pytest.raises(SessionError, match="is closed"):
        opened.sessions[-1].run({"in": rows(1)})


def test_several_threads_get_their_own_answers() -> None:
    opened = Opened()
    with closing(FixedShapeSession(opened(), opened, (1, 4), most=2)) as session, ThreadPoolExecutor(4) as pool:
        given = [rows(count, width) for count in (1, 3, 7) for width in (2, 3, 4)] * 5
        for one, answer in zip(given, pool.map(lambda some: session.run({"in": some}), given), strict=True):
            np.testing.assert_array_equal(answer["twice"], one * 2)


@pytest.mark.parametrize("batches", [(), (0, 4), (-1,)])
def test_sizes_below_one_are_refused(batches: tuple[int, ...]) -> None:
    opened = Opened()
    for given in ((batches, {}), ((1,), {(3,): batches})):
        with pytest.raises(ValueError, match="sizes of batches"), closing(opened()) as first:
            FixedShapeSession(first, opened, *given)  # type: ignore[arg-type]


@pytest.mark.models
@pytest.mark.parametrize(
    ("role", "name", "shape"), [("embedding", "image", (3, 150, 150)), ("detector", "image", (3, 96, 160))]
)
def test_a_real_model_answers_as_it_does_unfilled(
    models_dir: Path, role: str, name: str, shape: tuple[int, int, int]
) -> None:
    def open_one() -> Session:
        return open_session(models_dir / f"{role}.onnx", threads=1)

    given = np.random.default_rng(0).uniform(0, 255, (3, *shape)).astype(np.float32)
    with (
        closing(FixedShapeSession(open_one(), open_one, (1, 4))) as filled,
        closing(open_session(models_dir / f"{role}.onnx", threads=1)) as plain,
    ):
        expected = plain.run({name: given})
        for output, answer in filled.run({name: given}).items():
            assert answer.shape == expected[output].shape
            np.testing.assert_allclose(answer, expected[output], rtol=1e-4, atol=1e-4)
