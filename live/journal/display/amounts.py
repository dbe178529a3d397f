"""Amounts of a record's body as decimal text, by the names of their fields."""

from collections.abc import Sequence
from typing import Any, Final

from live.engine.limits import UNITS
from live.money import plain

_SCALED_LIMITS: Final = frozenset(name for name, unit in UNITS.items() if unit.scaled)
AMOUNTS: Final = _SCALED_LIMITS | {
    *(
        "price",
        "quantity",
        "trigger_price",
        "stop_price",
        "target_price",
        "share",
        "filled",
        "fee",
        "realised",
        "entry_price",
        "mark",
    ),
    *("capital", "wallet", "available", "amount"),
    *("tick", "step", "min_quantity", "max_quantity", "max_market_quantity", "min_notional"),
    *("maker_rate", "taker_rate"),
    *("buy_ratio", "sell_ratio", "target_bps", "stop_bps", "max_spread_bps", "max_slippage_bps", "order_usd"),
}
"""Fields in units of 1e-8."""
_SIDES: Final = ("bids", "asks")


def levels_of(side: Sequence[int]) -> list[list[str]]:
    """Price and quantity of each level as text, best first."""
    return [[plain(price), plain(quantity)] for price, quantity in zip(side[::2], side[1::2], strict=False)]


def with_decimals(body: Any) -> Any:
    """A body with its amounts as decimal text; times, ids and counts stay integers."""
    if isinstance(body, list):
        return [with_decimals(part) for part in body]
    if not isinstance(body, dict):
        return body
    if body.keys() == {"limit", "used", "allowed"}:
        return use_of(body)
    return {name: _shown(name, value) for name, value in body.items()}


def use_of(use: dict[str, Any]) -> dict[str, str]:
    """Use and allowance of a limit, in its unit."""
    scaled = use["limit"] in _SCALED_LIMITS
    shown = {name: plain(use[name]) if scaled else str(use[name]) for name in ("used", "allowed")}
    return {"limit": use["limit"], **shown}


def _shown(name: str, value: Any) -> Any:
    if name in _SIDES and isinstance(value, list):
        return levels_of(value)
    if name == "by_asset":
        return [[asset, plain(amount)] for asset, amount in value]
    if name in AMOUNTS and isinstance(value, int):
        return plain(value)
    return with_decimals(value)
