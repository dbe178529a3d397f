"""A session: every event in order of time, every request answered, streams opened again whenever they end."""

from typing import Any

import pytest

from live.client.user_stream import KEEP_ALIVE_NS
from live.client.wire import TIMEOUT_NS
from live.engine.actions import Action, Ask, WakeAt
from live.engine.events import (
    Answered,
    BookChanged,
    Connection,
    Event,
    MarkChanged,
    OrderReport,
    PositionReport,
    Request,
    RequestOutcome,
    StreamKind,
    Tick,
)
from live.enums import OrderStatus, Side
from live.simulator.latency import ASSUMED, Distribution
from tests.live.binance.account import LOT, intent, place
from tests.live.session.clients import DEPTH, SYMBOL, Decide, Opened, open_session
from tests.live.simulator.venue_client import MS, S

POSITION_OPEN = {"when": {"condition": "position_open"}}
SLOW = Distribution(((0, 20 * MS), (1_000_000, 20 * MS)))


def once(action_of: Any) -> Decide:
    """Decides one action on the first usable book after the user stream is up."""
    up: list[bool] = []
    decided: list[Action] = []

    def decide(event: Event) -> list[Action]:
        if isinstance(event, Connection) and event.stream is StreamKind.USER:
            up.append(event.up)
        if decided or not (isinstance(event, BookChanged) and event.usable and any(up)):
            return []
        decided.append(action_of(event.time_ns))
        return decided[:]

    return decide


def decided_ns(opened: Opened) -> int:
    """When that was."""
    events = opened.recorder.events
    first = next(
        place for place, event in enumerate(events) if event == Connection(event.time_ns, StreamKind.USER, True)
    )
    return next(event.time_ns for event in events[first:] if isinstance(event, BookChanged) and event.usable)


def buys(time_ns: int) -> Action:
    """A market order to enter."""
    return place(intent("a1", Side.BUY, LOT), time_ns)


def asks_for_the_position(time_ns: int) -> Action:
    """A question."""
    return Ask(time_ns, Request.POSITION, SYMBOL)


def streams_of(opened: Opened, kind: StreamKind) -> list[bool]:
    """Whether a stream was up, at each change."""
    return [event.up for event in opened.recorder.of(Connection) if event.stream is kind]


@pytest.mark.parametrize("streamed", [False, True])
def test_events_reach_the_engine_in_order_of_time(streamed: bool) -> None:
    opened = open_session(once(buys), streamed, inbound=ASSUMED, outbound=ASSUMED)
    opened.session.play()
    times = [event.time_ns for event in opened.recorder.events]
    assert times == sorted(times)
    assert {BookChanged, MarkChanged, Answered, OrderReport, PositionReport} <= set(map(type, opened.recorder.events))


def test_the_book_that_is_sampled_is_the_book_of_the_frames() -> None:
    sampled, streamed = open_session(), open_session(streamed=True)
    for opened in (sampled, streamed):
        opened.session.play()
    found = {book.update_id: (book.bids, book.asks) for book in sampled.recorder.of(BookChanged) if book.usable}
    framed = [book for book in streamed.recorder.of(BookChanged) if book.usable]
    assert len(framed) > 50
    assert all(found[book.update_id] == (book.bids, book.asks) for book in framed)
    assert all(len(book.bids) == len(book.asks) == 2 * DEPTH for book in framed)


def test_every_change_of_the_book_is_sampled_once() -> None:
    opened = open_session()
    opened.session.play()
    ids = [book.update_id for book in opened.recorder.of(BookChanged)]
    assert len(ids) == len(set(ids))
    assert ids[-1] == opened.venue.feed.books[SYMBOL].local.book.update_id
    assert opened.venue.feed.updates - len(ids) <= 2


def test_a_delayed_book_shows_the_market_as_it_was() -> None:
    opened = open_session(outbound=SLOW)
    opened.session.play()
    books = opened.recorder.of(BookChanged)[1:]
    assert {book.time_ns - book.event_ns for book in books} == {20 * MS}


def test_books_never_overtake_each_other() -> None:
    opened = open_session(outbound=ASSUMED)
    opened.session.play()
    ids = [book.update_id for book in opened.recorder.of(BookChanged)]
    assert ids == sorted(ids)
    assert len({book.time_ns - book.event_ns for book in opened.recorder.of(BookChanged)}) > 10


def test_the_mark_price_comes_once_a_second() -> None:
    opened = open_session()
    opened.session.play()
    seconds = [mark.time_ns // S for mark in opened.recorder.of(MarkChanged)]
    assert len(seconds) > 5
    assert len(seconds) == len(set(seconds))


def test_an_order_arrives_after_its_delay_and_its_fill_comes_back_after_another() -> None:
    opened = open_session(once(buys), inbound=SLOW, outbound=SLOW)
    opened.session.play()
    sent_ns = decided_ns(opened)
    (trade, *_) = opened.venue.state.trades
    assert trade.fill.time_ms == (sent_ns + 20 * MS) // MS
    filled = next(report for report in opened.recorder.of(OrderReport) if report.fill)
    assert filled.time_ns == sent_ns + 40 * MS
    (answered,) = opened.recorder.of(Answered)
    assert (answered.outcome, answered.time_ns) == (RequestOutcome.ACCEPTED, sent_ns + 40 * MS)


def test_only_the_last_wake_up_counts() -> None:
    begun: list[int] = []

    def decide(event: Event) -> list[Action]:
        if begun or not isinstance(event, BookChanged):
            return []
        begun.append(event.time_ns)
        return [WakeAt(event.time_ns, event.time_ns + S), WakeAt(event.time_ns, event.time_ns + 2 * S)]

    opened = open_session(decide)
    opened.session.play()
    assert [tick.time_ns - begun[0] for tick in opened.recorder.of(Tick)] == [2 * S]


def test_a_request_that_is_lost_proves_nothing_and_is_given_up() -> None:
    lost = {"kind": "lose_request", "method": "POST", "path": "/fapi/v1/order"}
    opened = open_session(once(buys), faults=[lost])
    opened.session.advance(opened.venue.now_ns + 2 * TIMEOUT_NS)
    (answered,) = opened.recorder.of(Answered)
    assert answered.outcome is RequestOutcome.UNKNOWN
    assert answered.time_ns == decided_ns(opened) + TIMEOUT_NS
    assert not opened.venue.state.trades


def test_a_response_that_is_lost_proves_nothing_though_the_order_is_filled() -> None:
    opened = open_session(once(buys), faults=[{"kind": "lose_response", "method": "POST", "path": "/fapi/v1/order"}])
    opened.session.play()
    (answered,) = opened.recorder.of(Answered)
    assert answered.outcome is RequestOutcome.UNKNOWN
    assert [report.status for report in opened.recorder.of(OrderReport)][-1] is OrderStatus.FILLED


def test_an_answer_that_comes_after_it_was_given_up_is_not_read() -> None:
    late = {"kind": "slow_response", "method": "GET", "path": "/fapi/v3/positionRisk", "delay_ms": 15_000}
    opened = open_session(once(asks_for_the_position), faults=[late])
    opened.session.advance(opened.venue.now_ns + 30 * S)
    assert not opened.recorder.of(PositionReport)
    assert [answered.outcome for answered in opened.recorder.of(Answered)] == [RequestOutcome.UNKNOWN]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "cut", "stream": "user"},
        {"kind": "server_close", "stream": "user"},
        {"kind": "expire_listen_key"},
    ],
)
def test_a_user_stream_that_ends_is_opened_again(fault: dict[str, Any]) -> None:
    opened = open_session(once(buys), faults=[fault | POSITION_OPEN])
    opened.session.play()
    assert streams_of(opened, StreamKind.USER) == [False, True, False, True]


@pytest.mark.parametrize("stream", ["btcusdt@depth*", "btcusdt@markPrice*"])
def test_a_market_stream_that_ends_is_opened_again_and_its_book_is_fetched(stream: str) -> None:
    opened = open_session(streamed=True, faults=[{"kind": "cut", "stream": stream, "when": {"at_ms": 3_000}}])
    opened.session.play()
    assert streams_of(opened, StreamKind.MARKET) == [False, True, False, True]
    assert opened.recorder.of(BookChanged)[-1].usable
    assert any(not book.usable for book in opened.recorder.of(BookChanged)[20:]) is ("depth" in stream)


def test_a_gap_makes_the_book_unusable_until_its_snapshot_is_there() -> None:
    opened = open_session(streamed=True, faults=[{"kind": "gap_pu", "stream": "*@depth*", "when": {"nth": 20}}])
    opened.session.play()
    usable = [book.usable for book in opened.recorder.of(BookChanged)]
    first = usable.index(True)
    lost = usable.index(False, first)
    assert usable[-1]
    assert any(usable[lost:])


def test_the_key_of_the_user_stream_is_kept_alive_for_hours() -> None:
    opened = open_session()
    opened.session.advance(opened.venue.now_ns + 5 * KEEP_ALIVE_NS)
    assert streams_of(opened, StreamKind.USER) == [False, True]


def test_an_exchange_that_refuses_connections_is_tried_until_it_takes_one() -> None:
    refused = {"kind": "refuse_connect", "what": "all", "end": {"duration_ms": 5_000}}
    cut = {"kind": "cut", "stream": "user"}
    opened = open_session(once(buys), faults=[fault | POSITION_OPEN for fault in (cut, refused)])
    opened.session.play()
    lost, back = [event for event in opened.recorder.of(Connection) if event.stream is StreamKind.USER][2:]
    assert (lost.up, back.up) == (False, True)
    assert back.time_ns - lost.time_ns >= 5 * S


@pytest.mark.parametrize("streamed", [False, True])
def test_the_same_seed_gives_the_same_events_and_another_one_others(streamed: bool) -> None:
    def events(seed: int) -> list[Event]:
        opened = open_session(once(buys), streamed, inbound=ASSUMED, outbound=ASSUMED, seed=seed)
        opened.session.play()
        return opened.recorder.events

    assert events(1) == events(1)
    assert events(1) != events(2)


def test_after_a_wrong_timestamp_the_next_request_has_the_exchanges_time() -> None:
    asked: list[int] = []

    def decide(event: Event) -> list[Action]:
        if isinstance(event, BookChanged) and event.time_ns >= (asked[-1] if asked else 0) + S:
            asked.append(event.time_ns)
            return [asks_for_the_position(event.time_ns)]
        return []

    opened = open_session(decide, faults=[{"kind": "jump_clock", "by_ms": 60_000, "when": {"at_ms": 3_000}}])
    opened.session.play()
    refused = opened.recorder.of(Answered)
    assert [answered.code for answered in refused] == [-1021]
    assert len(opened.recorder.of(PositionReport)) == len(asked) - 1
    assert opened.recorder.of(PositionReport)[-1].time_ns > refused[0].time_ns


def test_nothing_is_sent_before_the_exchange_takes_requests_again() -> None:
    asked: list[int] = []

    def decide(event: Event) -> list[Action]:
        if isinstance(event, BookChanged):
            asked.append(event.time_ns)
            return [asks_for_the_position(event.time_ns)]
        return []

    opened = open_session(decide, faults=[{"kind": "answer", "reply": "too_many_429", "path": "/fapi/v3/positionRisk"}])
    opened.session.play()
    opened.session.advance(opened.venue.now_ns + S)
    refused = opened.recorder.of(Answered)
    assert {answered.code for answered in refused} == {-1003}
    again_ns = refused[0].time_ns + refused[0].retry_after_ns
    assert refused[0].retry_after_ns == 7 * S
    reports = opened.recorder.of(PositionReport)
    assert min(report.asked_ns for report in reports) >= again_ns
    assert len(refused) + len(reports) == len(asked)
    assert max(answered.time_ns for answered in refused) < again_ns + S


def test_the_market_is_up_only_after_every_stream_has_delivered_again() -> None:
    """An open connection proves nothing: a wrong route opens, and stays silent."""
    cut = {"kind": "cut", "stream": "*@markPrice*", "when": {"nth": 3}}
    opened = open_session(streamed=True, faults=[cut])
    opened.session.play()
    changes = [event for event in opened.recorder.events if isinstance(event, (Connection, MarkChanged))]
    market = [event for event in changes if isinstance(event, MarkChanged) or event.stream is StreamKind.MARKET]
    ups = [place for place, event in enumerate(market) if isinstance(event, Connection) and event.up]
    assert len(ups) == 2
    assert all(isinstance(market[place - 1], MarkChanged) for place in ups)
