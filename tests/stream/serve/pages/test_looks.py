"""How the pages look in a real browser: contrast, names and landmarks, light and dark, English and Korean; focus."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stream.serve.texts import Texts

from .audit import faults
from .conftest import Desk
from .peer import Title

pytestmark = pytest.mark.debian

OPENED: dict[str, tuple[str, tuple[str, ...]]] = {
    "list": ("/review", ()),
    "login": ("/login?wrong=1", ()),
    "error": ("/review/99", ()),
    "problem": ("/review/6", ()),
    "decided": ("/review/7", ()),
    "title": ("/review/1", ("Digit3", "KeyP", "Digit4", "KeyX")),
    "crop": ("/review/1", ("KeyE", "BracketRight")),
    "compare": ("/review/1", ("KeyP", "KeyC", "KeyC")),
    "help": ("/review/1", ("Shift+Slash",)),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("what", OPENED)
def test_contrast_names_and_landmarks(desk: Desk, what: str, scheme: str) -> None:
    desk.expected.append("404")
    problem = "manifest.json does not parse: run `keyart extract` again"
    record = {"who": "ann", "decided": "2026-01-02T03:04:05+00:00", "images": [], "rejected": []}
    desk.peer.titles.append(Title(6, "Broken.mkv", manifest=None, problem=problem))
    desk.peer.titles.append(Title(7, "Decided.mkv", state="approved", record=record))
    desk.peer.trouble_now["ledger"] = "the ledger cannot be reached: start PostgreSQL"
    path, keys = OPENED[what]
    page = desk.show(path, color_scheme=scheme, locale="ko-KR" if scheme == "dark" else "en-GB")
    if path == "/review/1":
        page.wait_for_selector("html[data-ready]")
    for key in keys:
        page.keyboard.press(key)
    assert faults(page) == []


@pytest.mark.parametrize("width", [768, 1024, 1920])
@pytest.mark.parametrize("path", ["/review", "/review/1"])
def test_pages_fit_from_a_tablet_on(desk: Desk, path: str, width: int) -> None:
    page = desk.show(path, viewport={"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_korean_is_chosen_remembered_and_drawn_with_a_korean_font(desk: Desk, korean_font: Path) -> None:
    page = desk.review(1)
    page.get_by_role("link", name="한국어").click()
    page.wait_for_selector("html[data-ready][lang=ko]")
    page.goto(f"{desk.address}/review/2")
    page.wait_for_selector("html[data-ready][lang=ko]")
    ko = Texts("ko")
    button = page.get_by_role("button", name=ko("title.approve"))
    assert button.is_visible()
    assert page.locator("[data-facts='1'] li").first.inner_text() == "주연 c01의 클로즈업 (출연 시간 1위)"
    inspector = page.context.new_cdp_session(page)
    inspector.send("DOM.enable")
    inspector.send("CSS.enable")
    root = inspector.send("DOM.getDocument")["root"]["nodeId"]
    node = inspector.send("DOM.querySelector", {"nodeId": root, "selector": ".approve"})["nodeId"]
    fonts = inspector.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
    assert any("Nanum" in font["familyName"] or "CJK" in font["familyName"] for font in fonts), fonts


def test_focus_is_seen_and_goes_through_everything_that_can_be_done(desk: Desk) -> None:
    page = desk.review(1)
    reached: list[str] = []
    for _ in range(45):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("""() => {
            const one = document.activeElement;
            const style = getComputedStyle(one);
            const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
            const name = one.dataset.do ?? one.dataset.scope ?? one.dataset.rank ?? one.id;
            return one === document.body || seen ? name : `unseen ${one.outerHTML.slice(0, 60)}`;
        }""")
        )
    assert not [name for name in reached if name.startswith("unseen")]
    wanted = {
        "help",
        "all",
        "portrait",
        "pick",
        "reject",
        "crop",
        "undo",
        "compare",
        "approve",
        "reject_all",
        "1",
        "10",
    }
    assert wanted | {"timeline"} <= set(reached)


def test_motion_rests_for_whoever_wants_that(desk: Desk) -> None:
    page = desk.review(1, reduced_motion="reduce")
    still = "getComputedStyle(document.getElementById('note')).transitionDuration"
    assert page.evaluate(still) == "0s"
    assert desk.review(1).evaluate(still) != "0s"


def test_an_audit_finds_faults(desk: Desk, make_faulty: Callable[[Desk], list[str]]) -> None:
    found = make_faulty(desk)
    for fault in ("contrast", "no name", "no alt", "id twice", "2 of main", "wider"):
        assert any(line.startswith(fault) for line in found), (fault, found)


@pytest.fixture
def make_faulty() -> Callable[[Desk], list[str]]:
    def make(desk: Desk) -> list[str]:
        page = desk.show("/review")
        page.evaluate("""() => {
            document.querySelector("h1").style.color = "#bbb";
            const made = document.createElement("main");
            made.id = "main";
            made.append(document.createElement("button"), document.createElement("img"));
            made.style.width = "3000px";
            document.body.append(made);
        }""")
        return faults(page)

    return make


def test_the_desk_is_on_one_screen_whatever_stands_above_it(desk: Desk) -> None:
    desk.peer.trouble_now["ledger"] = "the ledger cannot be reached: start PostgreSQL"
    desk.peer.titles[0].opened_by = "ann"
    page = desk.review(1, viewport={"width": 1440, "height": 900})
    page.get_by_text("ann has this title open").wait_for()
    for part in ("#stage img >> nth=0", ".approve", ".card >> nth=9", "#timeline"):
        box = page.locator(part).bounding_box()
        assert box is not None and box["y"] + box["height"] <= 900, part


def test_a_title_opens_at_its_top(desk: Desk) -> None:
    desk.peer.trouble_now["ledger"] = "the ledger cannot be reached: start PostgreSQL"
    record = {"who": "ann", "decided": "2026-01-02T03:04:05+00:00", "images": [], "rejected": []}
    desk.peer.titles.append(Title(7, "Decided.mkv", state="approved", record=record))
    page = desk.review(7, viewport={"width": 1280, "height": 640})
    assert page.evaluate("scrollY") == 0
    page.keyboard.press("Digit0")
    assert page.evaluate("scrollY") == 0
    row = page.locator("#cards").bounding_box()
    card = page.locator(".card[data-rank='10']").bounding_box()
    assert row is not None and card is not None and card["x"] + card["width"] <= row["x"] + row["width"] + 1
