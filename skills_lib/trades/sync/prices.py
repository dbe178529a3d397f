"""The price at which a fee in another asset is valued: the open of the minute of its fill."""

from decimal import Decimal
from typing import Final

from skills_lib.trades.sync.reading import AccountReader, VenueRefusedError
from skills_lib.trades.sync.wire_rows import decimal

_MINUTE_MS: Final = 60_000
_PATH: Final = "/fapi/v1/klines"


class MinutePrices:
    """Prices by pair and minute, each read once."""

    def __init__(self, reader: AccountReader) -> None:
        self._reader = reader
        self._known: dict[tuple[str, int], Decimal | None] = {}

    def __call__(self, asset: str, quote: str, time_ms: int) -> Decimal | None:
        """The price of an asset in another at a time; None where the venue lists no such pair, or no such minute."""
        name = asset + quote, time_ms // _MINUTE_MS * _MINUTE_MS
        if name not in self._known:
            self._known[name] = self._read(*name)
        return self._known[name]

    def _read(self, pair: str, minute_ms: int) -> Decimal | None:
        given = {"symbol": pair, "interval": "1m", "startTime": minute_ms, "endTime": minute_ms, "limit": 1}
        try:
            rows = self._reader.public(_PATH, given, 1, list[list[object]])
        except VenueRefusedError:
            return None
        if not rows or len(rows[0]) < 2 or rows[0][0] != minute_ms:
            return None
        return decimal(str(rows[0][1]))
