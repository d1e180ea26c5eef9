"""What one line of text says of episodes: every form of every language, where they overlap the longest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from .forms import Form, FormCompiler
from .language import Language
from .text import PlainText
from .words import DOUBTFUL, MOST_JOINED, UNREAD_LETTER, NumberText, read_joined, read_one

Kind = Literal["this", "part", "season", "total", "other", "next", "previous", "bare"]

BESIDE, INSIDE, GLUED, MENDED = 0.9, 0.7, 0.5, 0.9
"""How sure a statement remains, by eye: words on one side of it; on both; a letter that follows a counter at once; a
letter of its words that is another (`EP1SODE`, a Cyrillic О)."""
LONE_I = 0.3
"""The same of a single I that other words follow: the word as often as the number."""
_FEW_STROKES = ("I", "II")
"""Roman numerals that are left of III where strokes are lost."""
_MORE_DECIMALS = re.compile(r" ?[.,] ?[0-9](?![0-9])|[.,][a-z](?![a-z])")
"""What stands behind a number that may go on: `Episode 1. 5`, `Episode 4.s`."""
BARE, BARE_WORD, BARE_BESIDE_TITLE = 0.2, 0.1, 0.4
"""Strengths of a number that stands alone, by eye: in digits, in words, in digits behind the series' title."""
MASK = "\0"
_LEAST_UNREAD, _LEAST_OF_PHRASE = 2, 3
"""Letters behind a number that may be words, where some were not read; that may be more than a word for its end (`끝`,
`방송`). By eye."""
_YEARS = range(1900, 2100)
_THEN = rf"[^\w]{{0,4}}{MASK}$"
_EDGES = " -.,:;·|[](){}<>《》〈〉「」『』【】“”‘'\"#~*" + MASK
_NUMBER_BEFORE = re.compile(r"(?<![0-9])([0-9]{1,5})([^0-9a-z가-힣]{1,3})$")
_LOST_POINTS = frozenset({" ", ".", ". ", " ."})
"""What may be left of a decimal point."""
_NO_DIGIT_BEFORE = re.compile(r"(?:[제第] ?[^\s0-9]{1,2}|[a-zᄀ-ᇿ])$")
_SET_APART = re.compile(rf"[:|·•«»「」『』《》〈〉【】“”\"()\[\]{MASK}]| - ")
"""Signs between a number and what is no part of its sentence."""
_LETTER = r"[^\W\d_]"
_JOIN = re.compile(r"[ \-&+,/·・、]{0,4}(?:and|와|과|및|と|和)?[ ]{0,2}")


@dataclass(frozen=True, slots=True)
class Found:
    """What a form found at `start` to `end` of the plain line. `values`: episodes, or the one season or total.
    `of_phrase`: words behind it may make it another number's (`_is_of_phrase`)."""

    kind: Kind
    start: int
    end: int
    values: tuple[Decimal, ...]
    strength: float = 1.0
    season: int | None = None
    total: Decimal | None = None
    finale: bool = False
    of_phrase: bool = False

    def overlaps(self, other: Found) -> bool:
        """Whether two stand on the same letters."""
        return self.start < other.end and other.start < self.end

    def begins_in_digits(self, masked: str) -> bool:
        """Whether no word stands before its number."""
        return masked[self.start : self.start + 1].isdecimal()


class Scanner:
    """The forms of all languages, ready to look at lines. Raises SettingsError for a form that cannot be compiled."""

    def __init__(self, languages: Mapping[str, Language]) -> None:
        self._forms: list[tuple[Kind, Form, bool]] = []
        self._markers: list[tuple[Kind, re.Pattern[str]]] = []
        self._open: list[tuple[re.Pattern[str], bool]] = []
        self._closing: list[re.Pattern[str]] = []
        self._first_words: list[re.Pattern[str]] = []
        self._sentence: list[re.Pattern[str]] = []
        self._prepositions: list[re.Pattern[str]] = []
        self._particles: list[re.Pattern[str]] = []
        compilers = [FormCompiler(language) for language in languages.values()]
        for compiler in compilers:
            self._add_language(compiler)
        self._words = [compiler.words for compiler in compilers]

    def _add_language(self, compiler: FormCompiler) -> None:
        language = compiler.language
        kinds: tuple[tuple[Kind, Mapping[str, float]], ...] = (
            ("this", language.this),
            ("part", language.part),
            ("total", language.total),
            ("this", language.final),
            ("season", dict.fromkeys(language.season, 1.0)),
            ("other", dict.fromkeys(language.other, 1.0)),
        )
        for kind, forms in kinds:
            for form, strength in forms.items():
                self._forms.append((kind, compiler.compiled(form, strength), forms is language.final))
        self._open += [(compiler.compiled(form).pattern, language.spaced) for form in language.open]
        self._closing += [_word(compiler, word) for word in language.closing]
        self._sentence += [_word(compiler, word) for word in language.sentence if not word.endswith("…")]
        self._prepositions += [
            re.compile(_word(compiler, word).pattern + r"\W{0,3}$") for word in language.sentence if word.endswith("…")
        ]
        begins, ends = (" ?", rf"(?!{_LETTER})") if language.spaced else ("", "")
        self._particles += [re.compile(begins + re.escape(particle) + ends) for particle in language.particles]
        for marks, words in (("next", language.next), ("previous", language.previous)):
            kind = "next" if marks == "next" else "previous"
            self._markers += [(kind, _marker(compiler, word)) for word in words]
            self._first_words += [_word(compiler, word) for word in words if word.endswith("…")]

    def line(self, text: PlainText, masked: str) -> list[Found]:
        """What stands in a line, in order, without overlaps but those of seasons; the bare number if it is nothing
        else. `masked`: the plain text with the series' title made `MASK`."""
        found = [one for kind, form, final in self._forms for one in self._matches(kind, form, final, text, masked)]
        seasons = [one for one in found if one.kind == "season"]
        others = [
            one
            for one in found
            if one.kind != "season" and not (one.kind == "total" and any(one.overlaps(season) for season in seasons))
        ]
        kept = _longest(others)
        numbers = [one for one in kept if one.kind in {"this", "total"}]
        kept += [one for one in _longest(seasons) if not any(one.overlaps(number) for number in numbers)]
        kept = joined_statements(sorted(kept, key=lambda one: one.start), masked)
        of_phrase = [
            any(_is_of_phrase(one, kept, masked, spaced) for spaced in self._open_forms(masked, one)) for one in kept
        ]
        kept = [replace(one, of_phrase=phrase) for one, phrase in zip(kept, of_phrase, strict=True)]
        sure = [
            one.strength * _placed(one, kept, masked) * _cut_off(one, kept, masked) * self._doubt(one, masked)
            for one in kept
        ]
        kept = [replace(one, strength=strength) for one, strength in zip(kept, sure, strict=True)]
        return kept or [one for one in (self._bare(text, masked),) if one]

    def marked(self, masked: str, found: Found) -> Kind | None:
        """Whether the line says, around `found`, that it is of the next or a previous episode."""
        before, behind = masked[: found.start] + MASK, MASK + masked[found.end :]
        return next((kind for kind, mark in self._markers if mark.search(before) or mark.search(behind)), None)

    def marker(self, masked: str) -> Kind | None:
        """Whether a line without a number says that what stands near it is of the next or a previous episode."""
        line = masked.strip(_EDGES) + MASK
        limited = [(kind, mark) for kind, mark in self._markers if mark.pattern.endswith(_THEN)]
        free = [(kind, mark) for kind, mark in self._markers if not mark.pattern.endswith(_THEN)]
        found = [kind for kind, mark in free if mark.search(line)]
        found += [kind for kind, mark in limited if mark.match(line)]
        return found[0] if found else None

    def is_open(self, masked: str, found: Found) -> bool:
        """Whether words behind `found` may make it another number's: it has such a form, and no word behind it ends the
        episode."""
        return bool(self._open_forms(masked, found))

    def _open_forms(self, masked: str, found: Found) -> list[bool]:
        """For each form that leaves `found` open whether words stand apart in its language."""
        behind = masked[found.end :].strip(_EDGES)
        if any(word.fullmatch(behind) for word in self._closing):
            return []
        return [spaced for form, spaced in self._open if form.fullmatch(masked, found.start, found.end)]

    def has_number(self, text: PlainText) -> bool:
        """Whether a short line may hold a number: a digit in it, or all of it number words, a roman numeral, a letter
        that is read for a digit."""
        plain = text.plain.strip(_EDGES)
        return bool(re.search("[0-9]", plain)) or any(read_one(plain, plain, words) for words in self._words)

    def _doubt(self, found: Found, masked: str) -> float:
        """How sure a number remains in a phrase or a sentence, and for the first word of "next episode" before it, of
        which the rest was misread (`다음 어야 15화`)."""
        if found.kind not in {"this", "part"} or not found.values:
            return 1.0
        of_another = any(word.search(masked[: found.start]) for word in self._first_words)
        return DOUBTFUL if found.of_phrase or of_another or self.is_in_sentence(found, masked) else 1.0

    def is_in_sentence(self, found: Found, masked: str) -> bool:
        """Whether its line tells something of the number, as no title card does (`Episode 8 airs Friday`, `8화에서`),
        unless a sign sets that apart (`Episode 8: Streaming`). What is the next episode's stays that."""
        before, behind = masked[: found.start], masked[found.end :]
        if self.marked(masked, found) is not None:
            return False
        beside = (_SET_APART.split(before)[-1], _SET_APART.split(behind)[0])
        told = any(word.search(words) for word in self._sentence for words in beside)
        of_another = any(word.search(before) for word in self._prepositions)
        return told or of_another or any(particle.match(behind) for particle in self._particles)

    def _matches(self, kind: Kind, form: Form, final: bool, text: PlainText, masked: str) -> Iterator[Found]:
        for match in form.pattern.finditer(masked):
            if match.end() == match.start():
                continue
            found = Found(kind, match.start(), match.end(), (), form.strength, finale=final)
            if kind != "other" and not final:
                numbered = self._numbered(found, form, match, text, masked)
                if numbered is None:
                    continue
                found = numbered
            begins = found.start in {match.start(name) for name in form.pattern.groupindex if match[name] is not None}
            part_of_a_word = begins and kind in {"this", "part"} and _is_glued_before(found, form, masked)
            sure = _glued(found, form, masked) * _mended(found, form, text, masked)
            sure *= DOUBTFUL if part_of_a_word else 1.0
            yield replace(found, strength=found.strength * sure)

    def _numbered(
        self, found: Found, form: Form, match: re.Match[str], text: PlainText, masked: str
    ) -> Found | None:
        groups = {name: self._number(name, form, match, text, masked) for name in form.pattern.groupindex}
        read = {name: number for name, number in groups.items() if match[name] is not None and number is not None}
        main = {"season": "s", "total": "t"}.get(found.kind, "n")
        number = read.get(main) or read.get("n") or read.get("o")
        if number is None or ("s" in groups and "s" not in read):
            return None
        if found.kind == "season" and number.certainty <= DOUBTFUL:
            return None
        season, total = read.get("s"), read.get("t")
        certainty = number.certainty * (season.certainty if season and season is not number else 1.0)
        return replace(
            found,
            values=number.values,
            strength=found.strength * certainty,
            season=int(season.values[0]) if season is not None and found.kind != "season" else None,
            total=total.values[0] if total is not None and found.kind != "total" else None,
        )

    def _number(
        self, name: str, form: Form, match: re.Match[str], text: PlainText, masked: str
    ) -> NumberText | None:
        if match[name] is None:
            return None
        plain, as_read = match[name], text.read_at(match.start(name), match.end(name))
        if name == "s" and plain == "|" and masked[match.end() :].strip(_EDGES):
            return None  # the sign before the episode: what stood before it was not read
        if name == "o":
            digits = re.match("[0-9]+", plain)
            return NumberText((Decimal(digits.group()),)) if digits else read_one(plain, as_read, form.words)
        more = form.ends_with_number and bool(masked[match.end() :].strip(_EDGES))
        closed = not form.ends_with_number
        number = read_joined(plain, as_read, form.words, more_follows=more, closed=closed)
        if number is None:
            return None
        behind = masked[match.end() :]
        may_go_on = form.ends_with_number and (_MORE_DECIMALS.match(behind) or _goes_on_below(match, plain))
        certainty = DOUBTFUL if as_read in _FEW_STROKES or may_go_on else number.certainty
        lone_i = as_read == "I" and behind[:1] == " " and more
        return NumberText(number.values, certainty * (LONE_I if lone_i else 1.0))

    def _bare(self, text: PlainText, masked: str) -> Found | None:
        start, end = len(masked) - len(masked.lstrip(_EDGES.replace(".", ""))), len(masked.rstrip(_EDGES))
        plain = masked[start:end]
        if re.fullmatch(r"[0-9]{1,4}(?:\.5)?", plain) and (len(plain) < 4 or int(float(plain)) not in _YEARS):
            beside_title = MASK in masked
            return Found("bare", start, end, (Decimal(plain),), BARE_BESIDE_TITLE if beside_title else BARE)
        as_read = text.read_at(start, end)
        if len(plain) < 2 or re.search("[0-9]", plain):
            return None
        for words in self._words:
            if (number := read_one(plain, as_read, words)) is not None:
                return Found("bare", start, end, number.values, BARE_WORD * number.certainty)
        return None


def _goes_on_below(match: re.Match[str], number: str) -> bool:
    """Whether a number in words ends in a hyphen, behind which the next line goes on: `Twenty-` over `One`."""
    before, behind = match.string[: match.start()].strip(), match.string[match.end() :].strip()
    return behind == "-" and before != "-" and not re.search("[0-9]", number)


def joined_statements(found: list[Found], masked: str) -> list[Found]:
    """`제7화 - 제8화` and `S01E01-S01E02` as one statement; all else as it was."""
    kept: list[Found] = []
    for one in found:
        before = kept[-1] if kept else None
        if before is not None and _continues(before, one, masked):
            values, strength = before.values + one.values, min(before.strength, one.strength)
            kept[-1] = replace(before, end=one.end, values=values, strength=strength)
        else:
            kept.append(one)
    return kept


def _continues(before: Found, one: Found, masked: str) -> bool:
    follows = bool(before.values and one.values) and one.values[0] - before.values[-1] == 1
    same = before.kind == one.kind and before.kind in {"this", "part"} and one.season in {None, before.season}
    few = len(before.values) + len(one.values) <= MOST_JOINED
    return same and follows and few and _JOIN.fullmatch(masked[before.end : one.start]) is not None


def _longest(found: Iterable[Found]) -> list[Found]:
    """Of those that overlap the longest; of equally long ones the surest, "other" and "total" before all."""
    order = sorted(
        found, key=lambda one: (one.start - one.end, one.kind not in {"other", "total"}, -one.strength, one.start)
    )
    kept: list[Found] = []
    for one in order:
        if not any(one.overlaps(other) for other in kept):
            kept.append(one)
    return kept


def _placed(found: Found, all_found: Sequence[Found], masked: str) -> float:
    """How sure a statement remains for the words beside it that are no statement."""
    rest = unexplained(all_found, masked)
    before, behind = rest[: found.start], rest[found.end :]
    return (1.0, BESIDE, INSIDE)[bool(before.strip(_EDGES)) + bool(behind.strip(_EDGES))]


def unexplained(all_found: Sequence[Found], masked: str) -> str:
    """The line with blanks for its statements."""
    rest = list(masked)
    for one in all_found:
        rest[one.start : one.end] = " " * (one.end - one.start)
    return "".join(rest)


def _is_of_phrase(found: Found, all_found: Sequence[Found], masked: str, spaced: bool) -> bool:
    """Whether the words behind an open form may make one phrase with it, which no list of such phrases has to know:
    letters that follow at once, or words of which not all was read (`제22회 백삼예□대산`, not `22회. 그□ 여름`);
    where words stand apart, all that no sign sets apart from it."""
    if masked[found.end : found.end + 1].isalpha():
        return True
    behind = unexplained(all_found, masked)[found.end :]
    letters = sum(letter.isalpha() or letter == UNREAD_LETTER for letter in behind)
    if UNREAD_LETTER in behind and not found.begins_in_digits(masked):
        return letters >= _LEAST_UNREAD
    first = masked[found.end : found.end + 2].strip()
    goes_on = first.isalpha() or first == UNREAD_LETTER
    return spaced and goes_on and letters >= _LEAST_OF_PHRASE


def _glued(found: Found, form: Form, masked: str) -> float:
    """How sure a statement remains for the letter that follows it at once."""
    behind = masked[found.end : found.end + 1]
    return GLUED if form.language.spaced and behind.isalpha() and not behind.isascii() else 1.0


def _is_glued_before(found: Found, form: Form, masked: str) -> bool:
    """Whether a number begins in the middle of a word: `얼한 번째` may be 열한, and `저234회` 전234회. Digits may stand
    right behind a title, which has more than one syllable."""
    before = re.search(r"[^\W\d_]*$", masked[: found.start])
    word = before.group() if before is not None else ""
    most = 1 if masked[found.start].isdecimal() else len(word)
    return form.language.spaced and 0 < len(word) <= most and not word.isascii()


def _mended(found: Found, form: Form, text: PlainText, masked: str) -> float:
    """How sure a statement remains for letters that had to be taken for others."""
    exact = form.is_exact(masked, found.start, found.end) and not text.is_mended(found.start, found.end)
    return 1.0 if exact else MENDED


def _cut_off(found: Found, all_found: Sequence[Found], masked: str) -> float:
    """How sure a number at the start of a statement remains for what stands before it: a number from which it may go on
    (`2 3회`, whose sign was not read, or of which both digits are one number; `232. 5화`), something at the place of a
    digit (`제x2회`)."""
    starts = masked[found.start : found.start + 1]
    if found.kind not in {"this", "part"} or not found.values or not (starts.isascii() and starts.isdecimal()):
        return 1.0
    before = masked[: found.start]
    if _NO_DIGIT_BEFORE.search(before):
        return DOUBTFUL
    number = _NUMBER_BEFORE.search(before)
    if number is None or any(one is not found and number.start() < one.end <= found.start for one in all_found):
        return 1.0
    follows = 0 < found.values[0] - Decimal(number[1]) < MOST_JOINED
    apart = number[2] == " " and len(number[1]) == 1 and found.values[0] < 10
    decimal = number[2] in _LOST_POINTS and int(number[1]) not in _YEARS
    return DOUBTFUL if follows or apart or decimal else 1.0


def _marker(compiler: FormCompiler, word: str) -> re.Pattern[str]:
    """A word for "next" or "previous"; one with `…` behind it must stand right before the number."""
    pattern = _word(compiler, word)
    return re.compile(pattern.pattern + _THEN) if word.endswith("…") else pattern


def _word(compiler: FormCompiler, word: str) -> re.Pattern[str]:
    return re.compile(compiler.compiled(word.strip("… ")).pattern.pattern)
