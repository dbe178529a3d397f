"""The file of lots and funding for taxes: CSV in which no program rounds an id and no text is a formula."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Final

from skills_lib.domain.errors import InputError
from skills_lib.domain.options import option
from skills_lib.trades.derived.funding import payments_of
from skills_lib.trades.profit.exact import ZERO, quotient, total
from skills_lib.trades.reports.files import write_whole
from skills_lib.trades.reports.lots import LOTS, LotMethod, TaxLot
from skills_lib.trades.reports.scope import Scope
from skills_lib.trades.reports.spans import ReportSpan, local_text
from skills_lib.trades.store.model import Filter, TradeStore
from skills_lib.trades.store.rows import StoredFill, StoredIncome

HEAD: Final = (
    *("kind", "closed", "opened", "holding_days", "symbol", "direction", "quantity", "entry_price", "exit_price"),
    *("entry_amount", "exit_amount", "gross", "fees", "other_fees", "funding", "net", "strategy", "mode"),
    *("venue", "account", "method", "opened_by", "closed_by"),
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_DAY_MS: Final = 86_400_000
_POSITION: Final = ("venue", "account", "symbol", "position_side")
Row = tuple[int, list[str]]
"""Time and cells."""


def export_rows(store: TradeStore, scope: Scope, span: ReportSpan, method: LotMethod) -> list[list[str]]:
    """Lots that were closed in a span, and funding in it, in order of time. Lots are made of all fills of the store."""
    rows = [*_lot_rows(store, scope, span, method), *_funding_rows(store, scope, span)]
    return [cells for _, cells in sorted(rows, key=lambda row: row[0])]


def write_export(path: Path, rows: list[list[str]], *, force: bool = False) -> None:
    """Write the file in one step.

    Raises:
        InputError: it is there and not forced, or it is a folder, or its folder is not there.
        OSError: it cannot be written.
    """
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"{path} is no file that can be written: name a file in a folder that is there.")
    if path.exists() and not force:
        raise InputError(f"{path} is there already. Name another file, or replace it with {option('force')}.")
    text = io.StringIO()
    csv.writer(text).writerows([HEAD, *rows])
    write_whole(path, text.getvalue())


def sums_of(rows: list[list[str]]) -> dict[str, str]:
    """The exact sums of the columns of money."""
    names = ("gross", "fees", "funding", "net")
    return {name: _text(total(Decimal(row[HEAD.index(name)]) for row in rows)) for name in names}


def guarded(text: str) -> str:
    """Text that no spreadsheet takes for a formula: where it begins like one, behind an apostrophe."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _lot_rows(store: TradeStore, scope: Scope, span: ReportSpan, method: LotMethod) -> Iterator[Row]:
    for where in scope.filters():
        for group in store.totals(StoredFill, (), where, by=_POSITION):
            named = dict(zip(_POSITION, group.group, strict=True))
            position = Filter(equal=named, until_ms=span.until_ms)
            for lot in LOTS[method](store.rows(StoredFill, position)):
                if lot.closed_by.time_ms >= span.start_ms and _is_of(scope, lot):
                    yield lot.closed_by.time_ms, _lot_cells(lot, span, method)


def _is_of(scope: Scope, lot: TaxLot) -> bool:
    return scope.strategy_id in (None, lot.opened_by.strategy_id)


def _lot_cells(lot: TaxLot, span: ReportSpan, method: LotMethod) -> list[str]:
    opened, closed = lot.opened_by, lot.closed_by
    others = " ".join(f"{amount:f} {asset}" for asset, amount in sorted(lot.fees.others.items()))
    prices = [_per_unit(amount, lot.quantity) for amount in (lot.entry, lot.exit)]
    return [
        *("lot", local_text(closed.time_ms, span.zone), local_text(opened.time_ms, span.zone)),
        *(str(lot.held_ms // _DAY_MS), guarded(closed.symbol), "long" if lot.direction > 0 else "short"),
        *(_text(lot.quantity), *prices, _text(lot.entry), _text(lot.exit), _text(lot.gross), _text(lot.fees.quote)),
        *(guarded(others), "0", _text(lot.net), guarded(opened.strategy_id), guarded(closed.mode)),
        *(guarded(closed.venue), guarded(closed.account), method, _id(opened), _id(closed)),
    ]


def _funding_rows(store: TradeStore, scope: Scope, span: ReportSpan) -> Iterator[Row]:
    for where in scope.filters():
        for one in payments_of(store, where).between(span.start_ms, span.until_ms):
            if scope.strategy_id in (None, one.strategy_id):
                yield one.time_ms, _funding_cells(one, scope, span)


def _funding_cells(one: StoredIncome, scope: Scope, span: ReportSpan) -> list[str]:
    time, amount = local_text(one.time_ms, span.zone), _text(one.amount)
    return [
        *("funding", time, "", "", guarded(one.symbol), "", "", "", "", "", "", "0", "0", "", amount, amount),
        *(guarded(one.strategy_id), scope.mode, guarded(one.venue), guarded(one.account), ""),
        *("", f"income-{one.income_id}"),
    ]


def _id(fill: StoredFill) -> str:
    """An id as text in every program: with its symbol before it, since 64 bits do not fit a number of a spreadsheet."""
    return guarded(f"{fill.symbol}-{fill.trade_id}")


def _per_unit(amount: Decimal, quantity: Decimal) -> str:
    return _text(quotient(amount, quantity))


def _text(amount: Decimal) -> str:
    text = f"{amount:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if amount == ZERO else text
