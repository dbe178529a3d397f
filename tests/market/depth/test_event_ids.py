"""Ids of events: each event counts once, whether it is repeated, late, or its ids start anew."""

from hypothesis import given
from hypothesis import strategies as st

from skills_lib.market.depth.event_ids import MAX_REMEMBERED, EventIds, TradesOnce
from skills_lib.market.depth.model import AggTrade, Trade

Event = tuple[int, int]


def trade(trade_id: int, time_ms: int, symbol: str = "BTCUSDT") -> Trade:
    """A trade of one coin at 100."""
    return Trade(symbol, time_ms, time_ms, trade_id, "100.0", "1", False)


@given(st.lists(st.integers(0, 60), min_size=1), st.lists(st.integers(0, 100), max_size=30))
def test_each_event_counts_once_however_often_it_is_repeated(steps: list[int], again: list[int]) -> None:
    events: list[Event] = [(n, 1_000 + sum(steps[:n])) for n in range(len(steps))]
    repeats = {n: [n - back for back in again if back <= n] for n in range(len(events))}
    ids = EventIds()
    for n, event in enumerate(events):
        assert ids.is_new(*event)
        assert not any(ids.is_new(*events[repeat]) for repeat in repeats[n])
    assert (ids.repeats, ids.restarts) == (sum(map(len, repeats.values())), 0)


def test_a_late_event_is_new_once() -> None:
    ids = EventIds()
    assert [ids.is_new(*event) for event in [(1, 10), (3, 30), (2, 20), (2, 20), (3, 30), (4, 40)]] == [
        *(True, True, True),
        *(False, False),
        True,
    ]
    assert (ids.late, ids.repeats, ids.restarts) == (1, 2, 0)


def test_ids_that_start_anew_are_new_by_their_time() -> None:
    ids = EventIds()
    for n in range(500, 600):
        assert ids.is_new(n, n)
    assert all(ids.is_new(n, 10_000 + n) for n in range(1, 1_000))
    assert ids.restarts == 1


def test_an_old_id_beyond_memory_is_taken_for_a_repeat() -> None:
    ids = EventIds()
    for n in range(2 * MAX_REMEMBERED):
        assert ids.is_new(n, n)
    assert not ids.is_new(5, 5)
    assert len(ids._seen) == MAX_REMEMBERED


def test_symbols_and_kinds_have_ids_of_their_own() -> None:
    once = TradesOnce()
    both = AggTrade("BTCUSDT", 1, 1, 7, "1.0", "1", 1, 3, True)
    assert all(once.is_new(found) for found in (trade(7, 1), trade(7, 1, "ETHUSDT"), both))
    assert not any(once.is_new(found) for found in (trade(7, 1), trade(7, 1, "ETHUSDT"), both))
    assert once.repeats == 3


def test_of_a_stream_of_states_only_what_is_newest_is_new() -> None:
    ids = EventIds()
    events = [(5, 50), (7, 70), (6, 60), (7, 70), (8, 70), (1, 90), (2, 95)]
    assert [ids.is_newest(*event) for event in events] == [True, True, False, False, True, True, True]
    assert (ids.repeats, ids.restarts) == (2, 1)
