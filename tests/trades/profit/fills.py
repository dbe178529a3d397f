"""Fills of one position for tests."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from skills_lib.trades.store.rows import StoredFill

START_MS = 1_763_000_000_000


def fill(trade_id: int, side: str, quantity: str, price: str, **changes: Any) -> StoredFill:
    """A fill with a fee of 0.01 of the quote asset."""
    given: dict[str, Any] = {
        **{"venue": "binance-simulator", "account": "paper", "symbol": "BTCUSDT", "trade_id": trade_id},
        **{"strategy_id": "imbalance", "mode": "paper", "order_id": trade_id, "side": side, "price": Decimal(price)},
        **{"quantity": Decimal(quantity), "quote_quantity": Decimal(price) * Decimal(quantity), "fee": Decimal("0.01")},
        **{"fee_asset": "USDT", "fee_quote": Decimal("0.01"), "realised_pnl": None, "maker": False},
        **{"time_ms": START_MS + trade_id},
    }
    return StoredFill(**(given | changes))


_AMOUNTS = st.decimals(Decimal("0.001"), Decimal(1000), places=3, allow_nan=False)
_PRICES = st.decimals(Decimal("0.01"), Decimal(200_000), places=8, allow_nan=False)


@st.composite
def fills_until_flat(draw: st.DrawFn) -> list[StoredFill]:
    """Fills at any prices, flips among them, whose last one closes the position."""
    rows = draw(st.lists(st.tuples(st.sampled_from(("BUY", "SELL")), _AMOUNTS, _PRICES), min_size=1, max_size=12))
    made = [fill(number, side, str(quantity), str(price)) for number, (side, quantity, price) in enumerate(rows)]
    held = sum(one.quantity if one.side == "BUY" else -one.quantity for one in made)
    if held:
        price = str(draw(_PRICES))
        made.append(fill(len(made), "SELL" if held > 0 else "BUY", str(abs(held)), price))
    return made


def cash_of(fills: list[StoredFill]) -> Decimal:
    """What sales brought less what purchases cost."""
    return sum((one.quote_quantity if one.side == "SELL" else -one.quote_quantity for one in fills), Decimal(0))
