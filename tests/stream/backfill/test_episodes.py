from __future__ import annotations

from sqlalchemy import inspect, select

from stream.backfill.database import Database
from stream.backfill.episodes import earlier_sources, note_verdict
from stream.backfill.ledger import Ledger
from stream.backfill.schema import episodes
from stream.episode.past import Past, Source
from stream.episode.verify import Verdict, verify

from ..episode.readings import number, reading
from .version_1 import make_ledger_of_version_1


def verdict(read: str | None, expected: str | None = "7", confidence: float = 0.99) -> Verdict:
    return verify(reading(read, confidence), Past(), number(expected), threshold=0.9)


def source(text: str, words: str) -> tuple[Source, ...]:
    found = number(text)
    assert found is not None
    return (Source(found, words),)


def test_the_last_verdict_on_a_file_is_kept(ledger: Ledger) -> None:
    assert earlier_sources(ledger, "c1") == ()
    for read in ("8", "S01E07", "1-2", "12.5", "finale"):
        note_verdict(ledger, "c1", verdict(read), threshold=0.9)
        assert earlier_sources(ledger, "c1") == source(read, "an earlier verdict")
    assert earlier_sources(ledger, "c2") == ()
    with ledger.database.reading() as connection:
        (row,) = connection.execute(select(episodes)).all()
    assert (row.verdict, row.read, row.expected) == ("unverified", "finale", "7")


def test_what_was_not_read_surely_is_no_knowledge(ledger: Ledger) -> None:
    note_verdict(ledger, "c1", verdict("8", confidence=0.5), threshold=0.9)
    note_verdict(ledger, "c2", verdict(None), threshold=0.9)
    assert (earlier_sources(ledger, "c1"), earlier_sources(ledger, "c2")) == ((), ())


def test_an_operator_counts_before_a_verdict_and_stays(ledger: Ledger) -> None:
    note_verdict(ledger, "c1", verdict("8"), threshold=0.9, decided=number("9"))
    assert earlier_sources(ledger, "c1") == source("9", "an operator")
    note_verdict(ledger, "c1", verdict("8"), threshold=0.9)
    assert earlier_sources(ledger, "c1") == source("9", "an operator")
    note_verdict(ledger, "c1", verdict("8"), threshold=0.9, decided=number("10"))
    assert earlier_sources(ledger, "c1") == source("10", "an operator")


def test_an_older_ledger_gets_the_table(ledger_url: str) -> None:
    database = Database(ledger_url)
    with database.writing() as connection:
        make_ledger_of_version_1(connection)
    ledger = Ledger(database, "lib")
    with database.reading() as connection:
        made = {column["name"] for column in inspect(connection).get_columns(episodes.name)}
    assert made == set(episodes.c.keys())
    note_verdict(ledger, "c1", verdict("7"), threshold=0.9)
    assert earlier_sources(ledger, "c1") == source("7", "an earlier verdict")
    database.close()
