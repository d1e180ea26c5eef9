"""The ledger's benchmark in short: it measures what it says. Whether its figures hold is for the benchmark itself."""

from __future__ import annotations

from benchmarks.ledger_scale import measured, two_ledgers


def test_claims_are_measured_among_many_and_among_few() -> None:
    with two_ledgers(None) as (small, large):
        found = measured(small, large, 5_000, 1)
    assert (found["database"], found["rows"]) == ("sqlite", 5_000)
    figures = ("enqueue_s", "claim_and_finish_ms", "ratio", "heartbeat_ms", "films_per_s_of_8")
    assert all(float(str(found[name])) > 0 for name in figures)
