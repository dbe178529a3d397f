"""The file of lots: exact sums, ids as text, no formulas, never a half file."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings

from skills_lib.domain.errors import InputError
from skills_lib.trades.profit.fees import all_fees
from skills_lib.trades.reports.export import HEAD, export_rows, guarded, sums_of, write_export
from skills_lib.trades.reports.lots import LOTS, LotMethod
from skills_lib.trades.reports.scope import scope_of
from skills_lib.trades.reports.spans import ALL_DAYS, parse_span
from skills_lib.trades.store.rows import StoredFill
from skills_lib.trades.store.sql_store import SqlStore
from tests.trades.profit.fills import START_MS, cash_of, fill, fills_until_flat
from tests.trades.store.examples import HUGE

SPAN = parse_span(None, ALL_DAYS, "UTC")
DAY_MS = 86_400_000


def exported(store: SqlStore, method: LotMethod = LotMethod.FIFO) -> list[dict[str, str]]:
    return [dict(zip(HEAD, row, strict=True)) for row in export_rows(store, scope_of(store), SPAN, method)]


@pytest.mark.parametrize("method", LotMethod)
@settings(max_examples=40)
@given(fills=fills_until_flat())
def test_lots_of_a_flat_position_add_up_to_its_cash_and_fees(method: LotMethod, fills: list[StoredFill]) -> None:
    lots = list(LOTS[method](fills))
    assert sum((lot.gross for lot in lots), Decimal(0)) == cash_of(fills)
    assert sum((lot.fees.quote for lot in lots), Decimal(0)) == all_fees(fills).quote
    assert all(lot.quantity > 0 and lot.held_ms >= 0 for lot in lots)


def test_the_first_purchase_is_sold_first_and_an_average_is_of_all(sqlite: SqlStore) -> None:
    sqlite.write(
        [
            fill(1, "BUY", "1", "100", time_ms=START_MS),
            fill(2, "BUY", "1", "200", time_ms=START_MS + DAY_MS),
            fill(3, "SELL", "1", "250", time_ms=START_MS + 3 * DAY_MS),
        ]
    )
    first, averaged = exported(sqlite)[0], exported(sqlite, LotMethod.AVERAGE)[0]
    assert (first["gross"], first["fees"], first["net"], first["holding_days"]) == ("150", "0.02", "149.98", "3")
    assert (first["opened_by"], first["closed_by"]) == ("BTCUSDT-1", "BTCUSDT-3")
    assert (averaged["entry_price"], averaged["gross"], averaged["method"]) == ("150", "100", "average")


def test_ids_are_text_and_free_text_is_no_formula(sqlite: SqlStore, tmp_path: Path) -> None:
    named = {"strategy_id": '=HYPERLINK("http://x")', "account": "@paper", "time_ms": START_MS}
    sqlite.write([fill(HUGE - 1, "BUY", "1", "2", **named), fill(HUGE, "SELL", "1", "1", **named)])
    write_export(tmp_path / "lots.csv", export_rows(sqlite, scope_of(sqlite), SPAN, LotMethod.FIFO))
    (row,) = csv.DictReader((tmp_path / "lots.csv").open(encoding="utf-8", newline=""))
    assert (row["strategy"], row["account"]) == ('\'=HYPERLINK("http://x")', "'@paper")
    assert (row["closed_by"], row["gross"], row["net"]) == (f"BTCUSDT-{HUGE}", "-1", "-1.02")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1"])
def test_text_that_begins_like_a_formula_is_guarded(text: str) -> None:
    assert guarded(text) == f"'{text}"
    assert guarded(f"a{text}") == f"a{text}"


def test_a_file_that_is_there_is_replaced_only_when_forced(tmp_path: Path) -> None:
    file = tmp_path / "lots.csv"
    file.write_text("kept", encoding="utf-8")
    with pytest.raises(InputError, match="`force`"):
        write_export(file, [])
    assert file.read_text(encoding="utf-8") == "kept"
    write_export(file, [], force=True)
    assert file.read_text(encoding="utf-8").startswith("kind,closed,")
    assert [one.name for one in tmp_path.iterdir()] == ["lots.csv"]
    for wrong in (tmp_path, tmp_path / "missing" / "lots.csv"):
        with pytest.raises(InputError, match="no file that can be written"):
            write_export(wrong, [])


def test_sums_of_columns_are_those_of_the_lots(sqlite: SqlStore) -> None:
    sqlite.write([fill(1, "BUY", "3", "0.1"), fill(2, "SELL", "1", "0.3"), fill(3, "SELL", "2", "0.2")])
    rows = export_rows(sqlite, scope_of(sqlite), SPAN, LotMethod.FIFO)
    assert sums_of(rows) == {"gross": "0.4", "fees": "0.03", "funding": "0", "net": "0.37"}
