"""From lines of text to statements of numbers, from a file name to the number it states."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from .cards import alike_in_size, distance, follows, groups, is_level, near, touches
from .file_names import number_of_file_name
from .language import Language, languages_of, shipped_languages
from .lines import Line, Statement, StatementKind
from .numbers import EpisodeNumber
from .scan import MASK, Found, Kind, Scanner, unexplained
from .seasons import UNREAD, OpenSeason, SeasonWords
from .text import main_script, plain_text
from .words import DOUBTFUL, alike

__all__ = ["Line", "Patterns", "Statement"]

_SPACE_AND_LETTER = 2
"""Characters of the next line from which on a word across both is one: `제7회` over `전16회` is no 회전."""
LONGEST_FRAGMENT = 16
"""Most characters of a line that may be one part of a statement, such as a counter or a number. By eye."""
JOINED, TURNED_ROUND = 0.9, 0.7
"""How sure a statement over several lines is, by eye: in the order of reading; with the lower line first."""

_KIND_STATED: dict[Kind, StatementKind] = {
    "this": "this",
    "part": "this",
    "total": "total",
    "next": "next",
    "previous": "previous",
    "bare": "bare",
}


@dataclass(frozen=True, slots=True)
class _Placed:
    """What was found, as read, and on which lines."""

    found: Found
    text: str
    lines: tuple[int, ...]


class Patterns:
    """The words and forms of several languages. Raises SettingsError for a form that cannot be compiled."""

    def __init__(self, languages: Mapping[str, Language]) -> None:
        self.languages = dict(languages)
        self._scanner = Scanner(self.languages)
        self._seasons = SeasonWords(self.languages.values())
        self._scripts = {script for language in self.languages.values() for script in language.scripts}

    @classmethod
    @cache
    def shipped(cls) -> Patterns:
        """Those of the package: English, Korean, Chinese, Japanese. Compiled once."""
        return cls(shipped_languages())

    def with_file(self, path: Path) -> Patterns:
        """These and the languages of a user's file, which replace those of the same key. Raises SettingsError."""
        return Patterns(self.languages | languages_of(path))

    def read(self, lines: Sequence[Line], *, series: str | None = None) -> list[Statement]:
        """What the lines of one card state, the surest first.

        `series`: the series' title, whose own numbers are no episode's.
        """
        texts = [plain_text(line.text) for line in lines]
        masked = [_without_title(text.plain, series) for text in texts]
        alone = [
            _Placed(found, text.read_at(found.start, found.end).strip(), (i,))
            for i, text in enumerate(texts)
            for found in self._scanner.line(text, masked[i])
        ]
        alone = [self._whole_word(one, lines) for one in alone]
        alone = [self._doubted(self._with_season(one, lines), lines, masked) for one in alone]
        numbers = {i for i, text in enumerate(texts) if self._scanner.has_number(text)}
        placed = self._over_lines(lines, masked, numbers, alone)
        placed = [one for one in placed if not _of_title(one, series)]
        return _statements(self._marked(lines, masked, _settled(placed)))

    def of_file_name(self, name: str) -> EpisodeNumber | None:
        """The number that the name of a file states; None where it states none or several. Folders do not count."""
        return number_of_file_name(name, self._scanner)

    def is_other(self, text: str, number: EpisodeNumber) -> bool:
        """Whether a line says that its number, in digits those of `number`, is no episode's, or may be none: a date,
        an award's, a phrase that was not understood."""
        plain = plain_text(text)
        found = self._scanner.line(plain, plain.plain)
        others = (
            one
            for one in found
            if one.kind == "other" or (one.of_phrase and not one.begins_in_digits(plain.plain))
        )
        runs = (int(run) for one in others for run in re.findall("[0-9]+", plain.plain[one.start : one.end]))
        return any(run in number.episodes for run in runs)

    def season_beside(
        self, lines: Sequence[Line], statement: Statement, *, series: str | None = None
    ) -> OpenSeason | None:
        """What may be a season beside a statement that has none: found, and not read."""
        texts = [plain_text(line.text) for line in lines]
        masked = [_without_title(text.plain, series) for text in texts]
        found = [self._scanner.line(text, mask) for text, mask in zip(texts, masked, strict=True)]
        rests = [unexplained(some, mask) for some, mask in zip(found, masked, strict=True)]
        own = [one for one in found[statement.lines[0]] if one.values == statement.number.episodes]
        start = own[0].start if len(statement.lines) == 1 and own else None
        return self._seasons.beside(lines, rests, statement.lines, start)

    def season_alone(self, lines: Sequence[Line], *, series: str | None = None) -> OpenSeason | None:
        """The season that a line of a card names, for a card that states no episode."""
        for line in lines:
            text = plain_text(line.text)
            if any(one.kind == "season" for one in self._scanner.line(text, _without_title(text.plain, series))):
                return OpenSeason(line.text.strip(), named=True, apart=True)
        return None

    def unsupported(self, text: str) -> str | None:
        """The script of most letters of `text`, by its Unicode name, where no language is written in it; else None."""
        script = main_script(text)
        return script if script is not None and script not in self._scripts else None

    def _whole_word(self, one: _Placed, lines: Sequence[Line]) -> _Placed:
        """A number on a line that touches another, of whose word or number it may be a part (`232.` and `5화`): as sure
        as both together say it, doubtful where they do not."""
        i, found = one.lines[0], one.found
        if found.kind not in {"this", "part"}:
            return one
        parts = [(line, lines[i]) for line in lines if touches(line, lines[i])]
        parts += [(lines[i], line) for line in lines if touches(lines[i], line)]
        for left, right in parts:
            text = plain_text(left.text.strip() + right.text.strip())
            both = self._scanner.line(text, text.plain)
            sure = max((two.strength for two in both if two.values == found.values), default=0.0)
            found = replace(found, strength=min(found.strength, max(sure, DOUBTFUL * found.strength)))
        return replace(one, found=found)

    def _with_season(self, one: _Placed, lines: Sequence[Line]) -> _Placed:
        """A number whose season is a part of its line of which the rest was found by itself (`시즌` and `6 제10회`)."""
        i, found = one.lines[0], one.found
        if found.kind != "this" or found.season is not None:
            return one
        for j, line in enumerate(lines):
            if len(line.text.strip()) > LONGEST_FRAGMENT or not follows(line, lines[i]):
                continue
            text = plain_text(f"{line.text.strip()} {lines[i].text.strip()}")
            both = self._scanner.line(text, text.plain)
            number = next((two for two in both if two.kind == "this" and two.values == found.values), None)
            seasons = [int(two.values[0]) for two in both if two.kind == "season"]
            season = number.season if number is not None and number.season is not None else next(iter(seasons), None)
            if number is not None and season is not None:
                return _Placed(replace(number, season=season, strength=JOINED * number.strength), text.source, (j, i))
        return one

    def _doubted(self, one: _Placed, lines: Sequence[Line], masked: Sequence[str]) -> _Placed:
        """A number that words behind it may make another's: it is, where they do, and doubtful, where they are not
        read, or belong to it as far as can be told."""
        i, found = one.lines[0], one.found
        if found.kind in {"this", "part"} and any(self._is_part(lines[i], line, found) for line in lines):
            return replace(one, found=replace(found, strength=DOUBTFUL * found.strength))
        if found.kind != "this" or not self._scanner.is_open(masked[i], found):
            return one
        alone = self._scanner.line(plain_text(lines[i].text), masked[i])
        rest = unexplained(alone, masked[i])[found.end :]
        in_digits = found.begins_in_digits(masked[i])
        goes_on = rest[:2].strip().isalpha() and sum(map(str.isalpha, rest)) > 1
        doubtful = lines[i].confidence < UNREAD and goes_on and not in_digits
        for line in (line for line in lines if any(map(str.isalpha, line.text)) and follows(lines[i], line)):
            text = plain_text(f"{lines[i].text} {line.text}")
            both = [two for two in self._scanner.line(text, text.plain) if two.overlaps(found)]
            if any(two.kind == "other" for two in both):
                return replace(one, found=replace(found, kind="other"))
            of_phrase = any(two.of_phrase for two in both) and alike_in_size(lines[i], line)
            doubtful |= of_phrase or (line.confidence < UNREAD and not in_digits)
        doubtful |= any(self._names_event(lines[i], line, found) for line in lines)
        return replace(one, found=replace(found, strength=DOUBTFUL * found.strength)) if doubtful else one

    def _is_part(self, number: Line, line: Line, found: Found) -> bool:
        """Whether a line beside a number's makes it a part of a sentence (`2화`, `무료보기`), or one below goes on with
        its words (`Twenty` over `One`)."""
        left, right = (number, line) if follows(number, line) else (line, number)
        below = line.box[1] > number.box[1] and not is_level(line, number) and near(line, number)
        if below:
            left, right = number, line
        elif not follows(left, right):
            return False
        text = plain_text(f"{left.text} {right.text}")
        both = [two for two in self._scanner.line(text, text.plain) if two.kind == found.kind]
        if below:
            words = plain_text(number.text).plain[found.start : found.end] + line.text
            in_words = not re.search("[0-9]", words) and self._scanner.has_number(plain_text(line.text))
            return in_words and any(two.start == found.start and two.values != found.values for two in both)
        return any(two.values == found.values and self._scanner.is_in_sentence(two, text.plain) for two in both)

    def _names_event(self, number: Line, line: Line, found: Found) -> bool:
        """Whether a line close under a number's makes it an event's: `제3회` over `청룡영화상`."""
        if line.box[1] <= number.box[1] or is_level(line, number) or not near(line, number):
            return False
        text, length = plain_text(f"{number.text} {line.text}"), len(plain_text(number.text).plain)
        others = (two for two in self._scanner.line(text, text.plain) if two.kind == "other" and two.overlaps(found))
        return any(two.end - length > _SPACE_AND_LETTER for two in others)

    def _over_lines(
        self, lines: Sequence[Line], masked: Sequence[str], numbers: set[int], alone: list[_Placed]
    ) -> list[_Placed]:
        """With statements that stand on several lines, such as a counter over its number. `numbers`: the lines that may
        hold one."""
        told = {i for one in alone if one.found.kind not in {"bare", "other"} for i in one.lines}
        short = [
            i for i, text in enumerate(masked) if i not in told and 0 < len(text.strip()) <= LONGEST_FRAGMENT
        ]
        used: set[int] = set()
        joined: list[_Placed] = []
        for group in groups(lines, short):
            if numbers & set(group) and not used & set(group) and (one := self._whole(lines, group)) is not None:
                joined.append(one)
                used |= set(group)
        return [*(one for one in alone if not used & set(one.lines)), *joined]

    def _whole(self, lines: Sequence[Line], group: tuple[int, ...]) -> _Placed | None:
        """The one statement that these lines make, read one after the other, if they are nothing else; or a number that
        is no episode's (`15` over `세`)."""
        text = plain_text(" ".join(lines[i].text.strip() for i in group))
        found = self._scanner.line(text, text.plain)
        if len(found) != 1 or found[0].kind == "bare":
            return None
        if found[0].kind != "other" and re.sub(r"[\W_]", "", text.plain[: found[0].start] + text.plain[found[0].end :]):
            return None
        turned = lines[group[0]].box[1] > lines[group[-1]].box[1] + lines[group[-1]].box[3] / 2
        sure = found[0].strength * (TURNED_ROUND if turned else JOINED)
        return _Placed(replace(found[0], strength=sure), text.source, group)

    def _marked(self, lines: Sequence[Line], masked: Sequence[str], placed: list[_Placed]) -> list[_Placed]:
        """With kinds "next" and "previous" where the line, or else the nearest one with such a word, says so."""
        words = {i: kind for i, text in enumerate(masked) if (kind := self._scanner.marker(text))}
        kept = list(placed)
        for at, one in enumerate(placed):
            if one.found.kind in {"this", "part", "bare"} and len(one.lines) == 1:
                i = one.lines[0]
                if (kind := self._scanner.marked(masked[i], one.found)) is not None:
                    kept[at] = replace(one, found=replace(one.found, kind=kind))
                words.pop(i, None)
        for i, kind in words.items():
            nearest = _nearest(lines, i, kept)
            if nearest is not None:
                kept[nearest] = replace(kept[nearest], found=replace(kept[nearest].found, kind=kind))
        return kept


def _nearest(lines: Sequence[Line], marker: int, placed: Sequence[_Placed]) -> int | None:
    """Which statement of a number stands nearest to a line that says "next" or "previous", those on its row first; None
    without one near it."""
    word = lines[marker]
    far = [
        (min((not is_level(word, lines[i]), distance(word, lines[i])) for i in one.lines), at)
        for at, one in enumerate(placed)
        if one.found.kind in {"this", "part", "bare"}
        and any(near(word, lines[i]) or follows(word, lines[i]) for i in one.lines)
    ]
    return min(far)[1] if far else None


def _settled(placed: list[_Placed]) -> list[_Placed]:
    """Without seasons, which go to the numbers, parts beside an episode, and a finale beside its number."""
    whole = [one for one in placed if one.found.kind == "this" and one.found.values]
    parts = [] if whole else [one for one in placed if one.found.kind == "part"]
    seasons = {
        int(one.found.values[0])
        for one in placed
        if one.found.kind == "season" and not any(_same_place(one, part) for part in parts)
    }
    final = [one for one in placed if one.found.finale]
    numbers = {one.found.values for one in whole}
    season = seasons.pop() if len(seasons) == 1 else None
    settled = []
    for one in placed:
        if one.found.kind in {"season", "other"} or (whole and one.found.kind == "part"):
            continue
        if one.found.finale and len(numbers) == 1:
            continue
        states = one.found.kind in {"this", "part"}
        settled.append(
            replace(
                one,
                found=replace(
                    one.found,
                    season=season if states and one.found.season is None else one.found.season,
                    finale=one.found.finale or (bool(final) and len(numbers) == 1 and one in whole),
                ),
            )
        )
    return settled


def _same_place(one: _Placed, other: _Placed) -> bool:
    return one.lines == other.lines and one.found.overlaps(other.found)


def _statements(placed: Sequence[_Placed]) -> list[Statement]:
    stated = []
    for one in placed:
        found = one.found
        kind = _KIND_STATED[found.kind]
        if found.values != tuple(sorted(set(found.values))):
            continue
        number = EpisodeNumber(found.values, found.season, found.finale)
        stated.append(Statement(number, one.text, min(found.strength, 1.0), kind, one.lines))
        if found.total is not None:
            stated.append(Statement(EpisodeNumber((found.total,)), one.text, found.strength, "total", one.lines))
    return sorted(stated, key=lambda statement: -statement.strength)


def _without_title(plain: str, series: str | None) -> str:
    """The line with the series' title made `MASK`; not a title of digits alone, which may be an episode's number."""
    title = re.sub(r"[\W_]", "", plain_text(series or "").plain)
    if len(title) < 2 or title.isdecimal():
        return plain
    source = r"[\W_]{0,3}".join(alike(letter) for letter in title)
    return re.sub(source, lambda match: MASK * len(match.group()), plain)


def _of_title(one: _Placed, series: str | None) -> bool:
    """Whether a bare number is one of the series' title."""
    numbers = re.findall(r"[0-9]+", plain_text(series or "").plain)
    return one.found.kind == "bare" and any(str(value) in numbers for value in one.found.values)
