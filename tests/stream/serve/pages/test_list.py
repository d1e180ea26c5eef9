"""The list of titles in a real browser: pages, filter, search, counts, what happens meanwhile; login, problems."""

from __future__ import annotations

import pytest

from stream.serve.problems import Problem

from .conftest import Desk
from .peer import Title, manifest_of

pytestmark = pytest.mark.debian

LOADED = "() => [...document.querySelectorAll('#stage img, .card img')].every((one) => one.naturalWidth)"


@pytest.fixture
def many(desk: Desk) -> Desk:
    """120 titles, of which the last ten are decided."""
    record = {"who": "ann", "decided": "2026-01-02T03:04:05+00:00", "images": [], "rejected": []}
    desk.peer.titles = [Title(job, f"Series {job % 7}/Episode {job:03}.mkv") for job in range(1, 121)]
    for title in desk.peer.titles[110:]:
        title.state, title.record = ("approved", record) if title.id % 2 else ("rejected", record)
    return desk


def test_titles_come_page_by_page(many: Desk) -> None:
    page = many.show("/review")
    assert page.locator(".titles li").count() == 50
    assert page.get_by_text("Page 1 of 3").is_visible()
    page.get_by_role("link", name="Next page").click()
    page.get_by_role("link", name="Next page").click()
    assert page.locator(".titles li").count() == 10
    assert page.get_by_role("link", name="Next page").count() == 0
    page.get_by_role("link", name="First page").click()
    assert page.locator(".titles .name").first.inner_text() == "Series 1/Episode 001.mkv"


def test_titles_are_filtered_and_found(many: Desk) -> None:
    page = many.show("/review")
    assert [one.inner_text() for one in page.locator(".filters .count").all()] == ["110", "5", "5", "120"]
    page.get_by_role("link", name="Approved").click()
    assert page.locator(".titles .name").first.inner_text() == "Series 6/Episode 111.mkv"
    assert "ann" in page.locator(".titles .facts").first.inner_text()
    page.get_by_role("link", name="All").click()
    page.get_by_label("Search by name").fill("episode 11")
    page.keyboard.press("Enter")
    page.get_by_text("10 titles").wait_for()
    assert page.locator(".filters [aria-current]").inner_text().startswith("All")
    page.get_by_label("Search by name").fill("<b>nothing & nobody")
    page.keyboard.press("Enter")
    page.get_by_text("No title has “<b>nothing & nobody” in its name.").wait_for()
    page.get_by_role("link", name="Clear the search").click()
    page.get_by_text("120 titles").wait_for()


def test_one_title_with_one_picture_is_said_so(desk: Desk) -> None:
    desk.peer.titles = [Title(1, "Alone.mkv", manifest=manifest_of(images=1))]
    page = desk.show("/review")
    assert page.locator(".titles .facts").inner_text().split("\n")[-1] == "1 picture"
    page.get_by_text("1 title", exact=True).wait_for()


def test_the_list_follows_what_happens_and_keeps_the_focus(many: Desk) -> None:
    page = many.show("/review")
    many.peer.wait_for_listener()
    held = page.get_by_role("link", name="Episode 002.mkv")
    held.focus()
    many.peer.titles[0].state = "approved"
    many.peer.titles[2].opened_by = "bob"
    many.peer.tell("review", {"id": 1, "version": 1, "who": "bob"})
    page.get_by_text("109 titles").wait_for()
    assert page.locator(".titles .name").first.inner_text() == "Series 2/Episode 002.mkv"
    assert page.get_by_text("open: bob").is_visible()
    assert held.evaluate("one => one === document.activeElement")


def test_trouble_is_a_banner_while_it_lasts(many: Desk) -> None:
    page = many.show("/review")
    many.peer.wait_for_listener()
    assert not page.locator("#trouble").is_visible()
    many.peer.tell("trouble", {"now": {"disk": "/out is full: make room"}})
    page.get_by_text("/out is full: make room").wait_for()
    many.peer.tell("trouble", {"now": {}})
    page.locator("#trouble").wait_for(state="hidden")


def test_a_ledger_in_trouble_is_told_in_words_of_an_editor(many: Desk) -> None:
    page = many.show("/review")
    many.peer.wait_for_listener()
    many.peer.tell("trouble", {"now": {"ledger": "the ledger postgresql://keyart@db/keyart cannot be used"}})
    page.get_by_text("decisions and other titles wait until the ledger is back").wait_for()
    assert "postgresql" not in page.locator("#trouble").inner_text()
    many.peer.trouble_now["ledger"] = "the ledger postgresql://keyart@db/keyart cannot be used"
    page = many.show("/review?lang=ko")
    assert "원장이 돌아올 때까지" in page.locator("#trouble").inner_text()
    assert "postgresql" not in page.content()


def test_a_page_that_could_not_be_shown_comes_back_by_itself(desk: Desk) -> None:
    desk.expected.append("503")
    desk.peer.away = Problem(503, "The service ends", "ask again", headers={"Retry-After": "1"})
    page = desk.show("/review")
    page.get_by_text("This page cannot be shown").wait_for()
    desk.peer.away = None
    page.get_by_text("5 titles").wait_for()


def test_a_picture_that_could_not_be_loaded_is_tried_again(desk: Desk) -> None:
    desk.expected.append("503")
    draw, asked = desk.peer.image, set[str]()

    def busy_at_first(title: Title, path: str, width: int) -> bytes:
        if path in asked:
            return draw(title, path, width)
        asked.add(path)
        raise Problem(503, "The ledger cannot be used", headers={"Retry-After": "1"})

    desk.peer.image = busy_at_first
    page = desk.review(1)
    page.locator("#stage .cut").nth(1).wait_for()
    page.wait_for_function(LOADED)
    assert page.locator(".broken").count() == 0


def test_a_title_with_a_problem_says_so_and_the_others_go_on(desk: Desk) -> None:
    problem = "manifest.json does not parse: `keyart backfill --overwrite` makes it again"
    desk.peer.titles[0].manifest, desk.peer.titles[0].problem = None, problem
    page = desk.show("/review")
    assert page.get_by_text(problem).is_visible()
    page.get_by_role("link", name="Season 1/Episode 01.mkv").click()
    assert page.get_by_text(problem).is_visible()
    page.get_by_role("main").get_by_role("link", name="Next title").click()
    page.wait_for_selector("html[data-ready]")
    assert page.get_by_role("heading", name="Season 1/Episode 02.mkv").is_visible()


@pytest.mark.parametrize("whole", [True, False])
def test_a_title_with_a_problem_is_asked_for_again(desk: Desk, whole: bool) -> None:
    title = desk.peer.titles[0]
    title.problem, title.video = "it failed: nobody knows why; ask for it again", "/library/Season 1/Episode 01.mkv"
    title.manifest = title.manifest if whole else None
    page = desk.show("/review/1")
    desk.peer.wait_for_listener()
    page.get_by_role("main").get_by_role("button", name="Make it again").click()
    page.locator("#note", has_text="Queued: its result is made again.").wait_for()
    assert desk.calls("again") == [{"path": "/library/Season 1/Episode 01.mkv"}]
    desk.peer.tell("job", {"id": 1, "state": "done"})
    title.problem = None
    page.get_by_role("button", name="Load it").click()
    page.get_by_text("it failed").wait_for(state="detached")


def test_making_it_again_is_offered_to_editors_who_can(desk: Desk) -> None:
    again = "Make it again"
    assert desk.review(1).get_by_role("button", name=again).count() == 0
    desk.peer.titles[0].video = "/library/Season 1/Episode 01.mkv"
    assert desk.review(1).get_by_role("button", name=again).count() == 1
    desk.peer.role = "viewer"
    assert desk.review(1).get_by_role("button", name=again).count() == 0


def test_a_korean_page_says_korean_what_is_wrong(desk: Desk) -> None:
    desk.expected.append("507")
    for title in desk.peer.titles[:2]:
        title.problem = "it failed: moov atom not found; ask for it again"
    desk.peer.titles[1].manifest = None
    desk.peer.titles[0].manifest["warnings"] = [{"code": "new", "message": "10 of 10 portrait files are smaller than "
        "their format, the source has no more pixels"}]  # type: ignore[index]  # fmt: skip
    page = desk.show("/review?lang=ko")
    assert page.locator(".problem").first.inner_text() == "실패했습니다: moov atom not found. 다시 만들기를 요청하세요"
    assert page.locator(".problem [lang=en]").first.inner_text() == "moov atom not found"
    page.goto(f"{desk.address}/review/2")
    assert "실패했습니다" in page.locator(".banner.error").inner_text()
    page.goto(f"{desk.address}/review/1")
    page.wait_for_selector("html[data-ready]")
    assert "portrait 파일 10개 중 10개가" in page.locator(".warnings").inner_text()
    detail = "/out/a/manifest.json cannot be read (Permission denied), look into it"
    desk.peer.refused.append(Problem(507, "The result cannot be used", detail))
    page.keyboard.press("KeyP")
    alert = page.get_by_role("alert")
    alert.get_by_text("결과를 쓸 수 없습니다").wait_for()
    assert "읽을 수 없습니다(권한 없음)" in alert.inner_text()
    assert alert.locator("[lang=en]").all_inner_texts() == ["look into it"]


def test_the_last_title_leads_back_to_the_list(desk: Desk) -> None:
    for title in desk.peer.titles[1:]:
        title.state = "rejected"
    page = desk.review(1)
    page.keyboard.press("KeyP")
    page.keyboard.press("Enter")
    page.wait_for_url("**/review?finished=1")
    page.get_by_text("Nothing waits for review.").wait_for()
    assert page.locator("#note").inner_text() == "That was the last title that waits."


def test_names_are_text_never_markup(desk: Desk) -> None:
    name = "</script><img src=x onerror=alert(1)> \"quoted\" & 'so'.mkv"
    desk.peer.titles[0].key = name
    page = desk.show("/review")
    page.get_by_role("link", name=name).click()
    page.wait_for_selector("html[data-ready]")
    assert page.locator("h1").inner_text() == name


def test_a_page_of_ten_thousand_titles_is_small_and_needs_no_script(desk: Desk) -> None:
    desk.peer.titles = [Title(job, f"Series {job % 97}/Episode {job:05}.mkv") for job in range(1, 10_001)]
    page = desk.show("/review?page=200", java_script_enabled=False)
    assert len(page.content()) < 100_000
    assert page.locator(".titles li").count() == 50
    page.get_by_role("link", name="Episode 10000.mkv").click()
    page.locator("noscript .banner").wait_for()
