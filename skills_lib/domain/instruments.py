"""Instruments and the spellings of their symbols."""

import re
from dataclasses import dataclass
from typing import Self

from skills_lib.domain.errors import InputError

_QUOTES = ("USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USD", "EUR", "GBP", "TRY", "BTC", "ETH", "BNB")
_TOKENS = ("CBBTC", "CBETH", "PYUSD", "STETH", "WBETH")  # single assets whose names end with a quote
_SYMBOL = re.compile(r"[A-Z0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class Instrument:
    """A base asset priced in a quote asset."""

    base: str
    quote: str = "USDT"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `BTC`, `BTCUSDT`, `BTC/USDT`, `BTC-USDT` or `btc_usdt`; the quote defaults to USDT.

        Raises:
            InputError: not a symbol.
        """
        symbol = text.strip().upper()
        base, _, quote = re.sub(r"[-_:]", "/", symbol).partition("/")
        if not quote:
            base, quote = _split(base)
        if not (_SYMBOL.fullmatch(base) and _SYMBOL.fullmatch(quote)) or base == quote:
            raise InputError(f"'{text}' is not a symbol. Write BTC, BTCUSDT or BTC/USDT.")
        return cls(base, quote)

    @property
    def symbol(self) -> str:
        """Binance's spelling: `BTCUSDT`."""
        return self.base + self.quote

    @property
    def pair(self) -> str:
        """ccxt's spelling: `BTC/USDT`."""
        return f"{self.base}/{self.quote}"


def _split(symbol: str) -> tuple[str, str]:
    """Base and quote; one-letter bases are not split off, because WBTC and WETH are single assets."""
    if symbol not in (*_QUOTES, *_TOKENS):
        for quote in _QUOTES:
            if symbol.endswith(quote) and len(symbol) > len(quote) + 1:
                return symbol.removesuffix(quote), quote
    return symbol, "USDT"
