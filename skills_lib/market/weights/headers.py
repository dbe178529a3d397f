"""What the headers of an answer say of the weight used."""

from collections.abc import Mapping

USED_WEIGHT = "x-mbx-used-weight-1m"
_MAX_DIGITS = 9


def used_weight(headers: Mapping[str, str]) -> int:
    """Weight that the address has used this minute; 0 if they do not say. Names in lower case, or of any case."""
    text = headers.get(USED_WEIGHT, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else 0
