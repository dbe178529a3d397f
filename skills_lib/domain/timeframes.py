"""Timeframes: lengths of bars."""

from enum import StrEnum
from typing import Self

from skills_lib.domain.errors import InputError, did_you_mean

_UNIT_SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


class Timeframe(StrEnum):
    """Bar lengths that Binance serves as klines; the value is Binance's own name."""

    M1 = "1m"
    M3 = "3m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H2 = "2h"
    H4 = "4h"
    H6 = "6h"
    H8 = "8h"
    H12 = "12h"
    D1 = "1d"
    D3 = "3d"
    W1 = "1w"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The timeframe named `text`.

        Raises:
            InputError: unknown name; the message lists the allowed ones. `1M` and `3M` are refused, because venues
                use them for months.
        """
        if text.strip() in ("1M", "3M"):
            raise InputError(
                f"'{text}' means months on most venues, which are not supported. Write 1m or 3m for minutes."
            )
        try:
            return cls(text.strip().lower())
        except ValueError:
            names = [member.value for member in cls]
            hint = did_you_mean(text, names)
            raise InputError(f"Unknown timeframe '{text}'.{hint} Allowed: {', '.join(names)}.") from None

    @property
    def seconds(self) -> int:
        """Length of one bar in seconds."""
        return int(self.value[:-1]) * _UNIT_SECONDS[self.value[-1]]

    @property
    def nanoseconds(self) -> int:
        """Length of one bar in nanoseconds."""
        return self.seconds * 1_000_000_000
