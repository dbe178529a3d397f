"""Settings of a local exchange."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from live.simulator.core.accounts import FeeTier
from live.simulator.core.fill_models import FillModel
from live.simulator.core.symbol_rules import SymbolRules
from live.simulator.faults import FaultPlan
from live.simulator.http.connections import LIFE_NS, NS
from live.simulator.http.credentials import Credential
from live.simulator.http.rate_limits import WEIGHT_PER_MINUTE
from live.simulator.latency import ASSUMED, NONE, Distribution
from live.simulator.listed_symbols import built_in

DEFAULT_KEY, DEFAULT_SECRET = "paper-key", "paper-secret"


class CountdownClock(StrEnum):
    """Whose time `countdownCancelAll` counts: the exchange's, which is the tape's, or the clients'."""

    TAPE = "tape"
    CLIENT = "client"


class Start(StrEnum):
    """When the sockets' player starts the tape: with the first market stream, with the first request or stream of any
    kind, at once, or under a test's control."""

    FIRST_STREAM = "first-stream"
    FIRST_REQUEST = "first-request"
    NOW = "now"
    HELD = "held"


@dataclass(frozen=True)
class SimulatorSettings:
    """speed: a multiple of real time; 0 plays as fast as clients read. balance: of a new account, in USDT as text.

    live: messages are pushed by a feed instead of a tape; they have had their delay. store: SQLite file for accounts,
    orders and positions. `speed` and `start` matter at the sockets only: in process the caller moves the time.
    """

    speed: float = 1
    seed: int = 0
    model: FillModel = FillModel.PESSIMISTIC
    start: Start = Start.FIRST_STREAM
    balance: str = "10000"
    fees: FeeTier = field(default_factory=FeeTier)
    credentials: tuple[Credential, ...] = (Credential("paper", DEFAULT_KEY, DEFAULT_SECRET),)
    inbound: Distribution = ASSUMED
    outbound: Distribution = ASSUMED
    faults: FaultPlan = field(default_factory=FaultPlan)
    listed: dict[str, SymbolRules] = field(default_factory=built_in)
    store: Path | None = None
    live: bool = False
    weight_limit: int = WEIGHT_PER_MINUTE
    countdown_clock: CountdownClock = CountdownClock.TAPE
    socket_life_s: float = LIFE_NS / NS

    @property
    def frame_delays(self) -> Distribution:
        """The delays of frames."""
        return NONE if self.live else self.outbound
