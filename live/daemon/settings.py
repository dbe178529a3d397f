"""What a daemon is started with."""

from dataclasses import dataclass, field

from live.bars.decider import Computes
from live.bars.strategy import BarStrategy
from live.client.order_connection import OrdersBy
from live.engine.limits import Limits
from live.engine.settings import BarSettings, ImbalanceSettings, StrategySettings
from live.journal.settings import Fsync
from live.sockets.endpoints import TradingVenue, VenueAddress


@dataclass(frozen=True)
class DaemonSettings:
    """capital in units of 1e-8. A run that is continued keeps the settings of its journal.

    compute: of a strategy on bars, what computes its signals.
    """

    venue: TradingVenue
    address: VenueAddress
    symbols: tuple[str, ...]
    capital: int
    limits: Limits
    strategy: StrategySettings = field(default_factory=ImbalanceSettings)
    fsync: Fsync = Fsync.EACH_ORDER
    orders_by: OrdersBy = OrdersBy.REST
    compute: Computes | None = None

    @property
    def imbalance(self) -> ImbalanceSettings | None:
        """The settings of the imbalance strategy; None if it is one on bars."""
        return self.strategy if isinstance(self.strategy, ImbalanceSettings) else None

    @property
    def bars(self) -> BarSettings | None:
        """The settings of the strategy on bars, if it is one."""
        return self.strategy if isinstance(self.strategy, BarSettings) else None

    @property
    def bar_strategy(self) -> BarStrategy | None:
        """The strategy on bars, if it is one."""
        return None if self.bars is None or self.compute is None else BarStrategy(self.bars, self.compute)
