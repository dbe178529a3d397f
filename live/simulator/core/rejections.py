"""The venue's refusals: a code, its text and the HTTP status it travels with.

Codes and texts are those of Binance's "Error Code" page for USD-M futures, which `code` quotes.
"""

from typing import Any

BAD_REQUEST = 400
UNAUTHORIZED = 401


class Rejection(Exception):  # noqa: N818 - an answer, not an error
    """A request that the venue refuses. It is an answer to the client, never a failure of the simulator."""

    def __init__(self, code: int, message: str, status: int = BAD_REQUEST) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status

    @property
    def body(self) -> dict[str, Any]:
        """What the client reads."""
        return {"code": self.code, "msg": self.message}


def unknown_order() -> Rejection:
    """-2011: nothing to cancel."""
    return Rejection(-2011, "Unknown order sent.")


def no_such_order() -> Rejection:
    """-2013: nothing to show."""
    return Rejection(-2013, "Order does not exist.")


def bad_symbol() -> Rejection:
    """-1121: the venue does not list it."""
    return Rejection(-1121, "Invalid symbol.")


def missing(name: str) -> Rejection:
    """-1102: a mandatory parameter is absent."""
    return Rejection(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def illegal(name: str) -> Rejection:
    """-1130: a parameter does not make sense."""
    return Rejection(-1130, f"Data sent for parameter '{name}' is not valid.")


def too_precise() -> Rejection:
    """-1111: more decimals than the asset has."""
    return Rejection(-1111, "Precision is over the maximum defined for this asset.")


def insufficient_margin() -> Rejection:
    """-2019: the account cannot carry it."""
    return Rejection(-2019, "Margin is insufficient.")


def reduce_only() -> Rejection:
    """-2022: it would not reduce anything."""
    return Rejection(-2022, "ReduceOnly Order is rejected.")
