"""The trade log by tools: typed filters, pages after a key, amounts and ids as text, nothing that trades."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from live.simulator.sockets.server import Server, serving
from live.simulator.tape_source import TapeSource
from mcp_servers.backtest.server import server as backtests
from mcp_servers.trade_log.server import server
from skills_lib.market.depth.tape.lines import read_lines
from skills_lib.settings import Settings
from skills_lib.trades.reports.money import earned
from skills_lib.trades.reports.scope import scope_of
from skills_lib.trades.reports.spans import parse_span
from skills_lib.trades.store.choosing import store_address
from skills_lib.trades.store.migrations.running import initialise
from skills_lib.trades.store.money import plain_text
from skills_lib.trades.store.rows import StoredDiscrepancy, StoredFlow, StoredIncome
from skills_lib.trades.store.sql_store import SqlStore
from tests.live.simulator.http_requests import HttpClient
from tests.live.simulator.tapes import write_tape
from tests.live.simulator.venue_client import BY_HAND
from tests.mcp_servers.mcp_client import answer, refusal
from tests.trades.store.examples import HUGE, example, fill

EXACT = Decimal("12345678901.000000000123456789")


@pytest.fixture
def log(workspace: Settings) -> Iterator[SqlStore]:
    """An empty log of the workspace."""
    address = store_address(workspace)
    with SqlStore(address) as store:
        initialise(store.engine, address)
        yield store


def pages(tool: str, **arguments: Any) -> Iterator[list[dict[str, str]]]:
    cursor: dict[str, str] = {}
    while True:
        found = answer(server, tool, **arguments, **cursor)
        yield found["rows"]
        if found["next_cursor"] is None:
            return
        cursor = {"cursor": found["next_cursor"]}


def test_without_a_log_every_tool_says_what_to_do(workspace: Settings) -> None:
    for tool in ("trade_log_summary", "trade_log_reconcile", "trade_log_flows"):
        assert "twokey store init" in refusal(server, tool)


def test_pages_have_every_row_once_also_where_rows_are_written_meanwhile(log: SqlStore) -> None:
    log.write([fill(HUGE + number, time_ms=1_700_000_000_000) for number in range(0, 10, 2)])
    found = []
    for page in pages("trade_log_query", table="fills", limit=2):
        found += [int(row["trade_id"]) - HUGE for row in page]
        log.write([fill(HUGE - 1 - len(found), time_ms=1_700_000_000_000)])
    assert found == [0, 2, 4, 6, 8]


def test_amounts_ids_and_times_are_exact_text(log: SqlStore) -> None:
    log.write([fill(HUGE, fee=EXACT, fee_quote=None, time_ms=1_700_000_000_001)])
    (row,) = answer(server, "trade_log_query", table="fills")["rows"]
    assert (row["trade_id"], row["fee"], row["fee_quote"]) == (str(HUGE), str(EXACT), "")
    assert (row["time"], row["maker"]) == ("2023-11-14T22:13:20.001Z", "false")
    assert {type(value) for value in row.values()} == {str}


def test_filters_are_typed_and_others_are_refused(log: SqlStore) -> None:
    log.write([fill(1), fill(2, strategy_id="other"), fill(3, symbol="ETHUSDT"), fill(4, account="second")])
    log.write([fill(5, time_ms=1_600_000_000_000)])

    def ids(**given: str) -> list[str]:
        return [row["trade_id"] for row in answer(server, "trade_log_query", table="fills", **given)["rows"]]

    assert ids(strategy="other") == ["2"]
    assert ids(symbol="ethusdt") == ["3"]
    assert ids(account="second", venue="binance") == ["4"]
    assert ids(until="2023-01-01") == ["5"]
    assert ids(since="2023-01-01", strategy="imbalance", symbol="BTCUSDT", account="main") == ["1"]
    assert ids(strategy="x' or '1'='1") == []
    assert "has no column 'symbol'" in refusal(server, "trade_log_query", table="days", symbol="BTC")
    assert "no argument 'sql'" in refusal(server, "trade_log_query", table="fills", sql="select 1")
    assert "table" in refusal(server, "trade_log_query", table="sqlite_master")
    assert "limit" in refusal(server, "trade_log_query", table="fills", limit=201)


def test_a_cursor_belongs_to_its_request(log: SqlStore) -> None:
    log.write([fill(number) for number in range(3)])
    cursor = answer(server, "trade_log_query", table="fills", limit=1)["next_cursor"]
    assert len(answer(server, "trade_log_query", table="fills", limit=2, cursor=cursor)["rows"]) == 2
    for table, given in (("orders", cursor), ("fills", "x" + cursor), ("fills", "!"), ("fills", "bnVsbA")):
        assert "ursor" in refusal(server, "trade_log_query", table=table, cursor=given)
    assert "another request" in refusal(server, "trade_log_query", table="fills", symbol="BTC", cursor=cursor)


def test_a_page_that_is_too_long_is_refused_and_not_cut(log: SqlStore) -> None:
    log.write([fill(number, client_order_id="c" * 300) for number in range(200)])
    assert "Use a smaller limit" in refusal(server, "trade_log_query", table="fills", limit=200)


def test_a_summary_is_exact_and_adds_no_paper_to_real_money(log: SqlStore) -> None:
    first = fill(1, realised_pnl=EXACT, fee_quote=Decimal("0.02"))
    log.write([first, fill(2, realised_pnl=Decimal(1), fee=Decimal("0.001"), fee_asset="BNB", fee_quote=None)])
    log.write([fill(3, venue="binance-simulator", account="paper", realised_pnl=Decimal(9), fee_quote=Decimal(0))])
    funding = example(
        StoredIncome,
        venue="binance",
        account="main",
        income_type="FUNDING_FEE",
        amount=Decimal("-0.5"),
        time_ms=first.time_ms,
    )
    log.write([funding])
    found = answer(server, "trade_log_summary", since="2023-01-01")
    real, paper = found["accounts"]
    assert (real["mode"], real["realised"], real["fees"]) == ("live", "12345678902.000000000123456789", "0.02")
    assert (real["fills"], real["other_fees"], paper["mode"], paper["net"]) == ("2", "0.001 BNB", "paper", "9")
    assert answer(server, "trade_log_summary", until="2023-01-01")["accounts"][0]["fills"] == "0"
    report = earned(log, scope_of(log), parse_span(None, "2023-01-01..2099-12-31", "UTC")).whole
    assert (real["net"], real["trades"]) == (plain_text(report.net), str(report.trades)), "as the report has it"


def test_only_differences_that_stand_are_listed(log: SqlStore) -> None:
    for subject, resolved in (("fill BTCUSDT 1", None), ("fill BTCUSDT 2", 5)):
        row = example(StoredDiscrepancy, subject=subject, resolved_ms=resolved, found_ms=3)
        log.write([replace(row, kind="price")])
    (row,) = answer(server, "trade_log_reconcile")["rows"]
    assert (row["kind"], row["subject"], row["found"]) == ("price", "fill BTCUSDT 1", "1970-01-01T00:00:00.003Z")


def test_flows_are_listed_by_match_and_kind(log: SqlStore) -> None:
    for number, match in enumerate(("matched", "ambiguous", "unmatched")):
        row = example(StoredFlow, flow_id=str(number), match=match, time_ms=number, settled_ms=None)
        log.write([replace(row, kind="bank")])
    assert [row["flow_id"] for row in answer(server, "trade_log_flows", match="ambiguous")["rows"]] == ["1"]
    assert [len(page) for page in pages("trade_log_flows", kind="bank", limit=2)] == [2, 1]
    assert answer(server, "trade_log_flows", kind="deposit")["rows"] == []


def test_a_stored_backtest_is_recorded_once_and_a_path_is_no_run(log: SqlStore) -> None:
    request = {"symbol": "BTC", "timeframe": "1h", "strategy": "sma_crossover", "source": "sample"}
    run = answer(backtests, "backtest_run", **request, since="2023-01-01", until="2023-02-01")
    assert answer(server, "trade_log_record_backtest", run_id=run["run_id"])["inserted"] is True
    assert answer(server, "trade_log_record_backtest", run_id=run["run_id"][:6])["inserted"] is False
    (row,) = answer(server, "trade_log_query", table="backtests", strategy="sma_crossover")["rows"]
    assert (row["run"], row["synthetic"], row["trades"]) == (run["run_id"], "true", str(run["metrics"]["trades"]))
    assert Decimal(row["return_percent"]) == Decimal(repr(run["metrics"]["return_pct"]))
    assert row["since"].startswith("2023-01-01")
    assert "run_id" in refusal(server, "trade_log_record_backtest", run_id="../../x")
    assert "Unknown run" in refusal(server, "trade_log_record_backtest", run_id="0" * 12)


def test_an_account_is_synchronised_by_a_process_that_can_only_read(log: SqlStore, tmp_path: Path) -> None:
    async def run() -> None:
        tape = write_tape(tmp_path / "btcusdt.ts_jsonl")
        async with serving(Server(BY_HAND, TapeSource().read(read_lines(tape)))) as host, HttpClient(host) as client:
            await client.market("BUY")
            found = await asyncio.to_thread(answer, server, "trade_log_sync", host=host)
        assert found["counts"]["inserted"] > 0
        assert (found["discrepancies"], found["pnl"]["asset"]) == ([], "USDT")

    asyncio.run(run())
    assert len(answer(server, "trade_log_query", table="fills")["rows"]) == 1
