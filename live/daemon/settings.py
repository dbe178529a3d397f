"""What a daemon is started with."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from live.client.order_connection import OrdersBy
from live.engine.limits import Limits, described, tightest
from live.engine.settings import BarSettings, ImbalanceSettings, StrategySettings
from live.engine.state import EngineState
from live.engine.units import Unit
from live.journal.settings import Fsync
from live.sockets.endpoints import TradingVenue, VenueAddress
from skills_lib.workers.worker import Program


@dataclass(frozen=True)
class DaemonSettings:
    """capital in units of 1e-8. A run that goes on keeps the settings of its journal, and takes tighter limits.

    program: of a strategy on bars, what computes its signals in a process of its own. speed: of a simulator's tape,
    which only studies play quicker than real time.
    """

    venue: TradingVenue
    address: VenueAddress
    symbols: tuple[str, ...]
    capital: int
    limits: Limits
    strategy: StrategySettings = field(default_factory=ImbalanceSettings)
    fsync: Fsync = Fsync.EACH_ORDER
    orders_by: OrdersBy = OrdersBy.REST
    program: Program | None = None
    speed: int = 1

    @property
    def imbalance(self) -> ImbalanceSettings | None:
        """The settings of the imbalance strategy; None if it is one on bars."""
        return self.strategy if isinstance(self.strategy, ImbalanceSettings) else None

    @property
    def bars(self) -> BarSettings | None:
        """The settings of the strategy on bars, if it is one."""
        return self.strategy if isinstance(self.strategy, BarSettings) else None


def kept_limits(state: EngineState, settings: DaemonSettings) -> Iterator[str]:
    """Lines about what a start gives and a run that goes on does not take: looser limits, another capital or kind."""
    run, given = state.limits, settings.limits
    if run.executor is not given.executor:
        yield f"The run keeps its limits, which are of '{run.executor}': those of '{given.executor}' are not taken."
        return
    mine, theirs = described(run), described(given)
    tight = described(tightest(run, given))
    looser = [
        f"{name} {value} ({theirs[name]} was given)" for name, value in mine.items() if tight[name] != theirs[name]
    ]
    if looser:
        yield f"The run keeps limits that are tighter than those given: {', '.join(looser)}."
    if state.account.capital != settings.capital:
        capital, other = (Unit.USD.show(amount) for amount in (state.account.capital, settings.capital))
        yield f"The run keeps its capital of {capital}; {other} was given."
