"""`twokey trades report` and `export` as they are typed."""

import csv
from pathlib import Path

from skills_lib.settings import Settings
from skills_lib.trades.store.choosing import open_store, store_address
from tests.command import Command
from tests.trades.profit.fills import fill


def test_a_day_is_reported_and_its_lots_are_exported(twokey: Command, tmp_path: Path) -> None:
    twokey("store", "init")
    store = open_store(store_address(Settings()))
    store.write([fill(1, "BUY", "2", "1"), fill(2, "SELL", "2", "1.5")])
    store.close()
    found = twokey("trades", "report", "--day", "2025-11-13", "--strategy", "imbalance", "--json").answer
    wanted = [
        "pnl",
        "trades",
        "win_rate",
        "fees",
        "funding",
        "max_drawdown",
        "positions",
        "errors",
        "promised",
        "journal_head",
    ]
    assert list(found)[:10] == wanted
    assert (found["pnl"]["fees"], found["fees"], found["promised"]["source"]) == ("0.02", "0.02", "")
    assert Path(found["files"]["page"]).is_file()
    shown = twokey("trades", "report", "--period", "2025-11-01..2025-11-30", "--tz", "Europe/Berlin").out
    assert "This is paper trading" in shown
    assert "Nothing was promised: imbalance has no stored validation or replay." in shown
    file = tmp_path / "lots.csv"
    assert twokey("trades", "export", str(file), "--json").answer["gross"] == "1"
    assert [row["closed_by"] for row in csv.DictReader(file.open(encoding="utf-8", newline=""))] == ["BTCUSDT-2"]
    refused = twokey("trades", "export", str(file), "--method", "average")
    assert (refused.code, "--force" in refused.err) == (2, True)
    assert "1 lots (average)" in twokey("trades", "export", str(file), "--method", "average", "--force").out


def test_wrong_days_are_one_line(twokey: Command) -> None:
    twokey("store", "init")
    for words in ((), ("--day", "yesterday"), ("--period", "2026-11-20"), ("--day", "2026-11-20", "--tz", "Mars")):
        done = twokey("trades", "report", *words)
        assert (done.code, done.err.count("\n")) == (2, 1)
