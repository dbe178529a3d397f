"""Positions and wallets as the venue has them, against fills and income since they were first compared.

What a position or a wallet was before the store knew the account is not known. So the first comparison only remembers
by how much the venue differs from the rows' sums; from then on the difference must stay what it was.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

import msgspec

from skills_lib.trades.income_types import JOURNAL_FUNDING
from skills_lib.trades.profit.exact import ZERO, add, subtract
from skills_lib.trades.reconcile.rows import DiscrepancyKind, discrepancy, text
from skills_lib.trades.store.model import Filter, TradeStore
from skills_lib.trades.store.rows import StoredBalance, StoredDiscrepancy, StoredFill, StoredIncome, StoredRow
from skills_lib.trades.sync.conversion import VenueAccount
from skills_lib.trades.sync.coverage import CoverageBook
from skills_lib.trades.sync.listings import INCOME, TRADES, rows_between
from skills_lib.trades.sync.reading import AccountReader
from skills_lib.trades.sync.wire_rows import ListedBalance, ListedPosition, decimal

POSITIONS: Final = "positions"
BALANCES: Final = "balances"
_TAIL_MS: Final = 3_600_000


class _Base(msgspec.Struct):
    """By how much the venue differed from the sum of rows from a time on."""

    from_ms: int
    offset: str


@dataclass(slots=True)
class Standing:
    """What the venue said last. moving: rows came while it was read, so that nothing was compared."""

    positions: list[ListedPosition] = field(default_factory=list)
    balances: list[ListedBalance] = field(default_factory=list)
    moving: bool = False
    rows: list[StoredRow] = field(default_factory=list)
    found: list[StoredDiscrepancy] = field(default_factory=list)
    checked: set[str] = field(default_factory=set)


def read_standing(store: TradeStore, reader: AccountReader, account: VenueAccount, book: CoverageBook) -> Standing:
    """Read positions and wallets, and compare them unless the account trades meanwhile."""
    standing = Standing(
        [one for one in reader.read("/fapi/v3/positionRisk", {}, 5, list[ListedPosition]) if decimal(one.position_amt)],
        reader.read("/fapi/v3/balance", {}, 5, list[ListedBalance]),
    )
    where = Filter(venue=account.venue, account=account.account)
    standing.moving = _has_moved(store, reader, where, book)
    standing.rows += [
        StoredBalance(
            venue=account.venue,
            account=account.account,
            asset=one.asset,
            time_ms=book.now_ms,
            wallet_balance=decimal(one.balance),
        )
        for one in standing.balances
    ]
    if not standing.moving:
        _compare_positions(standing, store, where, book)
        _compare_balances(standing, store, where, book)
    return standing


def _has_moved(store: TradeStore, reader: AccountReader, where: Filter, book: CoverageBook) -> bool:
    """Whether the venue has booked anything that the store does not have."""
    first_ms = book.now_ms - _TAIL_MS
    listed = rows_between(reader, INCOME, "", first_ms, reader.now_ms())
    stored = {(row.income_type, row.income_id) for row in store.rows(StoredIncome, replace(where, since_ms=first_ms))}
    return any((row.income_type, row.tran_id) not in stored for row in listed)


def _compare_positions(standing: Standing, store: TradeStore, where: Filter, book: CoverageBook) -> None:
    theirs = {(one.symbol, one.position_side): decimal(one.position_amt) for one in standing.positions}
    bases = _bases(book, POSITIONS)
    for symbol in {row.symbol for row in book.all if row.subject == TRADES.subject}:
        from_ms = next(
            row.complete_from_ms for row in book.all if (row.subject, row.symbol) == (TRADES.subject, symbol)
        )
        sides = {side for name, side in theirs if name == symbol} | {"BOTH"}
        for side in sorted(sides):
            name = f"{symbol} {side}"
            base = bases.get(name) or _Base(from_ms, "")
            ours = _held(store, replace(where, symbol=symbol, since_ms=base.from_ms, equal={"position_side": side}))
            _compare(
                standing,
                (DiscrepancyKind.POSITION, where),
                bases,
                name,
                base,
                ours,
                theirs.get((symbol, side), ZERO),
                book,
            )
    standing.rows.append(book.remember(POSITIONS, msgspec.json.encode(bases).decode()))


def _held(store: TradeStore, where: Filter) -> Decimal:
    found = ZERO
    for one in store.totals(StoredFill, ("quantity",), where, by=("side",)):
        found = (add if one.group[0] == "BUY" else subtract)(found, one.sums["quantity"])
    return found


def _compare_balances(standing: Standing, store: TradeStore, where: Filter, book: CoverageBook) -> None:
    bases = _bases(book, BALANCES)
    from_ms = min((row.complete_from_ms for row in book.all if row.subject == INCOME.subject), default=book.now_ms)
    for one in standing.balances:
        base = bases.get(one.asset) or _Base(from_ms, "")
        since = replace(where, since_ms=base.from_ms, equal={"asset": one.asset})
        booked = ZERO
        for part in store.totals(StoredIncome, ("amount",), since, by=("income_type",)):
            if part.group[0] != JOURNAL_FUNDING:
                booked = add(booked, part.sums["amount"])
        _compare(standing, (DiscrepancyKind.BALANCE, where), bases, one.asset, base, booked, decimal(one.balance), book)
    standing.rows.append(book.remember(BALANCES, msgspec.json.encode(bases).decode()))


def _compare(
    standing: Standing,
    about: tuple[DiscrepancyKind, Filter],
    bases: dict[str, _Base],
    name: str,
    base: _Base,
    ours: Decimal,
    theirs: Decimal,
    book: CoverageBook,
) -> None:
    """Remember a first difference, or check that it is still the same."""
    kind, where = about
    if not base.offset:
        bases[name] = _Base(base.from_ms, text(subtract(theirs, ours)))
        return
    expected = add(ours, decimal(base.offset))
    subject = f"{kind} {name}"
    standing.checked.add(subject)
    if expected != theirs:
        account = where.venue or "", where.account or ""
        standing.found.append(
            discrepancy(kind, account, subject=subject, ours=text(expected), theirs=text(theirs), now_ms=book.now_ms)
        )


def _bases(book: CoverageBook, subject: str) -> dict[str, _Base]:
    found = book.remembered(subject)
    return msgspec.json.decode(found, type=dict[str, _Base]) if found else {}
