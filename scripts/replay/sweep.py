"""The ranges of `twokey replay --sweep`, in exact decimals as the engine takes them."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from itertools import product

from skills_lib.domain.errors import InputError

MAX_COMBINATIONS = 2_000
_EXAMPLE = "Write --sweep buy_ratio=2:5:0.5 or --sweep depth=3,5,10."


def combinations(texts: Sequence[str]) -> list[dict[str, str]]:
    """Every combination of the ranges, each a value as text by name; none without a range.

    `from:to:step` includes both ends; commas list values.

    Raises:
        InputError: not NAME=RANGE, a name given twice, an empty range, or too many combinations.
    """
    ranges: dict[str, list[str]] = {}
    for text in texts:
        name, _, values = (part.strip() for part in text.partition("="))
        if not (name and values):
            raise InputError(f"--sweep {text} is not NAME=RANGE. {_EXAMPLE}")
        if name in ranges:
            raise InputError(f"--sweep {name} is given twice. List all values in one, such as {name}=3,5,10.")
        ranges[name] = list(dict.fromkeys(one for part in values.split(",") for one in _expanded(name, part.strip())))
        _require_few(ranges)
    return [dict(zip(ranges, values, strict=True)) for values in product(*ranges.values())] if ranges else []


def _require_few(ranges: dict[str, list[str]]) -> None:
    count = 1
    for values in ranges.values():
        count *= len(values)
    if count > MAX_COMBINATIONS:
        raise InputError(
            f"The sweep has {count:,} combinations. At most {MAX_COMBINATIONS:,} are allowed: use a larger step."
        )


def _expanded(name: str, text: str) -> list[str]:
    ends = text.split(":")
    if len(ends) == 1:
        return [text]
    if len(ends) != 3:
        raise InputError(f"--sweep {name}={text} has {len(ends)} parts. {_EXAMPLE}")
    low, high, step = (_number(name, end) for end in ends)
    if step <= 0 or low > high:
        raise InputError(f"--sweep {name}={text} is empty. Write from:to:step, the lower end first and a step above 0.")
    steps = int((high - low) / step)
    if steps >= MAX_COMBINATIONS:
        raise InputError(f"--sweep {name}={text} has {steps + 1:,} values. Use a larger step.")
    values = [low + number * step for number in range(steps + 1)]
    return [_plain(value) for value in dict.fromkeys([*values, high])]


def _number(name: str, text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite() or abs(value) >= Decimal(10) ** 12:
        raise InputError(f"--sweep {name}: '{text}' is not a number below 1e12. {_EXAMPLE}")
    return value


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
