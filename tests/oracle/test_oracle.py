"""The oracle against arithmetic by hand: at least one example of each rule of docs/execution-rules.md."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.oracle.executor import run
from tests.oracle.model import Account, Decisions, Levels, Market, Outcome, Trade

HOUR_NS = 3_600 * 1_000_000_000
MONDAY_NS = 1_704_067_200 * 1_000_000_000  # 2024-01-01T00:00Z
D = Decimal
FREE = Account(cash=D(1000))
SIGNALS = ("long", "short", "sell", "cover")
Bar = tuple[Any, Any, Any, Any]
FLAT: Bar = (100, 100, 100, 100)


def market(*bars: Bar, hours: int = 1, opens_at: Sequence[int] | None = None) -> Market:
    """Bars of (open, high, low, close); `opens_at` are hours since Monday, one after another unless given."""
    opens, highs, lows, closes = ([D(str(price)) for price in column] for column in zip(*bars, strict=True))
    at = range(0, hours * len(bars), hours) if opens_at is None else opens_at
    return Market([MONDAY_NS + hour * HOUR_NS for hour in at], opens, highs, lows, closes, hours * HOUR_NS)


def decisions(n: int, size: str = "1", indicators: Sequence[Levels] = (), **at: Any) -> Decisions:
    """Signals at the bars in `long`, `short`, `sell` and `cover`; `stop` and `target` are prices by bar."""
    long, short, sell, cover = ([bar in at.get(name, ()) for bar in range(n)] for name in SIGNALS)
    stop, target = ([_level(at.get(name, {}), bar) for bar in range(n)] for name in ("stop", "target"))
    return Decisions(long, short, sell, cover, [D(size)] * n, stop, target, indicators)


def _level(levels: Mapping[int, Any], bar: int) -> Decimal | None:
    return D(str(levels[bar])) if bar in levels else None


def bought(*bars: Bar, account: Account = FREE, hours: int = 1, **at: Any) -> Outcome:
    """The outcome on two flat bars and then `bars`, with a long entry decided at the close of bar 1 unless given."""
    prices = (FLAT, FLAT, *bars)
    entry = {} if "short" in at else {"long": [1]}
    return run(market(*prices, hours=hours), decisions(len(prices), **(entry | at)), account)


def only(outcome: Outcome) -> Any:
    """The only trade; untyped, so that its decimals compare with whole numbers within tuples."""
    assert len(outcome.trades) == 1
    return outcome.trades[0]


def way(trade: Trade) -> tuple[Any, ...]:
    """Bars, exit price and reason."""
    return trade.entry_bar, trade.exit_bar, trade.exit_price, trade.reason


# 1, 2: when orders are decided and filled


def test_a_run_without_indicators_decides_first_at_the_close_of_bar_1() -> None:
    trade = only(run(market(*[FLAT] * 5), decisions(5, long=[0, 1]), FREE))
    assert (trade.entry_bar, trade.entry_price) == (2, 100)
    assert run(market(*[FLAT] * 5), decisions(5, long=[0]), FREE).trades == []


def test_a_run_decides_first_one_bar_after_all_indicators_are_defined() -> None:
    lines: list[Levels] = [[None, D(1), D(1), D(1), D(1), D(1)], [None, None, D(1), D(1), D(1), D(1)]]
    assert run(market(*[FLAT] * 6), decisions(6, long=[2], indicators=lines), FREE).trades == []
    assert only(run(market(*[FLAT] * 6), decisions(6, long=[3], indicators=lines), FREE)).entry_bar == 4


def test_an_order_fills_at_the_next_open_or_at_the_close_it_was_decided_at() -> None:
    bars = [FLAT, (100, 104, 100, 104), (105, 110, 105, 110), (111, 111, 111, 111)]
    late = only(run(market(*bars), decisions(4, long=[1], sell=[2]), FREE))
    assert (late.entry_price, *way(late)) == (105, 2, 3, 111, "order")
    early = only(run(market(*bars), decisions(4, long=[1], sell=[2]), replace(FREE, trade_on_close=True)))
    assert (early.entry_price, *way(early)) == (104, 1, 2, 110, "order")


def test_what_is_held_is_sold_at_the_last_close_with_commission() -> None:
    outcome = bought(FLAT, (100, 110, 100, 110), account=replace(FREE, commission=D("0.01")))
    trade = only(outcome)
    assert (trade.size, *way(trade)) == (9, 2, 3, 110, "last bar")  # 1000 / (100 + 1) buys 9
    assert (trade.commission, trade.pnl) == (D("18.9"), D("71.1"))  # 9 + 9.9
    assert outcome.equity == [1000, 1000, 991, D("1071.1")]


@pytest.mark.parametrize("at_close", [False, True])
def test_an_order_decided_at_the_last_close_is_not_filled(at_close: bool) -> None:
    account = replace(FREE, trade_on_close=at_close)
    assert run(market(*[FLAT] * 4), decisions(4, long=[3]), account).trades == []
    assert only(run(market(*[FLAT] * 4), decisions(4, long=[1], sell=[3]), account)).reason == "last bar"


# 3: signals


def test_an_entry_closes_the_opposite_position_first_at_the_same_price() -> None:
    outcome = bought((100, 110, 100, 110), (110, 110, 110, 110), (100, 100, 100, 100), long=[1], short=[2])
    assert [way(trade) for trade in outcome.trades] == [(2, 3, 110, "order"), (3, 4, 100, "last bar")]
    assert [trade.size for trade in outcome.trades] == [10, -10]  # 1100 buys 10 at 110
    assert outcome.equity[-1] == 1200


def test_a_long_entry_wins_over_a_short_entry_and_over_exits() -> None:
    assert only(bought(FLAT, FLAT, long=[1], short=[1])).size == 10
    assert only(bought(FLAT, FLAT, FLAT, long=[1, 2], short=[2], sell=[2])).reason == "last bar"
    assert only(bought(FLAT, FLAT, FLAT, long=[1], sell=[2], cover=[2])).reason == "order"
    assert only(bought(FLAT, FLAT, FLAT, long=[1], cover=[2])).reason == "last bar"
    assert only(bought(FLAT, FLAT, FLAT, short=[1], sell=[1], cover=[2])).size == -10


def test_an_entry_on_the_wrong_side_is_not_taken_and_leaves_what_is_held() -> None:
    assert bought(FLAT, FLAT, stop={1: 100}).trades == []
    assert bought(FLAT, FLAT, target={1: 100}).trades == []
    assert bought(FLAT, FLAT, short=[1], stop={1: 100}).trades == []
    assert bought(FLAT, FLAT, short=[1], target={1: 101}).trades == []
    assert only(bought(FLAT, FLAT, FLAT, long=[1], short=[2], stop={2: 99})).reason == "last bar"


def test_sides_are_those_of_the_close_moved_by_the_spread() -> None:
    wide = replace(FREE, spread=D("0.01"))
    assert bought(FLAT, FLAT, account=wide, stop={1: 101}).trades == []
    inside = only(bought(FLAT, FLAT, account=wide, stop={1: "100.5"}))
    assert (inside.entry_price, *way(inside)) == (101, 2, 2, 100, "stop")  # the open has reached 100.5
    assert bought(FLAT, FLAT, account=wide, target={1: 101}).trades == []
    assert bought(FLAT, FLAT, account=wide, short=[1], stop={1: 99}).trades == []


# 4, 5, 6: booking, sizes, cash


def test_spread_is_booked_at_the_entry_and_commission_on_both_sides() -> None:
    account = Account(cash=D(1000), commission=D("0.01"), spread=D("0.02"), unit=D("0.001"))
    trade = only(bought(FLAT, FLAT, account=account, size="0.5"))
    assert (trade.entry_price, trade.size) == (102, D("4.853"))  # 500 / 103.02 = 4.8534...
    assert trade.commission == D("4.853") * 102 / 100 + D("4.853")
    assert trade.pnl == D("4.853") * -2 - trade.commission
    short = only(bought(FLAT, FLAT, account=account, short=[1]))
    assert (short.entry_price, short.size) == (98, D("-10.103"))  # 1000 / 98.98 = 10.1030...


def test_with_leverage_commission_is_on_the_whole_notional() -> None:
    account = Account(cash=D(1000), commission=D("0.01"), leverage=D(4))
    outcome = bought(FLAT, FLAT, account=account)
    assert only(outcome).size == 38  # 1000 / (25 + 1) = 38.46...
    assert outcome.equity[2:] == [962, 924]


def test_an_entry_without_a_whole_unit_is_cancelled_and_counted() -> None:
    outcome = bought(FLAT, FLAT, account=replace(FREE, cash=D(99)))
    assert (outcome.trades, outcome.cancelled) == ([], 1)


def test_a_cancelled_entry_has_closed_the_opposite_position() -> None:
    dear = (3000, 3000, 3000, 3000)
    outcome = bought(FLAT, FLAT, dear, dear, account=replace(FREE, cash=D(110)), long=[1], short=[3], size="0.95")
    assert way(only(outcome)) == (2, 4, 3000, "order")
    assert outcome.cancelled == 1  # 0.95 × 3010 is less than 3000


def test_an_entry_is_cancelled_where_its_liquidation_price_is_not_on_the_losing_side() -> None:
    venue = Account(cash=D(1000), leverage=D(20), tiers=[(D("0.01"), D(0)), (D("0.06"), D(500))])
    assert bought(FLAT, FLAT, account=venue, size="0.5").cancelled == 0  # 10,000: 500 margin, 100 needed
    refused = bought(FLAT, FLAT, FLAT, account=replace(venue, cash=D(3000)))  # 60,000: 3000 margin, 3100 needed
    assert (refused.trades, refused.cancelled) == ([], 1)
    equal = replace(venue, tiers=[(D("0.05"), D(0))])
    assert bought(FLAT, FLAT, account=equal).cancelled == 1


# 7: funding


def funded(n: int, hours: int, account: Account = FREE, **at: Any) -> Outcome:
    return run(market(*[FLAT] * n, hours=hours), decisions(n, **at), replace(account, funding_rate=D("0.001")))


def test_six_days_from_the_third_open_pay_twelve_times() -> None:
    outcome = funded(6, 24, long=[1])
    assert only(outcome).funding == 12  # 10 × 100 × 0.001 = 1 each
    assert outcome.equity == [1000, 1000, 998, 995, 992, 988]  # 2, 5, 8: before the next open; 12 with the end


def test_six_weeks_from_the_third_open_pay_eighty_four_times() -> None:
    assert only(funded(6, 168, long=[1])).funding == 84


def test_hours_pay_at_each_third_of_the_day_and_shorts_receive() -> None:
    assert only(funded(17, 1, long=[1])).funding == 2  # 08:00, and 16:00 within the last bar
    assert only(funded(16, 1, long=[1])).funding == 2  # 08:00, and 16:00 at the end
    assert only(funded(15, 1, short=[1])).funding == -1


def test_opened_at_a_funding_time_does_not_pay_and_closed_at_one_does() -> None:
    assert only(funded(20, 1, long=[7], sell=[14])).funding == 0  # 08:00 to 15:00
    assert only(funded(20, 1, long=[7], sell=[15])).funding == 1  # 08:00 to 16:00
    assert only(funded(20, 1, FREE, long=[6], sell=[7])).funding == 1  # 07:00 to 08:00
    at_close = replace(FREE, trade_on_close=True)
    assert only(funded(20, 1, at_close, long=[7], sell=[14])).funding == 0  # the close of bar 7 is 08:00
    assert only(funded(20, 1, at_close, long=[7], sell=[15])).funding == 1


def test_the_price_is_the_open_of_the_bar_and_at_the_end_of_the_run_its_last_close() -> None:
    days = market(FLAT, FLAT, (100, 200, 100, 200), (200, 300, 200, 300), hours=24)
    outcome = run(days, decisions(4, long=[1]), replace(FREE, funding_rate=D("0.001")))
    assert only(outcome).funding == 2 + 3 * 2 + 3  # two at 100, three at 200, the end at 300


def test_a_position_that_is_closed_within_a_bar_pays_up_to_the_open_of_that_bar() -> None:
    days = market(FLAT, FLAT, FLAT, (100, 100, 80, 100), FLAT, hours=24)
    outcome = run(days, decisions(5, long=[1], stop={1: 90}), replace(FREE, funding_rate=D("0.001")))
    assert way(only(outcome)) == (2, 3, 90, "stop")
    assert only(outcome).funding == 3  # 08:00, 16:00 and the open of bar 3


def test_funding_times_in_a_hole_belong_to_the_bar_before_it() -> None:
    bars = [FLAT, FLAT, (50, 50, 50, 50), FLAT, FLAT]
    holed = market(*bars, opens_at=[4, 5, 6, 29, 30])  # 08:00, 16:00 and 24:00 are in the hole after bar 2
    outcome = run(holed, decisions(5, long=[1]), replace(FREE, funding_rate=D("0.001")))
    assert only(outcome).funding == 3  # 20 × 50 × 0.001, three times
    assert outcome.equity[2] == 997


def test_a_position_opened_at_the_close_before_a_hole_does_not_pay_in_the_hole_and_one_closed_there_does() -> None:
    holed = market(*[FLAT] * 5, opens_at=[4, 5, 6, 29, 30])
    account = replace(FREE, funding_rate=D("0.001"), trade_on_close=True)
    assert only(run(holed, decisions(5, long=[2]), account)).funding == 0
    assert only(run(holed, decisions(5, long=[1], sell=[2]), account)).funding == 3


# 8, 9: stops and targets


def test_a_stop_fills_at_its_price_or_at_a_worse_open() -> None:
    assert way(only(bought(FLAT, (100, 100, 94, 99), stop={1: 95}))) == (2, 3, 95, "stop")
    assert way(only(bought(FLAT, (90, 99, 90, 99), stop={1: 95}))) == (2, 3, 90, "stop")
    assert way(only(bought(FLAT, (110, 110, 90, 99), short=[1], stop={1: 105}))) == (2, 3, 110, "stop")


def test_a_level_that_is_touched_is_reached() -> None:
    assert only(bought((100, 100, 95, 100), stop={1: 95})).reason == "stop"
    assert only(bought((100, 105, 100, 100), target={1: 105})).reason == "target"


def test_an_entry_that_opens_below_its_stop_is_out_at_the_same_price() -> None:
    trade = only(bought((92, 99, 91, 98), FLAT, stop={1: 95}))
    assert (trade.entry_price, *way(trade)) == (92, 2, 2, 92, "stop")
    trade = only(bought((112, 112, 91, 98), FLAT, target={1: 110}))
    assert (trade.entry_price, *way(trade)) == (112, 2, 2, 112, "target")


def test_a_target_reached_by_the_open_comes_before_a_stop_within_the_bar() -> None:
    outcome = bought(FLAT, (112, 112, 80, 90), stop={1: 95}, target={1: 110})
    assert (way(only(outcome)), outcome.both_reached) == ((2, 3, 112, "target"), 0)


def test_of_stop_and_target_within_a_bar_the_stop_is_assumed_and_counted() -> None:
    outcome = bought(FLAT, (100, 112, 90, 100), stop={1: 95}, target={1: 110})
    assert (way(only(outcome)), outcome.both_reached) == ((2, 3, 95, "stop"), 1)


def test_market_orders_fill_before_a_stop_at_the_open() -> None:
    outcome = bought(FLAT, (90, 90, 90, 90), FLAT, stop={1: 95}, sell=[2])
    assert way(only(outcome)) == (2, 3, 90, "order")


def test_levels_of_a_fill_at_the_close_are_looked_at_from_the_next_open() -> None:
    at_close = replace(FREE, trade_on_close=True)
    bars = [FLAT, (100, 120, 80, 100), (94, 99, 94, 99), FLAT]
    trade = only(run(market(*bars), decisions(4, long=[1], stop={1: 95}, target={1: 105}), at_close))
    assert way(trade) == (1, 2, 94, "stop")


# 10: liquidation


TENFOLD = Account(cash=D(1000), leverage=D(10), tiers=[(D("0.04"), D(0))])  # 100 units at 100: (100 - 10) / 0.96


def test_a_wick_of_half_the_price_liquidates_a_tenfold_long_at_its_liquidation_price() -> None:
    outcome = bought(FLAT, (100, 100, 50, 100), FLAT, account=TENFOLD)
    trade = only(outcome)
    assert way(trade) == (2, 3, D("93.75"), "liquidation")
    assert trade.commission == D("117.1875")  # 1.25 % of 9,375
    assert (trade.pnl, outcome.equity[-1]) == (D("-742.1875"), D("257.8125"))


def test_a_short_is_liquidated_above_its_entry() -> None:
    bars = [(104, 104, 104, 104)] * 3 + [(104, 125, 104, 104)]
    account = Account(cash=D(260), leverage=D(4), tiers=[(D("0.04"), D(0))])
    trade = only(run(market(*bars), decisions(4, short=[1]), account))
    assert way(trade) == (2, 3, 125, "liquidation")  # 10 × (26 + 104 - 125) = 50 = 10 × 125 × 0.04
    assert trade.pnl == -210 - D("15.625")


def test_the_largest_maintenance_of_all_tiers_counts() -> None:
    account = replace(TENFOLD, tiers=[(D("0.04"), D(0)), (D("0.1"), D(450))])
    assert only(bought(FLAT, (100, 100, 94, 100), account=account)).exit_price == 95  # 500 = 9,500 × 0.1 - 450


def test_a_worse_open_counts_but_never_below_what_uses_up_the_margin() -> None:
    trade = only(bought(FLAT, (92, 92, 92, 92), account=TENFOLD))
    assert (way(trade), trade.commission) == ((2, 3, 92, "liquidation"), 115)
    trade = only(bought(FLAT, (D("90.5"), 91, 90, 91), account=TENFOLD))
    assert (trade.exit_price, trade.commission, trade.pnl) == (D("90.5"), 50, -1000)  # 50 are left for the fee
    trade = only(bought(FLAT, (50, 50, 50, 50), account=TENFOLD))
    assert (trade.exit_price, trade.commission, trade.pnl) == (90, 0, -1000)


def test_a_liquidation_at_the_open_comes_before_orders_which_still_fill() -> None:
    outcome = bought(FLAT, *[(92, 92, 92, 92)] * 2, account=TENFOLD, long=[1], short=[2])
    assert [trade.reason for trade in outcome.trades] == ["liquidation", "last bar"]
    assert [trade.size for trade in outcome.trades] == [100, -9]  # 85 / 9.2


def test_of_stop_and_liquidation_the_nearer_to_the_open_counts_and_of_equal_ones_the_stop() -> None:
    reasons = {"94": "stop", "93.75": "stop", "93": "liquidation"}
    for stop, reason in reasons.items():
        assert only(bought(FLAT, (100, 100, 50, 100), account=TENFOLD, stop={1: stop})).reason == reason
    both = bought(FLAT, (100, 120, 50, 100), account=TENFOLD, target={1: 110})
    assert (only(both).reason, both.both_reached) == ("liquidation", 1)


def test_funding_paid_uses_up_margin_and_funding_received_adds_none() -> None:
    days = [FLAT, (100, 100, 96, 100)]
    paying = bought(*days, account=replace(TENFOLD, funding_rate=D("0.01")), hours=24)
    assert (only(paying).exit_price, only(paying).funding) == (D("96.875"), 300)  # (100 - 7) / 0.96
    receiving = bought(FLAT, (100, 100, 93, 100), account=replace(TENFOLD, funding_rate=D("-0.01")), hours=24)
    assert (only(receiving).exit_price, only(receiving).funding) == (D("93.75"), -300)


def test_a_long_without_leverage_and_funding_is_never_liquidated() -> None:
    outcome = bought(FLAT, (100, 100, D("0.0001"), D("0.0001")), FLAT)
    assert way(only(outcome)) == (2, 4, 100, "last bar")


def test_an_entry_whose_liquidation_price_its_own_open_has_reached_is_liquidated_at_the_open() -> None:
    account = Account(cash=D(1000), leverage=D(20), spread=D("0.02"), tiers=[(D("0.04"), D(0))])
    trade = only(bought(FLAT, FLAT, account=account))  # 102 × 0.95 / 0.96 = 100.9 is above the open
    assert way(trade) == (2, 2, 100, "liquidation")


# 11: no equity


def test_ruin_stays_ruin() -> None:
    account = replace(FREE, funding_rate=D("0.05"), commission=D(0))
    outcome = bought(FLAT, FLAT, FLAT, account=account, hours=168, long=[1, 2, 3])
    trade = only(outcome)
    assert way(trade) == (2, 2, 100, "no equity")  # 20 times 50 before the next open leave 0
    assert trade.funding == 1000  # what is due at the next open is not due yet
    assert outcome.equity == [1000, 1000, 0, 0, 0]


def test_an_account_that_a_liquidation_emptied_stays_at_zero() -> None:
    outcome = bought(FLAT, (50, 50, 50, 50), FLAT, FLAT, account=TENFOLD, long=[1, 3])
    assert [trade.reason for trade in outcome.trades] == ["liquidation"]
    assert outcome.equity[3:] == [0, 0, 0]


# What floats may decide otherwise


def test_knife_edges_are_noted_where_computed_figures_are_equal() -> None:
    assert bought(FLAT, (100, 100, D("93.75"), 100), account=TENFOLD).knife_edges[-1] == (
        3,
        "a price and the liquidation price",
    )
    assert (2, "one more unit affordable") in bought(FLAT, FLAT).knife_edges
    assert bought(FLAT, FLAT, account=replace(FREE, cash=D(1050)), stop={1: 95}).knife_edges == []
