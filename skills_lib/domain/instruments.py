"""Instruments and the spellings of their symbols."""

import re
from dataclasses import dataclass
from typing import Self

from skills_lib.domain.errors import InputError

_QUOTES = ("USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USD1", "USD", "EUR", "GBP", "TRY", "BTC", "ETH", "BNB")
_TOKENS = ("CBBTC", "CBETH", "PYUSD", "STETH", "WBETH")  # single assets whose names end with a quote
_MAX_LETTERS = 20
_MAX_SYMBOL_LETTERS = 40
_COIN_MARGINED = re.compile(r"\w+USD_(?:PERP|\d{6})")
_DELIVERY = re.compile(r"_(?:PERP|\d{6})$")
_UPPER = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def upper_symbol(text: str) -> str:
    """`text` in Binance's spelling of symbols: only a to z change, so that no other letter becomes one of them.

    `str.upper` maps dotless i to I and sharp s to SS: another instrument's name.
    """
    return text.strip().translate(_UPPER)


def lower_symbol(text: str) -> str:
    """`text` as stream names spell it: only A to Z change."""
    return text.strip().translate(_LOWER)


def is_symbol(text: str) -> bool:
    """Whether `text` may be a symbol of Binance: letters and digits of any script, upper-case, and underscores."""
    return 0 < len(text) <= _MAX_SYMBOL_LETTERS and all(_is_plain(part) for part in text.split("_"))


def is_coin_margined(symbol: str) -> bool:
    """Whether the symbol is one of COIN-M futures: BTCUSD_PERP, BTCUSD_241227. Their quantities are contracts."""
    return _COIN_MARGINED.fullmatch(symbol) is not None


def _is_plain(text: str) -> bool:
    """Letters and digits of ASCII, and letters of other scripts that have no lower case or are not in it."""
    return (
        bool(text)
        and all(letter.isalnum() if letter.isascii() else letter.isalpha() for letter in text)
        and not any(letter.islower() for letter in text)
    )


@dataclass(frozen=True, slots=True)
class Instrument:
    """A base asset priced in a quote asset."""

    base: str
    quote: str = "USDT"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `BTC`, `BTCUSDT`, `BTC/USDT`, `BTC-USDT` or `btc_usdt`; the quote defaults to USDT.

        Letters outside ASCII are allowed, as Binance lists such symbols.

        Raises:
            InputError: not a symbol.
        """
        symbol = upper_symbol(text)
        base, _, quote = re.sub(r"[-_:]", "/", symbol).partition("/")
        if not quote:
            base, quote = _split(base)
        names = (base, quote)
        if not all(_is_plain(name) and len(name) <= _MAX_LETTERS for name in names) or base == quote:
            raise InputError(f"'{text}' is not a symbol. Write BTC, BTCUSDT or BTC/USDT.")
        return cls(base, quote)

    @classmethod
    def of_symbol(cls, symbol: str) -> Self:
        """The instrument of a symbol that Binance lists, a delivery contract's too: BTCUSDT_241227 is BTC in USDT.

        Raises:
            InputError: not a symbol, or its quote asset is not known.
        """
        pair = _DELIVERY.sub("", symbol)
        for quote in _QUOTES:
            if pair.endswith(quote) and _is_plain(pair.removesuffix(quote)):
                return cls(pair.removesuffix(quote), quote)
        raise InputError(f"The quote asset of {symbol!r} is not known. Known: {', '.join(_QUOTES)}.")

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
