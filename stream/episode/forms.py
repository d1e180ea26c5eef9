"""Forms (`제 {n} {counter}`) compiled to regular expressions whose time grows with the length of the line only.

A form has no repetition of its own, every part of it is of bounded length, so nobody can write one that takes long.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property

from ..errors import SettingsError
from .language import Language
from .text import plain_text
from .words import (
    AFTER,
    APART,
    BEFORE,
    DIGITS,
    LETTERS,
    NOISY,
    ROMAN,
    SEASON_LETTERS,
    UNREAD_LETTER,
    NumberWords,
    joined,
    spelled,
)

_TOKEN = re.compile(r"\{([^{}]*)\}|\[|\]|<|>|…| +|[^\[\]{}<>… ]+")
_COUNT = re.compile(r"([0-9])(?:-([0-9]))?")
_AMOUNT = r"[0-9][0-9,.]{0,11}"
_LETTER = r"[^\W\d_]"
_MISREAD_LETTER = rf"(?:{_LETTER}|{UNREAD_LETTER})"
_KNOWN_WITH_ONE_MISREAD = 4
"""Letters from which on a word is still known with one of them misread. By eye."""


@dataclass(frozen=True, slots=True)
class Form:
    """A compiled form: groups `n` (episodes), `s` (season), `t` (how many there are), `o` (an ordinal).

    `ends_with_number`: nothing of the form stands behind its number. `exact`: the source of the same pattern without
    letters that look alike.
    """

    pattern: re.Pattern[str]
    strength: float
    language: Language
    words: NumberWords
    exact: str
    ends_with_number: bool = False

    def is_exact(self, plain: str, start: int, end: int) -> bool:
        """Whether what the form matched needs no letter that looks like another."""
        return _pattern(self.exact).fullmatch(plain, start, end) is not None


class FormCompiler:
    """Compiles the forms of one language. `exact`: without letters that look alike."""

    def __init__(self, language: Language, *, exact: bool = False) -> None:
        self.language, self._is_exact = language, exact
        self.words = NumberWords(
            language.cardinals,
            language.multipliers,
            fillers=language.fillers,
            digitwise=language.digitwise,
            exact=exact,
        )
        self.ordinals = NumberWords(
            (language.cardinals if language.compound else {}) | language.ordinals,
            language.multipliers if language.compound else {},
            fillers=language.fillers,
            digitwise=language.digitwise,
            exact=exact,
        )

    def compiled(self, form: str, strength: float = 1.0) -> Form:
        """The compiled form. Raises SettingsError for a form with an unknown name or an open bracket."""
        tokens = [match.group() for match in _TOKEN.finditer(form)]
        if "".join(tokens) != form or tokens.count("[") != tokens.count("]"):
            raise SettingsError(f"pattern {form!r}: a bracket is open")
        source, exact = self._source(tokens, form), self._exact._source(tokens, form)
        ends = tokens[-1:] in (["{n}"], ["{m}"], ["{d}"], ["{nn}"])
        words = self.ordinals if "{o}" in form else self.words
        try:
            pattern = re.compile(source)
        except re.error as error:
            raise SettingsError(f"pattern {form!r}: {error}") from None
        return Form(pattern, strength, self.language, words, exact, ends)

    @cached_property
    def _exact(self) -> FormCompiler:
        return self if self._is_exact else FormCompiler(self.language, exact=True)

    def _source(self, tokens: list[str], form: str) -> str:
        source = "".join(self._part(token, form, first=i == 0) for i, token in enumerate(tokens))
        return _bounded(source, self._starts_latin(tokens), self._ends_latin(tokens))

    def _spelled(self, word: str) -> str:
        return spelled(word, exact=self._is_exact)

    def _part(self, token: str, form: str, *, first: bool) -> str:
        match token[0]:
            case "[":
                return "(?:"
            case "]":
                return ")?"
            case "<":
                return rf"(?<!{_LETTER})"
            case ">":
                return rf"(?!{_LETTER})"
            case "…":
                return "[^0-9]{0,14}?"
            case " ":
                return " {0,3}"
            case "{":
                return self._named(token[1:-1], form, first=first)
        return self._spelled(plain_text(token).plain)

    def _named(self, name: str, form: str, *, first: bool) -> str:
        if count := _COUNT.fullmatch(name):
            return rf"(?<![0-9])[0-9]{{{count[1]},{count[2] or count[1]}}}(?![0-9])"
        match name:
            case "n":
                return f"(?P<n>{joined(self._one if first else self._one_apart)})"
            case "m":
                return f"(?P<n>{joined(self._one, least=2)})"
            case "s":
                return f"(?P<s>{BEFORE}(?:{SEASON_LETTERS}|{self._one}){AFTER})"
            case "t":
                return f"(?P<t>{self._one}{AFTER})"
            case "d":
                return f"(?P<n>{joined(f'(?:{DIGITS}|{NOISY})')})"
            case "w":
                return f"(?P<n>{BEFORE}{self.words.compound}{AFTER})"
            case "nn":
                return r"(?P<n>[0-9o]{2,4}(?:(?: ?[-&+] ?(?:ep?)?|e)[0-9o]{2,4})?(?![0-9.]))"
            case "ss":
                return r"(?P<s>(?<![0-9])[0-9o]{1,2})"
            case "o":
                return f"(?P<o>{self._ordinal})"
            case "x":
                return _AMOUNT
        any_misread, name = name.startswith("~"), name.removeprefix("~")
        if name not in self.language.words:
            known = ", ".join(["n", "m", "d", "w", "nn", "s", "ss", "t", "o", "x", *self.language.words])
            raise SettingsError(f"pattern {form!r}: {{{name}}} is not known, these are: {known}")
        words = sorted(self.language.words[name], key=len, reverse=True)
        sources = [*map(self._spelled, words), *(self._misread(word) for word in words if any_misread)]
        return f"(?:{'|'.join(source for source in sources if source)})"

    def _misread(self, word: str) -> str:
        """The word with any one of its letters misread; nothing where it is too short to be known then."""
        if len(word) < _KNOWN_WITH_ONE_MISREAD:
            return ""
        spelled_out = [self._spelled(letter) for letter in word]
        misread = ([*spelled_out[:at], _MISREAD_LETTER, *spelled_out[at + 1 :]] for at in range(len(word)))
        return "|".join(map("".join, misread))

    @cached_property
    def _one(self) -> str:
        return f"(?:{DIGITS}|{NOISY}|{self.words.pattern}|{ROMAN}|{LETTERS})"

    @cached_property
    def _one_apart(self) -> str:
        return f"(?:{APART}|{DIGITS}|{NOISY}|{self.words.pattern}|{ROMAN}|{LETTERS})"

    @cached_property
    def _ordinal(self) -> str:
        suffixes = "|".join(map(re.escape, self.language.suffixes))
        last = "|".join(map(self._spelled, sorted(self.language.ordinals, key=lambda word: (-len(word), word))))
        words = rf"(?:{self.words.pattern}[ -]?)?(?:{last})" if self.language.compound else self.ordinals.pattern
        return rf"(?<![0-9])[0-9]{{1,4}} ?(?:{suffixes})|{words}" if suffixes else words

    def _starts_latin(self, tokens: list[str]) -> bool:
        return tokens[0] == "{t}" or self._latin(tokens[0], 0)

    def _ends_latin(self, tokens: list[str]) -> bool:
        return tokens[-1] in {"{n}", "{m}", "{d}", "{s}", "{t}", "{nn}"} or self._latin(tokens[-1], -1)

    def _latin(self, token: str, edge: int) -> bool:
        """Whether a token begins (edge 0) or ends (-1) with a Latin letter in at least one of its words."""
        words = self.language.words.get(token[1:-1], ()) if token.startswith("{") else (plain_text(token).plain,)
        if token == "{o}":
            words = tuple(self.language.ordinals)
        return any(word[edge].isascii() and word[edge].isalpha() for word in words if word)


def _bounded(source: str, before: bool, after: bool) -> str:
    """Latin words begin and end where letters do; other scripts are often written, or read, without spaces."""
    return ("(?<![a-z])" if before else "") + source + ("(?![a-z])" if after else "")


@cache
def _pattern(source: str) -> re.Pattern[str]:
    """Compiled when it is first asked for: few lines match a form."""
    return re.compile(source)
