"""Summarises the ledger: trials by market, strategy and origin, with their times."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from skills_lib.domain.time import utc
from skills_lib.ledger.holdout_seal import all_openings
from skills_lib.ledger.ledger import Contents, Keys, Ledger, union
from skills_lib.ledger.model import EvaluationContext, LedgerLine, LedgerMarket, LedgerSummary
from skills_lib.ledger.store import Entry

Reservation = tuple[Entry, EvaluationContext, Keys]
K = TypeVar("K", bound=tuple[object, ...])


class _LineKey(NamedTuple):
    symbol: str
    timeframe: str
    synthetic: bool
    strategy: str
    origin: str


def summarise(ledger: Ledger) -> LedgerSummary:
    """Both files as one. Configurations of a market are counted over all its spans, overlapping or not."""
    contents = ledger.read()
    markets = [_market(contents, group) for _, group in _grouped(contents.reserved, _market_of)]
    began = [half.began_at for half in (contents.user, contents.here) if half.began_at]
    return LedgerSummary(
        configurations=sum(market.configurations for market in markets),
        evaluated=sum(market.evaluated for market in markets),
        markets=markets,
        lines=[_line(place, group) for place, group in _grouped(contents.reserved, _place_of)],
        seals=all_openings(contents),
        began_at=min(began, default=None),
        files={"user": str(contents.user.path), "workspace": str(contents.here.path)},
        notices=contents.notices,
    )


def _market(contents: Contents, group: list[Reservation]) -> LedgerMarket:
    symbol, synthetic = _market_of(group[0])
    recorded = [
        o for o in contents.outcomes if (o.context.data.symbol, o.context.data.synthetic) == (symbol, synthetic)
    ]
    return LedgerMarket(
        symbol=symbol,
        synthetic=synthetic,
        start=utc(min(context.data.first_ns for _, context, _ in group)),
        end=utc(max(context.data.end_ns for _, context, _ in group)),
        configurations=len(union(keys for _, _, keys in group)),
        evaluated=len(union(outcome.keys for outcome in recorded)),
        strategies=len({context.strategy for _, context, _ in group}),
    )


def _line(place: _LineKey, group: list[Reservation]) -> LedgerLine:
    return LedgerLine(
        **place._asdict(),
        configurations=len(union(keys for _, _, keys in group)),
        reservations=len(group),
        first_at=min(entry.at for entry, _, _ in group),
        last_at=max(entry.at for entry, _, _ in group),
    )


def _market_of(reserved: Reservation) -> tuple[str, bool]:
    data = reserved[1].data
    return data.symbol, data.synthetic


def _place_of(reserved: Reservation) -> _LineKey:
    context = reserved[1]
    return _LineKey(
        context.data.symbol, context.data.timeframe, context.data.synthetic, context.strategy, context.origin
    )


def _grouped(reserved: list[Reservation], key: Callable[[Reservation], K]) -> list[tuple[K, list[Reservation]]]:
    found: dict[K, list[Reservation]] = {}
    for one in reserved:
        found.setdefault(key(one), []).append(one)
    return [(name, found[name]) for name in sorted(found)]
