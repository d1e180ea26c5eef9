"""Events: everybody who listens hears all of them in order, slow listeners hold nobody up, and the end is heard."""

from __future__ import annotations

import anyio
import pytest
from anyio import EndOfStream

from stream.serve.events import Events


def test_everybody_hears_everything_in_order() -> None:
    events = Events()
    with events.listening() as one, events.listening() as other:
        events.publish("job", {"id": 1})
        events.publish("review", {"id": 2})
        heard = [[stream.receive_nowait() for _ in range(2)] for stream in (one, other)]
    assert heard[0] == heard[1]
    assert [(event.number, event.kind) for event in heard[0]] == [(1, "job"), (2, "review")]
    assert events.listeners == 0


def test_a_slow_listener_is_told_that_it_lost_some_and_holds_nobody_up() -> None:
    events = Events()
    with events.listening() as slow:
        for number in range(300):
            events.publish("progress", {"id": number})
        first = [slow.receive_nowait() for _ in range(256)]
        events.publish("job", {"id": 7})
        assert [slow.receive_nowait().kind for _ in range(2)] == ["lost", "job"]
    assert [event.data["id"] for event in first] == list(range(256))


def test_the_end_is_heard_and_nothing_after_it() -> None:
    async def run() -> None:
        events = Events()
        with events.listening() as stream:
            events.close()
            events.publish("job", {"id": 1})
            with pytest.raises(EndOfStream):
                await stream.receive()

    anyio.run(run)
