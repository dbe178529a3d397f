"""Round trips, FIFO and average cost against arithmetic by hand and against cash."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from skills_lib.trades.profit.exact import total
from skills_lib.trades.profit.fees import all_fees, divided, fees_of, value
from skills_lib.trades.profit.realised import by_average_cost, by_fifo, lots
from skills_lib.trades.profit.round_trips import round_trips, trade_row
from skills_lib.trades.store.rows import StoredFill
from tests.trades.profit.fills import cash_of, fill, fills_until_flat

D = Decimal


@given(fills_until_flat())
def test_once_flat_fifo_average_cost_and_round_trips_give_the_cash(fills: list[StoredFill]) -> None:
    cash = cash_of(fills)
    assert by_fifo(fills)[-1].cumulative == cash
    assert by_average_cost(fills)[-1].cumulative == cash
    assert total(trip.gross for trip in round_trips(fills)) == cash
    assert total(one.amount for one in by_average_cost(fills)) == cash


@given(fills_until_flat())
def test_round_trips_share_fills_and_fees_out_without_a_rest(fills: list[StoredFill]) -> None:
    trips = round_trips(fills)
    assert all(trip.closed_ms is not None and trip.entered == trip.left for trip in trips)
    assert total(trip.entered for trip in trips) * 2 == total(one.quantity for one in fills)
    assert total(trip.fees.quote for trip in trips) == all_fees(fills).quote
    assert len({trip.opening.trade_id for trip in trips}) == len(trips)
    net = total(trade_row(trip).pnl for trip in trips)
    assert net == cash_of(fills) - all_fees(fills).quote


@given(fills_until_flat())
def test_closed_lots_cover_each_fill_once(fills: list[StoredFill]) -> None:
    found = list(lots(fills))
    closed: dict[int, Decimal] = {}
    for lot in found:
        for trade_id in (lot.opened_by, lot.closed_by):
            closed[trade_id] = closed.get(trade_id, D(0)) + lot.quantity
    assert closed == {one.trade_id: one.quantity for one in fills}


def test_fifo_and_average_cost_differ_while_the_position_is_open() -> None:
    fills = [fill(1, "BUY", "1", "100"), fill(2, "BUY", "1", "110"), fill(3, "SELL", "1", "120")]
    assert [one.amount for one in by_fifo(fills)] == [0, 0, 20]
    assert [one.amount for one in by_average_cost(fills)] == [0, 0, 15]
    [trip] = round_trips(fills)
    row = trade_row(trip)
    assert (row.status, row.gross_pnl, row.quantity, row.entry_price, row.exit_price) == (
        "open",
        D(15),
        D(2),
        D(105),
        D(120),
    )


def test_a_flip_closes_one_trade_and_opens_the_next_with_its_part_of_the_fee() -> None:
    fills = [fill(1, "SELL", "1", "100"), fill(2, "BUY", "3", "90"), fill(3, "SELL", "2", "95")]
    short, long = (trade_row(trip) for trip in round_trips(fills))
    assert (short.direction, short.gross_pnl, short.trade_id, short.closed_ms) == ("SHORT", D(10), 1, fills[1].time_ms)
    assert (long.direction, long.gross_pnl, long.trade_id, long.opened_ms) == ("LONG", D(10), 2, fills[1].time_ms)
    assert short.fees + long.fees == D("0.03")
    assert short.fees == D("0.01") + D("0.003333333333")


def test_average_cost_is_exact_where_the_average_has_no_last_digit() -> None:
    fills = [fill(1, "BUY", "1", "100"), fill(2, "BUY", "2", "101"), fill(3, "SELL", "1", "101")]
    assert by_average_cost(fills)[-1].amount == D("0.333333333333")
    fills.append(fill(4, "SELL", "2", "101"))
    assert by_average_cost(fills)[-1].cumulative == 1


def test_a_fee_in_another_asset_is_valued_or_stands_apart() -> None:
    assert value(D("0.001"), "BNB", "USDT", D(600)) == D("0.6")
    assert value(D("0.001"), "BNB", "USDT", None) is None
    assert value(D("0.5"), "USDT", "USDT", None) == D("0.5")
    valued = fill(1, "BUY", "1", "100", fee=D("0.001"), fee_asset="BNB", fee_quote=D("0.6"))
    apart = fill(2, "SELL", "1", "110", fee=D("0.001"), fee_asset="BNB", fee_quote=None)
    row = trade_row(round_trips([valued, apart])[0])
    assert (row.fees, row.fees_other_json, row.pnl) == (D("0.6"), '{"BNB": "0.001"}', D("9.4"))


def test_a_fee_of_which_nothing_is_known_is_no_fee_of_nothing() -> None:
    unknown = fill(1, "BUY", "1", "100", fee=D(0), fee_asset="", fee_quote=None)
    assert fees_of(unknown).others == {"unknown": 0}


@given(st.decimals(D("0.001"), D(10), places=3), st.decimals(D(0), D(5), places=8))
def test_the_parts_of_a_fee_are_the_fee(part: Decimal, fee: Decimal) -> None:
    whole = fill(1, "BUY", "10", "100", fee=fee, fee_quote=fee)
    first, second = divided(whole, part)
    assert first.quote + second.quote == fee
    assert abs(Fraction(first.quote) - Fraction(fee) * Fraction(part) / 10) <= Fraction(1, 10**12)


def test_funding_is_part_of_a_trades_profit() -> None:
    trip = round_trips([fill(1, "BUY", "1", "100"), fill(2, "SELL", "1", "101")])[0]
    assert trade_row(trip, D("-0.25")).pnl == D("0.73")
