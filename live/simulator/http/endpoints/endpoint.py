"""Endpoints and calls: path, weight, required security, parameters."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from live.simulator.core.accounts import Account
from live.simulator.core.events import Answered
from live.simulator.core.state import State
from live.simulator.core.symbol_rules import SymbolRules
from live.simulator.http.endpoints.params import Params
from live.simulator.http.gateway import Gateway, Sent


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
        symbol = self.params.get("symbol").upper()
        if symbol:
            self.gateway.rules(symbol)
        return symbol

    async def send(self, body: Any) -> Any:
        """Send a command of the account and wait for its result."""
        return await self.gateway.command(body)


Handler = Callable[[Call], Coroutine[Sent, Answered, Any]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path of the REST API. `weight` may depend on the parameters; `orders` is the number of orders it counts as."""

    method: str
    path: str
    handler: Handler
    weight: int | Callable[[Params], int] = 1
    security: Security = Security.NONE
    orders: int = 0

    def weight_of(self, params: Params) -> int:
        """The request weight of a call."""
        return self.weight if isinstance(self.weight, int) else self.weight(params)


def with_symbol(one: int, all_: int) -> Callable[[Params], int]:
    """A weight of `one` with a symbol, `all_` without."""
    return lambda params: one if params.get("symbol") else all_
