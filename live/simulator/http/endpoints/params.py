"""The one reader of parameters: REST query and form body, WebSocket API objects, and the entries of a batch.

Numbers are read in plain ASCII notation only: no exponent, no leading `+`, no spaces, no other digits. What Binance
answers to a malformed number is documented for mandatory parameters (-1102) and observed for optional ones (-1130).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from live.enums import OrderType, Side, TimeInForce
from live.money import DIGITS, SCALE
from live.simulator.core.rejections import Rejection, illegal, missing, too_precise
from live.simulator.core.symbol_rules import SymbolRules
from skills_lib.domain.instruments import upper_symbol

E = TypeVar("E", bound=StrEnum)

MAX_INTEGER = 2**63 - 1
_INTEGER = re.compile(r"-?[0-9]{1,30}", re.ASCII)
_DECIMAL = re.compile(r"(-?)([0-9]{1,20})(?:\.([0-9]{1,30}))?", re.ASCII)
# ccxt and python-binance send the names of the two lists in lower case, which Binance accepts.
_LISTS = {"orderidlist": "orderIdList", "origclientorderidlist": "origClientOrderIdList"}
_DUPLICATE = "Duplicate values for a parameter detected."
_INVALID = {
    OrderType: Rejection(-1116, "Invalid orderType."),
    Side: Rejection(-1117, "Invalid side."),
    TimeInForce: Rejection(-1115, "Invalid timeInForce."),
}


@dataclass(frozen=True, slots=True)
class Params:
    """Parameters by name, as text: booleans are `true` or `false`, numbers are decimals.

    repeated: names that one query or one body holds more than once; reading one of them is refused.
    """

    values: Mapping[str, str]
    repeated: frozenset[str] = frozenset()

    def get(self, name: str, default: str = "") -> str:
        """The text of an optional parameter.

        Raises:
            Rejection: -1101 if it was sent more than once; -1130 for a repeated list, which Binance answers so.
        """
        if name in self.repeated:
            raise illegal(name) if name in _LISTS.values() else Rejection(-1101, _DUPLICATE)
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
        """A whole number of 64 bits.

        Raises:
            Rejection: -1130.
        """
        text = self.get(name)
        if not text:
            return default
        if not _INTEGER.fullmatch(text) or abs(int(text)) > MAX_INTEGER:
            raise illegal(name)
        return int(text)

    def need_integer(self, name: str) -> int:
        """A mandatory whole number of 64 bits.

        Raises:
            Rejection: -1102 if it is absent or malformed.
        """
        self.need(name)
        try:
            return self.integer(name)
        except Rejection:
            raise missing(name) from None

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
        """`true` or `false`, in any case of letters.

        Raises:
            Rejection: -1130.
        """
        text = self.get(name).lower()
        if text in ("true", "false"):
            return text == "true"
        if text:
            raise illegal(name)
        return default

    def need_boolean(self, name: str) -> bool:
        """A mandatory `true` or `false`.

        Raises:
            Rejection: -1102 if it is absent, -1130 if it is neither.
        """
        self.need(name)
        return self.boolean(name)

    def units(self, name: str, decimals: int = DIGITS) -> int:
        """A decimal in units of 1e-8; 0 if absent.

        Raises:
            Rejection: -1130 if it is malformed, -1111 if it has more decimals than `decimals`.
        """
        text = self.get(name)
        if not text:
            return 0
        found = _DECIMAL.fullmatch(text)
        if not found:
            raise illegal(name)
        sign, whole, fraction = found.groups(default="")
        if len(fraction.rstrip("0")) > decimals:
            raise too_precise()
        units = int(whole) * SCALE + int(fraction[:DIGITS].ljust(DIGITS, "0"))
        return -units if sign else units

    def price(self, name: str, rules: SymbolRules) -> int:
        """A price of the symbol, units of 1e-8; 0 if absent. Raises as `units`."""
        return self.units(name, rules.price_decimals)

    def quantity(self, name: str, rules: SymbolRules) -> int:
        """A quantity of the symbol, units of 1e-8; 0 if absent. Raises as `units`."""
        return self.units(name, rules.quantity_decimals)

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

    def entries(self, name: str) -> list[Any]:
        """A JSON list; numbers in it keep their digits as text.

        Raises:
            Rejection: -1102 if it is absent, -1130 if it is not a list or an empty one.
        """
        try:
            found = read_json(self.need(name))
        except (ValueError, RecursionError):
            raise illegal(name) from None
        if not isinstance(found, list) or not found:
            raise illegal(name)
        return found

    def order_id(self) -> tuple[int, str]:
        """`orderId` or `origClientOrderId`.

        Raises:
            Rejection: -1102 if both are absent.
        """
        return self._either("orderId", "origClientOrderId", "Param 'origClientOrderId' or 'orderId'")

    def algo_id(self) -> tuple[int, str]:
        """`algoId` or `clientAlgoId`.

        Raises:
            Rejection: -1102 if both are absent.
        """
        return self._either("algoId", "clientAlgoId", "Param 'algoId' or 'clientAlgoId'")

    def _either(self, number_name: str, text_name: str, both: str) -> tuple[int, str]:
        number, text = self.integer(number_name), self.get(text_name)
        if not number and not text:
            raise Rejection(-1102, f"{both} must be sent, but both were empty/null!")
        return number, text


def form_params(query: str, body: str) -> Params:
    """Parameters of a REST request. Of a name in both, the query's value is used, as Binance documents."""
    in_query, repeated_in_query = _fields(query)
    if not body:
        return Params(in_query, frozenset(repeated_in_query))
    in_body, repeated_in_body = _fields(body)
    return Params(in_body | in_query, frozenset(repeated_in_query | (repeated_in_body - in_query.keys())))


def json_params(values: Mapping[str, Any]) -> Params:
    """Parameters of a JSON object read by `read_json`; null is an absent parameter."""
    return Params({str(name): _as_text(value) for name, value in values.items() if value is not None})


class Digits(str):
    """A JSON number as it was written: signatures cover its digits, and no money passes a float."""

    __slots__ = ()

    def integer(self) -> int | None:
        """Its value if it is a whole number of 64 bits, else None."""
        if not _INTEGER.fullmatch(self) or abs(int(self)) > MAX_INTEGER:
            return None
        return int(self)


def read_json(text: str | bytes) -> Any:
    """JSON whose numbers stay `Digits`.

    Raises:
        ValueError: not JSON.
        RecursionError: nested too deeply.
    """
    return json.loads(text, parse_float=Digits, parse_int=Digits, parse_constant=Digits)


def _fields(text: str) -> tuple[dict[str, str], set[str]]:
    fields: dict[str, str] = {}
    repeated: set[str] = set()
    for sent, value in parse_qsl(text):
        name = _LISTS.get(sent, sent)
        if name in fields:
            repeated.add(name)
        fields[name] = value
    return fields, repeated


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
