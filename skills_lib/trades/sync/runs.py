"""The runs of an account that the store has journals of: when they were written, and of which strategy."""

from dataclasses import dataclass
from functools import cached_property

import msgspec

from skills_lib.trades.reconcile.matching import JournalSpans
from skills_lib.trades.store.model import Filter, TradeStore
from skills_lib.trades.store.rows import JournalOffset, StoredIncome, StoredOrder


class _Remembered(msgspec.Struct):
    run: str = ""
    began_ms: int = 0
    strategy: str = ""
    quotes: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class _Run:
    name: str
    first_ms: int
    last_ms: int
    strategy: str
    symbols: frozenset[str]


class RunsOfAccount:
    """What the offsets of an account's journals say."""

    def __init__(self, store: TradeStore, account: Filter) -> None:
        self._runs = [_run(offset) for offset in store.rows(JournalOffset, account)]

    @cached_property
    def spans(self) -> JournalSpans:
        """When journals were written."""
        begun = [run for run in self._runs if run.first_ms]
        return JournalSpans(
            tuple((run.first_ms, run.last_ms) for run in begun), {run.name: run.first_ms for run in begun}
        )

    def is_named(self, order: StoredOrder) -> bool:
        """Whether an order's client id is of one of the runs."""
        return order.client_order_id.partition("-")[0] in self.spans.runs

    def strategy_at(self, row: StoredIncome) -> str:
        """The strategy that ran when an entry without a trade was booked."""
        for run in self._runs:
            if run.first_ms <= row.time_ms <= run.last_ms and row.symbol in run.symbols | {""}:
                return run.strategy
        return ""


def _run(offset: JournalOffset) -> _Run:
    found = msgspec.json.decode(offset.state_json, type=_Remembered)
    return _Run(found.run, found.began_ms, offset.time_ms, found.strategy, frozenset(found.quotes))
