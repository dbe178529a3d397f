"""Losses and near losses that users of other bots have reported in public, each as a scenario of a run at the exchange.

Sources are named where they are known. docs/troubleshooting.md lists all of them.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from live.client.wire import S, TakeAnswer
from live.engine.actions import Action
from live.engine.events import Command, Commanded, Event
from live.enums import AlgoStatus
from live.simulator.core.algo_orders import AlgoOrder
from live.simulator.core.orders import Order
from live.simulator.latency import NONE
from live.wire import HttpRequest
from tests.command import Command as Verb
from tests.live.daemon.hosts import Hosted
from tests.live.daemon.lives import RUN
from tests.live.daemon.test_live_run import NEVER_CLOSES, buy_by_hand
from tests.repository import ROOT

PLACES: dict[str, Any] = {"method": "POST", "path": "/fapi/v1/order"}
PLACES_STOPS: dict[str, Any] = {"method": "POST", "path": "/fapi/v1/algoOrder"}
HELD: dict[str, Any] = {"when": {"condition": "position_open"}}
FOREVER: dict[str, Any] = {"end": {"never": True}}
MINUTE = 60 * S


def reported(folder: Path, *faults: dict[str, Any], **settings: Any) -> Hosted:
    """A run with faults, not started yet; what it sends is at the exchange at once, so its entries fill."""
    return Hosted(folder / "1aaaaaa.journal", faults, venue={"inbound": NONE}, **settings)


def orders_of(hosted: Hosted) -> list[Order]:
    """The orders of the run that the exchange has taken, those of fired stops left out."""
    orders = hosted.venue.state.orders.values()
    return [one for one in orders if one.request.client_id.startswith(f"{RUN}-") and not one.request.algo_id]


def entries_of(hosted: Hosted) -> list[Order]:
    """Those that open something."""
    return [order for order in orders_of(hosted) if not order.request.reduce_only]


def exits_of(hosted: Hosted) -> list[Order]:
    """Those that only reduce."""
    return [order for order in orders_of(hosted) if order.request.reduce_only]


def stops_of(hosted: Hosted) -> list[AlgoOrder]:
    """The stops that the exchange has taken."""
    return list(hosted.venue.state.algos.values())


def calls_of(hosted: Hosted) -> Counter[str]:
    """From now on, how often each call is made by REST."""
    calls: Counter[str] = Counter()
    send = hosted.wire.request

    def counted(request: HttpRequest, take: TakeAnswer) -> None:
        calls[f"{request.method} {request.target.partition('?')[0]}"] += 1
        send(request, take)

    hosted.wire.request = counted  # type: ignore[method-assign]
    return calls


def play_until(hosted: Hosted, within_ns: int, reached: Any) -> None:
    """On until something is true."""
    until_ns = hosted.wire.now_ns + within_ns
    while not reached():
        assert hosted.wire.now_ns < until_ns, "it did not happen"
        hosted.advance(S // 20)


def until_held(hosted: Hosted) -> None:
    """From the start until the exchange has a position whose stop rests, as the engine knows it."""
    hosted.run.start()
    held = hosted.run.state.positions.values()
    play_until(hosted, MINUTE, lambda: any(p.quantity and p.stop and p.stop.state == "resting" for p in held))


def ends_flat(hosted: Hosted) -> None:
    """A stop proves that nothing of the run is left."""
    hosted.run.stop("test")
    hosted.play_until_over(40 * MINUTE)
    assert not hosted.holds
    assert not hosted.rests


@pytest.mark.parametrize("late", [False, True], ids=["stream_first", "answer_first"])
@pytest.mark.parametrize("reply", ["-1007", "-1006", "unknown_503"])
def test_an_order_that_was_answered_with_a_timeout_but_accepted_is_not_sent_twice(
    reply: str, late: bool, tmp_path: Path
) -> None:
    """nautilus_trader#4215: a retry after -1007 fired though the user stream had accepted the order."""
    lied = {"kind": "answer", "reply": reply, "landed": True} | PLACES
    stream = {"kind": "delay", "stream": "user", "delay_ms": 4_000} | FOREVER
    hosted = reported(tmp_path, lied, *([stream] if late else []), **NEVER_CLOSES)
    until_held(hosted)
    hosted.advance(20 * S)
    (entry,) = entries_of(hosted)
    assert hosted.host.sent == [entry.request.client_id]
    (account,) = hosted.venue.state.accounts.values()
    assert [abs(held.amount) for held in account.held()] == [entry.filled]
    ends_flat(hosted)


def test_stops_that_queries_do_not_show_for_half_an_hour_are_not_doubled(tmp_path: Path) -> None:
    """freqtrade#12681: conditional orders were missing from queries for over half an hour, and stops were doubled."""
    hidden = {"kind": "late_visible", "orders": "conditional", "hidden_ms": 1_800_000} | FOREVER
    hosted = reported(tmp_path, hidden, **NEVER_CLOSES | {"hold_ms": 60_000})
    until_held(hosted)
    begun_ns = hosted.wire.now_ns
    play_until(hosted, 2 * MINUTE, lambda: not hosted.holds)
    assert len(stops_of(hosted)) == len(entries_of(hosted)) == 1
    assert hosted.wire.now_ns < begun_ns + 10 * S, "what may be without a stop is closed, not covered a second time"
    hosted.run.command(Command.PAUSE, "test")
    hosted.advance(MINUTE)
    assert not hosted.rests


def test_a_stop_is_looked_for_in_its_own_book_and_not_taken_for_rejected(tmp_path: Path) -> None:
    """A bot asked for its stops under /order alone, got -2013, and took them for rejected."""
    hosted = reported(tmp_path, {"kind": "lose_response"} | PLACES_STOPS, **NEVER_CLOSES)
    calls = calls_of(hosted)
    until_held(hosted)
    assert calls["GET /fapi/v1/algoOrder"] + calls["GET /fapi/v1/openAlgoOrders"] > 0
    (stop,) = stops_of(hosted)
    assert stop.open
    before = calls.copy()
    hosted.run.kill("test")
    hosted.play_until_over(5 * MINUTE)
    for book in ("GET /fapi/v1/openOrders", "GET /fapi/v1/openAlgoOrders"):
        assert calls[book] > before[book], "a kill asks both books"
    assert not hosted.rests


def test_a_user_stream_that_fell_silent_is_noticed_by_what_is_polled(tmp_path: Path) -> None:
    """A keep-alive of the listen key failed without a word: the stream stayed open and brought nothing."""
    lost = {"kind": "lose_request", "method": "PUT", "path": "/fapi/v1/listenKey"} | FOREVER
    unsaid = {"kind": "drop", "stream": "user", "event": "listenKeyExpired", "status": ""} | FOREVER
    hosted = reported(tmp_path, lost, unsaid)
    hosted.run.start()
    hosted.run.command(Command.PAUSE, "test")
    hosted.advance(61 * MINUTE)
    assert hosted.run.client.user.up, "the socket is still open"
    buy_by_hand(hosted.venue)
    play_until(hosted, MINUTE, lambda: {"account_changed", "foreign_order", "mismatch"} & set(hosted.host.alerts))


@pytest.mark.parametrize("reply", ["unknown_503", "unavailable_503"])
def test_a_closing_that_is_refused_goes_on_and_nothing_is_entered_meanwhile(reply: str, tmp_path: Path) -> None:
    """A closing order was refused by 503, and the bot went on trading with the position open."""
    lasting = {"kind": "answer", "reply": reply, "landed": False, "end": {"duration_ms": 20_000}} | PLACES | HELD
    hosted = reported(tmp_path, lasting, **NEVER_CLOSES | {"hold_ms": 4_000})
    until_held(hosted)
    entries, begun_ns = len(entries_of(hosted)), hosted.wire.now_ns
    while hosted.holds:
        hosted.advance(S // 20)
        assert len(entries_of(hosted)) == entries
        assert hosted.wire.now_ns < begun_ns + 3 * MINUTE
    assert hosted.wire.now_ns > begun_ns + 15 * S, "the exchange did refuse it"
    ends_flat(hosted)


def test_a_limit_that_does_not_exist_refuses_the_start(twokey: Verb) -> None:
    """A bot dropped names of limits that it did not know, so that a misspelt one limited nothing."""
    done = twokey("live", "run", "--limit", "daily_los=200")
    assert done.code == 2
    assert "daily_los" in done.err
    assert "Did you mean 'daily_loss'?" in done.err


def test_what_an_exit_in_parts_leaves_open_is_closed_and_not_turned_round(tmp_path: Path) -> None:
    """An exit filled in part, and what was left stayed open without a stop."""
    hosted = reported(tmp_path, seed=THIN_SEED)
    hosted.run.start()
    play_until(hosted, MINUTE, lambda: any(0 < order.filled < order.quantity for order in exits_of(hosted)))
    ends_flat(hosted)
    assert len(exits_of(hosted)) > 1
    assert never_turned_round(hosted)


THIN_SEED = 23
"""Of a market whose levels are smaller than an order."""


def never_turned_round(hosted: Hosted) -> bool:
    """Whether no fill that reduces went past flat."""
    held: Counter[str] = Counter()
    for trade in hosted.venue.state.trades:
        order = hosted.venue.state.orders[trade.order_id]
        before = held[order.symbol]
        held[order.symbol] += order.side.sign * trade.fill.quantity
        if order.request.reduce_only and before * held[order.symbol] < 0:
            return False
    return True


def test_no_stop_is_left_behind_by_a_position_that_was_closed(tmp_path: Path) -> None:
    """Stops of closed positions stayed at the exchange, and one opened a position days later."""
    lost = {"kind": "lose_request", "method": "DELETE", "path": "/fapi/v1/algoOrder", "end": {"count": 2}}
    hosted = reported(tmp_path, lost, **NEVER_CLOSES | {"hold_ms": 4_000})
    until_held(hosted)
    hosted.run.command(Command.PAUSE, "test")
    play_until(hosted, MINUTE, lambda: not hosted.holds)
    hosted.advance(MINUTE)
    assert not hosted.rests
    assert {stop.status for stop in stops_of(hosted)} <= {AlgoStatus.CANCELED, AlgoStatus.EXPIRED, AlgoStatus.FINISHED}


def test_a_run_that_is_flat_does_not_reconcile_without_end(tmp_path: Path) -> None:
    """A bot asked for orders that had long ended, again and again, until its address was banned."""
    unknown = {"kind": "lose_response", "end": {"count": 3}} | PLACES
    hosted = reported(tmp_path, unknown, **NEVER_CLOSES | {"hold_ms": 4_000})
    until_held(hosted)
    hosted.run.command(Command.PAUSE, "test")
    play_until(hosted, 3 * MINUTE, lambda: not hosted.holds)
    hosted.advance(40 * MINUTE)
    calls = calls_of(hosted)
    hosted.advance(10 * MINUTE)
    about_one_order = [calls[f"GET /fapi/v1/{book}"] for book in ("order", "algoOrder")]
    assert about_one_order == [0, 0]
    assert sum(calls.values()) < 10 * 60, calls


def test_no_order_comes_after_a_kill_whose_handler_raises(tmp_path: Path) -> None:
    """A kill handler raised AttributeError, and orders kept coming."""
    hosted = reported(tmp_path, **NEVER_CLOSES)
    until_held(hosted)
    decides = hosted.run.engine.step

    def raises(event: Event) -> list[Action]:
        if isinstance(event, Commanded):
            raise AttributeError("cancel_all")
        return decides(event)

    hosted.run.engine.step = raises  # type: ignore[method-assign]
    sent = len(hosted.host.sent)
    hosted.run.kill("test")
    hosted.play_until_over(5 * MINUTE)
    assert hosted.end.answer.flat
    assert not [name for name in hosted.host.sent[sent:] if name.startswith(f"{RUN}-")]
    assert not hosted.rests


def test_the_page_names_every_scenario() -> None:
    text = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    here = [name for name in globals() if name.startswith("test_") and name != "test_the_page_names_every_scenario"]
    assert [name for name in here if f"`{name.removeprefix('test_')}`" not in text] == []
