"""What a daemon is started with."""

from dataclasses import dataclass, field

from live.engine.limits import Limits
from live.engine.settings import ImbalanceSettings
from live.journal.settings import Fsync
from live.sockets.endpoints import TradingVenue, VenueAddress


@dataclass(frozen=True)
class DaemonSettings:
    """capital in units of 1e-8. A run that is continued keeps the settings of its journal."""

    venue: TradingVenue
    address: VenueAddress
    symbols: tuple[str, ...]
    capital: int
    limits: Limits
    strategy: ImbalanceSettings = field(default_factory=ImbalanceSettings)
    fsync: Fsync = Fsync.EACH_ORDER
