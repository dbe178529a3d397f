"""How messages name the options of a request, so that each interface can spell them in its own way.

A message of the library says `min_trades` or `source=archive`, in back-quotes, by way of `option`. The command prints
--min-trades and --source archive instead, an MCP server min_trades and source="archive".
"""

import re
from collections.abc import Callable
from typing import Literal, get_args

OptionName = Literal[
    "cluster",
    "data",
    "data_dir",
    "engine",
    "exchange",
    "embargo",
    "force",
    "into_existing",
    "limit",
    "method",
    "min_trades",
    "open_sealed",
    "param",
    "reason",
    "schema",
    "setting",
    "since",
    "source",
    "step",
    "symbol",
    "tape",
    "test",
    "timeframe",
    "train",
    "trials",
    "until",
    "venue",
]
Spell = Callable[[str, str | None], str]
"""Spells one option: its name, and its value or None."""

_OPTION = re.compile(rf"`({'|'.join(get_args(OptionName))})(?:=([^`]*))?`")


def option(name: OptionName, value: object = None) -> str:
    """How a message names an option, with its value if one is given."""
    return f"`{name}`" if value is None else f"`{name}={str(value).replace('`', chr(39))}`"


def spell_options(message: str, spell: Spell) -> str:
    """`message` with each option spelled by `spell`."""
    return _OPTION.sub(lambda found: spell(found[1], found[2]), message)
