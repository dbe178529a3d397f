"""What the headers of an answer say of the weight and the orders used."""

from collections.abc import Mapping

USED_WEIGHT = "x-mbx-used-weight-1m"
ORDERS_IN_10_S, ORDERS_IN_A_MINUTE = "x-mbx-order-count-10s", "x-mbx-order-count-1m"
_MAX_DIGITS = 9


def used_weight(headers: Mapping[str, str]) -> int:
    """Weight that the address has used this minute; 0 if they do not say. Names in lower case, or of any case."""
    return count_in(headers, USED_WEIGHT)


def count_in(headers: Mapping[str, str], name: str) -> int:
    """A count; 0 if it is absent or no number. Names as `used_weight`."""
    text = headers.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else 0
