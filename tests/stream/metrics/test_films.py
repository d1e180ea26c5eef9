"""Films that wait, are in work, have ended; the films of a library."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from stream.metrics.films import FilmMetrics, LibraryMetrics

from .prometheus import samples


def test_series_begin_at_zero() -> None:
    FilmMetrics(registry := CollectorRegistry(), ("done", "failed"), ("refused",))
    LibraryMetrics(registry, {"queued": (), "failed": ("refused", "inside")})
    found = samples(registry)
    assert {key[1:] for key in found if key[0] == "keyart_library_films"} == {
        ("", "queued"), ("refused", "failed"), ("inside", "failed"),
    }  # fmt: skip
    assert ("keyart_films_total", "done") in found
    assert ("keyart_film_failures_total", "refused") in found
    assert set(found.values()) == {0.0}


def test_how_films_end() -> None:
    films = FilmMetrics(registry := CollectorRegistry(), ("done", "unchanged", "failed"), ("inside",))
    films.done(wall_s=4.0, film_s=60.0)
    films.ended("unchanged")
    films.failed("inside", final=False)
    films.failed("inside", final=True)
    found = samples(registry)
    assert [found["keyart_films_total", state] for state in ("done", "unchanged", "failed")] == [1, 1, 1]
    assert (found["keyart_film_retries_total",], found["keyart_film_failures_total", "inside"]) == (1, 1)
    assert found["keyart_film_seconds_total",] == 60
    assert [found["keyart_film_wall_seconds_bucket", limit] for limit in ("1.0", "5.0")] == [0, 1]
    assert found["keyart_last_success_timestamp_seconds",] > 1.7e9


def test_the_queue_grows_older_between_two_looks() -> None:
    now = [100.0]
    films = FilmMetrics(registry := CollectorRegistry(), (), (), clock=lambda: now[0])
    films.queue(3, 50.0)
    now[0] += 7.0
    found = samples(registry)
    assert (found["keyart_queue_films",], found["keyart_queue_oldest_seconds",]) == (3, 57)
    films.queue(0, None)
    assert samples(registry)["keyart_queue_oldest_seconds",] == 0


def test_films_in_work_are_counted_when_somebody_asks() -> None:
    films, in_work = FilmMetrics(registry := CollectorRegistry(), (), ()), list[int]()
    films.in_work(lambda: len(in_work))
    in_work += [1, 2]
    assert samples(registry)["keyart_films_in_work",] == 2


def test_a_state_that_is_not_named_has_no_films_any_more() -> None:
    library = LibraryMetrics(registry := CollectorRegistry(), {"queued": (), "failed": ("refused",)})
    library.stand({("queued", ""): 5, ("failed", "refused"): 1})
    library.stand({("failed", "refused"): 2})
    found = samples(registry)
    assert found["keyart_library_films", "", "queued"] == 0
    assert found["keyart_library_films", "refused", "failed"] == 2
