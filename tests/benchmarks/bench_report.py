"""The daily summary over 100,000 trades against its bare SQL: at most twice its time.

Both read profit, fees, funding and the fall of cumulative profit of a day of 200,000 fills and 100,000 round trips from
SQLite. The bare SQL is given the columns by the driver, makes exact amounts of them and sums them in order of time.
"""

import sqlite3
import sys
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from statistics import median
from time import perf_counter

from skills_lib.trades.profit.exact import EXACT
from skills_lib.trades.reports.money import earned
from skills_lib.trades.reports.scope import scope_of
from skills_lib.trades.reports.spans import parse_span
from skills_lib.trades.store.address import parse_address
from skills_lib.trades.store.migrations.running import initialise
from skills_lib.trades.store.rows import StoredFill, StoredTrade
from skills_lib.trades.store.sql_store import SqlStore
from tests.trades.profit.fills import START_MS, fill

TRADES = 100_000
ROUNDS = 5
MAX_RATIO = 2.0
SPAN = parse_span("2025-11-13", None, "UTC")
FILLS = """select time_ms, symbol, trade_id, realised_pnl, fee_quote from fills
    where owner = '' and venue = ? and account = ? and time_ms >= ? and time_ms < ?"""
CLOSED = """select closed_ms, pnl from crypto_trades where owner = '' and venue = ? and account = ?
    and closed_ms >= ? and closed_ms < ? and status = 'closed'"""


def fills_and_trades(number: int) -> list[StoredFill | StoredTrade]:
    """A round trip of 7, in less than a second."""
    common = {"time_ms": START_MS + number // 2, "realised_pnl": Decimal(0)}
    opened = fill(2 * number, "BUY", "0.7", "100", **common)
    closed = fill(2 * number + 1, "SELL", "0.7", "110", **(common | {"realised_pnl": Decimal(7)}))
    names = ("venue", "account", "symbol", "trade_id", "strategy_id", "mode")
    trade = StoredTrade(
        **{name: getattr(opened, name) for name in names},
        direction="LONG",
        status="closed",
        quantity=opened.quantity,
        entry_quote=opened.quote_quantity,
        entry_price=opened.price,
        pnl=Decimal("6.98") if number % 3 else Decimal("-1.02"),
        opened_ms=opened.time_ms,
        closed_ms=closed.time_ms,
    )
    return [opened, closed, trade]


def bare(file: Path) -> tuple[Decimal, Decimal, int, int, Decimal]:
    """Realised, fees, trades, wins and drawdown by two statements."""
    with sqlite3.connect(file) as connection:
        where = ("binance-simulator", "paper", SPAN.start_ms, SPAN.until_ms)
        fills = connection.execute(FILLS, where).fetchall()
        trades = connection.execute(CLOSED, where).fetchall()
    realised = fees = now = highest = worst = Decimal(0)
    for *_, profit, fee in sorted(fills):
        gained, paid = Decimal(profit), Decimal(fee)
        realised, fees = EXACT.add(realised, gained), EXACT.add(fees, paid)
        now = EXACT.add(now, EXACT.subtract(gained, paid))
        highest = max(highest, now)
        worst = max(worst, EXACT.subtract(highest, now))
    return realised, fees, len(trades), sum(Decimal(pnl) > 0 for _, pnl in trades), worst


def timed(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    began = perf_counter()
    work()
    return perf_counter() - began


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trades.sqlite"
        address = parse_address(f"sqlite:///{file}")
        with SqlStore(address) as store:
            initialise(store.engine, address)
            store.write([row for number in range(TRADES) for row in fills_and_trades(number)])
            found = earned(store, scope_of(store), SPAN)
            whole = found.whole
            assert (whole.realised, whole.fees, whole.trades, whole.wins, found.max_drawdown) == bare(file)
            pairs = [
                (timed(lambda: bare(file)), timed(lambda: earned(store, scope_of(store), SPAN))) for _ in range(ROUNDS)
            ]
    ratio = median(ours / by_hand for by_hand, ours in pairs)
    by_hand, ours = (median(times) for times in zip(*pairs, strict=True))
    print(
        f"daily summary of {TRADES:,} trades: bare SQL {by_hand:.2f} s, report {ours:.2f} s, {ratio:.2f} times as long"
    )
    if ratio > MAX_RATIO:
        sys.exit(f"the daily summary takes more than {MAX_RATIO:.0f} times as long as its bare SQL")


if __name__ == "__main__":
    main()
