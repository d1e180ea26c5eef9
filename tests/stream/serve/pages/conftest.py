"""The pages in Debian's Chromium, in front of a scripted peer of the review."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .peer import Peer, Title, peer_app, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserType, Page

FONT = "/usr/share/fonts/truetype/nanum/NanumGothic.ttf"


@dataclass
class Desk:
    """The peer, where it answers, and browsers in front of it. complaints: of all of them; expected: texts that make a
    complaint one that belongs there."""

    peer: Peer
    address: str
    browser: Browser
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def show(self, path: str, **context: Any) -> Page:
        """A page in a browser of its own, when its scripts have run."""
        options = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB"} | context
        page = self.browser.new_context(**options).new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(self.address + path, wait_until="load")
        return page

    def review(self, job: int, **context: Any) -> Page:
        """The page of a title, ready for keys."""
        page = self.show(f"/review/{job}", **context)
        page.wait_for_selector("html[data-ready]")
        return page

    def calls(self, what: str) -> list[Any]:
        """The bodies of the changes of one kind."""
        return [body for name, body in self.peer.calls if name == what]


@dataclass
class Launched:
    """A kind of browser, and the one that runs."""

    kind: BrowserType
    browser: Browser | None = None


@pytest.fixture
def desk(browser: Browser) -> Iterator[Desk]:
    """Five titles that wait; whatever the browser complains of fails the test, CSP among it."""
    titles = [Title(job, f"Season 1/Episode {job:02}.mkv") for job in range(1, 6)]
    peer = Peer(titles)
    with served(peer_app(peer)) as address:
        made = Desk(peer, address, browser)
        yield made
        for context in browser.contexts:
            context.close()
    assert [one for one in made.complaints if not any(part in one for part in made.expected)] == []


@pytest.fixture(scope="module")
def launched() -> Iterator[Launched]:
    """The browser of a module's tests, once one of them has asked for it."""
    drivers = pytest.importorskip("playwright.sync_api", reason="needs the extra `test`")
    with drivers.sync_playwright() as playwright:
        kept = Launched(playwright.chromium)
        yield kept
        if kept.browser is not None:
            kept.browser.close()


@pytest.fixture
def browser(debian_tool: Callable[[str, str], Path], launched: Launched) -> Browser:
    """Debian's Chromium; nothing is downloaded."""
    binary = debian_tool("chromium", "chromium")
    if launched.browser is None:
        launched.browser = launched.kind.launch(executable_path=binary, args=["--no-sandbox"])
    return launched.browser


@pytest.fixture
def korean_font(debian_file: Callable[[str, str], Path]) -> Path:
    """A font with Hangul, where browsers find it."""
    return debian_file("fonts-nanum", FONT)
