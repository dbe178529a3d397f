"""Instruments: what is traded, under the names people and venues use."""

import re
from dataclasses import dataclass
from typing import Self

from skills_lib.domain.errors import InputError

_QUOTES = ("USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USD", "EUR", "GBP", "TRY", "BTC", "ETH", "BNB")
_TOKENS = ("CBBTC", "CBETH", "PYUSD", "STETH", "WBETH")  # end like a pair, but are one asset
_SYMBOL = re.compile(r"[A-Z0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class Instrument:
    """A base asset priced in a quote asset."""

    base: str
    quote: str = "USDT"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `BTC`, `BTCUSDT`, `BTC/USDT`, `BTC-USDT` or `btc_usdt`; the quote is USDT unless given.

        Raises:
            InputError: the text is not a symbol.
        """
        word = text.strip().upper()
        base, _, quote = re.sub(r"[-_:]", "/", word).partition("/")
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


def _split(word: str) -> tuple[str, str]:
    """A base of one letter is not split off: WBTC and WETH are assets of their own."""
    if word not in (*_QUOTES, *_TOKENS):
        for quote in _QUOTES:
            if word.endswith(quote) and len(word) > len(quote) + 1:
                return word.removesuffix(quote), quote
    return word, "USDT"
