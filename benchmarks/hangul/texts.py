"""What a line says: a number with its counter, something that merely looks like one, or words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .alphabet import other_syllables, words

Random = np.random.Generator
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV", "XVI", "XX")
_ENGLISH = (
    "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve", "Thirteen",
    "Fourteen", "Fifteen", "Sixteen", "Seventeen", "Eighteen", "Nineteen", "Twenty", "Finale", "Pilot", "Special",
)  # fmt: skip
_LATIN_WORDS = (
    "episode", "season", "chapter", "part", "the", "end", "final", "next", "previously", "on", "story", "love", "night",
    "day", "last", "first", "directed", "by", "written", "produced", "music", "drama", "special", "live", "news", "HD",
    "LIVE", "KBS", "MBC", "SBS", "tvN", "JTBC", "EBS", "OST", "TV", "VOL", "No", "EP", "PD", "MC", "END", "NEW",
    "ON AIR",
)  # fmt: skip
_EPISODE = ("EPISODE", "EP", "Ep.")
_QUOTED = ("「%s」", "<%s>", "[%s]", "“%s”", "'%s'", "%s!", "%s?", "%s…")
_HAN = "第集話话回章卷部期季全終大結局前後編上下中一二三四五六七八九十百東京時間人生年月日本国愛夢の"


@dataclass(frozen=True, slots=True)
class Written:
    """A line's text, and the part of it that states a number with its counter; None where nothing does."""

    text: str
    number: str | None = None


def choose(rng: Random, of: Sequence[str]) -> str:
    """One of them, all equally likely."""
    return of[int(rng.integers(len(of)))]


def digits(rng: Random, most: int = 4) -> str:
    """A number of one to `most` digits; one in eight begins with a nought."""
    count = int(rng.choice(most, p=np.array([0.3, 0.42, 0.18, 0.1])[:most] / sum((0.3, 0.42, 0.18, 0.1)[:most]))) + 1
    text = "".join(str(d) for d in rng.integers(0, 10, count))
    return text if rng.random() < 0.125 else text.lstrip("0") or str(rng.integers(0, 10))


def sino(number: int) -> str:
    """A number below 1,000 in Sino-Korean words: 12 → 십이."""
    names = words()["numbers"]["sino"]
    ones = {d: names[d + 1] for d in range(1, 10)}
    text = ""
    for value, name in ((100, "백"), (10, "십"), (1, "")):
        digit, number = divmod(number, value)
        text += ("" if digit == 1 and name else ones[digit]) + name if digit else ""
    return text or names[0]


def number_line(rng: Random, latin: float = 0.32) -> Written:
    """A number with its counter, now and then with a title after it or a series' name before it. latin: share written
    without a syllable."""
    number = _latin_number(rng) if rng.random() >= 1 - latin else _korean_number(rng)
    case = rng.random()
    if case < 0.8:
        return Written(number, number)
    title = phrase(rng, 2)
    if case < 0.93:
        return Written(f"{number}{choose(rng, ('. ', ' ', ' - ', ': ', ' | ', ' '))}{title}", number)
    return Written(f"{title}{choose(rng, (' ', ' ', ' - ', ' · '))}{number}", number)


def _korean_number(rng: Random) -> str:
    table = words()["counters"]
    number, counter = digits(rng), choose(rng, table["episode"][:8] if rng.random() < 0.85 else table["episode"])
    gap, gap2 = (" " if rng.random() < 0.4 else "" for _ in range(2))
    forms: tuple[tuple[float, Callable[[], str]], ...] = (
        (0.3, lambda: f"제{gap}{number}{gap2}{counter}"),
        (0.24, lambda: f"{number}{gap2}{counter}"),
        (0.06, lambda: f"제{gap}{sino(int(rng.integers(1, 200)))}{gap2}{counter}"),
        (0.05, lambda: f"{_ordinal(rng)} 번째 {choose(rng, ('이야기', '편', '밤', '날'))}"),
        (0.08, lambda: f"시즌{gap}{digits(rng, 2)} {number}{gap2}{counter}"),
        (0.04, lambda: f"시즌{gap}{digits(rng, 2)}{gap2}제{number}{counter}"),
        (0.05, lambda: f"에피소드{gap}{number}"),
        (0.04, lambda: f"{choose(rng, ('파트', '챕터', '시즌', '번외', '외전'))}{gap}{digits(rng, 2)}"),
        (0.04, lambda: f"{number}{choose(rng, ('-', '~', ', ', '·'))}{digits(rng, 3)}{gap2}{counter}"),
        (0.03, lambda: f"{number}.{rng.integers(0, 10)}{counter}"),
        (0.05, lambda: f"{choose(rng, ('전', '총', '전 ', '총 '))}{number}{choose(rng, table['whole'])}"),
        (0.02, lambda: f"{choose(rng, words()['numbers']['native'])} {choose(rng, ('번째', '째', '번째 밤'))}"),
    )
    return _one_of(rng, forms)


def _ordinal(rng: Random) -> str:
    return choose(rng, words()["numbers"]["ordinal"])


def _latin_number(rng: Random) -> str:
    number, small = digits(rng), digits(rng, 2)
    gap = choose(rng, ("", " ", " "))
    forms: tuple[tuple[float, Callable[[], str]], ...] = (
        (0.24, lambda: f"{choose(rng, ('EPISODE', 'Episode', 'episode'))} {number}"),
        (0.22, lambda: f"{choose(rng, ('EP', 'Ep', 'ep', 'E'))}{choose(rng, ('', '.', '. ', ' '))}{number}"),
        (0.18, lambda: f"S{small.zfill(2)}{choose(rng, ('', '', ' ', ':'))}E{digits(rng, 3).zfill(2)}"),
        (0.05, lambda: f"{choose(rng, ('SEASON', 'Season'))} {small}{gap}{choose(rng, _EPISODE)} {number}"),
        (0.08, lambda: f"{choose(rng, ('#', 'No.', 'No. ', '№ ', '# '))}{number}"),
        (0.09, lambda: f"{choose(rng, ('CHAPTER', 'Chapter', 'PART', 'Part', 'Vol.', 'VOL'))} {small}"),
        (0.06, lambda: f"{choose(rng, ('CHAPTER', 'Chapter', 'PART', 'Part'))} {choose(rng, _ROMAN)}"),
        (0.06, lambda: _cased(rng, f"{choose(rng, ('Chapter', 'Part', 'Episode'))} {choose(rng, _ENGLISH)}")),
        (0.02, lambda: f"{small}x{digits(rng, 2).zfill(2)}"),
    )
    return _one_of(rng, forms)


def _one_of(rng: Random, forms: tuple[tuple[float, Callable[[], str]], ...]) -> str:
    weights = np.array([weight for weight, _ in forms])
    return forms[int(rng.choice(len(forms), p=weights / weights.sum()))][1]()


def season_line(rng: Random) -> Written:
    """Season and episode as `S00E04`, every other digit a nought: letters and noughts stand side by side."""
    season, episode = (_with_noughts(rng, most) for most in (2, 3))
    letters = choose(rng, ("S%sE%s", "S%sE%s", "S%sE%s", "S%s E%s", "S%s:E%s", "S%sEP%s", "s%se%s"))
    number = letters % (season, episode) if rng.random() < 0.8 else f"{choose(rng, ('E', 'EP', 'Ep.'))}{episode}"
    return Written(number, number)


def joined_line(rng: Random) -> Written:
    """Two episodes in one file: numbers with a sign between them that is easily taken for a digit (`7 & 8`)."""
    first, case = int(rng.integers(1, 100)), rng.random()
    numbers = f"{first}{choose(rng, (' & ', ' & ', '&', '-', ' - ', ', ', ' + ', '~', ' and '))}{first + 1}"
    counter = choose(rng, words()["counters"]["episode"][:8])
    if case < 0.25:
        text = f"{choose(rng, ('', '제', '제 '))}{numbers.replace(' and ', '·')}{counter}"
    else:
        text = f"{choose(rng, ('Episodes', 'Episodes', 'Eps', 'Eps.', 'Chapters', 'Parts'))} {numbers}"
    text = text.upper() if case < 0.6 else text
    return Written(text, text)


def mistaken_line(rng: Random) -> Written:
    """A number whose sign is easily taken for another or overlooked: counters that look alike, № and #, Roman numbers.
    All signs of a kind are equally likely."""
    number, gap, gap2 = digits(rng), *(" " if rng.random() < 0.4 else "" for _ in range(2))
    signs = choose(rng, words()["counters"]["episode"]), choose(rng, ("№", "№", "#", "No.", "No"))
    heading = choose(rng, ("CHAPTER", "Chapter", "PART", "Part", "Vol.", "VOL", "Season"))
    forms: tuple[tuple[float, Callable[[], str]], ...] = (
        (0.3, lambda: f"{choose(rng, (f'제{gap}', ''))}{number}{gap2}{signs[0]}"),
        (0.1, lambda: f"{choose(rng, ('총', '전', '시즌'))}{gap}{digits(rng, 2)}{gap2}{signs[0]}"),
        (0.1, lambda: f"제{gap}{sino(int(rng.integers(1, 200)))}{gap2}{signs[0]}"),
        (0.25, lambda: f"{signs[1]}{gap}{number}"),
        (0.25, lambda: f"{heading} {choose(rng, _ROMAN)}"),
    )
    text = _one_of(rng, forms)
    return Written(text, text)


def _with_noughts(rng: Random, most: int) -> str:
    count = int(rng.integers(min(2, most), most + 1))
    return "".join("0" if rng.random() < 0.5 else str(rng.integers(10)) for _ in range(count))


def other_line(rng: Random) -> Written:
    """A line without a number of an episode: a date, a price, a rating, a title, words, letters, Han."""
    forms: tuple[tuple[float, Callable[[], str]], ...] = (
        (0.22, lambda: phrase(rng, 3)),
        (0.16, lambda: choose(rng, words()["lines"][choose(rng, tuple(words()["lines"]))])),
        (0.22, lambda: _measure(rng)),
        (0.1, lambda: _any_syllables(rng)),
        (0.12, lambda: _mixed_characters(rng)),
        (0.12, lambda: _latin_phrase(rng)),
        (0.06, lambda: _han_line(rng)),
    )
    return Written(_one_of(rng, forms).strip())


def short_line(rng: Random) -> Written:
    """One to four characters: of a word, of a number with its counter, or any."""
    case = rng.random()
    if case < 0.4:
        return Written(f"{choose(rng, ('', '제'))}{digits(rng, 2)}{choose(rng, words()['counters']['episode'])}")
    if case < 0.7:
        return Written(choose(rng, words()["words"]["common"])[:3])
    return Written(_mixed_characters(rng, 3))


def phrase(rng: Random, most: int) -> str:
    """One to `most` words; some of their syllables replaced by ones without a class."""
    common = words()["words"]["common"]
    parts = [choose(rng, common) for _ in range(int(rng.integers(1, most + 1)))]
    text = choose(rng, (" ", " ", " ", "")).join(parts)
    if rng.random() < 0.35:
        text = "".join(choose(rng, other_syllables()) if c != " " and rng.random() < 0.3 else c for c in text)
    return text if rng.random() < 0.85 else choose(rng, _QUOTED) % text


def _measure(rng: Random) -> str:
    """Dates, times, prices, scores, telephone numbers, ages, shares."""
    table = words()["words"]
    year, month, day = 1950 + int(rng.integers(90)), int(rng.integers(1, 13)), int(rng.integers(1, 32))
    hour, minute = int(rng.integers(24)), int(rng.integers(60))
    amount = f"{int(10 ** rng.uniform(2, 6)):,}"
    number = digits(rng)
    return choose(rng, (
        f"{year}년 {month}월 {day}일", f"{year}년", f"{year}.{month:02}.{day:02}", f"{year}. {month}. {day}.",
        f"{month}월 {day}일 {choose(rng, table['weekdays'])}", f"{month}/{day}({choose(rng, table['weekdays'])})",
        f"{choose(rng, table['times'])} {hour % 12 + 1}시 {minute}분", f"{hour:02}:{minute:02}",
        f"{hour}:{minute:02}:{day:02}", f"매주 {choose(rng, table['weekdays'])} 밤 {hour % 12 + 1}시", f"{amount}원",
        amount,
        f"{choose(rng, ('02', '010', '031', '1588'))}-{rng.integers(1000, 9999)}-{rng.integers(1000, 9999)}",
        f"{rng.integers(12)} : {rng.integers(12)}", f"{number}%", f"{number}{choose(rng, table['units'])}",
        f"{number} {choose(rng, table['units'])}",
        f"{choose(rng, ('7', '12', '15', '19'))}세 {choose(rng, ('이상', '관람가', '시청가'))}",
        f"{choose(rng, ('서울', '부산', '제주', '인천'))}, {year}", number, f"{number}.{day}", f"({number})",
        f"{number}/{day}",
    ))  # fmt: skip


def _any_syllables(rng: Random) -> str:
    count = int(rng.integers(1, 8))
    known = [c for c in "".join(words()["words"]["common"])]
    return "".join(choose(rng, other_syllables() if rng.random() < 0.5 else known) for _ in range(count))


def _mixed_characters(rng: Random, most: int = 8) -> str:
    """Any characters of the alphabet side by side, so that no character depends on its neighbours."""
    from .alphabet import ANY, alphabet

    letters = [c for c in alphabet() if c not in (ANY, " ")]
    pools = (letters, letters[:94], letters[15:25], letters[94:])
    pool = pools[int(rng.integers(4))]
    return "".join(choose(rng, pool) for _ in range(int(rng.integers(1, most + 1))))


def _latin_phrase(rng: Random) -> str:
    parts = [
        choose(rng, _LATIN_WORDS) if rng.random() < 0.6
        else "".join(choose(rng, "abcdefghijklmnopqrstuvwxyz") for _ in range(int(rng.integers(1, 8))))
        for _ in range(int(rng.integers(1, 4)))
    ]  # fmt: skip
    return _cased(rng, " ".join(parts))


def _cased(rng: Random, text: str) -> str:
    case = rng.random()
    return text.upper() if case < 0.45 else text.title() if case < 0.75 else text


def _han_line(rng: Random) -> str:
    text = "".join(choose(rng, _HAN) for _ in range(int(rng.integers(1, 5))))
    return text if rng.random() < 0.5 else f"{text[:1]}{digits(rng, 3)}{text[1:]}"
