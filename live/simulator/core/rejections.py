"""Rejections: Binance's error codes and texts, and the HTTP status they are sent with.

Codes and texts are those of Binance's "Error Code" page for USD-M futures.
"""

from typing import Any

BAD_REQUEST = 400
UNAUTHORIZED = 401
SERVER_ERROR = 500
MAX_MESSAGE = 300


class Rejection(Exception):  # noqa: N818 - an answer, not an error
    """A refused request. It is a response to the client, not a failure of the simulator."""

    def __init__(self, code: int, message: str, status: int = BAD_REQUEST) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body of the response. Text of the request in it is cut, and made valid Unicode."""
        shown = self.message[:MAX_MESSAGE].encode("utf-8", "replace").decode()
        return {"code": self.code, "msg": shown}


def unknown_order() -> Rejection:
    """-2011: no such order to cancel."""
    return Rejection(-2011, "Unknown order sent.")


def no_such_order() -> Rejection:
    """-2013: no such order."""
    return Rejection(-2013, "Order does not exist.")


def bad_symbol() -> Rejection:
    """-1121: unknown symbol."""
    return Rejection(-1121, "Invalid symbol.")


def missing(name: str) -> Rejection:
    """-1102: a mandatory parameter is absent."""
    return Rejection(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def illegal(name: str) -> Rejection:
    """-1130: a parameter has an invalid value."""
    return Rejection(-1130, f"Data sent for parameter '{name}' is not valid.")


def too_precise() -> Rejection:
    """-1111: more decimals than the asset has."""
    return Rejection(-1111, "Precision is over the maximum defined for this asset.")


def insufficient_margin() -> Rejection:
    """-2019: not enough available balance."""
    return Rejection(-2019, "Margin is insufficient.")


def not_required(name: str) -> Rejection:
    """-1106: a parameter that does not go with the others. Binance writes its name in lower case."""
    return Rejection(-1106, f"Parameter '{name.lower()}' sent when not required.")


def invalid_strategy(kind: str) -> Rejection:
    """-4136: closePosition with an order type that cannot close a position when triggered."""
    return Rejection(-4136, f"Target strategy invalid for orderType {kind},closePosition true")


def would_trigger() -> Rejection:
    """-2021: the condition of a conditional order is met already."""
    return Rejection(-2021, "Order would immediately trigger.")


def exceeds_position() -> Rejection:
    """-4118: the order, with the open orders of its side, would open the opposite position."""
    return Rejection(-4118, "ReduceOnly Order Failed. Please check your existing position and open orders")


def reduce_only() -> Rejection:
    """-2022: the order would not reduce a position."""
    return Rejection(-2022, "ReduceOnly Order is rejected.")
