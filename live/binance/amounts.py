"""Numbers of Binance's messages as integers in units of 1e-8 and times in nanoseconds."""

from live.money import DIGITS, parse

MS = 1_000_000


def rounded(text: str) -> int:
    """A mean price, which the venue may write with more digits than 1e-8: truncated.

    Raises:
        ValueError: not a plain decimal.
    """
    whole, point, fraction = text.partition(".")
    if fraction and not (fraction.isascii() and fraction.isdigit()):
        raise ValueError(f"'{text}' is not a plain decimal number")
    return parse(f"{whole}{point}{fraction[:DIGITS]}")


def order_number(text: str) -> int:
    """An order id that is empty while there is no order.

    Raises:
        ValueError: not a whole number in ASCII digits.
    """
    if text and not (text.isascii() and text.isdigit()):
        raise ValueError(f"'{text}' is not a whole number")
    return int(text) if text else 0
