"""Which accounts a report is about: paper money is never added to real money."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from skills_lib.trades.flows.banks import BANKS
from skills_lib.trades.projection.source import MODES
from skills_lib.trades.store.model import Filter, TradeStore
from skills_lib.trades.store.rows import JournalOffset, StoredCoverage, StoredFill, TradingMode

_NO_ACCOUNTS: Final = ("market", TradingMode.BACKTEST)
"""What the coverage of candles, and stored backtests, have in the place of an account."""
_ORDER: Final = (TradingMode.LIVE, TradingMode.DEMO, TradingMode.PAPER)


@dataclass(frozen=True, slots=True)
class Scope:
    """Accounts of one kind of trading. left_out: other kinds that the store has accounts of.

    accounts: venue and name. strategy_id: only rows of this strategy, None for all.
    """

    mode: TradingMode
    accounts: tuple[tuple[str, str], ...]
    left_out: tuple[str, ...] = ()
    strategy_id: str | None = None

    def filters(self, since_ms: int | None = None, until_ms: int | None = None) -> Iterator[Filter]:
        """A filter for each account, of all strategies."""
        for venue, account in self.accounts:
            yield Filter(venue=venue, account=account, since_ms=since_ms, until_ms=until_ms)

    def of_strategy(self, where: Filter) -> Filter:
        """The same filter for the strategy of the report."""
        return replace(where, strategy_id=self.strategy_id)


def scope_of(store: TradeStore, strategy_id: str | None = None, mode: TradingMode | None = None) -> Scope:
    """The accounts of a mode; without one, of live trading if there is any, else of the demo, else on paper."""
    found: dict[TradingMode, list[tuple[str, str]]] = {}
    for venue, account in sorted(_accounts(store)):
        found.setdefault(MODES.get(venue, TradingMode.LIVE), []).append((venue, account))
    chosen = mode or next((one for one in _ORDER if one in found), TradingMode.PAPER)
    others = tuple(str(one) for one in _ORDER if one in found and one != chosen)
    return Scope(chosen, tuple(found.get(chosen, ())), others, strategy_id)


def _accounts(store: TradeStore) -> set[tuple[str, str]]:
    """Accounts that journals, lists of the venue, or fills are of."""
    return {
        (str(one.group[0]), str(one.group[1]))
        for kind in (JournalOffset, StoredCoverage, StoredFill)
        for one in store.totals(kind, (), by=("venue", "account"))
        if one.group[1] not in _NO_ACCOUNTS and one.group[0] not in BANKS
    }
