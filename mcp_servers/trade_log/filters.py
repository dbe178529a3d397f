"""Filters of the store, of arguments."""

from collections.abc import Mapping

from skills_lib.market.candles.spans import parse_utc, to_ns
from skills_lib.trades.store.model import Filter

_MS = 1_000_000


def where_of(
    named: Mapping[str, str | None],
    since: str | None = None,
    until: str | None = None,
    equal: Mapping[str, str | None] | None = None,
) -> Filter:
    """The filter: rows from `since`, before `until`.

    Raises:
        InputError: a time that is none.
    """
    symbol = named.get("symbol")
    return Filter(
        strategy_id=named.get("strategy_id"),
        venue=named.get("venue"),
        account=named.get("account"),
        symbol=symbol.upper() if symbol else None,
        since_ms=to_ns(parse_utc(since)) // _MS if since else None,
        until_ms=to_ns(parse_utc(until)) // _MS if until else None,
        equal=dict(equal or {}),
    )
