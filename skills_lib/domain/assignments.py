"""Parses parameters given as text for one run: `fast=10`."""

from collections.abc import Sequence

from skills_lib.domain.errors import InputError
from skills_lib.domain.options import option


def parse_assignments(texts: Sequence[str]) -> dict[str, str]:
    """The text of each named value, unchecked, in the order typed.

    Raises:
        InputError: not NAME=VALUE, or a name given twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, _, value = (part.strip() for part in text.partition("="))
        if not (name and value):
            raise InputError(
                f"{option('param', text)} is not NAME=VALUE. Write, for example, {option('param', 'fast=10')}."
            )
        if name in found:
            raise InputError(
                f"{option('param', name)} is given twice, as {found[name]} and as {value}. A backtest runs one value: "
                "keep one."
            )
        found[name] = value
    return found
