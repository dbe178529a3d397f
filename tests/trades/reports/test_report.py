"""What a report says of fills, funding, positions, journals and promises."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from skills_lib.answers.trade_reports import TradeReportAnswer
from skills_lib.report.drawings import PAGE
from skills_lib.trades.derived.deriving import derive
from skills_lib.trades.income_types import FUNDING
from skills_lib.trades.reports.files import MARKDOWN, write_report
from skills_lib.trades.reports.spans import parse_span
from skills_lib.trades.reports.trade_report import Folders, TradeReport, report_of
from skills_lib.trades.store.rows import StoredCoverage, StoredIncome
from skills_lib.trades.store.sql_store import SqlStore
from tests.html import fetched
from tests.trades.journal.journals import lines_of
from tests.trades.profit.fills import START_MS, fill

PAPER = {"venue": "binance-simulator", "account": "paper"}
HOUR = 3_600_000
DAY = "2025-11-13"
"""The day of START_MS, 02:13:20 UTC."""


def folders(home: Path) -> Folders:
    return Folders(home, home / "backtests" / "validation-reports", home / "backtests" / "replays")


def report(store: SqlStore, home: Path, day: str = DAY, zone: str = "UTC", **chosen: Any) -> TradeReport:
    return report_of(store, parse_span(day, None, zone), folders(home), **chosen)


def traded(store: SqlStore, **changes: Any) -> None:
    """A win of 10, a loss of 4, funding of -1, and a position that is still open."""
    rows = [
        fill(1, "BUY", "1", "100", realised_pnl=Decimal(0), **changes),
        fill(2, "SELL", "1", "110", realised_pnl=Decimal(10), **changes),
        fill(3, "SELL", "1", "110", realised_pnl=Decimal(0), **changes),
        fill(4, "BUY", "3", "114", realised_pnl=Decimal(-4), **changes),
    ]
    where = {name: getattr(rows[0], name) for name in ("venue", "account", "strategy_id")}
    paid = StoredIncome(
        **where,
        income_type=FUNDING,
        income_id=7,
        symbol="BTCUSDT",
        asset="USDT",
        amount=Decimal(-1),
        time_ms=START_MS + 5,
    )
    store.write([*rows, paid])
    store.write(derive(store, where["venue"], where["account"], {"BTCUSDT": START_MS}))


def test_the_figures_of_a_day_are_those_of_its_fills_and_funding(sqlite: SqlStore, tmp_path: Path) -> None:
    traded(sqlite)
    found = report(sqlite, tmp_path)
    answer = TradeReportAnswer.of(found, tmp_path)
    assert answer.pnl == {"realised": "6", "fees": "0.04", "funding": "-1", "net": "4.96"}
    assert (answer.trades, answer.win_rate, answer.max_drawdown) == (2, 0.5, "5.02")
    (held,) = found.positions
    assert (held.quantity, held.entry_price, held.opened_ms) == (Decimal(2), Decimal(114), START_MS + 4)
    assert (answer.mode, answer.accounts, answer.complete) == ("paper", ["binance-simulator/paper"], False)


def test_another_day_has_none_of_it_and_the_position_of_then(sqlite: SqlStore, tmp_path: Path) -> None:
    traded(sqlite)
    before, after = report(sqlite, tmp_path, "2025-11-12"), report(sqlite, tmp_path, "2025-11-14")
    assert (before.earned.whole.fills, before.positions) == (0, [])
    assert (after.earned.whole.fills, [one.quantity for one in after.positions]) == (0, [Decimal(2)])


def test_a_fill_at_midnight_is_of_the_day_of_its_zone(sqlite: SqlStore, tmp_path: Path) -> None:
    midnight = parse_span("2026-10-25", None, "Europe/Berlin").start_ms
    sqlite.write([fill(1, "BUY", "1", "1", time_ms=midnight - 1), fill(2, "BUY", "1", "1", time_ms=midnight)])
    for zone, day, fills in (
        ("Europe/Berlin", "2026-10-24", 1),
        ("Europe/Berlin", "2026-10-25", 1),
        ("UTC", "2026-10-24", 2),
    ):
        assert report(sqlite, tmp_path, day, zone).earned.whole.fills == fills, (zone, day)


def test_paper_money_is_never_added_to_real_money(sqlite: SqlStore, tmp_path: Path) -> None:
    traded(sqlite)
    traded(sqlite, venue="binance", account="main", mode="live")
    live, paper = report(sqlite, tmp_path, strategy="imbalance"), report(sqlite, tmp_path, mode="paper")
    assert (str(live.scope.mode), live.scope.left_out, live.earned.whole.trades) == ("live", ("paper",), 2)
    assert paper.earned.whole.net == live.earned.whole.net
    assert live.paper is not None
    assert (live.paper.trades, live.paper.wins) == (2, 1)


def test_a_strategy_has_its_own_figures(sqlite: SqlStore, tmp_path: Path) -> None:
    traded(sqlite)
    assert report(sqlite, tmp_path, strategy="other").earned.whole.fills == 0
    assert report(sqlite, tmp_path, strategy="imbalance").earned.whole.fills == 4


def test_what_has_no_value_stands_apart(sqlite: SqlStore, tmp_path: Path) -> None:
    sqlite.write([fill(1, "BUY", "1", "1", fee=Decimal("0.001"), fee_asset="BNB", fee_quote=None)])
    income = StoredIncome(
        **PAPER, income_type="NEW_KIND", income_id=1, asset="USDT", amount=Decimal(3), time_ms=START_MS, known=False
    )
    sqlite.write([income, replace(income, income_type="INSURANCE_CLEAR", known=True)])
    found = report(sqlite, tmp_path)
    assert (found.earned.whole.net, found.earned.whole.other_fees) == (Decimal(0), {"BNB": Decimal("0.001")})
    assert found.unknown_income == {"NEW_KIND": 1}
    assert len(found.notes) == 4


def test_figures_are_complete_where_fills_and_income_were_synchronised(sqlite: SqlStore, tmp_path: Path) -> None:
    span = parse_span(DAY, None, "UTC")
    ends = {"complete_from_ms": span.start_ms, "complete_until_ms": span.until_ms, "updated_ms": span.until_ms}
    rows = [
        StoredCoverage(**PAPER, subject=subject, symbol=symbol, **ends)
        for subject, symbol in (("income", ""), ("fills", "BTCUSDT"))
    ]
    sqlite.write(rows)
    found = report(sqlite, tmp_path).completeness
    assert (found.complete, found.symbols) == (True, ("BTCUSDT",))
    assert "90 days" in found.forgotten
    sqlite.write([replace(rows[0], complete_from_ms=span.start_ms + HOUR)])
    found = report(sqlite, tmp_path).completeness
    assert not found.complete
    assert "complete from 2025-11-13T01:00:00.000+00:00" in found.sentence


def test_alerts_refusals_and_the_head_come_from_the_journals(sqlite: SqlStore, tmp_path: Path) -> None:
    noon = START_MS * 1_000_000
    refused = {"refused": {"reason": "daily_loss", "text": "", "intent": {}, "uses": []}}
    records = [
        (noon, "alert", {"code": "pause", "symbol": "", "text": ""}),
        (noon + 1, "refusal", refused),
        (noon + 30 * HOUR * 1_000_000, "alert", {"code": "kill", "symbol": "", "text": ""}),
    ]
    folder = tmp_path / "data" / "journals"
    folder.mkdir(parents=True)
    lines = lines_of(records, (noon - 1, "journal", {"format": "twokey-journal", "version": 1, "run": "r1"}))
    (folder / "r1.jsonl").write_bytes(b"".join(lines) + b'{"sequence":4,"time')
    found = report(sqlite, tmp_path).health
    assert (found.alerts, found.refusals, found.journals) == ({"pause": 1}, {"daily_loss": 1}, 1)
    assert (found.heads[0].sequence, found.head) == (3, json.loads(lines[-1])["hash"])
    assert report(sqlite, tmp_path, "2025-11-14").health.alerts == {"kill": 1}
    (folder / "r1.jsonl").write_bytes(b"".join(lines).replace(b'"code":"pause"', b'"kode":"pause"'))
    assert list(report(sqlite, tmp_path).health.unreadable) == ["r1.jsonl"]


def test_the_newest_validation_is_what_was_promised(sqlite: SqlStore, tmp_path: Path) -> None:
    traded(sqlite)
    assert "Nothing was promised: imbalance" in report(sqlite, tmp_path).promised.sentence
    for number, label in ((1, "FAIL"), (2, "PASS")):
        folder = tmp_path / "backtests" / "validation-reports" / str(number)
        folder.mkdir(parents=True)
        stored = {"id": f"v{number}", "strategy": "imbalance", "created_at": f"2025-01-0{number}", "symbol": "BTCUSDT"}
        stored |= {"verdict": {"label": label}, "walk_forward": {"stitched": {"metrics": {"sharpe": 1.5}}}}
        (folder / "result.json").write_text(json.dumps(stored), encoding="utf-8")
    (tmp_path / "backtests" / "validation-reports" / "2" / "broken").mkdir()
    (tmp_path / "backtests" / "validation-reports" / "2" / "broken" / "result.json").write_text("{", encoding="utf-8")
    found = report(sqlite, tmp_path).promised
    assert (found.source, found.id, found.verdict, found.figures) == ("validation", "v2", "PASS", {"sharpe": 1.5})
    assert report(sqlite, tmp_path, strategy="other").promised.source == ""


@pytest.mark.parametrize("period", [f"{DAY}..{DAY}", "2025-11-01..2025-11-30"])
def test_page_and_markdown_show_the_figures_and_fetch_nothing(sqlite: SqlStore, tmp_path: Path, period: str) -> None:
    traded(sqlite, strategy_id="<b>|bold")
    found = report_of(sqlite, parse_span(None, period, "Europe/Berlin"), folders(tmp_path))
    folder = write_report(found, tmp_path / "reports")
    page, text = ((folder / name).read_text(encoding="utf-8") for name in (PAGE, MARKDOWN))
    assert fetched(page) == []
    assert "4.96" in page
    assert "This is paper trading" in page
    assert "<b>" not in page.split("</style>")[1]
    assert "**Net 4.96 in quote currency" in text
    assert "<b>" not in text
