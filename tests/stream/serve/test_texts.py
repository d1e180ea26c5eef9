"""The catalogue of the page's texts: whole in every language, every text used, phrases of the ranking found again."""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import get_args

import pytest

from stream.backfill.states import TroubleKind
from stream.decode.kinds import unreadable
from stream.episode.verify import OUTCOMES
from stream.ranking import reasons
from stream.ranking.lifting import LAST_RESORT, LIFTED_IN_ORDER
from stream.serve.pages.source import SHOWN
from stream.serve.texts import LANGUAGES, Texts, catalogue, language_of
from stream.settings.formats import shipped_formats

SOUGHT_BY_SECTION = {"why", "scale", "reason", "warning", "trouble", "said"}
"""Sections whose keys are found by what a manifest or the service says."""
BY_NAME = {
    *(f"state.{name}" for name in SHOWN),
    *(f"format.{name}" for name in shipped_formats()),
    *(f"episode.{outcome}" for outcome in OUTCOMES),
    "role.viewer",
    "role.editor",
}
"""Keys that are put together where they are used."""
FILES = {"html", "js", "css", "svg", "toml"}
"""Endings of files, whose names look like keys."""


def used_keys(*endings: str) -> set[str]:
    """Every key that files of the pages with these endings name."""
    package = resources.files("stream.serve.pages")
    folders = [package, package / "templates", package / "static"]
    files = [file for folder in folders for file in folder.iterdir() if file.name.endswith(endings)]
    named = re.findall(r"\"([a-z]+\.[a-z_]+)\"", "\n".join(file.read_text(encoding="utf-8") for file in files))
    sections = {key.split(".")[0] for key in catalogue()["en"]}
    return {name for name in named if name.split(".")[0] in sections and name.split(".")[1] not in FILES}


def test_every_language_has_every_text_with_the_same_names_in_it() -> None:
    english = catalogue()["en"]
    for language in LANGUAGES:
        texts = catalogue()[language]
        assert list(texts) == list(english)
        assert not [key for key, text in texts.items() if not text.strip()]
        names = {key: sorted(re.findall(r"{\w+}", text)) for key, text in texts.items()}
        assert names == {key: sorted(re.findall(r"{\w+}", text)) for key, text in english.items()}


def test_korean_is_korean() -> None:
    same = {key for key, text in catalogue()["ko"].items() if text == catalogue()["en"][key]}
    assert same == {"site.name", "site.who", "said.with_file"}


def test_every_key_that_is_used_exists_and_none_is_idle() -> None:
    known = {key for key in catalogue()["en"] if key.split(".")[0] not in SOUGHT_BY_SECTION}
    used = {key for key in used_keys(".html", ".js", ".py") if key.split(".")[0] not in SOUGHT_BY_SECTION} | BY_NAME
    assert used - known == set(), "used, not in the catalogue"
    forms = {f"{key}_one" for key in used}
    assert known - used - forms == set(), "in the catalogue, not used"


def test_scripts_are_given_what_they_use() -> None:
    assert used_keys(".js") <= set(Texts("ko").of_script())


def phrases() -> list[str]:
    """Every phrase that `stream.ranking.reasons` can say."""
    scales = [reasons.shot_scale(height) for height in (0.6, 0.3, 0.2, 0.05)]
    said = [words for _, _, words in reasons._QUALITIES.values()]
    said += ["no face found: chosen for its picture", "chosen for its picture"]
    said.append("a scene: the face in it is too small, too uncertain or not at its best")
    said += [f"{scale} of someone unknown" for scale in scales]
    for scale in scales:
        said += [f"{scale} of {main}character c03 (no. 12 by screen time)" for main in ("", "main ")]
    for reason in (*LIFTED_IN_ORDER, *LAST_RESORT):
        plain = f"{reasons._plain(reason)}, taken because nothing better exists"
        said.append(reasons._LIFTED.get(reason, plain))
    return said


@pytest.mark.parametrize("phrase", phrases())
def test_phrases_of_the_ranking_are_found_again(phrase: str) -> None:
    assert Texts("en").why(phrase) == phrase
    korean = Texts("ko").why(phrase)
    assert not re.search(r"[a-z]{2}", korean), korean


def test_an_unknown_phrase_stays_as_it_is() -> None:
    assert Texts("ko").why("a phrase of tomorrow") == "a phrase of tomorrow"


def test_what_is_filled_in_comes_through() -> None:
    phrase = "medium close-up of main character c03 (no. 12 by screen time)"
    assert Texts("ko").why(phrase) == "주연 c03의 미디엄 클로즈업 (출연 시간 12위)"


def test_every_warning_of_a_manifest_has_a_text() -> None:
    package = resources.files("stream")
    codes: set[str] = set()
    for folder in ("pipeline", "decode", "decode/ffmpeg", "decode/nvdec", "device"):
        for file in package.joinpath(folder).iterdir():
            if file.name.endswith(".py"):
                codes |= set(re.findall(r"Notice\(\s*\"(\w+)\"", file.read_text(encoding="utf-8")))
    assert len(codes) >= 10
    assert {f"warning.{code}" for code in codes} <= set(catalogue()["en"])
    assert Texts("en").warning("of_tomorrow") == "Note"


SAID = (
    "/lib/a b.mkv is not there, put it back or mount its disk",
    "/out/a/manifest.json is no manifest that this Keyart reads, ask for it again",
    "/out/a/manifest.json cannot be read (No such file or directory), ask for it again",
    "/lib/a.mkv changed since its result was made, ask for it again; offered pictures can be approved as they are",
    "it failed: /lib/a.mkv: has no video stream, give a file with pictures; ask for it again",
    "it waits to be worked on, its pictures come later",
    "there is no title 99",
    "1 of 10 portrait files is smaller than its format, the source has no more pixels",
    "1 of 1 portrait file is smaller than its format, the source has no more pixels",
    "1 damaged place did not decode, went on after it",
    "12 damaged places did not decode, went on after them",
    "has 3 video streams, used number 0 and not 1, 2",
    "1 damaged place did not decode, went on after it"
    "; other pictures may be damaged and decode, look at them before they are shown",
    "12 damaged places did not decode, went on after them"
    "; other pictures may be damaged and decode, look at them before they are shown",
    "1 picture decoded with damage, left out with those beside it",
    "1 place fails the file's own checks, left out with those beside",
    "1,200 places fail the file's own checks, left out with those beside",
    "about 12% of it is encrypted, used what is clear",
    "ends at 11.79 s although its container goes on, used what is there",
    "pictures from 4.48 s on have colours in the form YCgCo, which is not converted, shown as BT.709, which is wrong",
    "the black bars change within the film, 1 of 3 shots with pictures has its own",
    "the black bars change within the film, 1 of 1 shot with pictures has its own",
    "the black bars change within the film, 2 of 3 shots with pictures have their own",
    "10 of 10 portrait files are smaller than their format, the source has no more pixels",
    "only 3 of 10 images, the film has no more pictures that can be told apart",
    "image 1 at 0:26.00 may be explicit (0.51), look at it before it is shown",
    "some pictures, from 3.40 s on, name pixels of 64:45 and the container 16:15 for all, which holds; they may look "
    "squeezed",
    "/1 does not have any model, they come from /2",
    "the colours change at 4.48 s from 1 (/bt709, 2) to 3 (4, 1,000 /cd/m²); every picture is shown by its own",
    "the colours change 3 times, at 4.48 s first, from 1 (/bt709, 2) to 3 (4); every picture is shown by its own",
)


@pytest.mark.parametrize("line", SAID)
def test_lines_of_the_service_are_korean_on_korean_pages(line: str) -> None:
    parts = Texts("ko").said(line)
    assert all(language is None for _, language in parts)
    korean = re.sub(r"/\S+( b.mkv)?|portrait|Keyart", "", "".join(text for text, _ in parts))
    assert not re.search(r"[a-z]{2}", korean), korean
    assert Texts("en").said(line) == [(line, None)]


def test_what_is_said_of_files_that_are_no_films_is_korean_on_korean_pages() -> None:
    table = tomllib.loads(resources.files("stream.decode").joinpath("kinds.toml").read_text(encoding="utf-8"))
    lines = [said.format(name="7z") for kind, said in table["classes"].items() if kind != "other"]
    heads = {"a.part": b"", "a.mp4": bytes(9), "a.bmp": b"BM"}
    for line in (*lines, *(unreadable(Path(name), head, "") for name, head in heads.items())):
        assert Texts("ko").said(line)[0][1] is None, line


def test_what_is_unknown_in_a_line_stays_english_and_says_so() -> None:
    assert Texts("ko").said("a line of tomorrow") == [("a line of tomorrow", "en")]
    parts = Texts("ko").said("it failed: moov atom not found: broken; ask for it again")
    assert ("moov atom not found: broken", "en") in parts
    assert "".join(text for text, language in parts if language is None).startswith("실패했습니다")


def test_every_problem_has_a_korean_title() -> None:
    titles = set[str]()
    for file in Path(str(resources.files("stream.serve"))).rglob("*.py"):
        source = file.read_text(encoding="utf-8")
        titles |= set(re.findall(r"Problem\(\s*[^,\n]+, \"([^\"]+)\"", source))
        titles |= set(re.findall(r"title = \"([A-Z][^\"]+)\"", source))
    assert len(titles) > 30
    assert [title for title in sorted(titles) if Texts("ko").said(title)[0][1]] == []


def test_one_thing_is_no_things() -> None:
    texts = Texts("en")
    assert texts.count("login.wait", 1).endswith("1 second.")
    assert texts.count("login.wait", 1_200).endswith("1,200 seconds.")
    assert Texts("ko").count("login.wait", 1).startswith("이 주소에서")


def test_every_kind_of_trouble_has_a_text_for_editors() -> None:
    kinds = {*get_args(TroubleKind), "paused"}
    assert {f"trouble.{kind}" for kind in kinds} <= set(catalogue()["en"])
    assert Texts("en").trouble("of_tomorrow") == catalogue()["en"]["trouble.other"]


@pytest.mark.parametrize(
    ("asked", "remembered", "accepted", "language"),
    [
        ("ko", "en", "en", "ko"),
        ("xx", "ko", "en", "ko"),
        (None, None, "ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        (None, None, "de, en;q=0.5, ko;q=0.7", "ko"),
        (None, None, "ko;q=0, en;q=0.1", "en"),
        (None, None, "ko;q=much", "en"),
        (None, None, "", "en"),
    ],
)
def test_the_language_is_asked_for_remembered_or_preferred(
    asked: str | None, remembered: str | None, accepted: str, language: str
) -> None:
    assert language_of(asked, remembered, accepted) == language
