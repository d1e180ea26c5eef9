"""The crop editor in a real browser: dragged by mouse, touch and keys, within the bars; other frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

from stream.serve.problems import Problem

from .conftest import Desk
from .peer import ACTIVE, FORMATS, crop_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.debian


def opened(desk: Desk, *keys: str, **context: Any) -> Page:
    """The crop editor on the first picture, its frame loaded."""
    page = desk.review(1, **context)
    for key in (*keys, "KeyE"):
        page.keyboard.press(key)
    loaded(page)
    return page


def loaded(page: Page) -> None:
    page.locator("#busy").wait_for(state="hidden")


def kept(desk: Desk, page: Page, name: str = "landscape", active: Sequence[float] = ACTIVE) -> dict[str, Any]:
    """The choice of a format as it was saved, of the format's shape and within the bars."""
    page.locator("#saved", has_text="Draft saved").wait_for()
    draft = desk.peer.titles[0].draft
    assert draft is not None
    choice: dict[str, Any] = draft["choices"][name]
    x, y, width, height = choice["source_rect"]
    form = next(form for form in FORMATS if form["name"] == name)
    assert width / height == pytest.approx(form["aspect"][0] / form["aspect"][1], abs=0.001)
    assert x >= active[0] and y >= active[1]
    assert x + width <= active[0] + active[2] + 0.02 and y + height <= active[1] + active[3] + 0.02
    return choice


def middle(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def pixels(page: Page) -> float:
    """Pixels of the film in one of the screen."""
    box = page.locator("#sheet").bounding_box()
    assert box is not None
    return 1280 / box["width"]


def drag(page: Page, selector: str, dx: float, dy: float) -> None:
    x, y = middle(page, selector)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx / 2, y + dy / 2)
    page.mouse.move(x + dx, y + dy)
    page.mouse.up()


def test_the_crop_is_dragged_and_stays_within_the_bars(desk: Desk) -> None:
    page = opened(desk, "KeyF", "KeyF")
    drag(page, "#rect", 100, 0)
    moved = kept(desk, page, "portrait")
    assert moved["source_rect"][0] == pytest.approx(40 + 100 * pixels(page), abs=1.5)
    assert moved["rank"] == 1
    drag(page, "#rect", 3000, -3000)
    assert kept(desk, page, "portrait")["source_rect"] == [880, 60, 400, 600]
    assert page.locator("[data-slot=portrait] .what").inner_text() == "picture 1, own crop"
    page.get_by_role("button", name="Back to Keyart’s crop").click()
    assert page.locator("[data-slot=portrait] .what").inner_text() == "picture 1"
    assert kept(desk, page, "portrait")["source_rect"] == crop_of(FORMATS[1], 1)["source_rect"]


def give_bars(desk: Desk, shot: int, **bars: int) -> None:
    """A shot whose bars are not those of the film."""
    manifest = desk.peer.titles[0].manifest
    assert manifest is not None
    manifest["shots"][shot]["active_area"] = {**dict.fromkeys(("top", "bottom", "left", "right"), 0), **bars}


def test_the_crop_stays_within_the_bars_of_its_shot(desk: Desk) -> None:
    give_bars(desk, 1, left=160, right=160)
    inside = (160, 0, 960, 720)
    page = opened(desk, "KeyF", "KeyF")
    drag(page, "#rect", 3000, 3000)
    assert kept(desk, page, "portrait", inside)["source_rect"] == [720, 120, 400, 600]
    page.locator("#rect").focus()
    for _ in range(5):
        page.keyboard.press("Minus")
    assert kept(desk, page, "portrait", inside)["source_rect"] == [640, 0, 480, 720]
    page.keyboard.press("Shift+ArrowLeft")
    assert kept(desk, page, "portrait", inside)["source_rect"] == [600, 0, 480, 720]
    drag(page, "#rect [data-corner=se]", -3000, -3000)
    assert kept(desk, page, "portrait", inside)["source_rect"] == [600, 0, 72, 108]
    drag(page, "#rect [data-corner=se]", 3000, 3000)
    assert kept(desk, page, "portrait", inside)["source_rect"] == [600, 0, 480, 720]


def test_a_frame_of_a_shot_with_other_bars_has_the_crop_that_fits_there(desk: Desk) -> None:
    give_bars(desk, 1)
    page = opened(desk, "KeyF", "KeyF")
    page.locator("#strip button").nth(0).click()
    page.locator("#rect").focus()
    for _ in range(5):
        page.keyboard.press("Minus")
    assert kept(desk, page, "portrait", (0, 0, 1280, 720))["source_rect"] == [0, 0, 480, 720]
    page.keyboard.press("BracketLeft")
    page.locator("#croptime", has_text="0:03.9").wait_for()
    assert kept(desk, page, "portrait")["source_rect"] == [40, 60, 400, 600]


def test_a_shot_without_a_picture_begins_with_the_largest_crop_between_its_bars(desk: Desk) -> None:
    give_bars(desk, 11)
    page = desk.review(1)
    page.locator("#timeline .shot[data-shot='11']").click()
    page.locator("#croptime", has_text="0:46.0").wait_for()
    page.keyboard.press("KeyP")
    assert kept(desk, page, active=(0, 0, 1280, 720))["source_rect"] == [0, 0, 1280, 720]


def test_a_double_click_on_a_picture_adjusts_that_one(desk: Desk) -> None:
    page = desk.review(1)
    page.locator(".stage .cut").nth(1).dblclick()
    assert page.locator("#cropname").inner_text() == "Crop for Portrait"


def test_enter_approves_after_the_crop_was_dragged(desk: Desk) -> None:
    page = desk.review(1)
    page.keyboard.press("KeyP")
    page.get_by_role("button", name="Adjust the crop", exact=False).first.click()
    loaded(page)
    drag(page, "#rect", 50, 0)
    page.get_by_role("button", name="Frame after").click()
    page.locator("#croptime", has_text="0:05.0").wait_for()
    page.locator("#rect").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_url("**/review/2")
    (approved,) = desk.calls("approve")
    assert (approved["choices"]["landscape"]["rank"], approved["choices"]["landscape"]["time_s"]) == (None, 5.04)


def test_a_corner_makes_it_smaller_and_the_file_with_it(desk: Desk) -> None:
    page = opened(desk)
    assert page.locator("#cropsize").inner_text() == (
        "File: 1600 × 900 px, smaller than 1920 × 1080: Keyart enlarges at most 1.5 times"
    )
    before = crop_of(FORMATS[0], 1)["source_rect"]
    drag(page, ".corner.nw", 200, 200)
    after = kept(desk, page)["source_rect"]
    assert after[2] < before[2] - 100
    assert after[0] + after[2] == pytest.approx(before[0] + before[2], abs=0.05)
    assert after[1] + after[3] == pytest.approx(before[1] + before[3], abs=0.05)
    width = round(after[3] * 1.5 * 16 / 9)
    assert page.locator("#cropsize").inner_text().startswith(f"File: {width} × {round(after[3] * 1.5)} px")
    drag(page, ".corner.se", -3000, -3000)
    assert kept(desk, page)["source_rect"][3] == pytest.approx(600 * 0.15, abs=0.01)
    drag(page, ".corner.se", 3000, 3000)
    kept(desk, page)


def test_a_far_too_small_crop_is_marked_and_asked_about_once(desk: Desk) -> None:
    page = desk.review(1)
    page.keyboard.press("KeyP")
    assert page.locator(".toosmall:visible", has_text="px").count() == 0
    page.get_by_role("button", name="Adjust the crop", exact=False).first.click()
    loaded(page)
    drag(page, ".corner.se", -3000, -3000)
    kept(desk, page)
    slot = page.locator("[data-slot=landscape] .toosmall")
    assert slot.inner_text() == "only 240 × 135 of 1920 × 1080 px"
    colours = "one => getComputedStyle(one).color"
    assert page.locator("#cropsize").evaluate(colours) == slot.evaluate(colours) == "rgb(179, 38, 30)"
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.get_by_text("Landscape: the file has 240 × 135 px instead of 1920 × 1080.").wait_for()
    assert desk.calls("approve") == []
    page.keyboard.press("Enter")
    page.wait_for_url("**/review/2")
    assert len(desk.calls("approve")) == 1


def test_a_finger_drags_it(desk: Desk) -> None:
    page = opened(desk, "KeyF", "KeyF", viewport={"width": 820, "height": 1180}, has_touch=True)
    page.locator("#rect").scroll_into_view_if_needed()
    x, y = middle(page, "#rect")
    hand = page.context.new_cdp_session(page)
    for kind, dx in (("touchStart", 0), ("touchMove", 20), ("touchMove", 60), ("touchEnd", None)):
        points = [] if dx is None else [{"x": x + dx, "y": y}]
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    moved = kept(desk, page, "portrait")
    assert moved["source_rect"][0] == pytest.approx(40 + 60 * pixels(page), abs=2)


def test_keys_move_and_resize_it_and_look_at_no_other_picture(desk: Desk) -> None:
    page = opened(desk, "KeyF", "KeyF")
    page.locator("#rect").focus()
    for key in ("ArrowRight", "Shift+ArrowRight", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    assert kept(desk, page, "portrait")["source_rect"] == [80, 60, 400, 600]
    page.keyboard.press("Equal")
    assert kept(desk, page, "portrait")["source_rect"] == [90, 75, 380, 570]
    page.keyboard.press("Minus")
    assert kept(desk, page, "portrait")["source_rect"] == pytest.approx([80, 60, 400, 600], abs=0.1)
    assert page.locator(".card[aria-pressed=true]").get_attribute("data-rank") == "1"
    page.keyboard.press("KeyU")
    assert kept(desk, page, "portrait")["source_rect"] == [90, 75, 380, 570]


def test_frames_before_and_after_become_the_choice_and_the_first_is_found_again(desk: Desk) -> None:
    page = opened(desk)
    page.keyboard.press("BracketRight")
    page.locator("#croptime", has_text="0:05.0").wait_for()
    loaded(page)
    chosen = kept(desk, page)
    assert chosen == {"rank": None, "time_s": 5.04, "source_rect": crop_of(FORMATS[0], 1)["source_rect"]}
    assert page.locator("[data-slot=landscape] .what").inner_text() == "frame at 0:05.0"
    assert page.locator("[data-slot=portrait] .what").inner_text() == "nothing yet"
    page.get_by_role("button", name="Frame before").click()
    page.locator("[data-slot=landscape] .what", has_text="picture 1").wait_for()
    assert kept(desk, page)["rank"] == 1


def test_other_frames_of_the_shot_are_chosen_from_a_strip(desk: Desk) -> None:
    page = opened(desk)
    frames = page.locator("#strip button")
    frames.nth(11).wait_for()
    frames.nth(9).click()
    chosen = kept(desk, page)
    assert (chosen["rank"], chosen["time_s"]) == (None, 7.0)
    assert page.locator("#strip [aria-pressed=true]").get_attribute("data-time") == "7"
    page.get_by_role("button", name="Done").click()
    page.locator("[data-slot=landscape] button").click()
    page.locator("#croptime", has_text="0:07.0").wait_for()


def test_the_timeline_leads_to_a_shot_by_mouse_and_by_keys(desk: Desk) -> None:
    page = desk.review(1)
    page.locator("#timeline .shot[data-shot='11']").click()
    page.locator("#croptime", has_text="0:46.0").wait_for()
    page.keyboard.press("KeyP")
    assert kept(desk, page) == {"rank": None, "time_s": 46.0, "source_rect": [106.67, 60, 1066.67, 600]}
    page.keyboard.press("Escape")
    line = page.get_by_role("slider", name="Timeline of shots")
    line.focus()
    for key in ("Home", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert line.get_attribute("aria-valuetext") == "Shot 3 of 12, 0:08.0 to 0:12.0, in pictures 2"
    page.keyboard.press("Enter")
    page.locator("#croptime", has_text="0:09.0").wait_for()
    assert page.locator(".card[aria-pressed=true]").get_attribute("data-rank") == "2"


def test_a_frame_that_cannot_be_had_is_said(desk: Desk) -> None:
    desk.expected += ["404", "409"]
    desk.peer.titles[0].problem = "/library/a.mkv is not there, put it back or mount its disk"
    page = desk.review(1)
    page.get_by_text("Something is wrong with this title").wait_for()
    page.keyboard.press("KeyE")
    page.get_by_role("alert").get_by_text("The video is gone").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("KeyP")
    assert kept(desk, page)["rank"] == 1


def test_a_refused_crop_is_said_and_kept(desk: Desk) -> None:
    desk.expected.append("422")
    page = opened(desk, "KeyF", "KeyF")
    desk.peer.refused.append(Problem(422, "Not a crop of this format", "it is outside"))
    drag(page, "#rect", 50, 0)
    page.get_by_role("alert").get_by_text("Not a crop of this format").wait_for()
    assert page.locator("[data-slot=portrait] .what").inner_text() == "picture 1, own crop"
