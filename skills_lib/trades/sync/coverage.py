"""From when to when each list is complete in the store, and where a synchronisation goes on."""

from dataclasses import replace
from typing import Final

import msgspec

from skills_lib.trades.store.model import Filter, TradeStore
from skills_lib.trades.store.rows import StoredCoverage
from skills_lib.trades.sync.conversion import VenueAccount
from skills_lib.trades.sync.listings import KEPT_MS

OVERLAP_MS: Final = 3_600_000
"""What was read is read again this far back: the venue books some rows late."""
PENDING: Final = "derived"
"""Subject of the row that says which symbols have new rows from which round trips are still to be derived."""


class CoverageBook:
    """The coverage of one account. now_ms: the venue's time at the start."""

    def __init__(self, store: TradeStore, account: VenueAccount, now_ms: int) -> None:
        self._account, self.now_ms = account, now_ms
        where = Filter(venue=account.venue, account=account.account)
        self._rows = {(row.subject, row.symbol): row for row in store.rows(StoredCoverage, where)}

    @property
    def kept_from_ms(self) -> int:
        """The oldest that the venue still lists."""
        return self.now_ms - KEPT_MS

    @property
    def all(self) -> list[StoredCoverage]:
        """What is known of each list, those of the venue only."""
        return [row for (subject, _), row in sorted(self._rows.items()) if subject != PENDING]

    def symbols(self) -> set[str]:
        """Symbols that were synchronised before."""
        return {symbol for _, symbol in self._rows if symbol}

    def start_ms(self, subject: str, symbol: str, since_ms: int | None) -> int:
        """From when to read a list: from `since_ms`, else from where it ended, else all that the venue keeps."""
        known = self._rows.get((subject, symbol))
        if known is None or since_ms is not None:
            return max(self.kept_from_ms, since_ms or 0)
        return max(self.kept_from_ms, known.complete_until_ms - OVERLAP_MS)

    def extended(self, subject: str, symbol: str, first_ms: int, last_ms: int) -> StoredCoverage:
        """The row after a window was read, both ends included. A span that does not join the known one replaces it."""
        known = self._rows.get((subject, symbol))
        row = StoredCoverage(
            venue=self._account.venue,
            account=self._account.account,
            subject=subject,
            symbol=symbol,
            complete_from_ms=first_ms,
            complete_until_ms=last_ms + 1,
            venue_from_ms=self.kept_from_ms,
            updated_ms=self.now_ms,
        )
        if known is not None:
            row = _joined(known, row)
        self._rows[subject, symbol] = row
        return row

    def pending(self) -> dict[str, int]:
        """What is left to derive: symbols, and from when."""
        known = self._rows.get((PENDING, ""))
        return msgspec.json.decode(known.cursor_json, type=dict[str, int]) if known else {}

    def pending_row(self, touched: dict[str, int]) -> StoredCoverage:
        """The row that remembers what is left to derive."""
        row = StoredCoverage(
            venue=self._account.venue,
            account=self._account.account,
            subject=PENDING,
            complete_from_ms=0,
            complete_until_ms=0,
            cursor_json=msgspec.json.encode(touched).decode(),
            updated_ms=self.now_ms,
        )
        self._rows[PENDING, ""] = row
        return row

    def remembered(self, subject: str, symbol: str = "") -> str:
        """What was remembered of a subject; "" for nothing."""
        known = self._rows.get((subject, symbol))
        return known.cursor_json if known else ""

    def remember(self, subject: str, text: str, symbol: str = "") -> StoredCoverage:
        """The row that remembers a text of a subject."""
        row = replace(self.extended(subject, symbol, self.now_ms, self.now_ms), cursor_json=text, note="")
        self._rows[subject, symbol] = row
        return row


def _joined(known: StoredCoverage, new: StoredCoverage) -> StoredCoverage:
    """One span of two that overlap or meet; of two that are apart the later one, with a note."""
    if new.complete_from_ms > known.complete_until_ms:
        note = f"rows from {known.complete_until_ms} to {new.complete_from_ms} were not read in time"
        return replace(new, note=note, cursor_json=known.cursor_json)
    if new.complete_until_ms < known.complete_from_ms:
        return replace(known, note="an earlier span is being read", updated_ms=new.updated_ms)
    return replace(
        new,
        complete_from_ms=min(known.complete_from_ms, new.complete_from_ms),
        complete_until_ms=max(known.complete_until_ms, new.complete_until_ms),
        note=known.note if known.complete_from_ms <= new.complete_from_ms else "",
        cursor_json=known.cursor_json,
    )
