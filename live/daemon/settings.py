"""What a daemon is started with."""

from dataclasses import dataclass, field

from live.client.order_connection import OrdersBy
from live.engine.limits import Limits
from live.engine.settings import BarSettings, ImbalanceSettings, StrategySettings
from live.journal.settings import Fsync
from live.sockets.endpoints import TradingVenue, VenueAddress
from skills_lib.workers.worker import Program


@dataclass(frozen=True)
class DaemonSettings:
    """capital in units of 1e-8. A run that is continued keeps the settings of its journal.

    program: of a strategy on bars, what computes its signals in a process of its own.
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

    @property
    def imbalance(self) -> ImbalanceSettings | None:
        """The settings of the imbalance strategy; None if it is one on bars."""
        return self.strategy if isinstance(self.strategy, ImbalanceSettings) else None

    @property
    def bars(self) -> BarSettings | None:
        """The settings of the strategy on bars, if it is one."""
        return self.strategy if isinstance(self.strategy, BarSettings) else None
