"""What a store of any kind does with rows: exact, once, in order, by typed filters."""

from dataclasses import replace
from decimal import Decimal

import pytest

from skills_lib.domain.errors import InputError
from skills_lib.trades.store.model import Filter, TradeStore, Written
from skills_lib.trades.store.rows import JournalOffset, StoredCandle, StoredFill, StoredOrder
from tests.trades.store.examples import EVERY_KIND, HUGE, example, fill, smallest, with_another_key


def test_a_row_of_each_kind_comes_back_as_it_was_written(store: TradeStore) -> None:
    rows = [row for kind in EVERY_KIND for row in (example(kind), with_another_key(smallest(kind)))]
    assert store.write(rows) == {kind.TABLE: Written(inserted=2) for kind in EVERY_KIND}
    assert {row for kind in EVERY_KIND for row in store.rows(kind)} == set(rows)


@pytest.mark.parametrize("number", [3, 500])
def test_rows_that_are_written_again_change_nothing(store: TradeStore, number: int) -> None:
    rows = [fill(i) for i in range(number)]
    assert store.write(rows) == {"fills": Written(inserted=number)}
    assert store.write([*rows, *rows]) == {"fills": Written(unchanged=number)}
    changed = replace(rows[1], fee=Decimal("0.03"))
    assert store.write([changed, *rows[2:], fill(number)]) == {"fills": Written(1, 1, number - 2)}
    assert list(store.rows(StoredFill)) == [rows[0], changed, *rows[2:], fill(number)]


def test_many_new_rows_meet_stored_ones_wherever_they_lie(store: TradeStore) -> None:
    symbols = ["btc", "BTC", "Zeta", "ärger", "_x"]
    stored = [fill(i, symbol=symbol) for symbol in symbols for i in (0, 50, 99)]
    store.write(stored)
    rows = [fill(i, symbol=symbol) for symbol in symbols for i in range(100)]
    assert store.write(rows) == {"fills": Written(inserted=485, unchanged=15)}
    assert store.write([fill(i, symbol="new") for i in range(300)]) == {"fills": Written(inserted=300)}


def test_a_stored_row_stays_where_it_is_to_be_kept(store: TradeStore) -> None:
    store.write([fill(1)])
    written = store.write([fill(1, fee=Decimal(9)), fill(2), fill(2, fee=Decimal(9))], keep=True)
    assert written == {"fills": Written(inserted=1, unchanged=1)}
    assert list(store.rows(StoredFill)) == [fill(1), fill(2)]


def test_an_older_state_of_an_order_replaces_no_newer_one(store: TradeStore) -> None:
    new, filled = (example(StoredOrder, status=status, updated_ms=time) for status, time in (("NEW", 1), ("FILLED", 2)))
    store.write([filled, new])
    assert store.write([new]) == {"orders": Written(unchanged=1)}
    assert list(store.rows(StoredOrder)) == [filled]


def test_amounts_are_summed_without_rounding(store: TradeStore) -> None:
    tiny = Decimal("0.000000000000000001")
    store.write([fill(1, fee=Decimal(10) ** 20), fill(2, fee=tiny), fill(3, fee=tiny, strategy_id="other")])
    (total,) = store.totals(StoredFill, ["fee", "fee_quote"])
    assert (total.rows, total.sums) == (3, {"fee": Decimal(f"1{'0' * 20}.{'0' * 17}2"), "fee_quote": Decimal(0)})
    grouped = store.totals(StoredFill, ["fee"], by=["strategy_id"])
    assert [(one.group, one.sums["fee"]) for one in grouped] == [
        (("imbalance",), Decimal(f"1{'0' * 20}.{'0' * 17}1")),
        (("other",), tiny),
    ]
    assert store.totals(StoredFill, ["fee"], Filter(account="nobody")) == []


def test_what_is_no_exact_amount_is_refused(store: TradeStore) -> None:
    for amount in (0.1, Decimal("NaN"), Decimal("Infinity"), Decimal("1e99"), 1):
        with pytest.raises(InputError, match="exact amount"):
            store.write([fill(1), fill(2, fee=amount)])
    assert store.count(StoredFill) == 0


def test_an_integer_that_does_not_fit_is_refused_and_nothing_of_its_call_is_written(store: TradeStore) -> None:
    with pytest.raises(InputError, match="64 bits"):
        store.write([fill(1), fill(2**63)])
    assert store.count(StoredFill) == 0


def test_pages_hold_every_row_once_though_many_have_the_same_time(store: TradeStore) -> None:
    rows = [fill(HUGE - i, time_ms=1_000 + i // 50) for i in range(120)]
    store.write(rows)
    after, found = None, []
    while True:
        page = store.page(StoredFill, after=after, limit=7)
        found += page.rows
        after = page.after
        if after is None:
            break
    assert found == sorted(rows, key=lambda row: (row.time_ms, row.trade_id))


def test_ids_are_in_order_as_numbers(store: TradeStore) -> None:
    store.write([fill(i, time_ms=1) for i in (10, 9, HUGE, 100)])
    assert [row.trade_id for row in store.rows(StoredFill)] == [9, 10, 100, HUGE]


def test_a_filter_takes_rows_that_meet_all_its_conditions(store: TradeStore) -> None:
    rows = [fill(i, strategy_id="ab"[i % 2], symbol=["BTCUSDT", "ETHUSDT"][i // 10]) for i in range(20)]
    store.write(rows)
    begin = rows[0].time_ms
    where = Filter(
        strategy_id="a", symbol="ETHUSDT", since_ms=begin + 12, until_ms=begin + 16, equal={"fee_quote": None}
    )
    assert list(store.rows(StoredFill, where)) == [rows[12], rows[14]]
    assert store.count(StoredFill, where) == 2


def test_a_filter_on_a_column_that_a_table_does_not_have_is_refused(store: TradeStore) -> None:
    with pytest.raises(InputError, match="candles has no column 'strategy_id'"):
        store.count(StoredCandle, Filter(strategy_id="a"))
    with pytest.raises(InputError, match=r"no column 'fea'. Did you mean 'fee'\?"):
        store.count(StoredFill, Filter(equal={"fea": Decimal(1)}))


def test_an_offset_is_written_with_its_rows_or_not_at_all(store: TradeStore) -> None:
    with pytest.raises(InputError):
        store.write([fill(1), example(JournalOffset, sequence=2**63)])
    assert (store.count(StoredFill), store.count(JournalOffset)) == (0, 0)


def test_text_of_people_is_data(store: TradeStore) -> None:
    rows = [fill(1, client_order_id="'); drop table fills; --"), fill(2, client_order_id="Ω\n\t\\N%s")]
    store.write(rows)
    assert list(store.rows(StoredFill)) == rows
