"""Frames of the user stream as events: those of the exchange in process, and any bytes."""

import json
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.binance.user_stream import EVENTS, events_of
from live.engine.actions import CancelStop
from live.engine.events import (
    AccountChanged,
    BalanceReport,
    Connection,
    Event,
    FundingPaid,
    OrderReport,
    PositionReport,
    StopReport,
    StreamKind,
    Witness,
)
from live.enums import AlgoStatus, OrderStatus, Side
from live.money import SCALE, parse
from tests.live.binance.account import LOT, SYMBOL, AccountClient, intent, place, stop
from tests.live.simulator.venue_client import MS, S

LOST = [Connection(9, StreamKind.USER, False), Connection(9, StreamKind.USER, True)]
T = TypeVar("T")


def only(events: Sequence[Event], kind: type[T]) -> list[T]:
    """The events of one kind."""
    return [event for event in events if isinstance(event, kind)]


def account_update(reason: str, balances: Sequence[dict[str, str]], positions: Sequence[dict[str, Any]] = ()) -> bytes:
    """An ACCOUNT_UPDATE."""
    body = {"m": reason, "B": balances, "P": positions}
    return json.dumps({"e": "ACCOUNT_UPDATE", "E": 2, "T": 1, "a": body}).encode()


def test_every_fill_is_reported_once_with_the_venues_price_fee_and_profit(account: AccountClient) -> None:
    account.send(place(intent("a1", Side.BUY, LOT)))
    account.send(place(intent("a2", Side.SELL, LOT, reduce_only=True)))
    account.advance(S)
    reports = only(account.user_events, OrderReport)
    fills = [report.fill for report in reports if report.fill]
    recorded = [record.fill for record in account.venue.state.trades]
    assert [(fill.trade_id, fill.price, fill.quantity, fill.fee, fill.realised, fill.maker) for fill in fills] == [
        (fill.trade_id, fill.price, fill.quantity, fill.fee, fill.realized, fill.maker) for fill in recorded
    ]
    for client_id in ("a1", "a2"):
        own = [report for report in reports if report.client_id == client_id]
        assert (own[0].status, own[-1].status, own[-1].filled) == (OrderStatus.NEW, OrderStatus.FILLED, LOT)
        assert sum(report.fill.quantity for report in own if report.fill) == LOT


def test_the_position_is_reported_before_the_fill_that_changed_it(account: AccountClient) -> None:
    account.send(place(intent("a1", Side.SELL, LOT)))
    account.advance(S)
    kinds = [type(event) for event in account.user_events]
    assert kinds == [OrderReport, BalanceReport, PositionReport, OrderReport]
    (position,) = only(account.user_events, PositionReport)
    assert (position.quantity, position.witness, position.asked_ns) == (-LOT, Witness.STREAM, 0)
    (balance,) = only(account.user_events, BalanceReport)
    fee = account.venue.state.trades[0].fill.fee
    assert (balance.wallet, balance.available) == (100_000 * SCALE - fee, -1)


def test_a_stop_is_followed_from_its_start_to_its_end(account: AccountClient) -> None:
    account.send(place(intent("a1", Side.BUY, LOT)))
    trigger = account.contract.tick_below(account.best(Side.BUY) * 99 // 100)
    account.send(place(stop("a1S", Side.SELL, trigger)))
    account.send(CancelStop(0, SYMBOL, "a1S", "flat"))
    account.advance(S)
    reports = only(account.user_events, StopReport)
    assert [(report.client_id, report.status) for report in reports] == [
        ("a1S", AlgoStatus.NEW),
        ("a1S", AlgoStatus.CANCELED),
    ]


def test_a_frame_in_the_envelope_of_a_combined_stream_says_the_same(account: AccountClient) -> None:
    account.send(place(intent("a1", Side.BUY, LOT)))
    account.advance(S)
    for frame in account.frames:
        envelope = b'{"stream":"key","data":' + frame + b"}"
        assert events_of(envelope, 9) == events_of(frame, 9)


def test_funding_is_a_payment_and_a_balance() -> None:
    balance, paid = events_of(account_update("FUNDING_FEE", [{"a": "USDT", "wb": "99.5", "bc": "-0.5"}]), 9)
    assert balance == BalanceReport(9, "USDT", parse("99.5"), -1, MS, Witness.STREAM)
    assert paid == FundingPaid(9, "", -SCALE // 2, MS, "USDT")


@pytest.mark.parametrize("reason", ["DEPOSIT", "WITHDRAW", "ADJUSTMENT", "MARGIN_TRANSFER", "A_NEW_REASON"])
def test_whoever_moves_money_ends_entries(reason: str) -> None:
    *_, changed = events_of(account_update(reason, [{"a": "USDT", "wb": "1", "bc": "1"}]), 9)
    assert changed == AccountChanged(9, "", reason.lower())


def test_a_position_of_one_side_only_is_a_change_of_the_mode() -> None:
    position = {"s": SYMBOL, "pa": "1", "ep": "2", "ps": "LONG"}
    assert events_of(account_update("ORDER", [], [position]), 9) == [AccountChanged(9, SYMBOL, "position_mode")]


def test_a_mean_price_with_more_digits_than_the_units_is_truncated() -> None:
    position = {"s": SYMBOL, "pa": "-1", "ep": "0.076635294117647", "ps": "BOTH"}
    (report,) = events_of(account_update("ORDER", [], [position]), 9)
    assert isinstance(report, PositionReport)
    assert (report.entry_price, report.quantity) == (7_663_529, -SCALE)


def test_changes_of_the_account_and_margin_calls_end_entries() -> None:
    leverage = {"e": "ACCOUNT_CONFIG_UPDATE", "E": 1, "T": 1, "ac": {"s": SYMBOL, "l": 25}}
    mode = {"e": "ACCOUNT_CONFIG_UPDATE", "E": 1, "T": 1, "ai": {"j": True}}
    called = {"e": "MARGIN_CALL", "E": 1, "cw": "3", "p": [{"s": SYMBOL, "ps": "BOTH"}]}
    found = [event for frame in (leverage, mode, called) for event in events_of(json.dumps(frame).encode(), 9)]
    assert found == [
        AccountChanged(9, SYMBOL, "leverage"),
        AccountChanged(9, "", "asset_mode"),
        AccountChanged(9, SYMBOL, "margin_call"),
    ]


def test_an_expired_key_ends_the_stream_though_its_connection_stays_open() -> None:
    assert events_of(b'{"e":"listenKeyExpired","E":1,"listenKey":"k"}', 9) == [Connection(9, StreamKind.USER, False)]


@pytest.mark.parametrize(
    "raw", [b'{"e":"TRADE_LITE","s":"X"}', b'{"e":"A_NEW_EVENT"}', b'{"result":null,"id":1}', b"{}"]
)
def test_events_that_no_decision_needs_are_ignored(raw: bytes) -> None:
    assert events_of(raw, 9) == []


@pytest.mark.parametrize("kind", sorted(set(EVENTS) - {"listenKeyExpired", "ACCOUNT_CONFIG_UPDATE", "MARGIN_CALL"}))
def test_a_known_event_that_cannot_be_read_counts_as_a_lost_stream(kind: str) -> None:
    assert events_of(json.dumps({"e": kind, "T": 1, "o": {"s": "X"}, "a": 1}).encode(), 9) == LOST


@pytest.mark.parametrize(
    ("field", "value"), [("X", "A_NEW_STATUS"), ("l", "NaN"), ("z", "1e-3"), ("S", "BOTH"), ("t", "text")]
)
def test_a_fill_that_cannot_be_read_is_not_passed_over(account: AccountClient, field: str, value: str) -> None:
    account.send(place(intent("a1", Side.BUY, LOT)))
    account.advance(S)
    frame = next(frame for frame in reversed(account.frames) if b'"ORDER_TRADE_UPDATE"' in frame)
    body = json.loads(frame)
    body["o"][field] = value
    assert events_of(json.dumps(body).encode(), 9) == LOST


@given(st.binary(max_size=200))
def test_any_bytes_give_events_and_no_exception(raw: bytes) -> None:
    try:
        msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        assert events_of(raw, 9) == LOST
    else:
        assert events_of(raw, 9) in (LOST, [])


VALUES = st.none() | st.integers() | st.text(max_size=6) | st.sampled_from(["1.5", "0", "NEW", "BUY", "BOTH"])
BODIES = st.dictionaries(st.sampled_from("sciSXqzRTlLtmnNaBPeapwbk"), VALUES, max_size=20)


@given(st.sampled_from(EVENTS), BODIES, BODIES)
def test_any_fields_of_a_known_event_give_events_and_no_exception(kind: str, outer: Any, inner: Any) -> None:
    frame = {**outer, "e": kind, "T": 1, "o": inner, "a": {**inner, "B": [inner], "P": [inner]}, "p": [inner]}
    assert all(event.time_ns == 9 for event in events_of(json.dumps(frame).encode(), 9))
