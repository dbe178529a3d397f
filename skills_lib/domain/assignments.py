"""Parses parameters given as text for one run: `fast=10`."""

from collections.abc import Sequence

from skills_lib.domain.errors import InputError
from skills_lib.domain.options import OptionName, option


def parse_assignments(texts: Sequence[str], name_of: OptionName = "param", example: str = "fast=10") -> dict[str, str]:
    """The text of each named value, unchecked, in the order typed. name_of: the option that they were given by.

    Raises:
        InputError: not NAME=VALUE, or a name given twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, _, value = (part.strip() for part in text.partition("="))
        if not (name and value):
            raise InputError(
                f"{option(name_of, text)} is not NAME=VALUE. Write, for example, {option(name_of, example)}."
            )
        if name in found:
            raise InputError(
                f"{option(name_of, name)} is given twice, as {found[name]} and as {value}. A run has one value: "
                "keep one."
            )
        found[name] = value
    return found
