"""From the list to an approved title in a real browser: looking, choosing for each format, deciding, by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stream.serve.problems import Problem

from .conftest import Desk
from .peer import crop_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.debian

KOREAN = {"KeyP": "ㅔ", "KeyF": "ㄹ", "KeyX": "ㅌ", "KeyU": "ㅕ", "KeyC": "ㅊ"}
"""What the keys write with the Korean input method on (two-set layout)."""


def press(page: Page, *codes: str) -> None:
    for code in codes:
        page.keyboard.press(code)


def press_in_korean(page: Page, code: str, key: str = "Process") -> None:
    """A key as browsers report it while an input method takes it: keyCode 229, the place of the key as ever."""
    script = """([code, key]) => document.activeElement.dispatchEvent(
        new KeyboardEvent("keydown", {code, key, keyCode: 229, bubbles: true, cancelable: true}))"""
    page.evaluate(script, [code, key])


def look(page: Page) -> str | None:
    return page.locator(".card[aria-pressed=true]").get_attribute("data-rank")


def chosen(page: Page) -> dict[str, str]:
    return {name: page.locator(f"[data-slot={name}] .what").inner_text() for name in ("landscape", "portrait")}


def choice(name: str, rank: int) -> dict[str, object]:
    """As it was offered."""
    forms = {"landscape": {"name": "landscape", "aspect": [16, 9]}, "portrait": {"name": "portrait", "aspect": [2, 3]}}
    return {"rank": rank, "time_s": rank % 12 * 4.0 + 1.0, "source_rect": crop_of(forms[name], rank)["source_rect"]}


def saved(page: Page) -> None:
    page.locator("#saved", has_text="Draft saved").wait_for()


def test_from_the_list_to_the_next_title(desk: Desk) -> None:
    page = desk.show("/review")
    page.get_by_role("link", name="Season 1/Episode 01.mkv").click()
    page.wait_for_selector("html[data-ready]")
    press(page, "Digit3", "KeyP")
    assert chosen(page) == {"landscape": "picture 3", "portrait": "picture 3"}
    press(page, "KeyF", "KeyF", "Digit5", "KeyP", "Digit7", "KeyX")
    assert chosen(page) == {"landscape": "picture 3", "portrait": "picture 5"}
    press(page, "Enter")
    page.wait_for_url("**/review/2")
    (approved,) = desk.calls("approve")
    assert approved["choices"] == {"landscape": choice("landscape", 3), "portrait": choice("portrait", 5)}
    assert approved["rejected"] == [7]
    assert "Episode 01.mkv: approved." in page.locator("#note").inner_text()


@pytest.mark.parametrize("key", ["Process", "hangul"])
def test_keys_work_with_a_korean_input_method(desk: Desk, key: str) -> None:
    page = desk.review(1)
    for code in ("Digit2", "KeyP", "KeyF", "KeyF", "Digit4", "KeyP", "Digit6", "KeyX", "KeyX"):
        press_in_korean(page, code, KOREAN.get(code, code) if key == "hangul" else key)
    assert chosen(page) == {"landscape": "picture 2", "portrait": "picture 4"}
    press_in_korean(page, "KeyU")
    press_in_korean(page, "KeyU")
    press_in_korean(page, "KeyU")
    assert chosen(page) == {"landscape": "picture 2", "portrait": "picture 2"}


def test_digits_and_arrows_look(desk: Desk) -> None:
    page = desk.review(1)
    seen = []
    for code in ("Digit1", "Digit0", "ArrowRight", "ArrowLeft", "Digit2", "ArrowLeft", "ArrowLeft"):
        press(page, code)
        seen.append(look(page))
    assert seen == ["1", "10", "10", "9", "2", "1", "1"]
    assert page.locator("[data-facts]:visible h3").inner_text() == "Picture 1"
    assert page.locator("[data-facts]:visible li").all_inner_texts()[1:] == ["sharp", "eyes open"]


def test_keys_rest_in_text_fields_with_modifiers_and_when_held(desk: Desk) -> None:
    page = desk.review(1)
    page.evaluate("document.getElementById('main').prepend(document.createElement('input'))")
    page.locator("#main > input").focus()
    press(page, "KeyP", "Digit4")
    page.evaluate("document.activeElement.blur()")
    press(page, "Control+KeyP", "Alt+KeyX", "Shift+KeyP", "Meta+KeyX")
    page.evaluate("""document.body.dispatchEvent(
        new KeyboardEvent("keydown", {code: "KeyP", repeat: true, bubbles: true}))""")
    assert look(page) == "1"
    assert chosen(page) == {"landscape": "nothing yet", "portrait": "nothing yet"}
    assert page.locator("#main > input").input_value() == "p4"


def test_keys_are_shown_and_can_be_switched_off_for_good(desk: Desk) -> None:
    page = desk.review(1)
    press(page, "Shift+Slash")
    help_ = page.get_by_role("dialog", name="Keys")
    assert help_.locator("tr").count() == 13
    help_.get_by_label("Keys are on").uncheck()
    press(page, "Escape")
    press(page, "KeyP", "Digit5")
    assert look(page) == "1"
    page.reload()
    page.wait_for_selector("html[data-ready]")
    press(page, "Digit5")
    assert look(page) == "1"
    page.get_by_role("button", name="Keys").click()
    help_.get_by_label("Keys are on").check()
    press(page, "Escape", "Digit5")
    assert look(page) == "5"


def test_undo_takes_back_one_step_after_the_other(desk: Desk) -> None:
    page = desk.review(1)
    press(page, "KeyP", "Digit2", "KeyX", "Digit1", "KeyX")
    assert chosen(page) == {"landscape": "nothing yet", "portrait": "nothing yet"}
    assert page.locator(".card.rejected").count() == 2
    press(page, "KeyU", "KeyU", "KeyU")
    assert page.locator(".card.rejected").count() == 0
    press(page, "KeyU")
    assert page.locator("#note").inner_text() == "Nothing to undo."
    saved(page)
    assert desk.peer.titles[0].draft == {"choices": {}, "rejected": []}


def test_a_draft_is_there_again_after_a_reload(desk: Desk) -> None:
    page = desk.review(1)
    press(page, "Digit4", "KeyP", "Digit6", "KeyX")
    saved(page)
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert chosen(page) == {"landscape": "picture 4", "portrait": "picture 4"}
    assert page.locator(".card.rejected").get_attribute("data-rank") == "6"


def test_nothing_is_approved_without_a_picture_for_every_format(desk: Desk) -> None:
    page = desk.review(1)
    press(page, "KeyF", "KeyP", "Enter")
    assert page.locator("#note").inner_text() == "Pick a picture for Portrait first."
    assert desk.calls("approve") == []


def test_what_was_chosen_of_a_former_film_is_no_choice(desk: Desk) -> None:
    images = [{"format": name, **choice(name, 3)} for name in ("landscape", "portrait")]
    desk.peer.titles[0].record = {
        "who": "ann", "state": "approved", "decided": "2026-01-02T03:04:05+00:00", "content_fingerprint": "before",
        "images": images, "rejected": [5],
    }  # fmt: skip
    page = desk.review(1)
    page.get_by_text("The film changed since ann approved it.").wait_for()
    assert chosen(page) == {"landscape": "nothing yet", "portrait": "nothing yet"}
    assert page.locator(".card.rejected").count() == 0
    press(page, "Enter")
    assert page.locator("#note").inner_text() == "Pick a picture for Landscape and Portrait first."
    assert desk.calls("approve") == []


def test_a_draft_of_a_former_result_is_no_choice(desk: Desk) -> None:
    former = {**choice("landscape", 3), "time_s": 14.5}
    desk.peer.titles[0].draft = {"choices": {"landscape": former, "portrait": choice("portrait", 4)}, "rejected": [5]}
    page = desk.review(1)
    assert chosen(page) == {"landscape": "nothing yet", "portrait": "picture 4"}
    assert page.locator(".card.rejected").count() == 0


def test_all_are_rejected_after_a_question(desk: Desk) -> None:
    page = desk.review(5)
    press(page, "KeyR", "Escape")
    assert desk.calls("reject") == []
    press(page, "KeyR", "Enter")
    page.wait_for_url("**/review/4")
    assert desk.peer.titles[4].state == "rejected"
    page.get_by_role("link", name="Go back to it").click()
    again = page.get_by_role("button", name="Review again")
    again.wait_for()
    assert page.locator("[data-change]:visible").count() == 0
    press(page, "KeyP")
    assert page.locator("#note").inner_text() == "This title is decided. “Review again” opens it."
    again.click()
    page.get_by_text("Waiting", exact=True).wait_for()
    assert desk.peer.titles[4].state == "waiting"


def test_what_was_not_saved_is_said_and_kept(desk: Desk) -> None:
    desk.expected.append("503")
    desk.peer.refused.append(Problem(503, "The target cannot be written", "/publish is full: make room"))
    page = desk.review(1)
    press(page, "KeyP")
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert "The target cannot be written /publish is full: make room" in alert.inner_text()
    assert page.locator("#saved").inner_text() == "Not saved"
    assert chosen(page)["landscape"] == "picture 1"
    alert.get_by_role("button", name="Try again").click()
    saved(page)
    assert desk.peer.titles[0].draft is not None
    desk.peer.refused.append(Problem(507, "No room", "free some"))
    desk.expected.append("507")
    press(page, "Enter")
    page.get_by_role("alert").get_by_text("No room").wait_for()
    assert chosen(page)["landscape"] == "picture 1"
    press(page, "Enter")
    page.wait_for_url("**/review/2")


def test_who_is_logged_out_is_led_to_the_login(desk: Desk) -> None:
    desk.expected.append("401")
    desk.peer.refused.append(Problem(401, "Who is it?", "log in at /login, or send a token"))
    page = desk.review(1)
    press(page, "KeyP")
    alert = page.get_by_role("alert")
    alert.get_by_text("You are logged out.").wait_for()
    assert "send a token" not in alert.inner_text()
    assert alert.get_by_role("button", name="Try again").count() == 0
    assert alert.get_by_role("link", name="Log in").get_attribute("href") == "/login?next=%2Freview%2F1"


def test_a_ledger_out_of_reach_is_told_without_its_address(desk: Desk) -> None:
    desk.expected.append("503")
    desk.peer.refused.append(Problem(503, "The ledger cannot be used", "postgresql://keyart@db/keyart: refused"))
    page = desk.review(1)
    press(page, "KeyP")
    alert = page.get_by_role("alert")
    alert.get_by_text("The service cannot reach its ledger").wait_for()
    assert "postgresql" not in alert.inner_text()
    alert.get_by_role("button", name="Try again").click()
    saved(page)


@pytest.mark.parametrize(("button", "choice_of"), [("Load theirs", "picture 9"), ("Keep mine", "picture 1")])
def test_the_second_of_two_editors_is_told_and_decides(desk: Desk, button: str, choice_of: str) -> None:
    desk.expected.append("409")
    page = desk.review(1)
    theirs = {"choices": {name: choice(name, 9) for name in ("landscape", "portrait")}, "rejected": []}
    title = desk.peer.titles[0]
    title.version, title.changed_by, title.draft = 7, "ann", theirs
    press(page, "KeyP")
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert alert.inner_text().startswith("ann changed this title in the meantime")
    assert chosen(page)["landscape"] == "picture 1"
    alert.get_by_role("button", name=button).click()
    page.locator("[data-slot=landscape] .what", has_text=choice_of).wait_for()
    press(page, "Digit2", "KeyX")
    saved(page)
    assert title.draft is not None and title.draft["choices"]["landscape"]["rank"] == int(choice_of[-1])


def test_who_has_the_title_open_is_told_and_who_changes_it_at_once(desk: Desk) -> None:
    desk.peer.titles[0].opened_by = "ann"
    page = desk.review(1)
    page.get_by_text("ann has this title open, since").wait_for()
    desk.peer.wait_for_listener()
    desk.peer.tell("review", {"id": 2, "version": 9, "who": "bob"})
    theirs = {"choices": {"landscape": choice("landscape", 9)}, "rejected": [3]}
    desk.peer.titles[0].version, desk.peer.titles[0].draft = 9, theirs
    desk.peer.tell("review", {"id": 1, "version": 9, "who": "bob"})
    page.get_by_text("bob is changing this title now").wait_for()
    page.locator("[data-slot=landscape] .what", has_text="picture 9").wait_for()
    press(page, "KeyP")
    saved(page)
    desk.peer.tell("review", {"id": 1, "version": 12, "who": "bob"})
    page.get_by_role("alert").wait_for()
    assert page.get_by_role("alert").inner_text().startswith("bob changed this title")
    assert chosen(page)["landscape"] == "picture 1"


def test_pictures_are_compared_side_by_side(desk: Desk) -> None:
    page = desk.review(1)
    press(page, "Digit2", "KeyP", "Digit5", "KeyC")
    dialog = page.get_by_role("dialog", name="Compare")
    assert dialog.locator("figcaption").all_inner_texts() == ["Chosen: picture 2", "Other: picture 5"]
    press(page, "ArrowRight")
    assert dialog.locator("figcaption").all_inner_texts() == ["Chosen: picture 2", "Other: picture 6"]
    press(page, "KeyC")
    assert dialog.locator("figcaption").all_inner_texts() == ["Landscape: picture 2", "Portrait: picture 2"]
    sizes = [figure.bounding_box() for figure in dialog.locator(".cut").all()]
    assert all(box is not None and box["height"] > 300 for box in sizes)
    press(page, "KeyC")
    assert not dialog.is_visible()
    press(page, "KeyC", "Escape")
    assert not dialog.is_visible()


def test_a_viewer_looks_and_changes_nothing(desk: Desk) -> None:
    desk.peer.role = "viewer"
    page = desk.review(1)
    press(page, "Digit3", "KeyP", "KeyX", "KeyE", "KeyR", "Enter")
    assert look(page) == "3"
    assert desk.peer.calls == []
    assert page.get_by_role("button", name="Approve").count() == 0
    assert page.get_by_role("button", name="Pick").count() == 0
    page.get_by_text("You may look, not change.", exact=True).wait_for()


def test_a_click_by_mouse_leaves_enter_to_the_approval(desk: Desk) -> None:
    page = desk.review(1)
    page.locator(".card[data-rank='4']").click()
    page.get_by_role("button", name="Pick").click()
    press(page, "Enter")
    page.wait_for_url("**/review/2")
    assert desk.calls("approve")[0]["choices"]["portrait"] == choice("portrait", 4)
