"""Income against fills, wallet balances and positions; profit and loss as the venue's ledger has it. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from skills_lib.trades.income_types import COMMISSION, FUNDING, JOURNAL_FUNDING, REALISED
from skills_lib.trades.profit.exact import ZERO, add, multiply, quotient, subtract, total
from skills_lib.trades.reconcile.rows import DiscrepancyKind, discrepancy, text
from skills_lib.trades.store.rows import StoredDiscrepancy, StoredFill, StoredIncome


@dataclass(frozen=True, slots=True)
class LedgerProfit:
    """Profit in `asset` by the venue's ledger. fees: positive where paid; net = realised - fees + funding.

    other_fees: by asset, of fees that are in no other sum because their value then is not known.
    """

    asset: str
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    other_fees: dict[str, Decimal] = field(default_factory=dict)

    @property
    def net(self) -> Decimal:
        """What is left."""
        return add(subtract(self.realised, self.fees), self.funding)


def ledger_profit(
    rows: Iterable[StoredIncome], fills: Mapping[tuple[str, int], StoredFill], asset: str
) -> LedgerProfit:
    """The profit of income rows. fills: by symbol and number, whose fees in other assets have a value."""
    realised, fees, funding = ZERO, ZERO, ZERO
    others: dict[str, Decimal] = {}
    for row in rows:
        if row.income_type == COMMISSION:
            valued = row.amount if row.asset == asset else _value(row, fills)
            if valued is None:
                others[row.asset] = subtract(others.get(row.asset, ZERO), row.amount)
            else:
                fees = subtract(fees, valued)
        elif row.asset == asset and row.income_type == REALISED:
            realised = add(realised, row.amount)
        elif row.asset == asset and row.income_type == FUNDING:
            funding = add(funding, row.amount)
    return LedgerProfit(asset, realised, fees, funding, others)


def _value(row: StoredIncome, fills: Mapping[tuple[str, int], StoredFill]) -> Decimal | None:
    """A commission at the price of its fill."""
    fill = fills.get((row.symbol, row.trade_id or 0))
    if fill is None or fill.fee_quote is None or fill.fee_asset != row.asset or not fill.fee:
        return None
    if fill.fee == row.amount.copy_negate():
        return fill.fee_quote.copy_negate()
    return multiply(quotient(fill.fee_quote, fill.fee), row.amount)


def against_fills(
    fills: Iterable[StoredFill], rows: Iterable[StoredIncome], now_ms: int
) -> tuple[list[StoredDiscrepancy], set[str]]:
    """Fills whose fee or profit the ledger has otherwise, and all subjects that were compared."""
    booked: dict[tuple[str, str, int], list[StoredIncome]] = {}
    for row in rows:
        if row.trade_id is not None:
            booked.setdefault((row.income_type, row.symbol, row.trade_id), []).append(row)
    found: list[StoredDiscrepancy] = []
    checked: set[str] = set()
    for fill in fills:
        subject = f"income {fill.symbol} {fill.trade_id}"
        checked.add(subject)
        found += _booked(fill, subject, booked, now_ms)
    return found, checked


def _booked(
    fill: StoredFill, subject: str, booked: Mapping[tuple[str, str, int], list[StoredIncome]], now_ms: int
) -> Iterator[StoredDiscrepancy]:
    fees = booked.get((COMMISSION, fill.symbol, fill.trade_id), [])
    profits = booked.get((REALISED, fill.symbol, fill.trade_id), [])
    about: dict[str, Any] = {
        "subject": subject,
        "strategy_id": fill.strategy_id,
        "symbol": fill.symbol,
        "now_ms": now_ms,
    }
    account = fill.venue, fill.account
    paid = total(row.amount for row in fees).copy_negate()
    other_asset = any(row.asset != fill.fee_asset for row in fees)
    if fill.fee_asset and (paid != fill.fee or other_asset):
        theirs = ", ".join(f"{text(row.amount.copy_negate())} {row.asset}" for row in fees)
        yield discrepancy(
            DiscrepancyKind.FEE, account, ours=f"{text(fill.fee)} {fill.fee_asset}", theirs=theirs, **about
        )
    profit = total(row.amount for row in profits)
    if fill.realised_pnl is not None and profit != fill.realised_pnl:
        yield discrepancy(DiscrepancyKind.PROFIT, account, ours=text(fill.realised_pnl), theirs=text(profit), **about)


def unknown_types(rows: Iterable[StoredIncome]) -> Counter[str]:
    """How many rows there are of each type that this program does not know."""
    return Counter(row.income_type for row in rows if not row.known)


def wallet_change(rows: Iterable[StoredIncome], asset: str) -> Decimal:
    """What income rows change a wallet by: all types, known or not, but what journals say of funding."""
    return total(row.amount for row in rows if row.asset == asset and row.income_type != JOURNAL_FUNDING)
