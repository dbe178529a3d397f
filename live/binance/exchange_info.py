"""A contract as the engine trades it, from `exchangeInfo`, `commissionRate` and `symbolConfig`."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from live.engine.contract import Contract
from live.money import DIGITS, parse
from skills_lib.domain.errors import CorruptDataError, InputError


class _Listed(msgspec.Struct, rename="camel", gc=False):
    """A symbol of `exchangeInfo`."""

    symbol: str
    status: str
    margin_asset: str
    filters: list[dict[str, Any]]


class _Listing(msgspec.Struct, gc=False):
    symbols: list[_Listed]


class _Rates(msgspec.Struct, rename="camel", gc=False):
    """`commissionRate` of a symbol."""

    symbol: str
    maker_commission_rate: str
    taker_commission_rate: str


class _Settings(msgspec.Struct, gc=False):
    """A row of `symbolConfig`."""

    symbol: str
    leverage: int


def contract_of(symbol: str, listing: bytes, rates: bytes, settings: bytes) -> Contract:
    """The contract of a symbol from the bodies of the three answers.

    Raises:
        InputError: the venue does not list the symbol.
        CorruptDataError: an answer cannot be read, or is of another symbol.
    """
    try:
        listed = [one for one in _LISTING.decode(listing).symbols if one.symbol == symbol]
        charged, rows = _RATES.decode(rates), _SETTINGS.decode(settings)
        leverage = next((row.leverage for row in rows if row.symbol == symbol), 0)
        if listed and charged.symbol == symbol and leverage > 0:
            return _contract(listed[0], charged, leverage)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError, KeyError, TypeError) as error:
        raise CorruptDataError(f"What the venue says of {symbol} cannot be read: {error}. Ask again.") from None
    if not listed:
        raise InputError(f"The venue does not list {symbol[:40]!r}. Give one of the symbols of its exchangeInfo.")
    raise CorruptDataError(f"The venue's answers are not of {symbol}. Ask again.")


def listed_symbols(listing: bytes) -> frozenset[str]:
    """The symbols of an `exchangeInfo`.

    Raises:
        CorruptDataError: it cannot be read, or lists nothing.
    """
    try:
        found = frozenset(one.symbol for one in _LISTING.decode(listing).symbols)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CorruptDataError(f"The venue's exchangeInfo cannot be read: {error}. Ask again.") from None
    if not found:
        raise CorruptDataError("The venue's exchangeInfo lists no symbol. Ask again.")
    return found


def _contract(listed: _Listed, rates: _Rates, leverage: int) -> Contract:
    filters = {entry["filterType"]: entry for entry in listed.filters}
    tick, step = parse(filters["PRICE_FILTER"]["tickSize"]), _largest_step(filters)
    if tick <= 0:
        raise ValueError("the tick is not above 0")
    return Contract(
        symbol=listed.symbol,
        margin_asset=listed.margin_asset,
        tick=tick,
        step=step,
        min_quantity=max(parse(filters[name]["minQty"]) for name in _LOTS),
        max_quantity=parse(filters["LOT_SIZE"]["maxQty"]),
        max_market_quantity=min(parse(filters[name]["maxQty"]) for name in _LOTS),
        min_notional=parse(filters["MIN_NOTIONAL"]["notional"]),
        price_decimals=_decimals(tick),
        quantity_decimals=_decimals(step),
        maker_rate=parse(rates.maker_commission_rate),
        taker_rate=parse(rates.taker_commission_rate),
        leverage=leverage,
        trading=listed.status == "TRADING",
    )


def _largest_step(filters: Mapping[str, Mapping[str, str]]) -> int:
    """The step that suits limit and market orders alike: what an entry opens, a market order must be able to close."""
    limit, market = (parse(filters[name]["stepSize"]) for name in _LOTS)
    if min(limit, market) <= 0 or max(limit, market) % min(limit, market):
        raise ValueError("the steps of limit and market orders have no common multiple among them")
    return max(limit, market)


def _decimals(unit: int) -> int:
    """Places after the point that multiples of a unit of 1e-8 need."""
    return next(places for places in range(DIGITS + 1) if unit % 10 ** (DIGITS - places) == 0)


_LOTS: Final = ("LOT_SIZE", "MARKET_LOT_SIZE")
_LISTING: Final = msgspec.json.Decoder(_Listing)
_RATES: Final = msgspec.json.Decoder(_Rates)
_SETTINGS: Final = msgspec.json.Decoder(list[_Settings])
