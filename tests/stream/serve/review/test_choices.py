from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from stream.manifest import Manifest
from stream.serve.review.choices import settled
from stream.serve.review.record import Choice
from stream.settings.model import Settings

from ..reviewing import WHOLE, Shelf, choice, portrait_of, result_tree

ELSEWHERE_S = 3.3
OFFERED_S = {1: 0.5, 2: 1.5, 3: 2.5}
CENTRED = (400.0, 0.0, 480.0, 720.0)


def area(**bars: int) -> dict[str, int]:
    return {**dict.fromkeys(("top", "bottom", "left", "right"), 0), **bars}


def manifest_with_bars(**bars: int) -> Manifest:
    return Manifest.model_validate({**result_tree("film.mkv", "content"), "active_area": area(**bars)})


def with_other_bars(tree: dict[str, Any]) -> dict[str, Any]:
    """A film with bars above and below, and a second shot with bars on its left and right instead."""
    first, second = tree["shots"]
    shots = [first, {**second, "active_area": area(left=160, right=160)}]
    return {**tree, "active_area": area(top=60, bottom=60), "shots": shots}


def is_moved(form: str, time_s: float, rect: tuple[float, float, float, float], **bars: int) -> bool:
    choice = Choice(time_s=time_s, source_rect=rect)
    (found,) = settled({form: choice}, manifest_with_bars(**bars), Settings())
    return found.moved


@pytest.mark.parametrize(
    ("form", "time_s", "rect", "moved"),
    [
        ("landscape", ELSEWHERE_S, WHOLE, False),
        ("portrait", ELSEWHERE_S, CENTRED, False),
        ("portrait", ELSEWHERE_S, portrait_of(2), False),
        ("portrait", ELSEWHERE_S, (401.0, 0.0, 480.0, 720.0), True),
        ("portrait", ELSEWHERE_S, (420.0, 30.0, 440.0, 660.0), True),
        ("portrait", OFFERED_S[2], portrait_of(2), False),
        ("portrait", OFFERED_S[2], portrait_of(3), True),
        ("portrait", OFFERED_S[2], CENTRED, True),
        ("square", OFFERED_S[2], (280.0, 0.0, 720.0, 720.0), False),
        ("square", OFFERED_S[2], (290.0, 0.0, 720.0, 720.0), True),
    ],
)
def test_a_crop_is_moved_where_an_editor_placed_it(
    form: str, time_s: float, rect: tuple[float, float, float, float], moved: bool
) -> None:
    assert is_moved(form, time_s, rect) == moved


def test_the_largest_crop_between_bars_is_not_moved() -> None:
    between = 40.0 + (1240 - 2 / 3 * 580) / 2
    page = round(between, 2), 100.0, round(2 / 3 * 580, 2), 580.0
    assert not is_moved("portrait", ELSEWHERE_S, page, left=40, top=100, bottom=40)
    assert is_moved("portrait", ELSEWHERE_S, (page[0] - 3, *page[1:]), left=40, top=100, bottom=40)


@pytest.mark.parametrize(
    ("time_s", "rect", "cut"),
    [
        (0.9, (0.0, 0.0, 400.0, 600.0), (0.67, 61.0, 398.67, 598.0)),
        (ELSEWHERE_S, (0.0, 0.0, 400.0, 600.0), (161.0, 0.0, 400.0, 600.0)),
        (ELSEWHERE_S, (200.0, 0.0, 480.0, 720.0), (200.0, 0.0, 480.0, 720.0)),
        (OFFERED_S[3], (900.0, 0.0, 480.0, 720.0), (639.0, 0.0, 480.0, 720.0)),
    ],
)
def test_a_crop_lies_between_the_bars_of_its_own_shot(
    time_s: float, rect: tuple[float, float, float, float], cut: tuple[float, float, float, float]
) -> None:
    manifest = Manifest.model_validate(with_other_bars(result_tree("film.mkv", "content")))
    (found,) = settled({"portrait": Choice(time_s=time_s, source_rect=rect)}, manifest, Settings())
    assert found.source == pytest.approx(cut, abs=0.011)


def test_the_largest_crop_between_the_bars_of_a_shot_is_not_moved() -> None:
    manifest = Manifest.model_validate(with_other_bars(result_tree("film.mkv", "content")))
    for rect, moved in (((400.0, 0.0, 480.0, 720.0), False), ((401.0, 0.0, 480.0, 720.0), True)):
        (found,) = settled({"portrait": Choice(time_s=ELSEWHERE_S, source_rect=rect)}, manifest, Settings())
        assert (found.source, found.moved) == (rect, moved)


def test_what_is_approved_is_cut_between_the_bars_of_its_shot(shelf: Shelf, client: TestClient) -> None:
    job = shelf.add("film.mkv", 200.0)
    file = shelf.result("film.mkv") / "manifest.json"
    file.write_text(json.dumps(with_other_bars(json.loads(file.read_text()))))
    body = {"version": 0, "choices": {"square": choice(None, ELSEWHERE_S, (0.0, 0.0, 720.0, 720.0))}}
    assert client.post(f"/api/videos/{job}/approve", json=body).status_code == 200
    (order,) = shelf.pictures.cut
    assert order.source == (161.0, 0.0, 720.0, 720.0)
    assert client.get(f"/api/videos/{job}").json()["review"]["record"]["images"][0]["source_rect"] == [161, 0, 720, 720]
