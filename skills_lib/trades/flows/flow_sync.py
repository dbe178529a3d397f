"""Reads a bank's transactions into the store, takes transfers of exchanges from its income, and matches both."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from skills_lib.trades.flows.banks import UP
from skills_lib.trades.flows.flow_matching import (
    DEPOSIT,
    GONE,
    WITHDRAWAL,
    FlowTolerance,
    MatchedFlows,
    key_of,
    match_flows,
)
from skills_lib.trades.flows.up_messages import UpAccount
from skills_lib.trades.flows.up_reader import UpReader
from skills_lib.trades.flows.up_rows import BANK_KIND, bank_row
from skills_lib.trades.projection.source import MODES
from skills_lib.trades.store.model import Filter, TradeStore, Written
from skills_lib.trades.store.rows import StoredCoverage, StoredFlow, StoredIncome, TradingMode

BANK: Final = "bank"
"""The account in the rows about what is complete."""
SUBJECT: Final = "transactions"
TRANSFER: Final = "TRANSFER"
DAY_MS: Final = 86_400_000
WINDOW_MS: Final = 30 * DAY_MS
FIRST_DAYS: Final = 365
"""How far back the first synchronisation reads where no day is given."""
OVERLAP_MS: Final = DAY_MS
"""What was read is read again this far back."""
_EDGE_MS: Final = 1_000
"""Windows overlap by this, so that it does not matter on which side the bank counts a time on the edge."""


@dataclass(slots=True)
class FlowsFound:
    """What a synchronisation did. fetched: transactions read. from_ms: since when they are complete."""

    accounts: list[UpAccount] = field(default_factory=list)
    fetched: int = 0
    written: Written = field(default_factory=Written)
    matched: MatchedFlows = field(default_factory=MatchedFlows)
    coverage: StoredCoverage | None = None


class FlowSync:
    """One synchronisation of one bank. now_ms: this machine's time. Call it while `locked`."""

    def __init__(self, store: TradeStore, reader: UpReader, venue: str, now_ms: int, tolerance: FlowTolerance) -> None:
        self._store, self._reader, self._venue, self._now_ms = store, reader, venue, now_ms
        self._tolerance = tolerance
        self._bank = Filter(venue=venue, equal={"kind": BANK_KIND})
        rows = store.rows(StoredCoverage, Filter(venue=venue, account=BANK, equal={"subject": SUBJECT}))
        self._found = FlowsFound(coverage=next(iter(rows), None))

    def run(self, since_ms: int | None = None) -> FlowsFound:
        """Read from where it ended, or from `since_ms`, window by window, the oldest first; then match all flows.

        Raises:
            TwokeyError: of the bank or the store; what was read before is kept, and the same call goes on.
        """
        self._found.accounts = list(self._reader.accounts())
        first_ms = self._start_ms(since_ms)
        while first_ms < self._now_ms:
            last_ms = min(first_ms + WINDOW_MS, self._now_ms)
            self._window(first_ms, last_ms)
            first_ms = last_ms
        self._write_transfers()
        self._match()
        return self._found

    def _start_ms(self, since_ms: int | None) -> int:
        """From where it ended, less an overlap, or the oldest transaction that had not settled."""
        known = self._found.coverage
        if since_ms is not None or known is None:
            return since_ms if since_ms is not None else self._now_ms - FIRST_DAYS * DAY_MS
        held = self._store.page(StoredFlow, replace(self._bank, equal={"kind": BANK_KIND, "status": "HELD"}), limit=1)
        oldest = min((one.time_ms for one in held.rows), default=self._now_ms)
        return min(known.complete_until_ms - OVERLAP_MS, oldest)

    def _window(self, first_ms: int, last_ms: int) -> None:
        """One window, and that it is complete, in one transaction. A known match stays until all are matched."""
        read = self._reader.transactions(_rfc3339(first_ms - _EDGE_MS), _rfc3339(last_ms + _EDGE_MS))
        listed = [bank_row(one, self._venue) for one in read]
        span = replace(self._bank, since_ms=first_ms - _EDGE_MS, until_ms=last_ms + _EDGE_MS)
        stored = {key_of(one): one for one in self._store.rows(StoredFlow, span)}
        rows = [_with_match(one, stored.get(key_of(one))) for one in listed]
        names = {key_of(one) for one in listed}
        inside = (one for one in stored.values() if first_ms <= one.time_ms <= last_ms and key_of(one) not in names)
        gone = [replace(one, status=GONE) for one in inside if one.status == "HELD"]
        self._found.fetched += len(listed)
        self._found.coverage = coverage = self._extended(first_ms, last_ms)
        self._add(self._store.write([*rows, *gone, coverage]))

    def _extended(self, first_ms: int, last_ms: int) -> StoredCoverage:
        """The span that is complete; of two that are apart, the one that is being read once it is the later one."""
        known = self._found.coverage
        new = StoredCoverage(
            venue=self._venue,
            account=BANK,
            subject=SUBJECT,
            complete_from_ms=first_ms,
            complete_until_ms=last_ms,
            updated_ms=self._now_ms,
        )
        if known is None or first_ms > known.complete_until_ms:
            return new
        if last_ms < known.complete_from_ms:
            return replace(known, updated_ms=self._now_ms)
        first_ms, last_ms = min(first_ms, known.complete_from_ms), max(last_ms, known.complete_until_ms)
        return replace(new, complete_from_ms=first_ms, complete_until_ms=last_ms)

    def _write_transfers(self) -> None:
        """Transfers into and out of a wallet of an exchange, as its income has them."""
        stored = {key_of(one): one for one in self._exchange_flows()}
        rows = [
            _with_match(_transfer(one), stored.get(key_of(_transfer(one))))
            for one in self._store.rows(StoredIncome, Filter(equal={"income_type": TRANSFER}))
            if one.amount
        ]
        self._add(self._store.write(rows))

    def _match(self) -> None:
        same_money = (one for one in self._exchange_flows() if _is_real(one) == (self._venue == UP))
        flows = [*self._store.rows(StoredFlow, self._bank), *same_money]
        self._found.matched = match_flows(flows, self._tolerance)
        changed = [new for old, new in zip(flows, self._found.matched.rows, strict=True) if old != new]
        self._store.write(changed)

    def _exchange_flows(self) -> Iterator[StoredFlow]:
        for kind in (DEPOSIT, WITHDRAWAL):
            yield from self._store.rows(StoredFlow, Filter(equal={"kind": kind}))

    def _add(self, written: dict[str, Written]) -> None:
        self._found.written += written.get(StoredFlow.TABLE, Written())


def _is_real(row: StoredFlow) -> bool:
    """Whether money is real: it is matched with Up's, a paper account's with that of a server in Up's place."""
    return MODES.get(row.venue, TradingMode.LIVE) == TradingMode.LIVE


def _with_match(row: StoredFlow, stored: StoredFlow | None) -> StoredFlow:
    if stored is None:
        return row
    return replace(row, match=stored.match, matched_venue=stored.matched_venue, matched_id=stored.matched_id)


def _transfer(row: StoredIncome) -> StoredFlow:
    return StoredFlow(
        venue=row.venue,
        account=row.account,
        kind=DEPOSIT if row.amount > 0 else WITHDRAWAL,
        flow_id=f"{TRANSFER} {row.income_id}",
        strategy_id=row.strategy_id,
        asset=row.asset,
        amount=row.amount,
        status="SETTLED",
        description=row.info,
        time_ms=row.time_ms,
        settled_ms=row.time_ms,
    )


def _rfc3339(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1_000, UTC).isoformat(timespec="milliseconds")
