"""Languages as data: a user's own file, what is refused in it, and how long patterns may take."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from stream.episode.forms import FormCompiler
from stream.episode.language import Language, shipped_languages
from stream.episode.patterns import Patterns
from stream.episode.text import MOST_CHARACTERS, plain_text
from stream.errors import SettingsError

from .cards import read, said, stacked

GERMAN = """
[de]
name = "German"
scripts = ["Latin"]
season = ["Staffel {s}"]
next = ["nächste Folge"]
other = ["{1-2} Uhr"]
[de.cardinals]
eins = 1
zwei = 2
[de.words]
counter = ["Folge", "Teil"]
[de.this]
"{counter} {n}" = 0.9
[de.total]
"{t} Folgen" = 0.8
"""
RUSSIAN = """
[ru]
name = "Russian"
scripts = ["Cyrillic"]
[ru.this]
"серия {n}" = 1.0
"{d} серия" = 1.0
"""


def with_file(folder: Path, text: str) -> Patterns:
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return Patterns.shipped().with_file(path)


def test_a_users_file_adds_a_language(tmp_path: Path) -> None:
    own = with_file(tmp_path, GERMAN)
    assert said(own.read(stacked("Staffel 2", "FOLGE 5"))) == ["this S02E05"]
    assert said(own.read(stacked("Folge zwei"))) == ["this 2"]
    assert said(own.read(stacked("nachste Folge: Folge 6"))) == ["next 6"]
    assert said(own.read(stacked("8 Folgen"))) == ["total 8"]
    assert said(own.read(stacked("제 7 화"))) == ["this 7"]
    assert str(own.of_file_name("Serie Folge 5.mkv")) == "5"
    assert said(read("FOLGE 5")) == []


def test_a_users_script_is_supported_then(tmp_path: Path) -> None:
    own = with_file(tmp_path, RUSSIAN)
    assert own.unsupported("Серия 5") is None
    assert said(own.read(stacked("Серия 5"))) == ["this 5"]
    assert Patterns.shipped().unsupported("Серия 5") == "Cyrillic"


def test_a_users_file_replaces_a_language(tmp_path: Path) -> None:
    own = with_file(tmp_path, '[ko]\nname = "Korean"\n[ko.this]\n"제 {n} 탄" = 1.0\n')
    assert said(own.read(stacked("제 7 탄"))) == ["this 7"]
    assert said(own.read(stacked("제 7 화"))) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[de", "own.toml: "),
        ("[de]\n", r"\[de\.name\]: Field required"),
        ('[de]\nname = "German"\ncounters = 1\n', r"\[de\.counters\]: Extra inputs are not permitted"),
        ('[de]\nname = "German"\n[de.this]\n"Folge {n}" = 2\n', r"\[de\.this\.Folge {n}\]: Input should be less than"),
        ('[de]\nname = "German"\n[de.this]\n"{zahl} {n}" = 1\n', r"'{zahl} {n}': {zahl} is not known, these are: n"),
        ('[de]\nname = "German"\n[de.this]\n"[Folge {n}" = 1\n', r"'\[Folge {n}': a bracket is open"),
        ('[de]\nname = "German"\n[de.this]\n"Folge ]{n}[" = 1\n', r"'Folge \]{n}\['"),
        ('[de]\nname = "German"\n[de.this]\n"{n} {n}" = 1\n', "redefinition of group name"),
        ('[de]\nname = "German"\n[de.this]\n"" = 1\n', "at least 1 character"),
        ('[de]\nname = "German"\n[de.cardinals]\n" " = 1\n', "' ' is empty"),
        ('[de]\nname = "German"\n[de.words]\ncounter = []\n[de.this]\n"{counter} {n}" = 1\n', "at least 1 item"),
    ],
)
def test_what_a_users_file_says_wrong_is_named(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        with_file(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml"):
        Patterns.shipped().with_file(tmp_path / "none.toml")


def forms_of(language: Language) -> list[str]:
    tables = (language.this, language.part, language.total, language.final)
    return [*(form for table in tables for form in table), *language.season, *language.other]


@pytest.mark.parametrize("language", shipped_languages().values(), ids=lambda language: language.name)
def test_no_form_repeats_without_bound(language: Language) -> None:
    compiler = FormCompiler(language)
    for form in forms_of(language):
        source = re.sub(r"\\.|\[[^\]]*\]", "", compiler.compiled(form).pattern.pattern)
        assert not re.search(r"[*+]|\{\d+,\}", source), form


LONG = ("a", "1 ", "제 ", "episode ", "one ", "1-", "1,", "i", "十", "o0", "第")
LONG += ("e p i s o d e ", "s1e", "7화 ", "twenty ")


@pytest.mark.parametrize("piece", LONG)
def test_a_line_of_ten_thousand_characters_takes_milliseconds(piece: str) -> None:
    line = (piece * 10_000)[:10_000]
    Patterns.shipped()
    before = time.process_time()
    read(line)
    # .002 to .016 s on one core of two, 2026-11-29.
    assert time.process_time() - before < 0.2
    assert len(plain_text(line).plain) <= MOST_CHARACTERS


def test_a_plain_text_leads_back_to_what_was_read() -> None:
    text = plain_text("  ＥＰ　Ⅳ – É①x")
    assert text.plain == "ep iv - e x"
    start = text.plain.index("iv")
    assert text.read_at(start, start + 2) == "Ⅳ"
    assert text.read_at(3, 3) == ""
