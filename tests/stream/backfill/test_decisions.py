"""Decisions of editors in the ledger: which are read, and what is said of those that cannot be."""

from __future__ import annotations

import json

import pytest

from stream.backfill import decisions
from stream.backfill.decisions import read_records, record_line, stored_records
from stream.backfill.ledger import Ledger
from stream.backfill.schema import jobs

from .reviewed import decide, image, record


def test_what_holds_is_read_in_the_order_of_jobs(ledger: Ledger) -> None:
    decide(ledger, "b.mkv", record("b.mkv", image(3)))
    decide(ledger, "a.mkv", record("a.mkv", state="rejected"), "rejected")
    decide(ledger, "again.mkv", record("again.mkv", image(1)), "open")
    decide(ledger, "changed.mkv", record("changed.mkv", image(1)), content="old")
    decide(ledger, "same.mkv", record("same.mkv", image(1)), content="new")
    with ledger.database.writing() as connection:
        connection.execute(jobs.update().where(jobs.c.key.in_(("changed.mkv", "same.mkv"))).values(content="new"))
    found, problems = read_records(stored_records(ledger))
    assert [(decision.key, decision.state) for decision in found] == [
        ("b.mkv", "approved"), ("a.mkv", "rejected"), ("same.mkv", "approved"),
    ]  # fmt: skip
    assert found[0].images[0].rank == 3
    assert found[0].offered[2].components == {"eyes": pytest.approx(0.3)}
    assert not problems


def test_many_are_read_a_part_at_a_time(file_ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "_BATCH", 2)
    keys = [f"{number}.mkv" for number in range(5)]
    for key in keys:
        decide(file_ledger, key, record(key, image(1)))
    assert [key for key, _ in stored_records(file_ledger)] == keys


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Invalid JSON"),
        ("{", "Invalid JSON"),
        ("[]", "Input should be an object"),
        (json.dumps(record("a.mkv", schema="keyart/approval/9")), "schema: Input should be 'keyart/approval/1'"),
        (json.dumps(record("a.mkv", image(1) | {"time_s": "soon"})), "images.0.time_s: Input should be a valid number"),
    ],
)
def test_a_record_that_is_none_is_one_line(text: str, why: str) -> None:
    good = json.dumps(record("b.mkv", image(1)))
    found, (problem,) = read_records([("a.mkv", text), ("b.mkv", good)])
    assert [decision.key for decision in found] == ["b.mkv"]
    assert problem.startswith("a.mkv: its record cannot be read (")
    assert why in problem
    assert "\n" not in problem


def test_a_record_is_written_whole_on_one_line() -> None:
    whole = record("ä.mkv", image(1))
    line = record_line(json.dumps(whole, indent=2))
    assert (line.count("\n"), line[-1]) == (1, "\n")
    assert json.loads(line) == whole
