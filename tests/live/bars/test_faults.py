"""Bars under faults: no decision on an unchecked or old bar, and every bar is decided on in its order."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest

from live.bars.decider import StrategyStoppedError
from live.client.wire import Listener
from live.engine.events import BarDecided
from live.session.virtual_wire import VirtualWire
from skills_lib.domain.bars import Bars
from skills_lib.domain.signals import Signals
from tests.live.bars.sessions import MINUTE_NS, SETTINGS, SYMBOL, BarSession, S, open_bars, sma

KLINES = "/fapi/v1/klines"


def what(decided: list[BarDecided]) -> list[tuple[Any, ...]]:
    """Decisions without the time at which they were made."""
    return [(one.bar_close_ns, one.entry, one.exits, one.stop_price, one.share) for one in decided]


def codes(opened: BarSession) -> list[str]:
    return [reported.code for reported in opened.reported()]


def in_order(opened: BarSession) -> bool:
    """Every bar from the first to the last was decided on once."""
    closes = [decided.bar_close_ns for decided in opened.decided()]
    return bool(closes) and all(later - earlier == MINUTE_NS for earlier, later in pairwise(closes))


@pytest.fixture(scope="module")
def undisturbed() -> BarSession:
    opened = open_bars(12)
    opened.run(10)
    return opened


@pytest.mark.parametrize("fault", [
    {"kind": "drop", "stream": "*@kline*"},
    {"kind": "freeze", "stream": "*@kline*", "when": {"at_ms": 90_000}},
    {"kind": "cut", "stream": "*@kline*", "when": {"nth": 200}, "end": {"count": 400}},
])  # fmt: skip
def test_bars_whose_closed_frame_is_lost_are_read_twice_from_the_list(
    undisturbed: BarSession, fault: dict[str, Any]
) -> None:
    opened = open_bars(12, faults=[{"end": {"duration_ms": 10_000_000}} | fault])
    opened.run(10)
    assert what(opened.decided()) == what(undisturbed.decided())[: len(opened.decided())]
    assert len(opened.decided()) >= len(undisturbed.decided()) - 1
    delays = [decided.time_ns - decided.bar_close_ns for decided in opened.decided()]
    assert max(delays) < 5 * S
    assert (max(delays) > 2 * S) == ("bars_not_streamed" in codes(opened))
    assert set(codes(opened)) <= {"bars_not_streamed"}


def test_nothing_is_decided_while_the_list_cannot_be_read_and_later_every_bar_in_order(undisturbed: BarSession) -> None:
    outage = {"kind": "answer", "method": "GET", "path": KLINES, "reply": "unavailable_503"}
    opened = open_bars(12, faults=[outage | {"when": {"at_ms": 120_000}, "end": {"duration_ms": 200_000}}])
    began_ns = opened.now_ns
    opened.run(5)
    during = [one for one in opened.decided() if began_ns + 121 * S < one.time_ns < began_ns + 319 * S]
    assert during == []
    assert codes(opened) == ["bars_unreadable"]
    opened.run(5)
    assert in_order(opened)
    assert what(opened.decided()) == what(undisturbed.decided())


def test_no_entry_on_a_bar_that_is_read_too_late() -> None:
    outage = {"kind": "answer", "method": "GET", "path": KLINES, "reply": "unavailable_503"}
    opened = open_bars(24, faults=[outage | {"when": {"at_ms": 60_000}, "end": {"duration_ms": 800_000}}])
    opened.run(20)
    late = {one.bar_close_ns for one in opened.decided() if one.time_ns > one.bar_close_ns + 10 * S and one.entry}
    assert late
    assert in_order(opened)
    closes = {one.bar_close_ns for one in opened.decided() if one.entry} - late
    assert {time_ns // MINUTE_NS * MINUTE_NS for time_ns, _ in opened.entries()} <= closes


class AlteredWire(VirtualWire):
    """Closed frames of klines say another closing price than the exchange's list."""

    def connect(self, target: str, listener: Listener) -> int:
        return super().connect(target, _Altered(listener) if "kline" in target else listener)


class _Altered:
    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self.on_opened, self.on_closed = listener.on_opened, listener.on_closed

    def on_frame(self, data: bytes) -> None:
        low = data.partition(b'"l":"')[2].partition(b'"')[0]
        before, _, after = data.partition(b'"c":"')
        closed = b'"x":true' in data
        self._listener.on_frame(before + b'"c":"' + low + after[after.index(b'"') :] if closed else data)


def test_where_stream_and_list_differ_it_is_named_and_the_list_is_taken(undisturbed: BarSession) -> None:
    opened = open_bars(12, make_wire=AlteredWire)
    opened.run(10)
    assert "bars_differ" in codes(opened)
    assert what(opened.decided()) == what(undisturbed.decided())
    assert all(one.time_ns - one.bar_close_ns < 3 * S for one in opened.decided())
    (first, *_) = opened.reported()
    assert first.text.startswith("BTCUSDT: the stream and the exchange's list differ in 1 bar from 2024-08-08T")


def test_a_run_that_begins_later_decides_as_one_that_has_run_all_along(undisturbed: BarSession) -> None:
    opened = open_bars(12, start_after=5.5)
    opened.run(4)
    found = what(opened.decided())
    assert len(found) >= 3
    assert found == [one for one in what(undisturbed.decided()) if one[0] >= found[0][0]][: len(found)]


def test_a_run_that_goes_on_decides_first_on_the_bars_that_it_missed(undisturbed: BarSession) -> None:
    known = undisturbed.decided()[2].bar_close_ns
    opened = open_bars(12, start_after=7.5, decided_ns={SYMBOL: known})
    began_ns = opened.now_ns
    opened.run(2)
    assert (
        what(opened.decided())
        == [one for one in what(undisturbed.decided()) if one[0] > known][: len(opened.decided())]
    )
    assert sum(one.bar_close_ns < began_ns for one in opened.decided()) >= 4


@pytest.mark.parametrize(("result", "text"), [
    (ZeroDivisionError("secret"), "The strategy gave ZeroDivisionError instead of Signals."),
    (None, "The strategy gave NoneType instead of Signals."),
    ("short", "The strategy returned 1 signals for"),
])  # fmt: skip
def test_a_strategy_that_fails_decides_nothing_at_that_bar_and_goes_on_at_the_next(result: Any, text: str) -> None:
    calls: list[int] = []

    def fails_once(bars: Bars) -> Signals:
        calls.append(len(bars))
        if len(calls) != 3:
            return sma(bars)
        if isinstance(result, Exception):
            raise result
        return sma(bars[:1]) if result else result  # type: ignore[return-value]

    opened = open_bars(12, signals=fails_once)
    opened.run(6)
    (reported,) = opened.reported()
    assert reported.code == "strategy_failed"
    assert text in reported.text
    assert "secret" not in reported.text
    assert len(opened.decided()) == len(calls) - 1


def test_a_strategy_that_has_stopped_is_not_asked_again_and_entries_end() -> None:
    calls: list[int] = []

    def stops(bars: Bars) -> Signals:
        calls.append(len(bars))
        if len(calls) == 3:
            raise StrategyStoppedError("the strategy's process ended 4 times")
        return sma(bars)

    opened = open_bars(12, signals=stops)
    opened.run(6)
    assert [reported.text for reported in opened.reported()] == [
        "BTCUSDT: entries stopped: the strategy's process ended 4 times."
    ]
    assert len(opened.decided()) == 2
    latch = opened.engine.state.latch
    assert latch
    assert latch.reason.startswith("strategy_stopped: BTCUSDT: entries stopped")


def test_after_a_stop_of_the_market_nothing_is_decided() -> None:
    opened = open_bars(12)
    opened.run(3.5)
    opened.market.stop()
    before = len(opened.events)
    opened.run(3)
    assert not [event for event in opened.events[before:] if isinstance(event, BarDecided)]


def test_history_is_no_longer_than_the_settings_say() -> None:
    seen: list[int] = []

    def counts(bars: Bars) -> Signals:
        seen.append(len(bars))
        return sma(bars)

    opened = open_bars(12, signals=counts, start_after=2.5, settings=msgspec.structs.replace(SETTINGS, history_bars=4))
    opened.run(5)
    assert set(seen[2:]) == {4}
