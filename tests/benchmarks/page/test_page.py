"""The page of the demo film in a real browser: from a file, without a network, at the width of a desktop and of a
phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks import options
from benchmarks.evaluate import Evaluation
from benchmarks.labels import LabelledVideo
from benchmarks.stills import write_stills
from stream.manifest import Manifest
from stream.settings.model import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.debian, pytest.mark.models]

CHOSEN_S = (5.0, 12.375, 3.5, 8.5)
"""Two that the expert chose too, a refused one, and one that is neither."""
STAGES = {"decode": {"items": 768, "busy_s": 4.0}, "faces": {"items": 54, "busy_s": 3.5}}
THROUGHPUT = {
    "threads": 2,
    "films": [
        {
            "file": "demo.mp4", "raw_fps": 700.0, "whole_fps": 300.0, "ratio": 0.43, "peak_rss_mib": 400.0,
            "runs": {"whole": [{"stages": STAGES, "channels": {}}]},
        }
    ],
}  # fmt: skip


@pytest.fixture
def report(demo_film: tuple[Evaluation, LabelledVideo], make_manifest: Callable[..., Manifest], tmp_path: Path) -> Path:
    """The page as `keyart bench` writes it."""
    evaluation, video = demo_film
    section = evaluation.run([video], {video.name: make_manifest(CHOSEN_S)})
    write_stills(tmp_path, [video], section, threads=1)
    options.save_and_print(tmp_path, Settings(), {"recall": section, "throughput": THROUGHPUT}, as_json=False)
    return tmp_path / "report.html"


@pytest.fixture
def browser(debian_tool: Callable[[str, str], Path]) -> Iterator[Browser]:
    """Debian's Chromium; nothing is downloaded."""
    binary = debian_tool("chromium", "chromium")
    drivers = pytest.importorskip("playwright.sync_api", reason="needs the extra `test`")
    with drivers.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=binary, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def opened(browser: Browser, report: Path) -> Iterator[Callable[[int], Page]]:
    """`opened(width_px)` shows the report; errors that the browser reports fail the test."""
    complaints: list[str] = []

    def show(width_px: int) -> Page:
        page = browser.new_context(viewport={"width": width_px, "height": 800}, offline=True).new_page()
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
        page.on("request", lambda request: _only_local(request.url, complaints))
        page.goto(report.as_uri(), wait_until="load")
        return page

    yield show
    assert not complaints


def _only_local(url: str, complaints: list[str]) -> None:
    if not url.startswith(("file:", "data:")):
        complaints.append(f"asked the network: {url}")


@pytest.mark.parametrize("width_px", [1280, 390])
def test_the_page_is_whole_and_fits(opened: Callable[[int], Page], width_px: int) -> None:
    page = opened(width_px)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    loaded = page.evaluate("[...document.images].map(image => image.naturalWidth)")
    assert len(loaded) == len(CHOSEN_S) + 6
    assert min(loaded) > 0
    assert page.locator("tr.own").count() == 2  # by pictures, by time
    assert page.evaluate("[...document.querySelectorAll('nav a')].every(a => document.querySelector(a.hash))")


def test_plots_have_their_marks(opened: Callable[[int], Page]) -> None:
    page = opened(1280)
    curves = page.get_by_label("share that matches over k")
    assert curves.locator("polyline").count() == 5
    assert curves.locator("circle").count() == 50
    timeline = page.get_by_label("shots and chosen frames over time")
    assert timeline.locator("rect:has(title)").count() == 6 + len(CHOSEN_S) + 6 + 4
    assert page.get_by_label("how often each score").locator("rect:has(title)").count() >= 1
    assert page.get_by_label("busy time of stages").locator("rect").count() == len(STAGES)
    for plot in page.locator("svg").all():
        box = plot.bounding_box()
        assert box is not None and box["width"] > 300 and box["height"] > 40


def test_chosen_frames_say_what_the_expert_thought(opened: Callable[[int], Page]) -> None:
    page = opened(1280)
    assert page.locator("figure.never figcaption, figure.never").first.inner_text().startswith("3. refused")
    assert page.get_by_text("1. like expert 1").count() == 1
    assert page.get_by_text("expert 6: not chosen").count() == 1
