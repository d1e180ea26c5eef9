"""The texts of the review page in every language, from one catalogue (`texts.toml`)."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources

LANGUAGES = ("en", "ko")
_SCRIPTED = (
    "choice", "compare", "confirm", "conflict", "crop", "error", "format", "list", "note", "state", "title", "trouble"
)  # fmt: skip
"""Sections that the page's JavaScript reads, too."""
SENTENCES = ("again", "reason", "why")
"""Names in patterns of `said`: what stands for them is a line of the service itself."""
Part = tuple[str, str | None]
"""A piece of a line, and its language where that is another than the page's."""


class Texts:
    """The catalogue in one language. Called with a key and what to fill in: `texts("list.found", total=3)`.

    Raises KeyError for a key that is not there, and for a name that is not given.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts = catalogue()[language]

    def __call__(self, key: str, **values: object) -> str:
        return self._texts[key].format_map(values)

    def count(self, key: str, number: int, **values: object) -> str:
        """A text with a number in it, `{count}`; of one thing it is the text of `<key>_one`, where there is one."""
        own = f"{key}_one" if number == 1 and f"{key}_one" in self._texts else key
        return self(own, **{"count": f"{number:,}", **values})

    def why(self, phrase: str) -> str:
        """A phrase of `stream.ranking.reasons` in this language; unknown ones stay as they are."""
        for key, pattern in _patterns("why"):
            if found := pattern.fullmatch(phrase):
                parts = {name: self._part(name, text) for name, text in found.groupdict().items()}
                return self._texts[key].format_map(parts)
        return phrase

    def said(self, line: str) -> list[Part]:
        """A line of the service in this language, by the patterns of `[said]`; what none of them finds is English."""
        if self.language == LANGUAGES[0]:
            return [(line, None)]
        return self._said(line) or [(line, LANGUAGES[0])]

    def patterns(self) -> dict[str, object]:
        """The same for the page's JavaScript: English and own text of each pattern."""
        if self.language == LANGUAGES[0]:
            return {"sentences": [], "patterns": []}
        pairs = [(catalogue()["en"][key], self._texts[key]) for key, _ in _patterns("said")]
        return {"sentences": SENTENCES, "patterns": pairs}

    def _said(self, line: str) -> list[Part]:
        """Empty for a line that is not known."""
        for key, pattern in _patterns("said"):
            found = pattern.fullmatch(line)
            if found is None:
                continue
            values = found.groupdict()
            known = {name: self._said(text) for name, text in values.items() if name in SENTENCES}
            if all(known.values()) or re.search("[A-Za-z]", re.sub(r"{\w+}", "", catalogue()["en"][key])):
                own = {name: known.get(name) or _as_it_is(name, text) for name, text in values.items()}
                pieces = re.split(r"{(\w+)}", self._texts[key])
                return [part for i, text in enumerate(pieces) for part in (own[text] if i % 2 else [(text, None)])]
        return []

    def warning(self, code: str) -> str:
        """What a warning of a manifest is about."""
        return self._texts.get(f"warning.{code}", self._texts["warning.other"])

    def trouble(self, kind: str) -> str:
        """What a kind of trouble means for editors."""
        return self._texts.get(f"trouble.{kind}", self._texts["trouble.other"])

    def format_name(self, name: str) -> str:
        """What a format is called; a user's own by its name."""
        return self._texts.get(f"format.{name}", name)

    def of_script(self) -> dict[str, str]:
        """What the page's JavaScript needs."""
        return {key: text for key, text in self._texts.items() if key.split(".")[0] in _SCRIPTED}

    def _part(self, name: str, text: str) -> str:
        """A word within a phrase: the size of a shot, or the reason of a rejection."""
        english = catalogue()["en"]
        own = (key for key, value in english.items() if key.startswith(f"{name}.") and value == text)
        return self._texts.get(next(own, ""), text)


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Language → key (`section.name`) → text."""
    sections = tomllib.loads(resources.files(__package__).joinpath("texts.toml").read_text(encoding="utf-8"))
    entries = {f"{section}.{name}": text for section, texts in sections.items() for name, text in texts.items()}
    return {language: {key: text[language] for key, text in entries.items()} for language in LANGUAGES}


def language_of(asked: str | None, remembered: str | None, accepted: str) -> str:
    """The language to answer in. asked: by the address; remembered: by a cookie; accepted: `Accept-Language`."""
    wanted = [asked, remembered, *_by_preference(accepted)]
    return next((language for language in wanted if language in LANGUAGES), LANGUAGES[0])


def _by_preference(accepted: str) -> list[str]:
    """The languages of the header without their regions, the dearest first; nonsense counts least."""
    found = []
    for part in accepted.split(",")[:20]:
        tag, _, quality = part.strip().partition(";")
        number = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", quality)
        found.append((float(number[1]) if number else 0.0 if quality else 1.0, tag.split("-")[0].lower()))
    return [tag for share, tag in sorted(found, key=lambda one: -one[0]) if share > 0]


def _as_it_is(name: str, text: str) -> list[Part]:
    return [(text, LANGUAGES[0] if name in SENTENCES else None)]


@cache
def _patterns(section: str) -> list[tuple[str, re.Pattern[str]]]:
    """Key and pattern of every phrase of a section; those with more fixed words come first, as `{reason}` takes
    anything."""
    english = [(key, text) for key, text in catalogue()["en"].items() if key.startswith(f"{section}.")]
    english.sort(key=lambda one: -len(re.sub(r"{\w+}", "", one[1])))
    return [(key, re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(text)))) for key, text in english]
