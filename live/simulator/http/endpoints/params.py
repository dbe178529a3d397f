"""Strict parsing of request parameters; invalid ones are rejected with Binance's codes."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from live.simulator.core.enums import OrderType, Side, TimeInForce
from live.simulator.core.money import parse
from live.simulator.core.rejections import Rejection, illegal, missing
from skills_lib.domain.instruments import upper_symbol

E = TypeVar("E", bound=StrEnum)

_INVALID = {
    OrderType: Rejection(-1116, "Invalid orderType."),
    Side: Rejection(-1117, "Invalid side."),
    TimeInForce: Rejection(-1115, "Invalid timeInForce."),
}


@dataclass(frozen=True, slots=True)
class Params:
    """Parameters by name, as text: booleans are `true` or `false`, numbers are decimals."""

    values: Mapping[str, str]

    def get(self, name: str, default: str = "") -> str:
        """The text of an optional parameter."""
        return self.values.get(name) or default

    def need(self, name: str) -> str:
        """The text of a mandatory parameter.

        Raises:
            Rejection: -1102.
        """
        if not (text := self.get(name)):
            raise missing(name)
        return text

    def symbol(self) -> str:
        """The mandatory symbol."""
        return upper_symbol(self.need("symbol"))

    def integer(self, name: str, default: int = 0) -> int:
        """A whole number.

        Raises:
            Rejection: -1130.
        """
        text = self.get(name)
        if not text:
            return default
        if not text.lstrip("-").isdigit():
            raise illegal(name)
        return int(text)

    def limit(self, default: int, max_value: int) -> int:
        """The `limit` of a list.

        Raises:
            Rejection: -1130 outside 1 to `max_value`.
        """
        number = self.integer("limit", default)
        if not 1 <= number <= max_value:
            raise illegal("limit")
        return number

    def boolean(self, name: str, default: bool = False) -> bool:
        """`true` or `false`.

        Raises:
            Rejection: -1130.
        """
        text = self.get(name).lower()
        if text in ("true", "false"):
            return text == "true"
        if text:
            raise illegal(name)
        return default

    def units(self, name: str) -> int:
        """A decimal in units of 1e-8; 0 if absent.

        Raises:
            Rejection: -1130.
        """
        try:
            return parse(self.get(name, "0"))
        except ValueError:
            raise illegal(name) from None

    def choice(self, name: str, kind: type[E], default: E | None = None) -> E:
        """A value of an enumeration.

        Raises:
            Rejection: -1102 if it is absent and mandatory; else the code of its enumeration, or -1130.
        """
        text = self.get(name)
        if not text and default is not None:
            return default
        if not text:
            raise missing(name)
        try:
            return kind(text)
        except ValueError:
            raise _INVALID.get(kind) or illegal(name) from None

    def order_id(self) -> tuple[int, str]:
        """`orderId` or `origClientOrderId`.

        Raises:
            Rejection: -1102 if both are absent.
        """
        number, client_id = self.integer("orderId"), self.get("origClientOrderId")
        if not number and not client_id:
            raise Rejection(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!")
        return number, client_id

    def algo_id(self) -> tuple[int, str]:
        """`algoId` or `clientAlgoId`.

        Raises:
            Rejection: -1102 if both are absent.
        """
        number, client_id = self.integer("algoId"), self.get("clientAlgoId")
        if not number and not client_id:
            raise Rejection(-1102, "Param 'algoId' or 'clientAlgoId' must be sent, but both were empty/null!")
        return number, client_id
