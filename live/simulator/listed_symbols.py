"""Trading rules of symbols: built in for BTCUSDT and ETHUSDT, from a saved `exchangeInfo`, or inferred from a tape."""

import gzip
import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from live.money import SCALE, parse
from live.simulator.core.symbol_rules import Bracket, SymbolRules
from skills_lib.domain.errors import InputError
from skills_lib.domain.instruments import Instrument
from skills_lib.market.depth.model import WireLevel
from skills_lib.market.depth.scale import Scale

_BUILT_IN = Path(__file__).with_name("listings") / "usdm.json"
_ANY = "*"


def built_in() -> dict[str, SymbolRules]:
    """Rules of the symbols that ship with the simulator."""
    return _rules(json.loads(_BUILT_IN.read_text(encoding="utf-8")))


def from_file(path: Path) -> dict[str, SymbolRules]:
    """Rules of every symbol in a saved `GET /fapi/v1/exchangeInfo` response, plain or gzipped.

    Raises:
        InputError: the file is not such a response.
    """
    try:
        raw = path.read_bytes()
        listing = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
        return _rules(listing)
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise InputError(f"{path} is not a saved exchangeInfo ({reason}). Save GET /fapi/v1/exchangeInfo.") from None


def inferred(symbol: str, levels: Iterable[WireLevel]) -> SymbolRules:
    """Infer filters for an unlisted symbol: tick and step are the finest decimals in its snapshot.

    Its base, quote and margin asset, and the day of delivery, are those that its name tells.

    Raises:
        InputError: the name tells no quote asset.
    """
    scale = Scale.of_levels(levels)
    instrument = Instrument.of_symbol(symbol)
    tick, step = (_unit(scale.price_decimals), _unit(scale.quantity_decimals))
    template: dict[str, Any] = json.loads(_BUILT_IN.read_text(encoding="utf-8"))["symbols"][0]
    listing = template | {
        "symbol": symbol,
        "pair": symbol.partition("_")[0],
        **_contract(symbol),
        "baseAsset": instrument.base,
        "quoteAsset": instrument.quote,
        "marginAsset": instrument.quote,
        "pricePrecision": scale.price_decimals,
        "quantityPrecision": scale.quantity_decimals,
        "filters": _inferred_filters(tick, step),
    }
    return SymbolRules.of(listing, _brackets(_built_in_brackets()[_ANY]))


def with_filters(rules: SymbolRules, changes: dict[str, dict[str, str]]) -> SymbolRules:
    """A copy of the rules with some filters changed: `{"PRICE_FILTER": {"tickSize": "0.50"}}`."""
    filters = [entry | changes.get(entry["filterType"], {}) for entry in rules.listing["filters"]]
    return SymbolRules.of(rules.listing | {"filters": filters}, rules.brackets)


def _contract(symbol: str) -> dict[str, Any]:
    """Contract type and delivery: BTCUSDT_241227 is delivered on 2024-12-27 at 08:00 UTC."""
    day = symbol.partition("_")[2]
    if not day:
        return {}
    try:
        delivered = datetime.strptime(f"{day} 08:00 +0000", "%y%m%d %H:%M %z")
    except ValueError:
        raise InputError(f"{symbol!r} is no contract of USD-M futures: {day!r} is not a day.") from None
    return {"contractType": "CURRENT_QUARTER", "deliveryDate": int(delivered.timestamp() * 1_000)}


def _unit(decimals: int) -> str:
    return f"0.{'1'.rjust(decimals, '0')}" if decimals else "1"


def _inferred_filters(tick: str, step: str) -> list[dict[str, Any]]:
    return [
        {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "1000000", "tickSize": tick},
        {"filterType": "LOT_SIZE", "minQty": step, "maxQty": "10000000", "stepSize": step},
        {"filterType": "MARKET_LOT_SIZE", "minQty": step, "maxQty": "1000000", "stepSize": step},
        {"filterType": "MAX_NUM_ORDERS", "limit": 200},
        {"filterType": "MIN_NOTIONAL", "notional": "5"},
        {"filterType": "PERCENT_PRICE", "multiplierUp": "1.0500", "multiplierDown": "0.9500", "multiplierDecimal": "4"},
    ]


def _built_in_brackets() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_BUILT_IN.read_text(encoding="utf-8"))["brackets"]
    return found


def _rules(listing: dict[str, Any]) -> dict[str, SymbolRules]:
    tables = _built_in_brackets()
    return {
        entry["symbol"]: SymbolRules.of(entry, _brackets(tables.get(entry["symbol"], tables[_ANY])))
        for entry in listing["symbols"]
    }


def _brackets(rows: list[dict[str, Any]]) -> tuple[Bracket, ...]:
    """Build the leverage brackets; each deduction makes maintenance margin continuous at the bracket's floor."""
    steps: list[Bracket] = []
    floor = deduction = rate_before = 0
    for number, row in enumerate(rows, start=1):
        rate, cap = parse(row["maintMarginRatio"]), row["notionalCap"] * SCALE
        deduction += floor * (rate - rate_before) // SCALE
        steps.append(Bracket(number, row["initialLeverage"], floor, cap, rate, deduction))
        floor, rate_before = cap, rate
    return tuple(steps)
