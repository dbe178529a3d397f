"""Limits as a person gives them: each in a word and a number, in a file, or both. They tighten and never loosen.

The file is TOML with one table:

    [limits]
    daily_loss = 200
    hold_ms = 30000
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from live.engine.limits import UNITS, Executor, Limits, LooserLimitsError, effective
from live.money import parse
from skills_lib.domain.errors import InputError, did_you_mean

MAX_FILE_BYTES: Final = 64 * 1024
_TABLE: Final = "limits"
_POSITION: Final = re.compile(r"line \d+, column \d+")


class _Written(str):
    """A number with a point as the file has it, unlike text in quotes."""


def limits_of(executor: Executor, capital: int, given: Mapping[str, str], file: Path | None = None) -> Limits:
    """The limits of a capital, tightened by a file and by what was given beside it.

    capital: in units of 1e-8. given: text by name of a limit.

    Raises:
        InputError: a name or value that is not allowed, a limit above that of the capital, or one given above that of
            the file; or the file cannot be read.
    """
    filed = _from_file(executor, capital, file) if file else {}
    typed = {name: _value(name, text) for name, text in given.items()}
    for name in filed.keys() & typed.keys():
        if typed[name] > filed[name]:
            shown, allowed = UNITS[name].show(typed[name]), UNITS[name].show(filed[name])
            raise InputError(
                f"{name} is {allowed} in {file} and {shown} beside it: a limit may be tightened, never loosened. Give "
                f"at most {allowed}, or change the file."
            )
    return _tightened(executor, capital, filed | typed)


def amount_of(name: str, text: str) -> int:
    """An amount of money in units of 1e-8.

    Raises:
        InputError: it is not a plain decimal in ASCII digits.
    """
    try:
        return parse(text)
    except ValueError:
        raise InputError(f"{name}={text[:40]} is not an amount. Write a number such as 200 or 2500.50.") from None


def _tightened(executor: Executor, capital: int, tighter: Mapping[str, int]) -> Limits:
    try:
        return effective(executor, capital, tighter)
    except LooserLimitsError as error:
        raise InputError(str(error)) from None


def _from_file(executor: Executor, capital: int, file: Path) -> dict[str, int]:
    table = _table(file)
    try:
        found = {name: _value(name, _number(name, value)) for name, value in table.items()}
        _tightened(executor, capital, found)
    except InputError as error:
        raise InputError(f"{file}: {error}") from None
    return found


def _table(file: Path) -> dict[str, Any]:
    """The only table of the file. Numbers with a point come as they are written, never as a float."""
    try:
        values = tomllib.loads(_bytes(file).decode("utf-8-sig"), parse_float=_Written)
    except (ValueError, RecursionError) as error:
        place = _POSITION.search(str(error))
        at = f" at {place[0]}" if place else ""
        raise InputError(f"{file} is not TOML{at}. Write [limits] and below it one name = number a line.") from None
    if set(values) != {_TABLE} or not isinstance(values[_TABLE], dict):
        raise InputError(f"{file} must hold the table [limits] and nothing else. Write the limits below [limits].")
    return values[_TABLE]


def _bytes(file: Path) -> bytes:
    """The bytes of a regular file that is not too large: anything else could block or fill the memory."""
    try:
        if file.is_file() and file.stat().st_size <= MAX_FILE_BYTES:
            return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror}). Give a file of limits.") from None
    raise InputError(f"{file} is no file of at most {MAX_FILE_BYTES:,} bytes. Give a file of limits.")


def _number(name: str, value: Any) -> str:
    """A number of the file as text; text in quotes, a truth value and a list are none."""
    if isinstance(value, bool) or not isinstance(value, int | _Written):
        raise InputError(f"{name[:40]} is no number. Write one without quotes, such as 200.")
    return str(value)


def _value(name: str, text: str) -> int:
    unit = UNITS.get(name)
    if unit is None:
        raise InputError(f"Unknown limit '{name[:40]}'.{did_you_mean(name, UNITS)} Allowed: {', '.join(UNITS)}.")
    if unit.scaled:
        return amount_of(name, text)
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise InputError(f"{name}={text[:40]} is not allowed. Give a whole number.")
    return int(text)
