"""Closing an account: whatever fails meanwhile, it is either flat and that is proven, or not called flat."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from live.account.closing.closing import close_account
from live.account.closing.model import SETTLED_NS, Closed, ClosingRequest
from live.account.closing.refusals import PASSING
from live.binance.calls import CallWriter
from live.binance.signing import Signer
from live.client.conversations import converse
from live.engine.constants import RECV_WINDOW_NS
from live.money import parse
from live.simulator.core.audit import audit
from live.simulator.faults import VARIANTS
from live.simulator.latency import ASSUMED
from skills_lib.domain.errors import TwokeyError
from tests.live.account.holding import MS, SYMBOL, Holding, S, holding
from tests.live.simulator.faults.tried import limit

ORDER, RISK = "/fapi/v1/order", "/fapi/v3/positionRisk"
NEVER = {"never": True}
NOW = {"when": {"at_ms": 600}}


def answers(path: str, reply: str = "unknown_503", method: str = "*", **changes: Any) -> dict[str, Any]:
    """A fault that answers requests in the exchange's place, from the moment in which the closing begins."""
    return {"kind": "answer", "method": method, "path": path, "reply": reply, **NOW, **changes}


LONG = 3_000
"""Updates of a tape of 150 seconds."""


def full(*faults: dict[str, Any], updates: int = 240) -> Holding:
    """An account with a position, its stop and an order, 100 ms after the faults have begun."""
    opened = holding(*faults, updates=updates).buy().protect().rest()
    opened.by_hand.run(200)
    return opened


def require_proven(opened: Holding, closed: Closed) -> None:
    """Flat, proven twice, in truth, and with accounts that agree."""
    assert (closed.flat, closed.verified_reads, closed.left) == (True, 2, ())
    assert opened.is_flat
    assert audit(opened.venue.state) == []


def sold(opened: Holding) -> int:
    """What the closing has sold."""
    return sum(order.filled for order in opened.closing_orders)


def test_a_position_its_stop_and_an_order_are_closed_and_named() -> None:
    opened = full()
    closed = opened.close()
    require_proven(opened, closed)
    assert [str(position) for position in closed.closed] == ["BTCUSDT 0.01"]
    assert sorted((one.symbol, one.stop) for one in closed.cancelled) == [(SYMBOL, False), (SYMBOL, True)]
    assert closed.refused == ()


def test_the_first_order_is_sent_after_one_answer() -> None:
    opened = full()
    began_ms = opened.venue.now_ms
    opened.close()
    assert opened.closing_orders[0].created_ms <= began_ms + 1


def test_an_account_that_is_flat_is_proven_flat_without_an_order() -> None:
    opened = holding()
    closed = opened.close()
    require_proven(opened, closed)
    assert (closed.closed, closed.cancelled, opened.closing_orders, closed.flat_ns) == ((), (), [], 0)


def test_flat_is_not_proven_before_an_order_that_was_under_way_would_be_refused() -> None:
    opened = full()
    assert opened.close().took_ns >= SETTLED_NS > RECV_WINDOW_NS


def test_an_entry_that_lands_after_the_first_flat_read_is_closed_as_well() -> None:
    slow = {"kind": "slow_request", "method": "POST", "path": ORDER, "delay_ms": 4_500, **NOW}
    opened = full(slow)
    opened.request("POST", ORDER, symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.020")
    closed = opened.close()
    require_proven(opened, closed)
    assert sold(opened) == parse("0.030")


def test_a_read_that_lags_five_seconds_behind_hides_no_position() -> None:
    stale = {"kind": "stale_read", "path": "*", "age_ms": 5_000, **NOW, "end": NEVER}
    opened = holding(stale)
    opened.by_hand.run(200)
    opened.buy()
    closed = opened.close()
    require_proven(opened, closed)


@pytest.mark.parametrize("form", ["html_502", "cut_json", "empty_200", "unknown_enum", "nan"])
@pytest.mark.parametrize("path", [RISK, "/fapi/v3/account", "/fapi/v1/openOrders", "/fapi/v1/openAlgoOrders"])
def test_a_read_that_says_nothing_is_not_flat(form: str, path: str) -> None:
    garbage = {"kind": "garbage_response", "path": path, "form": form, **NOW, "end": NEVER}
    opened = holding(garbage)
    opened.by_hand.run(200)
    closed = opened.close(give_up_ns=20 * S)
    if closed.flat:  # some forms leave an empty list as it is
        require_proven(opened, closed)
    else:
        assert closed.left == (f"{path} answered what cannot be read",) or form == "html_502"
        assert closed.verified_reads < 2


def test_a_position_is_closed_though_position_risk_never_answers() -> None:
    opened = full(answers(RISK, end=NEVER))
    closed = opened.close(give_up_ns=20 * S)
    assert opened.is_flat
    assert (closed.flat, closed.closed, closed.flat_ns) == (False, (), None)  # nobody has proven it


@pytest.mark.parametrize("landed", [False, True])
@pytest.mark.parametrize("reply", ["unknown_503", "unavailable_503", "-1006", "-1007", "-1021", "-5028"])
def test_a_close_that_is_answered_by_an_error_is_repeated_and_sells_once(reply: str, landed: bool) -> None:
    opened = full(answers(ORDER, reply, "POST", landed=landed, end={"count": 3}))
    closed = opened.close()
    require_proven(opened, closed)
    assert sold(opened) == parse("0.010")


@pytest.mark.parametrize("kind", ["lose_request", "lose_response"])
def test_a_close_without_an_answer_is_made_anew_after_two_seconds(kind: str) -> None:
    opened = full({"kind": kind, "method": "POST", "path": ORDER, **NOW})
    began_ns = opened.now()
    closed = opened.close()
    require_proven(opened, closed)
    assert sold(opened) == parse("0.010")
    assert opened.closing_orders[0].created_ms * MS <= began_ns + 3 * S


def test_a_stop_that_no_query_shows_is_cancelled() -> None:
    """Algo orders have been missing from queries for over half an hour."""
    opened = full({"kind": "late_visible", "orders": "conditional", "hidden_ms": 1_800_000})
    closed = opened.close()
    require_proven(opened, closed)


def test_a_stop_without_a_position_is_found_in_its_own_book() -> None:
    """Stops were asked for under /order alone, and stayed after the position was closed."""
    opened = holding().buy().protect()
    opened.by_hand.market("SELL", "0.010", reduceOnly="true")
    assert not opened.is_flat
    closed = opened.close()
    require_proven(opened, closed)
    assert [one.stop for one in closed.cancelled] == [True]


def test_an_order_that_fills_after_it_was_cancelled_is_closed() -> None:
    opened = full({"kind": "late_fill", "after_ms": 300})
    closed = opened.close()
    require_proven(opened, closed)
    assert sold(opened) == parse("0.020")


def test_a_close_is_filled_in_parts_where_one_order_may_not_be_larger() -> None:
    smaller = {"MARKET_LOT_SIZE": {"maxQty": "0.004", "minQty": "0.001", "stepSize": "0.001"}}
    opened = full({"kind": "change_filters", "symbol": SYMBOL, "filters": smaller, **NOW})
    closed = opened.close()
    require_proven(opened, closed)
    assert [order.filled for order in opened.closing_orders] == [parse(part) for part in ("0.004", "0.004", "0.002")]


def test_what_is_below_the_smallest_order_is_named_and_not_called_flat() -> None:
    larger = {"LOT_SIZE": {"minQty": "0.100"}, "MARKET_LOT_SIZE": {"minQty": "0.100"}}
    opened = full({"kind": "change_filters", "symbol": SYMBOL, "filters": larger, **NOW})
    closed = opened.close()
    assert not closed.flat
    assert closed.left == ("BTCUSDT 0.01, below the smallest order of 0.1",)
    assert len(closed.cancelled) == 2


def test_both_positions_of_hedge_mode_are_closed_and_neither_is_turned_round() -> None:
    opened = holding()
    opened.by_hand.ask("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true")
    opened.by_hand.market("BUY", "0.010", positionSide="LONG")
    opened.by_hand.market("SELL", "0.020", positionSide="SHORT")
    closed = opened.close()
    require_proven(opened, closed)
    assert [str(position) for position in closed.closed] == ["BTCUSDT 0.01 LONG", "BTCUSDT -0.02 SHORT"]


@pytest.mark.parametrize("rest", ["unavailable_503", "refused"])
def test_an_outage_of_a_minute_in_the_middle_is_outlasted(rest: str) -> None:
    outage = {"kind": "outage", "rest": rest, **NOW, "end": {"duration_ms": 60_000}}
    opened = full(outage, updates=LONG)
    closed = opened.close()
    require_proven(opened, closed)
    assert 60 * S < closed.took_ns < 80 * S
    assert closed.refused == ()


@pytest.mark.parametrize("reply", ["too_many_429", "banned_418"])
def test_a_limit_is_waited_out_in_silence(reply: str) -> None:
    opened = full(answers(RISK, reply), updates=LONG)
    closed = opened.close()
    require_proven(opened, closed)
    times = [sent_ns for sent_ns, _ in opened.sent]
    assert max(later - earlier for earlier, later in pairwise(times)) >= 7 * S


def test_a_key_that_is_refused_ends_it_with_its_reason() -> None:
    opened = full()
    opened.calls = CallWriter(Signer("nobody", "secret"))
    closed = opened.close()
    assert not closed.flat
    assert any("/fapi/v3/positionRisk: refused 3 times with -2015" in text for text in closed.refused)
    assert closed.took_ns < 10 * S


def test_a_symbol_that_takes_no_orders_for_a_while_is_closed_afterwards() -> None:
    opened = full({"kind": "symbol_status", "symbol": SYMBOL, **NOW, "end": {"duration_ms": 30_000}}, updates=LONG)
    closed = opened.close()
    require_proven(opened, closed)


def test_closing_what_is_flat_already_ends_though_reads_still_show_it() -> None:
    """Reconciliation went on without end when the account was flat."""
    opened = full({"kind": "stale_read", "path": "*", "age_ms": 80_000, **NOW, "end": NEVER}, updates=LONG)
    opened.by_hand.run(89_000)
    opened.by_hand.market("SELL", "0.010", reduceOnly="true")
    closed = opened.close()
    assert closed.refused == (f"close BTCUSDT BOTH: refused {PASSING} times with -2022",)
    assert opened.closing_orders == []
    assert closed.took_ns < 120 * S


def test_two_programs_that_close_at_once_never_sell_more_than_is_held() -> None:
    opened = full()
    results: list[Closed] = []
    errors: list[TwokeyError] = []
    for name in ("test-a", "test-b"):
        asked = replace(ClosingRequest(name))
        converse(opened.wire, opened.calls, close_account(asked, opened.now), results.append, errors.append)
    third = opened.close()
    require_proven(opened, third)
    assert errors == []
    assert [result.flat for result in results] == [True, True]
    assert sold(opened) == parse("0.010")


def test_other_symbols_are_left_alone() -> None:
    opened = full()
    closed = opened.close(symbols=("ETHUSDT",))
    assert closed.flat
    assert not opened.is_flat
    assert opened.closing_orders == []


def test_orders_that_another_program_keeps_sending_are_not_called_flat() -> None:
    """The close was refused by 503 while the bot went on, and a kill handler had raised."""
    opened = full(answers(ORDER, "unknown_503", "POST", end={"count": 2}), updates=LONG)
    for second in range(0, 20, 2):
        opened.later(second * 1_000, lambda: opened.request("POST", ORDER, **limit(side="BUY", price="61000.0")))
    closed = opened.close()
    require_proven(opened, closed)
    assert closed.took_ns > 18 * S


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_under_no_fault_is_an_account_called_flat_that_is_not(name: str) -> None:
    fault = VARIANTS[name].model_dump(mode="json")
    opened = full(fault if "condition_ends" in fault["end"] else fault | NOW)
    closed = opened.close(give_up_ns=90 * S)
    assert not closed.flat or opened.is_flat


def test_from_the_kill_to_flat_takes_less_than_half_a_second_in_49_of_50() -> None:
    """By the exchange's own time of the last fill, with the assumed latency of both ways."""
    taken_ms = []
    for seed in range(50):
        opened = holding(seed=seed, inbound=ASSUMED, outbound=ASSUMED)
        opened.request("POST", ORDER, symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.010")
        opened.by_hand.run(2_500)
        assert not opened.is_flat
        began_ms = opened.venue.now_ms
        assert opened.close(settled_ns=0).flat
        taken_ms.append(opened.venue.state.trades[-1].fill.time_ms - began_ms)
    assert sorted(taken_ms)[48] < 500
