"""Endpoints and calls: path, weight, required security, parameters."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from live.simulator.core.accounts import Account
from live.simulator.core.events import Answered
from live.simulator.core.rejections import Rejection
from live.simulator.core.state import State
from live.simulator.core.symbol_rules import SymbolRules
from live.simulator.http.endpoints.params import Params
from live.simulator.http.gateway import Gateway, Sent
from live.simulator.http.rate_limits import FREE, OrderCost, Pool
from skills_lib.domain.instruments import upper_symbol


class Security(StrEnum):
    """NONE: public. KEY: requires an API key. SIGNED: requires a key and a signature."""

    NONE = "none"
    KEY = "key"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True)
class Call:
    """One request: its parameters, its account (`owner`) and the gateway."""

    params: Params
    gateway: Gateway
    owner: str = ""

    @property
    def state(self) -> State:
        """The exchange's state."""
        return self.gateway.state

    @property
    def account(self) -> Account:
        """The account that sent the request."""
        return self.gateway.account(self.owner)

    def rules(self, symbol: str = "") -> SymbolRules:
        """Filters of the symbol that the parameters name.

        Raises:
            Rejection: -1102, -1121.
        """
        return self.gateway.rules(symbol or self.params.symbol())

    def optional_symbol(self) -> str:
        """The symbol, or empty if absent.

        Raises:
            Rejection: -1121 if it is given but unknown.
        """
        symbol = upper_symbol(self.params.get("symbol"))
        if symbol:
            self.gateway.rules(symbol)
        return symbol

    async def send(self, body: Any) -> Any:
        """Send a command of the account and wait for its result."""
        return await self.gateway.command(body)


Handler = Callable[[Call], Coroutine[Sent, Answered, Any]]
Weight = int | Callable[[Params], int]

MALFORMED_WEIGHT = 1
"""Weight of a request whose weight depends on a parameter that cannot be read. Assumed."""


def weight_of(weight: Weight, params: Params) -> int:
    """The request weight of a call."""
    try:
        return weight if isinstance(weight, int) else weight(params)
    except Rejection:
        return MALFORMED_WEIGHT


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path of the REST API. `weight` may depend on the parameters; `orders` is what it counts as an order; `pool` a
    limit that it shares with other endpoints.
    """

    method: str
    path: str
    handler: Handler
    weight: Weight = 1
    security: Security = Security.NONE
    orders: OrderCost = FREE
    pool: Pool | None = None

    def weight_of(self, params: Params) -> int:
        """The request weight of a call."""
        return weight_of(self.weight, params)


def with_symbol(one: int, all_: int) -> Callable[[Params], int]:
    """A weight of `one` with a symbol, `all_` without."""
    return lambda params: one if params.get("symbol") else all_


def by_limit(default: int, steps: Sequence[tuple[int, int]]) -> Callable[[Params], int]:
    """A weight by `limit`: that of the first step `(largest limit, weight)` that holds it, else of the last step."""

    def weigh(params: Params) -> int:
        limit = params.integer("limit", default)
        return next((weight for largest, weight in steps if limit <= largest), steps[-1][1])

    return weigh
